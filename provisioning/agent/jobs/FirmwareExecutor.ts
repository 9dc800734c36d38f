import type { FirmwareSpec } from "../../contract/jobs.ts";

export type Slot = "A" | "B";

/** What this device runs now. */
export interface Booted {
	version: string;
	slot: Slot;
	/** SHA-256 of the bundle that the slot was written from, hex; empty: written by somebody else, the factory above all. */
	digest: string;
	/** Another one after each start of the machine. */
	bootId: string;
	/** Why the last start of the other slot failed: a code; null: it didn't, or left no word of it. */
	failure: string | null;
}

/** What a slot holds, as far as it is known. */
export interface SlotContent {
	name: Slot;
	version: string | null;
	/** `trial`: runs, and has to prove itself; `ready`: could be started; `bad`: was started, and did not prove itself. */
	state: "runs" | "trial" | "ready" | "bad" | "unknown";
}

/**
 * Who fetches and writes firmware: two slots, one of which runs. Nothing here decides when. All errors are RoomErrors of the area `update`;
 * each step may be asked for again after it was broken off.
 */
export interface FirmwareExecutor {
	/** Whether there is firmware to be replaced at all. */
	readonly supported: boolean;
	/** From the first byte that is written until the room can be used again, at worst; milliseconds. */
	readonly worstCaseMs: number;
	booted(): Promise<Booted>;
	/** Both slots, for people; null: there are none. */
	slots(): Promise<SlotContent[] | null>;
	/** Called after each start of the agent: what has proved itself before is told so to the bootloader, which counts starts. */
	started(): Promise<void>;
	/** Fetches the bundle and checks digest and signature. Errors: `update.unreachable`, `update.digest_wrong`, `update.no_space`, and others. */
	download(spec: FirmwareSpec, options: { signal: AbortSignal; progress(pct: number): void }): Promise<void>;
	/** Writes the other slot. The next start is still from this one. Error: `update.install_failed`. */
	install(spec: FirmwareSpec, options: { progress(pct: number): void }): Promise<void>;
	/** Starts the machine from the other slot; unless `markGood` follows, the start after that is from this one again. */
	reboot(): Promise<void>;
	/** The slot that runs stays. */
	markGood(): Promise<void>;
	/** Starts the machine from the other slot and gives this one up. */
	fallBack(): Promise<void>;
	/** Nothing of what was fetched is needed any more. */
	discard(): Promise<void>;
}
