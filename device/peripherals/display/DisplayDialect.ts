import type { FrameLink } from "../link/FrameLink.ts";
import type { DisplayInput, DisplayStatus } from "../model/Display.ts";

/** What a display is asked through: a `FrameLink`, or what stands for one. */
export type DisplayLine = Pick<FrameLink, "state" | "counters" | "onState" | "close">;

/** How a make of display behaves, where its protocol does not say it. */
export interface DisplayTraits {
	/** False: it hears and never answers (a whole group addressed at once); nothing is read, what was sent counts as done. */
	readonly answers: boolean;
	/**
	 * In standby it answers nothing: silence of one that was heard before means off, until it is asked to be on. False where it is not
	 * known; it is learned when it falls silent after it was told to go off.
	 */
	readonly silentWhenOff: boolean;
	/** Milliseconds to come on or go off; meanwhile silence and refusals are no fault, and what can't be done yet is tried again. */
	readonly transitionMs: number;
	/** Milliseconds that the line may be gone before the display counts as lost: projectors hang up on whoever is idle. */
	readonly graceMs: number;
	/** Milliseconds that nothing may be sent after a command, as the maker's manual asks. */
	readonly restMs: { readonly power: number; readonly select: number };
}

/**
 * How one make of display is spoken to. One call is under way at a time, in the order of `PolledDisplay`.
 *
 * All throw RoomError: what `Requests` throws, `peripheral.not_supported`, `peripheral.not_now`, `peripheral.refused`,
 * `peripheral.wrong_password` and `peripheral.fault`.
 */
export interface DisplayDialect {
	readonly traits: DisplayTraits;
	/** Begins the conversation on a line that has just come up, and asks what the display is; null where it doesn't say. */
	greet(): Promise<string | null>;
	/** Asks for all that can be known now; what the display does not tell, or not in this state, is null. */
	read(): Promise<DisplayStatus>;
	power(on: boolean): Promise<void>;
	select(input: DisplayInput): Promise<void>;
	/** 0–100. */
	volume(level: number): Promise<void>;
	mute(on: boolean): Promise<void>;
	/** Lets go of the line. */
	close(): void;
}
