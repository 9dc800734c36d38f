import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { Batches } from "./Batches.ts";
import type { Counters } from "./Counters.ts";
import type { Delivery } from "./LateAcknowledgements.ts";
import { type FrameKind, type FrameOf, kindOf, type RefusalReason, readFrame } from "./readFrame.ts";

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

/** As it came. It is read when it is its turn: thousands may wait, and read they take four times the memory. */
type Raw = Pick<Delivery, "topic" | "payload">;

/**
 * What comes over the bus: read by the contract, handed to its module in batches, acknowledged when it is in the database. What is not as it
 * should be is counted and acknowledged; its content is nowhere kept.
 */
export class Intake {
	readonly #options: IntakeOptions;
	readonly #batches: { [K in BatchedKind]: Batches<Raw> };
	readonly #reported = new Map<string, { at: number; left: number }>();
	readonly #handshakes = new Set<Promise<void>>();

	constructor(options: IntakeOptions) {
		this.#options = options;
		const batches = <K extends BatchedKind>(kind: K): Batches<Raw> =>
			new Batches<Raw>({
				most: options.handlers[kind].most,
				work: (raw) => this.#work(kind, raw),
				failed: (_, error) => this.#failed(kind, error),
				clock: options.clock,
			});
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
		const kind = kindOf(topic);
		this.#options.counters.add("frames", { kind: kind ?? "unknown" });
		if (kind && kind !== "enrolUp") {
			this.#batches[kind].add({ topic, payload }, done);
			return;
		}
		done();
		if (kind) this.#shake({ topic, payload });
		else this.#refused("unknown", "topic_unknown");
	}

	/** Works off what has come. While the database is away that stays unacknowledged, for a worker of the same name that comes soon. */
	async close(): Promise<void> {
		await Promise.all([...Object.values(this.#batches).map((batches) => batches.close()), ...this.#handshakes]);
	}

	#shake({ topic, payload }: Raw): void {
		const reading = readFrame(topic, payload);
		if (!reading.ok) {
			if (reading.reason !== "cleared") this.#refused(reading.kind, reading.reason);
		} else if (this.#handshakes.size >= HANDSHAKES_MOST) this.#refused("enrolUp", "too_many");
		else {
			const work = this.#options.handlers
				.enrolUp(reading.frame as FrameOf<"enrolUp">)
				.finally(() => this.#handshakes.delete(work));
			this.#handshakes.add(work);
		}
	}

	/** What is wrong is counted once all the others are in the database: until then the batch may come again. */
	async #work<K extends BatchedKind>(kind: K, raw: readonly Raw[]): Promise<void> {
		const { handlers, outcome } = this.#options;
		const readings = raw.map(({ topic, payload }) => readFrame(topic, payload));
		const frames = readings.flatMap((reading) => (reading.ok ? [reading.frame as FrameOf<K>] : []));
		if (frames.length > 0) await (handlers[kind].take as (frames: readonly FrameOf<K>[]) => Promise<void>)(frames);
		for (const reading of readings) {
			if (reading.ok) outcome?.(kind, "taken");
			else if (reading.reason !== "cleared") this.#refused(reading.kind, reading.reason);
		}
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
