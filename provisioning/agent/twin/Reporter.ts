import * as z from "zod/mini";
import type { Clock } from "../../../device/core/clock.ts";
import { encodePayload } from "../../contract/envelope.ts";
import { topics } from "../../contract/topics.ts";
import { type DeviceFacts, type TwinReported, twinReported } from "../../contract/twin.ts";
import type { BrokerLine } from "../../line/BrokerLine.ts";
import { envelopeOf } from "../envelope.ts";
import type { RoomState } from "../local/RoomState.ts";
import type { AgentStore } from "../store/AgentStore.ts";
import type { Twin } from "./Twin.ts";

/** At most one report in this time. */
const LEAST_MS = 1000;
/** A building's devices come back together; their first reports are spread over this time. */
const SPREAD_MS = 5000;
/** Numbers that are taken at once, so that not each report costs a write to the disk. */
const BLOCK = 1000;

export interface ReporterOptions {
	self: string;
	line: BrokerLine;
	twin: Twin;
	room: RoomState;
	facts: () => DeviceFacts;
	store: AgentStore;
	clock: Clock;
	random: () => number;
}

/** Keeps `twin/reported` true: after each change, at most once a second, and after each connection, since a broker may have forgotten. */
export class Reporter {
	readonly #options: ReporterOptions;
	readonly #stops: (() => void)[];
	#cancel: (() => void) | null = null;
	#dueAt = Number.POSITIVE_INFINITY;
	#lastAt = Number.NEGATIVE_INFINITY;
	#last = "";
	#seq: number;
	#reserved: number;

	constructor(options: ReporterOptions) {
		this.#options = options;
		this.#seq = options.store.get("reported.seq", z.number()) ?? 0;
		this.#reserved = this.#seq;
		this.#stops = [
			options.twin.events.on("changed", () => this.#schedule(0)),
			options.room.events.on("changed", () => this.#schedule(0)),
		];
	}

	/** A connection is up: everything is said again, a little later. */
	opened(): void {
		this.#last = "";
		this.#schedule(this.#options.random() * SPREAD_MS);
	}

	lost(): void {
		this.#cancel?.();
		this.#cancel = null;
	}

	close(): void {
		this.lost();
		for (const stop of this.#stops.splice(0)) stop();
	}

	/** Earlier than was planned, if need be, but never too soon after the last. */
	#schedule(inMs: number): void {
		const { clock, line } = this.#options;
		if (!line.isOpen) return;
		const now = clock.now();
		const at = Math.max(now + inMs, Math.min(this.#lastAt, now) + LEAST_MS);
		if (this.#cancel && at >= this.#dueAt) return;
		this.#cancel?.();
		this.#dueAt = at;
		this.#cancel = clock.after(at - now, () => {
			this.#cancel = null;
			this.#report();
		});
	}

	#report(): void {
		const { twin, room, facts, line, self, clock } = this.#options;
		const said = { ...twin.report, status: room.status, facts: facts() };
		const text = JSON.stringify(said);
		if (text === this.#last) return;
		this.#last = text;
		this.#lastAt = clock.now();
		const report: TwinReported = { ...envelopeOf(clock), seq: this.#next(), ...said };
		line.publish(topics.twinReported(self), encodePayload(twinReported, report), { retain: true }).catch(() => {
			// unsaid: the next connection says it, or the next change
			this.#last = "";
		});
	}

	/** Higher than any before, over restarts too. */
	#next(): number {
		this.#seq += 1;
		if (this.#seq > this.#reserved) {
			this.#reserved = this.#seq + BLOCK;
			try {
				this.#options.store.set("reported.seq", this.#reserved);
			} catch {
				// a full disk; after a restart reports may be taken for older ones until the numbers have caught up
			}
		}
		return this.#seq;
	}
}
