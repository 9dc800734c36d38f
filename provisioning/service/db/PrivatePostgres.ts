import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { Daemon } from "../child/Daemon.ts";
import { RunFolder } from "../child/RunFolder.ts";
import { unprivileged } from "../child/unprivileged.ts";
import { ADMIN, BINARIES, isWorkedIn, noSpace, prepareDataFolder, socketFolderOf } from "./dataFolder.ts";
import { newClient } from "./Pool.ts";
import { postgresArguments } from "./postgresArguments.ts";

const DATABASE = "incamera";
const OWNER = "incamera_owner";
export const SERVICE_ROLE = "incamera";

/** Every process of PostgreSQL holds it, down to the last that still runs after the first was killed. */
const LOCK_FILE = "incamera.lock";
/** flock's exit code for a lock that somebody else holds. */
const IN_USE = 75;
/** What a service that was killed has left behind is gone in a moment. */
const LEFTOVER_MS = 3000;
const POLL_MS = 100;

export interface PrivatePostgresOptions {
	/** The data folder; made if it is not there. Absent: a temporary one, without the care for power cuts. */
	folder?: string;
	/** Where initdb and postgres are; absent: where Debian has them. */
	binaries?: string;
	clock?: Clock;
}

/** How to reach a private PostgreSQL: `url` and `ownerUrl` are what `Database.open` takes. */
export interface PostgresUrls {
	/** The service's role: rows only. */
	readonly url: string;
	/** The role that owns the tables. */
	readonly ownerUrl: string;
	/** The superuser, in the database `postgres`. */
	readonly adminUrl: string;
}

/**
 * Debian's PostgreSQL as our child, with its own data folder, reached over a unix socket only, never as root. The socket's folder is
 * open to us alone, so being able to connect is the authentication. It is started again when it dies, and dies with us.
 */
export class PrivatePostgres implements PostgresUrls {
	readonly url: string;
	readonly ownerUrl: string;
	readonly adminUrl: string;
	readonly #daemon: Daemon;
	readonly #run: RunFolder;

	private constructor(daemon: Daemon, run: RunFolder) {
		this.#daemon = daemon;
		this.#run = run;
		({ url: this.url, ownerUrl: this.ownerUrl, adminUrl: this.adminUrl } = urlsIn(run.path));
	}

	/**
	 * Starts it, and founds data folder, roles and database if they are not there.
	 *
	 * Errors: `database.folder_in_use` (another service runs on this data folder), `database.not_ready`, and those of `prepareDataFolder`.
	 */
	static async start(options: PrivatePostgresOptions = {}): Promise<PrivatePostgres> {
		const account = await unprivileged("postgres");
		const run = await RunFolder.create("database", account);
		const durable = options.folder !== undefined;
		const binaries = options.binaries ?? BINARIES;
		const data = options.folder ?? join(run.path, "data");
		try {
			await prepareDataFolder(data, { account, binaries, durable });
			const daemon = new Daemon({
				name: "database",
				command: "flock",
				args: [
					...["--no-fork", "--nonblock", `--conflict-exit-code=${IN_USE}`, join(data, LOCK_FILE)],
					...[join(binaries, "postgres"), ...postgresArguments({ data, socketFolder: run.path, durable })],
				],
				account,
				// Fast shutdown; SIGTERM would wait until the last client has gone. It ends with a checkpoint.
				stopSignal: "SIGINT",
				stopMs: 30_000,
				// Immediate shutdown: its own children too, and the next start recovers. SIGKILL would leave those alive for a while.
				deathSignal: "QUIT",
				ready: () => answers(urlsIn(run.path).adminUrl),
				// It may have to recover first.
				readyMs: 60_000,
				clock: options.clock ?? systemClock,
			});
			await startOn(data, daemon);
			try {
				await furnish(urlsIn(run.path).adminUrl);
			} catch (error) {
				await daemon.stop();
				throw error;
			}
			return new PrivatePostgres(daemon, run);
		} catch (error) {
			await run.remove();
			throw error;
		}
	}

	/** The one that a service runs on this data folder, for tools beside it (backup, a second worker); null if none runs. */
	static async find(folder: string): Promise<PostgresUrls | null> {
		const socketFolder = await socketFolderOf(folder);
		return socketFolder === null ? null : urlsIn(socketFolder);
	}

	/** Process id, null while it is being started again. */
	get pid(): number | null {
		return this.#daemon.pid;
	}

	/** Ends it in order, whoever is connected. A temporary data folder is removed. */
	async close(): Promise<void> {
		await this.#daemon.stop();
		await this.#run.remove();
	}
}

async function startOn(data: string, daemon: Daemon): Promise<void> {
	const until = Date.now() + LEFTOVER_MS;
	for (let stale = true; ; ) {
		try {
			await daemon.start();
			return;
		} catch (error) {
			if (!(error instanceof RoomError) || error.code !== "database.start_failed") throw error;
			const inUse = error.context["code"] === IN_USE || (await isWorkedIn(data));
			if (!inUse && stale) {
				// After a power cut the number in it may be that of any other process by now; PostgreSQL would take that for its own.
				stale = false;
				await rm(join(data, "postmaster.pid"), { force: true });
				continue;
			}
			if (!inUse) throw (await noSpace(data, error)) ?? error;
			if (Date.now() > until) {
				throw new RoomError("database.folder_in_use", "another service runs on this data folder", { cause: error });
			}
		}
		await new Promise((resolve) => setTimeout(resolve, POLL_MS));
	}
}

/** Roles and database, as far as they are missing. */
async function furnish(adminUrl: string): Promise<void> {
	const client = newClient(adminUrl);
	await client.connect();
	try {
		for (const role of [OWNER, SERVICE_ROLE]) {
			const { rowCount } = await client.query("select from pg_roles where rolname = $1", [role]);
			if (!rowCount) await client.query(`create role ${role} login`);
		}
		const { rowCount } = await client.query("select from pg_database where datname = $1", [DATABASE]);
		if (!rowCount) await client.query(`create database ${DATABASE} owner ${OWNER}`);
	} finally {
		await client.end();
	}
}

function urlsIn(socketFolder: string): PostgresUrls {
	const url = (role: string, database: string) => `postgres://${role}@${encodeURIComponent(socketFolder)}/${database}`;
	return { url: url(SERVICE_ROLE, DATABASE), ownerUrl: url(OWNER, DATABASE), adminUrl: url(ADMIN, "postgres") };
}

async function answers(url: string): Promise<boolean> {
	const client = newClient(url);
	try {
		await client.connect();
		return true;
	} catch {
		return false;
	} finally {
		await client.end().catch(() => {});
	}
}
