import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { BrokerLine } from "../../line/BrokerLine.ts";
import type { Refusals } from "../Refusals.ts";
import { mayPublish } from "../session/rights.ts";
import type { Outbox, OutboxRow } from "./Outbox.ts";

/** Messages that wait for their acknowledgement at once. */
const UNDER_WAY = 16;
/** The broker has nobody to give a message to: the fleet service is away. It is told again after this time. */
const NOBODY_MS = 15_000;

/** Sends what is in the outbox, in its order, whenever there is a line; a message leaves the outbox when somebody of the fleet gets it. */
export class OutboxSender {
	readonly #outbox: Outbox;
	readonly #line: BrokerLine;
	readonly #self: string;
	readonly #refusals: Refusals;
	readonly #clock: Clock;
	readonly #underWay = new Set<string>();
	readonly #stops: (() => void)[];
	/** Waits until somebody may be there. */
	#pause: (() => void) | null = null;

	constructor(options: { outbox: Outbox; line: BrokerLine; self: string; clock: Clock; refusals: Refusals }) {
		this.#outbox = options.outbox;
		this.#line = options.line;
		this.#self = options.self;
		this.#clock = options.clock;
		this.#refusals = options.refusals;
		this.#stops = [options.outbox.events.on("added", () => this.pump())];
	}

	/** The line is there: what waits is sent. */
	opened(): void {
		this.#pause?.();
		this.#pause = null;
		this.pump();
	}

	/** Sends what can be sent now. */
	pump(): void {
		if (!this.#line.isOpen || this.#pause || this.#stops.length === 0) return;
		const rows = this.#outbox.oldest(UNDER_WAY - this.#underWay.size, this.#underWay);
		// all of them before the first, which may be over at once and look for more
		for (const { mid } of rows) this.#underWay.add(mid);
		for (const row of rows) void this.#send(row);
	}

	close(): void {
		this.#pause?.();
		for (const stop of this.#stops.splice(0)) stop();
	}

	async #send({ mid, topic, payload }: OutboxRow): Promise<void> {
		try {
			if (!mayPublish(this.#self, topic)) throw new RoomError("line.refused", "no right to say it");
			if ((await this.#line.publish(topic, payload)) === "delivered") this.#outbox.done(mid);
			else this.#waitForSomebody();
		} catch (error) {
			// What the broker will never take would block all that follows.
			if (RoomError.from(error, "line.unreachable").code === "line.refused") {
				this.#refusals.note("outbox.not_allowed");
				this.#outbox.done(mid);
			}
		} finally {
			this.#underWay.delete(mid);
		}
		this.pump();
	}

	#waitForSomebody(): void {
		this.#pause ??= this.#clock.after(NOBODY_MS, () => this.opened());
	}
}
