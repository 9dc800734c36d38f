import { Emitter } from "../../../device/core/Emitter.ts";
import type { Log } from "../../../device/core/log.ts";
import { BROKER_SAVE_SECONDS } from "../../contract/envelope.ts";
import type { AgentStore } from "./AgentStore.ts";

/** A message that must reach the fleet. */
export interface OutboxRow {
	/** Of the payload's envelope: the fleet drops duplicates by it, so it never changes. */
	mid: string;
	topic: string;
	payload: Uint8Array;
}

/** Rows that are kept; beyond, the oldest of those that were told go, and only then the oldest of the others, which are counted. */
const MOST_ROWS = 2000;
/** Rows that are kept in memory while the disk takes none; likewise. */
const MOST_IN_MEMORY = 200;
/**
 * For how many begun minutes of an open line a row is kept after it was told. Twice until the broker has saved it: it may be killed just before,
 * and so may the next, while the fleet takes nothing. Five more, because each connection is a begun minute, and many may fail before one is good.
 */
export const KEPT_MINUTES = (2 * BROKER_SAVE_SECONDS) / 60 + 5;

const TELL = "UPDATE outbox SET told = 0 WHERE mid = ? AND told IS NULL";
const REFUSE = "DELETE FROM outbox WHERE mid = ?";

/**
 * Messages that survive a power cut, ours and the broker's: a row that the broker has acknowledged is *told*, and kept until no broker can have
 * forgotten it (docs/adr/0009). mqtt.js's own store is no help here, it can drop what is queued during a replay when the line breaks again.
 *
 * Its time is that of the open line, in minutes, and no clock's: while there is no line a row does not age, and clocks may be set as they like.
 */
export class Outbox {
	readonly events = new Emitter<{ added: undefined }>();
	readonly #store: AgentStore;
	readonly #log: Log;
	/** What the disk did not take, oldest first; `told` as on the disk. */
	#memory: (OutboxRow & { told: number | null })[] = [];
	/** What became of rows and the disk did not take: statements by `mid`. */
	readonly #unwritten = new Map<string, typeof TELL | typeof REFUSE>();
	#full = false;
	#dropped = 0;

	constructor(store: AgentStore, log: Log) {
		this.#store = store;
		this.#log = log;
	}

	/** Messages that were given up since the start. */
	get dropped(): number {
		return this.#dropped;
	}

	/** Messages that were not told yet. */
	get size(): number {
		const sql = "SELECT count(*) AS count FROM outbox WHERE told IS NULL";
		const { count } = this.#store.prepare(sql).get() as { count: number };
		return count + this.#memory.filter(({ told }) => told === null).length;
	}

	/**
	 * Keeps a message, together with whatever `also` writes: both or neither. False if the disk did not take it: then the message is kept in
	 * memory only, and `also` has not happened.
	 */
	add(row: OutboxRow, also: () => void = () => {}): boolean {
		const kept = this.#try(() =>
			this.#store.transaction(() => {
				also();
				this.#store
					.prepare("INSERT INTO outbox (mid, topic, payload) VALUES (?, ?, ?)")
					.run(row.mid, row.topic, row.payload);
				this.#trim();
			}),
		);
		this.#note(kept);
		if (!kept) {
			this.#memory.push({ ...row, told: null });
			if (this.#memory.length > MOST_IN_MEMORY) this.#trimMemory();
		}
		this.events.emit("added", undefined);
		return kept;
	}

	/** The oldest messages that were not told and are not among `except`. */
	oldest(limit: number, except: ReadonlySet<string>): OutboxRow[] {
		const rows: OutboxRow[] = [];
		// those that are under way are the oldest, so there are never many to pass over
		const sql = "SELECT mid, topic, payload FROM outbox WHERE told IS NULL ORDER BY seq LIMIT ?";
		let stored: OutboxRow[] = [];
		this.#try(() => {
			stored = this.#store.prepare(sql).all(limit + except.size + this.#unwritten.size) as unknown as OutboxRow[];
		});
		for (const { mid, topic, payload } of [...stored, ...this.#memory.filter(({ told }) => told === null)]) {
			if (rows.length === limit) break;
			if (!except.has(mid) && !this.#unwritten.has(mid)) rows.push({ mid, topic, payload });
		}
		return rows;
	}

	/** Which messages were told and are kept, the oldest first: who has a new line tells them again. */
	again(): string[] {
		let stored: { mid: string; told: number | null }[] = [];
		this.#try(() => {
			stored = this.#store.prepare("SELECT mid, told FROM outbox ORDER BY seq").all() as typeof stored;
		});
		const wasTold = ({ mid, told }: { mid: string; told: number | null }): boolean => {
			const unwritten = this.#unwritten.get(mid);
			return unwritten ? unwritten === TELL : told !== null;
		};
		return [...stored, ...this.#memory].filter(wasTold).map(({ mid }) => mid);
	}

	/** A message that is kept, or null. */
	row(mid: string): OutboxRow | null {
		if (this.#unwritten.get(mid) === REFUSE) return null;
		let row = this.#memory.find((one) => one.mid === mid) as OutboxRow | undefined;
		this.#try(() => {
			const sql = "SELECT topic, payload FROM outbox WHERE mid = ?";
			row ??= this.#store.prepare(sql).get(mid) as unknown as OutboxRow | undefined;
		});
		return row ? { mid, topic: row.topic, payload: row.payload } : null;
	}

	/** The broker has it, for the first time or again. */
	told(mid: string): void {
		const row = this.#memory.find((one) => one.mid === mid);
		if (row) row.told ??= 0;
		else this.#write(mid, TELL);
	}

	/** No broker will take it. */
	refused(mid: string): void {
		const before = this.#memory.length;
		this.#memory = this.#memory.filter((row) => row.mid !== mid);
		if (this.#memory.length === before) this.#write(mid, REFUSE);
	}

	/** A line was opened, or has been open for another minute: what was told ages, and goes when it is old enough. */
	minute(): void {
		this.#try(() =>
			this.#store.transaction(() => {
				this.#store.prepare("DELETE FROM outbox WHERE told >= ?").run(KEPT_MINUTES);
				this.#store.prepare("UPDATE outbox SET told = told + 1 WHERE told IS NOT NULL").run();
			}),
		);
		this.#memory = this.#memory.filter(({ told }) => told === null || told < KEPT_MINUTES);
		for (const row of this.#memory) if (row.told !== null) row.told += 1;
	}

	/** Everything was wiped. */
	clear(): void {
		this.#memory = [];
		this.#unwritten.clear();
	}

	#write(mid: string, statement: typeof TELL | typeof REFUSE): void {
		this.#unwritten.set(mid, statement);
		for (const [of, sql] of this.#unwritten) {
			if (!this.#try(() => this.#store.prepare(sql).run(of))) return;
			this.#unwritten.delete(of);
		}
	}

	#trim(): void {
		const { count } = this.#store.prepare("SELECT count(*) AS count FROM outbox").get() as { count: number };
		if (count <= MOST_ROWS) return;
		const which = "SELECT seq FROM outbox ORDER BY told IS NULL, seq LIMIT ?";
		const sql = `DELETE FROM outbox WHERE seq IN (${which}) RETURNING told`;
		const gone = this.#store.prepare(sql).all(count - MOST_ROWS) as { told: number | null }[];
		this.#drop(gone.filter(({ told }) => told === null).length);
	}

	#trimMemory(): void {
		const told = this.#memory.findIndex((row) => row.told !== null);
		this.#memory.splice(Math.max(0, told), 1);
		if (told < 0) this.#drop(1);
	}

	#drop(count: number): void {
		if (count === 0) return;
		this.#dropped += count;
		this.#log.write("warn", "outbox.dropped", { dropped: this.#dropped });
	}

	/** A disk that takes nothing is told once, and when it is over. */
	#note(kept: boolean): void {
		if (kept === !this.#full) return;
		this.#full = !kept;
		this.#log.write(kept ? "info" : "error", "outbox.disk", { state: kept ? "well" : "failed" });
	}

	#try(work: () => void): boolean {
		try {
			work();
			return true;
		} catch {
			return false;
		}
	}
}
