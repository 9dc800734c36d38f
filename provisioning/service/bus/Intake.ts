import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { Batches } from "./Batches.ts";
import type { Counters } from "./Counters.ts";
import type { Delivery } from "./LateAcknowledgements.ts";
import { type Frame, type FrameKind, type FrameOf, type RefusalReason, readFrame } from "./readFrame.ts";

/** Handshakes are the sender's to repeat, and slow: they are acknowledged on arrival and don't wait in a batch. */
type BatchedKind = Exclude<FrameKind, "enrolUp">;
export type IntakeHandlers = {
	/** Works on all of them or throws; may be called again with what it has seen. `most`: at once. */
	[K in BatchedKind]: { most: number; take: (frames: readonly FrameOf<K>[]) => Promise<void> };
} & {
	/** Never rejects. */
	enrolUp: (frame: FrameOf<"enrolUp">) => Promise<void>;
};

export type IntakeOutcome = "taken" | "failed" | RefusalReason | "too_many";

export interface IntakeOptions {
	handlers: IntakeHandlers;
	clock: Clock;
	log: Log;
	counters: Counters;
	/** What became of a frame, for metrics. */
	outcome?: (kind: FrameKind | "unknown", outcome: IntakeOutcome) => void;
}

/** Handshakes that are worked on at once; beyond that they are dropped, and their devices ask again. */
const HANDSHAKES_MOST = 200;
const REPORT_MS = 60_000;

/**
 * What comes over the bus: read by the contract, handed to its module in batches, acknowledged when it is in the database. What is not as it
 * should be is counted and acknowledged; its content is nowhere kept.
 */
export class Intake {
	readonly #options: IntakeOptions;
	readonly #batches: { [K in BatchedKind]: Batches<FrameOf<K>> };
	readonly #reported = new Map<string, { at: number; left: number }>();
	readonly #handshakes = new Set<Promise<void>>();

	constructor(options: IntakeOptions) {
		this.#options = options;
		const batches = <K extends BatchedKind>(kind: K): Batches<FrameOf<K>> => {
			const { most, take } = options.handlers[kind] as unknown as {
				most: number;
				take: (frames: readonly FrameOf<K>[]) => Promise<void>;
			};
			return new Batches<FrameOf<K>>({
				most,
				work: async (frames) => {
					await take(frames);
					for (const _ of frames) options.outcome?.(kind, "taken");
				},
				failed: (_, error) => this.#failed(kind, error),
				clock: options.clock,
			});
		};
		this.#batches = {
			presence: batches("presence"),
			twinReported: batches("twinReported"),
			jobStatus: batches("jobStatus"),
			commandResponse: batches("commandResponse"),
			event: batches("event"),
			certificateRequest: batches("certificateRequest"),
			enrolConfirm: batches("enrolConfirm"),
		};
	}

	take({ topic, payload, done }: Delivery): void {
		const { counters, handlers } = this.#options;
		const reading = readFrame(topic, payload);
		counters.add("frames", { kind: reading.ok ? reading.frame.kind : reading.kind });
		if (!reading.ok) {
			if (reading.reason !== "cleared") this.#refused(reading.kind, reading.reason);
			done();
			return;
		}
		const { frame } = reading;
		if (frame.kind !== "enrolUp") {
			this.#add(frame, done);
			return;
		}
		done();
		if (this.#handshakes.size >= HANDSHAKES_MOST) {
			this.#refused(frame.kind, "too_many");
			return;
		}
		const work = handlers.enrolUp(frame).finally(() => this.#handshakes.delete(work));
		this.#handshakes.add(work);
	}

	/** Waits for what is under way; the rest stays unacknowledged, for another worker or a later time. */
	async close(): Promise<void> {
		await Promise.all([...Object.values(this.#batches).map((batches) => batches.close()), ...this.#handshakes]);
	}

	#add(frame: Exclude<Frame, { kind: "enrolUp" }>, done: () => void): void {
		(this.#batches[frame.kind] as Batches<Frame>).add(frame, done);
	}

	#refused(kind: FrameKind | "unknown", reason: RefusalReason | "too_many"): void {
		const { counters, log, clock, outcome } = this.#options;
		counters.add("frames_refused", { kind, reason });
		outcome?.(kind, reason);
		// Whoever sends one wrong frame sends many.
		const key = `${kind} ${reason}`;
		const known = this.#reported.get(key);
		if (known && clock.now() - known.at < REPORT_MS) {
			known.left++;
			return;
		}
		log.write("warn", "bus.refused", { kind, reason, repeated: known?.left ?? 0 });
		this.#reported.set(key, { at: clock.now(), left: 0 });
	}

	#failed(kind: FrameKind, error: unknown): void {
		const { counters, log, outcome } = this.#options;
		counters.add("frames_failed", { kind });
		outcome?.(kind, "failed");
		log.write("error", "error.unexpected", { code: RoomError.from(error, "bus.intake_failed").code });
	}
}
