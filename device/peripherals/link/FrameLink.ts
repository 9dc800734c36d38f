import { RoomError } from "../../core/RoomError.ts";

/**
 * Why a line is not up. `absent`: no such port or host name; `busy`: another program holds the port; `denied`: no right to open it;
 * `unreachable`: nobody answers at the address; `lost`: it was up and ended; `silent`: it takes bytes and nothing answers.
 */
export const linkFailures = [
	"link.absent",
	"link.busy",
	"link.denied",
	"link.unreachable",
	"link.lost",
	"link.silent",
] as const;
export type LinkFailure = (typeof linkFailures)[number];

/** What an attempt to open a line failed with. */
export function failureOf(error: unknown): LinkFailure {
	const code = error instanceof RoomError ? error.code : "";
	return linkFailures.find((failure) => failure === code) ?? "link.lost";
}

/** `since`: epoch milliseconds. A link that is down is being opened again, with pauses, until it is closed. */
export type LinkState =
	| { readonly name: "opening"; readonly since: number; readonly failure: LinkFailure | null }
	| { readonly name: "up"; readonly since: number; readonly failure: null }
	| { readonly name: "down"; readonly since: number; readonly failure: LinkFailure };

/** What passed on a link since the program started; they only grow. */
export interface LinkCounters {
	framesIn: number;
	framesOut: number;
	bytesIn: number;
	bytesOut: number;
	/** Bytes that belong to no frame, or to a frame that was broken or too long. */
	badBytes: number;
	/** Times the line came up. */
	opened: number;
	/** Requests that nobody answered in time. A link knows of none; who asks counts them (`RequestQueue.counters`). */
	timeouts: number;
}

/**
 * All that a driver may ask of hardware: frames out, frames in, over a serial line or a network. Behind it the line may break and
 * be opened anew; a driver hears of it by `onState` and begins its conversation from the start.
 */
export interface FrameLink {
	readonly state: LinkState;
	readonly counters: Readonly<LinkCounters>;
	/**
	 * Hands one whole frame to the kernel. @throws RoomError `link.lost` while the line is not up, `link.congested` when more waits to
	 * be written than a slow line can take.
	 */
	send(frame: Uint8Array): Promise<void>;
	/** Each whole frame that comes in, without what stood between frames. */
	onFrame(callback: (frame: Uint8Array) => void): () => void;
	onState(callback: (state: LinkState) => void): () => void;
	/** Ends the line and opens a new one: for a driver whose device no longer makes sense. */
	reset(failure: "link.silent"): void;
	/** For good; resolves when the port is free for others. */
	close(): Promise<void>;
}

/**
 * Cuts what comes over a stream of bytes into frames. One for each life of a line; it keeps less than its longest frame. What it can't
 * use it counts and drops.
 */
export interface FrameSplitter {
	push(bytes: Uint8Array): Uint8Array[];
	/** Bytes dropped so far. */
	readonly badBytes: number;
}
