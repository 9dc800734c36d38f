import { rmSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type * as z from "zod/mini";
import type { Log } from "../../../device/core/log.ts";

/** SQLite's result codes after which the file is worth nothing: SQLITE_CORRUPT, SQLITE_NOTADB. */
const BROKEN = new Set([11, 26]);
/**
 * The file's forms, each made of the one before; SQLite's `user_version` says which it has. Columns may only be added, and may be null: after a
 * fallback, older firmware works on the file of a newer one.
 */
const forms: readonly string[] = [
	`
	CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
	CREATE TABLE outbox (
		seq INTEGER PRIMARY KEY AUTOINCREMENT,
		mid TEXT NOT NULL UNIQUE,
		topic TEXT NOT NULL,
		payload BLOB NOT NULL
	) STRICT;
	CREATE TABLE commands (mid TEXT PRIMARY KEY) STRICT;`,
	// Null: not told yet; else for how many minutes of an open line it has been kept since (Outbox).
	"ALTER TABLE outbox ADD COLUMN told INTEGER;",
];

/**
 * What the agent has to know again after a power cut, in one SQLite file: what was committed is on the disk (WAL, synchronous FULL).
 * All methods are synchronous and throw what SQLite throws, a full disk above all; callers decide what that means.
 */
export class AgentStore {
	readonly #path: string;
	readonly #log: Log;
	#db: DatabaseSync;
	#statements = new Map<string, StatementSync>();

	/** A damaged file is begun anew: all that it holds comes again, or was on its way out. `:memory:` keeps nothing. */
	constructor(path: string, log: Log) {
		this.#path = path;
		this.#log = log;
		this.#db = this.#openOrReplace();
	}

	/** A value by its schema; null if there is none, or one of another form (an older program's). */
	get<S extends z.ZodMiniType>(key: string, form: S): z.infer<S> | null {
		const row = this.prepare("SELECT value FROM kept WHERE key = ?").get(key) as { value: string } | undefined;
		if (!row) return null;
		try {
			const parsed = form.safeParse(JSON.parse(row.value));
			return parsed.success ? parsed.data : null;
		} catch {
			return null;
		}
	}

	set(key: string, value: unknown): void {
		this.prepare("INSERT INTO kept VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value").run(
			key,
			JSON.stringify(value),
		);
	}

	delete(key: string): void {
		this.prepare("DELETE FROM kept WHERE key = ?").run(key);
	}

	/** All of it or nothing. */
	transaction<T>(work: () => T): T {
		this.#db.exec("BEGIN IMMEDIATE");
		try {
			const result = work();
			this.#db.exec("COMMIT");
			return result;
		} catch (error) {
			// SQLite may have rolled it back by itself, on a full disk
			if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
			throw error;
		}
	}

	/** A statement, prepared once. */
	prepare(sql: string): StatementSync {
		const known = this.#statements.get(sql) ?? this.#db.prepare(sql);
		this.#statements.set(sql, known);
		return known;
	}

	/** Lets the file grow to so many bytes; for tests of a full disk. */
	limit(bytes: number): void {
		const { page_size: size } = this.prepare("PRAGMA page_size").get() as { page_size: number };
		this.#db.exec(`PRAGMA max_page_count = ${Math.ceil(bytes / size)}`);
	}

	/** Forgets everything, and leaves nothing of it in the file. */
	wipe(): void {
		this.close();
		this.#remove();
		this.#db = this.#open();
	}

	close(): void {
		this.#statements = new Map();
		if (this.#db.isOpen) this.#db.close();
	}

	#openOrReplace(): DatabaseSync {
		try {
			return this.#open();
		} catch (error) {
			if (!BROKEN.has((error as { errcode?: number }).errcode ?? 0)) throw error;
			this.#log.write("error", "error.unexpected", { code: "store.damaged" });
			this.#remove();
			return this.#open();
		}
	}

	#open(): DatabaseSync {
		const db = new DatabaseSync(this.#path);
		try {
			db.exec(
				"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 64; PRAGMA cache_size = -256",
			);
			const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
			for (const [from, form] of forms.entries()) {
				if (from >= version) db.exec(`BEGIN IMMEDIATE; ${form} PRAGMA user_version = ${from + 1}; COMMIT`);
			}
			return db;
		} catch (error) {
			db.close();
			throw error;
		}
	}

	#remove(): void {
		if (this.#path !== ":memory:") {
			for (const end of ["", "-wal", "-shm"]) rmSync(this.#path + end, { force: true });
		}
	}
}
