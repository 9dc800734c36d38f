import type { PostgresPool, PostgresPoolClient } from "kysely";
import pg from "pg";
import { RoomError } from "../../../device/core/RoomError.ts";
import { databaseError } from "./databaseErrors.ts";

export interface Limits {
	/** How long a caller waits for a connection, milliseconds: 5 s. */
	connectMs?: number;
	/** A statement that takes longer is cancelled, milliseconds: 30 s; 0: never. */
	statementMs?: number;
}

export interface PoolOptions extends Limits {
	/** `postgres://user:password@host:port/database?sslmode=…`, or `postgres://user@%2Fsocket%2Ffolder/database`. */
	url: string;
	/** Connections at most. */
	size?: number;
}

const CONNECT_MS = 5000;
const STATEMENT_MS = 30_000;
/** The database keeps the limit itself; this much later we stop waiting for a database that has gone silent. */
const SILENCE_MS = 5000;
const IDLE_MS = 60_000;

const INT8 = 20;
/** Our bigints are counters and milliseconds, far below 2^53; pg gives strings. */
const types: pg.CustomTypesConfig = {
	getTypeParser: ((oid: number, format?: "text" | "binary") =>
		oid === INT8 ? Number : pg.types.getTypeParser(oid, format as "text")) as typeof pg.types.getTypeParser,
};

/** A client that is not connected yet. Error: `database.url_invalid`; it doesn't show the address, which may have a password in it. */
export function newClient(url: string, limits: Limits = {}): pg.Client {
	const options = clientOptions(url, limits);
	try {
		if (/^postgres(ql)?:\/\//.test(url)) {
			// An error without a listener would end the process; whoever asks something gets it as well.
			return new pg.Client(options).on("error", () => {});
		}
	} catch {
		// Not an address, or a file that it names is not there.
	}
	throw new RoomError(
		"database.url_invalid",
		"the database's address is not of the form postgres://…, or names no file",
	);
}

/** Options of every connection that we make. */
export function clientOptions(url: string, limits: Limits = {}): pg.ClientConfig {
	const { connectMs = CONNECT_MS, statementMs = STATEMENT_MS } = limits;
	return {
		connectionString: url,
		application_name: "incamera",
		connectionTimeoutMillis: connectMs,
		keepAlive: true,
		types,
		...(statementMs > 0
			? {
					statement_timeout: statementMs,
					query_timeout: statementMs + Math.min(statementMs, SILENCE_MS),
					idle_in_transaction_session_timeout: statementMs,
				}
			: {}),
	};
}

/**
 * pg's pool for Kysely, with our errors: whatever says that the database is not there becomes `database.unavailable`, and never ends
 * the process. A connection that failed so is thrown away; the pool makes a new one when it is asked next.
 */
export class Pool implements PostgresPool {
	readonly #pool: pg.Pool;

	constructor({ url, size = 10, ...limits }: PoolOptions) {
		this.#pool = new pg.Pool({ ...clientOptions(url, limits), max: size, idleTimeoutMillis: IDLE_MS });
		// Idle connections whose server went away; the pool has dropped them by itself.
		this.#pool.on("error", () => {});
	}

	get options(): object {
		return this.#pool.options;
	}

	async connect(): Promise<PostgresPoolClient> {
		let client: pg.PoolClient;
		try {
			client = await this.#pool.connect();
		} catch (error) {
			throw databaseError(error, true);
		}
		return lend(client);
	}

	async end(): Promise<void> {
		if (!this.#pool.ending) await this.#pool.end();
	}
}

const lent = new WeakMap<pg.PoolClient, PostgresPoolClient>();

/** The same object for the same connection each time: Kysely keeps one of its own for each. */
function lend(client: pg.PoolClient): PostgresPoolClient {
	const known = lent.get(client);
	if (known) return known;
	let broken = false;
	// The pool listens to idle ones only; one that is lent out and breaks between two queries would end the process.
	client.on("error", () => {
		broken = true;
	});
	const query = async (sql: string, parameters: readonly unknown[]) => {
		// Nothing more can come of it: not even a rollback, which would wait behind the query that was not answered.
		if (broken) throw new RoomError("database.unavailable", "the connection to the database is lost");
		try {
			return await client.query(sql, parameters as unknown[]);
		} catch (thrown) {
			const error = databaseError(thrown);
			if (error !== thrown) broken = true;
			throw error;
		}
	};
	const wrapped = {
		get processID() {
			return (client as { processID?: number }).processID;
		},
		query,
		release: (destroy?: boolean) => client.release(destroy === true || broken),
	} as unknown as PostgresPoolClient;
	lent.set(client, wrapped);
	return wrapped;
}
