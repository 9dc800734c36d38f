import { Emitter } from "../../../device/core/Emitter.ts";
import type { Log } from "../../../device/core/log.ts";
import type { AgentStore } from "./AgentStore.ts";

/** A message that must reach the fleet. */
export interface OutboxRow {
	/** Of the payload's envelope: the fleet drops duplicates by it, so it never changes. */
	mid: string;
	topic: string;
	payload: Uint8Array;
}

/** Rows that are kept; beyond, the oldest are dropped, and counted. */
const MOST_ROWS = 2000;
/** Rows that are kept in memory while the disk takes none. */
const MOST_IN_MEMORY = 200;

/**
 * Messages that survive a power cut: each stays until the broker has acknowledged it. mqtt.js's own store is no help here, it can drop what
 * is queued during a replay when the line breaks again.
 */
export class Outbox {
	readonly events = new Emitter<{ added: undefined }>();
	readonly #store: AgentStore;
	readonly #log: Log;
	/** What the disk did not take, oldest first. */
	#memory: OutboxRow[] = [];
	/** Acknowledged, but the disk would not let them go. */
	readonly #gone = new Set<string>();
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

	get size(): number {
		const { count } = this.#store.prepare("SELECT count(*) AS count FROM outbox").get() as { count: number };
		return count + this.#memory.length;
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
			this.#memory.push(row);
			if (this.#memory.length > MOST_IN_MEMORY) this.#drop(this.#memory.splice(0, 1).length);
		}
		this.events.emit("added", undefined);
		return kept;
	}

	/** The oldest messages that are not among `except`. */
	oldest(limit: number, except: ReadonlySet<string>): OutboxRow[] {
		const rows: OutboxRow[] = [];
		// those that are under way are the oldest, so there are never many to pass over
		const sql = "SELECT mid, topic, payload FROM outbox ORDER BY seq LIMIT ?";
		let stored: OutboxRow[] = [];
		this.#try(() => {
			stored = this.#store.prepare(sql).all(limit + except.size + this.#gone.size) as unknown as OutboxRow[];
		});
		for (const { mid, topic, payload } of [...stored, ...this.#memory]) {
			if (rows.length === limit) break;
			if (!except.has(mid) && !this.#gone.has(mid)) rows.push({ mid, topic, payload });
		}
		return rows;
	}

	/** The broker has it. */
	done(mid: string): void {
		const before = this.#memory.length;
		this.#memory = this.#memory.filter((row) => row.mid !== mid);
		if (this.#memory.length < before) return;
		const removed = this.#try(() => this.#store.prepare("DELETE FROM outbox WHERE mid = ?").run(mid));
		if (!removed) this.#gone.add(mid);
		else if (this.#gone.size > 0) this.#letGo();
	}

	/** Everything was wiped. */
	clear(): void {
		this.#memory = [];
		this.#gone.clear();
	}

	#letGo(): void {
		for (const mid of this.#gone) {
			if (!this.#try(() => this.#store.prepare("DELETE FROM outbox WHERE mid = ?").run(mid))) return;
			this.#gone.delete(mid);
		}
	}

	#trim(): void {
		const sql = "DELETE FROM outbox WHERE seq <= (SELECT seq FROM outbox ORDER BY seq DESC LIMIT 1 OFFSET ?)";
		const { changes } = this.#store.prepare(sql).run(MOST_ROWS);
		if (changes > 0) this.#drop(Number(changes));
	}

	#drop(count: number): void {
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
