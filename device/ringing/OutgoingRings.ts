import { RING_MS, type RingAnswer } from "../../provisioning/contract/ring.ts";
import type { Clock } from "../core/clock.ts";
import { RoomError } from "../core/RoomError.ts";

export type RingOutcome = "answered" | "declined" | "busy" | "timeout" | "cancelled";

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
	 * Waits for the answer of `room`, at most `RING_MS`. `takeBack` is called when we gave up before it answered (`timeout`, or
	 * `cancelled` by `signal`). Rejects with what `fail` is given.
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
				if (outcome === "timeout" || outcome === "cancelled") takeBack();
				if (outcome instanceof RoomError) reject(outcome);
				else resolve(outcome);
			};
			this.#rings.set(ringId, { room, settle });
			const stopClock = this.#clock.after(RING_MS, () => settle("timeout"));
			signal?.addEventListener("abort", cancel, { once: true });
			if (signal?.aborted) cancel();
		});
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
