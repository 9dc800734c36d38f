import { Kysely, PostgresDialect, sql } from "kysely";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { migrate } from "./migrate.ts";
import { type Listener, Notifications } from "./Notifications.ts";
import { type Limits, newClient, Pool } from "./Pool.ts";
import type { JsonText, Schema } from "./Schema.ts";

/*
 * The fleet service's database: PostgreSQL, through Kysely.
 *
 *     const postgres = await PrivatePostgres.start({ folder });              // or any PostgreSQL: { url: "postgres://…" }
 *     const database = await Database.open(postgres);                        // migrates, then connects
 *     await database.db.selectFrom("devices").selectAll().execute();
 *     await database.db.transaction().execute(async (trx) => { … });
 *     await database.close(); await postgres.close();
 *
 * - Functions take a `Db`: Kysely or a transaction of it, so that their callers decide what belongs together.
 * - Tables, columns, types: `Schema.ts`. int8 is read as number, timestamptz as Date. jsonb is written through `json(value)`.
 * - Errors: `database.unavailable` when the database is not there (HTTP: 503; the bus: leave it unacknowledged and try again); what the database
 *   itself refuses is pg's DatabaseError, see `isDuplicate` and `isDangling` in `databaseErrors.ts`.
 * - What must be published on the bus because of a change: `enqueue(trx, messages)` of `Outbound.ts`, in the change's own transaction.
 * - What people and tokens do: `Audit.append(trx, record)` of `../audit/Audit.ts`, as the transaction's last statement.
 * - Workers tell each other: `notify(trx, channel, payload)` and `database.listen(channel, listener)`.
 * - Secrets that must be read again (enrolment codes): `ServiceKey.ts`. All others are stored as hashes.
 * - One worker only: `tryLock(trx, name)`. Rows to be shared out among workers: `for update skip locked`.
 * - Tests: `test/provisioning/service/db/TestDatabase.ts` gives a fresh, migrated database in some ten milliseconds.
 */

export type Db = Kysely<Schema>;

export interface DatabaseOptions extends Limits {
	/** `postgres://user:password@host:port/database`, or `postgres://user@%2Fsocket%2Ffolder/database`. */
	url: string;
	/**
	 * The same database by the role that owns its tables; only migrations use it. Absent: `url` does both, and then only a trigger
	 * stands between the service and its audit log.
	 */
	ownerUrl?: string;
	/** Connections at most; several workers share what the database allows. */
	poolSize?: number;
	/** False: the tables are there and at this version already. */
	migrate?: boolean;
	clock?: Clock;
}

/** An open database. */
export class Database {
	readonly db: Db;
	/** As it was opened with; may have a password in it. For whoever needs a connection of their own. */
	readonly url: string;
	readonly #pool: Pool;
	readonly #notifications: Notifications;

	private constructor(url: string, pool: Pool, notifications: Notifications) {
		this.url = url;
		this.db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
		this.#pool = pool;
		this.#notifications = notifications;
	}

	/** Migrates and connects. Errors: those of `migrate`, and `database.url_invalid`. */
	static async open(options: DatabaseOptions): Promise<Database> {
		const { user } = newClient(options.url);
		if (options.migrate !== false) {
			await migrate({
				url: options.ownerUrl ?? options.url,
				...(options.ownerUrl && user ? { serviceRole: user } : {}),
			});
		}
		const { url, clock = systemClock, poolSize, ownerUrl: _, migrate: __, ...limits } = options;
		const pool = new Pool({ url, ...(poolSize ? { size: poolSize } : {}), ...limits });
		return new Database(url, pool, new Notifications(url, clock));
	}

	/** Whether it answers now: for health checks. Never throws. */
	async isThere(): Promise<boolean> {
		try {
			await sql`select 1`.execute(this.db);
			return true;
		} catch {
			return false;
		}
	}

	/**
	 * Hears what any worker says by `notify` (one connection for all). `listener` gets null when some may have been missed, and once at the
	 * beginning. The returned function ends it.
	 */
	listen(channel: string, listener: Listener): () => void {
		return this.#notifications.listen(channel, listener);
	}

	/** Waits for what runs and disconnects; from then on everything is `database.unavailable`. */
	async close(): Promise<void> {
		// Not Kysely's own end: what comes after that would get an error without a code.
		await Promise.all([this.#pool.end(), this.#notifications.close()]);
	}
}

/** A value for a jsonb column. Error: `database.value_refused` (U+0000, which PostgreSQL can't store). */
export function json<T extends object>(value: T): JsonText<T> {
	const text = JSON.stringify(value);
	if (/(?<!\\)(\\\\)*\\u0000/.test(text)) throw new RoomError("database.value_refused", "a text has U+0000 in it");
	return text as JsonText<T>;
}

/**
 * Takes the lock of this name until the transaction ends; false if another worker has it. For what one worker at a time should do: a tick
 * of the rollouts, clearing away what is expired.
 */
export async function tryLock(trx: Db, name: string): Promise<boolean> {
	const { rows } = await sql<{ locked: boolean }>`
		select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as locked`.execute(trx);
	return rows[0]?.locked === true;
}
