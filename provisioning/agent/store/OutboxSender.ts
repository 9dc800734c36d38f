import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { BrokerLine } from "../../line/BrokerLine.ts";
import type { Refusals } from "../Refusals.ts";
import { mayPublish } from "../session/rights.ts";
import type { Outbox, OutboxRow } from "./Outbox.ts";

/** Messages that wait for their acknowledgement at once. */
const UNDER_WAY = 16;
/** The broker has nobody to give a message to, since the fleet service is away, or takes none now. It is told again after this time. */
const NOBODY_MS = 15_000;
const MINUTE_MS = 60_000;

/**
 * Sends what is in the outbox whenever there is a line: first what earlier lines were told and the broker may have forgotten with its last life,
 * then what waits, each in its order. A message is told when somebody of the fleet gets it.
 */
export class OutboxSender {
	readonly #outbox: Outbox;
	readonly #line: BrokerLine;
	readonly #self: string;
	readonly #refusals: Refusals;
	readonly #clock: Clock;
	readonly #underWay = new Set<string>();
	readonly #stops: (() => void)[];
	/** Told on earlier lines and not yet on this one, in order; null while there is no line. */
	#again: Set<string> | null = null;
	/** Waits until somebody may be there. */
	#pause: (() => void) | null = null;
	#cancelMinute: () => void = () => {};

	constructor(options: { outbox: Outbox; line: BrokerLine; self: string; clock: Clock; refusals: Refusals }) {
		this.#outbox = options.outbox;
		this.#line = options.line;
		this.#self = options.self;
		this.#clock = options.clock;
		this.#refusals = options.refusals;
		this.#stops = [
			options.outbox.events.on("added", () => this.pump()),
			options.line.events.on("lost", () => this.#rest()),
		];
	}

	/** The line is there: what may be lost and what waits is sent. */
	opened(): void {
		if (this.#stops.length === 0) return;
		this.#rest();
		this.#minute();
		this.#again = new Set(this.#outbox.again());
		this.pump();
	}

	/** Sends what can be sent now. */
	pump(): void {
		if (!this.#again || !this.#line.isOpen || this.#pause) return;
		const rows = this.#next(this.#again, UNDER_WAY - this.#underWay.size);
		// all of them before the first, which may be over at once and look for more
		for (const { mid } of rows) this.#underWay.add(mid);
		for (const row of rows) void this.#send(row);
	}

	close(): void {
		for (const stop of this.#stops.splice(0)) stop();
		this.#rest();
	}

	#next(again: Set<string>, limit: number): OutboxRow[] {
		const rows: OutboxRow[] = [];
		for (const mid of again) {
			if (rows.length === limit) break;
			if (this.#underWay.has(mid)) continue;
			const row = this.#outbox.row(mid);
			if (row) rows.push(row);
			// old enough meanwhile, or others needed its place
			else again.delete(mid);
		}
		return [...rows, ...this.#outbox.oldest(limit - rows.length, this.#underWay)];
	}

	async #send({ mid, topic, payload }: OutboxRow): Promise<void> {
		try {
			if (!mayPublish(this.#self, topic)) throw new RoomError("line.refused", "no right to say it");
			if ((await this.#line.publish(topic, payload)) === "delivered") {
				this.#outbox.told(mid);
				this.#again?.delete(mid);
			} else this.#waitForSomebody();
		} catch (error) {
			// What the broker will never take would block all that follows.
			if (RoomError.from(error, "line.unreachable").code === "line.refused") {
				this.#refusals.note("outbox.not_allowed");
				this.#outbox.refused(mid);
			} else if (this.#line.isOpen) this.#waitForSomebody();
		} finally {
			this.#underWay.delete(mid);
		}
		this.pump();
	}

	#waitForSomebody(): void {
		this.#pause ??= this.#clock.after(NOBODY_MS, () => {
			this.#pause = null;
			this.pump();
		});
	}

	#minute(): void {
		this.#outbox.minute();
		this.#cancelMinute = this.#clock.after(MINUTE_MS, () => this.#minute());
	}

	#rest(): void {
		this.#again = null;
		this.#pause?.();
		this.#pause = null;
		this.#cancelMinute();
	}
}
