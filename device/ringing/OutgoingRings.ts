import { RING_MS, type RingAnswer } from "../../provisioning/contract/ring.ts";
import type { Clock } from "../core/clock.ts";
import { RoomError } from "../core/RoomError.ts";

/** `met`: the link of the room that was rung, which rang us at the same moment and whose ring it is. A secret. */
export type RingOutcome = "answered" | "declined" | "busy" | "timeout" | "cancelled" | { met: string };

interface Ring {
	room: string;
	settle(outcome: RingOutcome | RoomError): void;
}

const outcomes: Record<RingAnswer, RingOutcome> = { accepted: "answered", declined: "declined", busy: "busy" };

/** The rings of ours that wait for an answer. */
export class OutgoingRings {
	readonly #rings = new Map<string, Ring>();
	readonly #clock: Clock;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/**
	 * Waits for the answer of `room`, at most `RING_MS`. `takeBack` is called when the ring is over before it was answered (`timeout`,
	 * `cancelled` by `signal`, or `met`). Rejects with what `fail` is given.
	 */
	wait(
		ringId: string,
		options: { room: string; takeBack: () => void; signal: AbortSignal | undefined },
	): Promise<RingOutcome> {
		const { room, takeBack, signal } = options;
		return new Promise((resolve, reject) => {
			const cancel = (): void => settle("cancelled");
			const settle = (outcome: RingOutcome | RoomError): void => {
				if (!this.#rings.delete(ringId)) return;
				stopClock();
				signal?.removeEventListener("abort", cancel);
				const taken = outcome === "timeout" || outcome === "cancelled";
				if (taken || (typeof outcome === "object" && "met" in outcome)) takeBack();
				if (outcome instanceof RoomError) reject(outcome);
				else resolve(outcome);
			};
			this.#rings.set(ringId, { room, settle });
			const stopClock = this.#clock.after(RING_MS, () => settle("timeout"));
			signal?.addEventListener("abort", cancel, { once: true });
			if (signal?.aborted) cancel();
		});
	}

	/** Whether we ring that room now. */
	ringTo(room: string): boolean {
		return [...this.#rings.values()].some((ring) => ring.room === room);
	}

	/** Whether this ring still waits. */
	waits(ringId: string): boolean {
		return this.#rings.has(ringId);
	}

	/** The room that we ring rings us, and its ring is the one. */
	met(room: string, link: string): void {
		for (const ring of [...this.#rings.values()]) if (ring.room === room) ring.settle({ met: link });
	}

	/** Only the room that is rung can answer. */
	answered(ringId: string, from: string, answer: RingAnswer): void {
		const ring = this.#rings.get(ringId);
		if (ring?.room === from) ring.settle(outcomes[answer]);
	}

	fail(ringId: string, error: RoomError): void {
		this.#rings.get(ringId)?.settle(error);
	}

	/** Ends the rings to one room, or all. */
	end(room: string | null, outcome: RoomError | "cancelled"): void {
		for (const ring of [...this.#rings.values()]) if (room === null || ring.room === room) ring.settle(outcome);
	}
}
