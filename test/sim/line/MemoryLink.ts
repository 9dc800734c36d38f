import { RoomError } from "../../../device/core/RoomError.ts";
import type { FrameLink, LinkCounters, LinkFailure, LinkState } from "../../../device/peripherals/link/FrameLink.ts";

/** A `FrameLink` without a line: whoever tests is the device, at once and to the byte. Up from the beginning. */
export class MemoryLink implements FrameLink {
	/** What was sent, oldest first. */
	readonly sent: Uint8Array[] = [];
	/** What it was reset for. */
	readonly resets: string[] = [];
	readonly counters: LinkCounters = {
		framesIn: 0,
		framesOut: 0,
		bytesIn: 0,
		bytesOut: 0,
		badBytes: 0,
		opened: 1,
		timeouts: 0,
	};
	state: LinkState = { name: "up", since: 0, failure: null };
	/** Called with each frame that is sent, to answer. */
	onSent: (frame: Uint8Array) => void = () => {};
	/** What sending fails with from now on. */
	sendFails: RoomError | null = null;
	readonly #frames = new Set<(frame: Uint8Array) => void>();
	readonly #states = new Set<(state: LinkState) => void>();

	async send(frame: Uint8Array): Promise<void> {
		if (this.state.name !== "up") throw new RoomError("link.lost", "the line is not up");
		if (this.sendFails) throw this.sendFails;
		this.sent.push(frame.slice());
		this.counters.framesOut += 1;
		this.counters.bytesOut += frame.length;
		this.onSent(frame);
	}

	onFrame(callback: (frame: Uint8Array) => void): () => void {
		this.#frames.add(callback);
		return () => this.#frames.delete(callback);
	}

	onState(callback: (state: LinkState) => void): () => void {
		this.#states.add(callback);
		return () => this.#states.delete(callback);
	}

	reset(failure: "link.silent"): void {
		this.resets.push(failure);
		this.down(failure);
	}

	async close(): Promise<void> {
		this.down("link.lost");
	}

	/** A frame that the device says. */
	receive(frame: Iterable<number>): void {
		const bytes = Uint8Array.from(frame);
		this.counters.framesIn += 1;
		this.counters.bytesIn += bytes.length;
		for (const callback of [...this.#frames]) callback(bytes);
	}

	down(failure: LinkFailure): void {
		this.#enter({ name: "down", since: 0, failure });
	}

	up(): void {
		this.counters.opened += 1;
		this.#enter({ name: "up", since: 0, failure: null });
	}

	#enter(state: LinkState): void {
		this.state = state;
		for (const callback of [...this.#states]) callback(state);
	}
}
