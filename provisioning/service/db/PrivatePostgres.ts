import { execFile } from "node:child_process";
import { chown, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { Daemon } from "../child/Daemon.ts";
import { RunFolder } from "../child/RunFolder.ts";
import { type Account, unprivileged } from "../child/unprivileged.ts";
import { clientOptions } from "./Pool.ts";
import { postgresArguments } from "./postgresArguments.ts";

/** Debian 12's. A data folder of another major version is refused. */
const MAJOR = "15";
export const BINARIES = `/usr/lib/postgresql/${MAJOR}/bin`;
const DATABASE = "incamera";
const ADMIN = "incamera_admin";
const OWNER = "incamera_owner";
const SERVICE = "incamera";

export interface PrivatePostgresOptions {
	/** The data folder; made if it is not there. Absent: a temporary one, without the care for power cuts. */
	folder?: string;
	clock?: Clock;
}

/**
 * Debian's PostgreSQL as our child, with its own data folder, reached over a unix socket only, never as root. The socket's folder is
 * open to us alone, so being able to connect is the authentication.
 *
 * `url` is the service's role (rows only), `ownerUrl` the one that owns the tables: both go to `Database.open`.
 */
export class PrivatePostgres {
	readonly url: string;
	readonly ownerUrl: string;
	readonly adminUrl: string;
	readonly #daemon: Daemon;
	readonly #run: RunFolder;

	private constructor(daemon: Daemon, run: RunFolder) {
		this.#daemon = daemon;
		this.#run = run;
		this.url = urlOf(run, SERVICE, DATABASE);
		this.ownerUrl = urlOf(run, OWNER, DATABASE);
		this.adminUrl = urlOf(run, ADMIN, "postgres");
	}

	/**
	 * Starts it, and founds the data folder and the database if they are not there.
	 *
	 * Errors: `database.not_installed` (install postgresql-15), `database.folder_in_use` (another service runs on this data folder),
	 * `database.version_unknown` (context: its version), `database.folder_unreadable`, `database.start_failed`, `database.not_ready`.
	 */
	static async start(options: PrivatePostgresOptions = {}): Promise<PrivatePostgres> {
		const account = await unprivileged("postgres");
		const run = await RunFolder.create("database", account);
		try {
			const data = options.folder ?? join(run.path, "data");
			await found(data, account);
			const daemon = new Daemon({
				name: "database",
				command: join(BINARIES, "postgres"),
				args: postgresArguments({ data, socketFolder: run.path, durable: options.folder !== undefined }),
				account,
				// Fast shutdown; SIGTERM would wait until the last client has gone.
				stopSignal: "SIGINT",
				ready: () => answers(urlOf(run, ADMIN, "postgres")),
				readyMs: 60_000,
				clock: options.clock ?? systemClock,
			});
			const postgres = new PrivatePostgres(daemon, run);
			await daemon.start();
			try {
				await postgres.#furnish();
			} catch (error) {
				await daemon.stop();
				throw error;
			}
			return postgres;
		} catch (error) {
			await run.remove();
			throw error;
		}
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

	/** Roles and database, as far as they are missing. */
	async #furnish(): Promise<void> {
		const client = new pg.Client(clientOptions(this.adminUrl));
		client.on("error", () => {});
		await client.connect();
		try {
			for (const role of [OWNER, SERVICE]) {
				const { rowCount } = await client.query("select from pg_roles where rolname = $1", [role]);
				if (!rowCount) await client.query(`create role ${role} login`);
			}
			const { rowCount } = await client.query("select from pg_database where datname = $1", [DATABASE]);
			if (!rowCount) await client.query(`create database ${DATABASE} owner ${OWNER}`);
		} finally {
			await client.end();
		}
	}
}

const urlOf = (run: RunFolder, role: string, database: string): string =>
	`postgres://${role}@${encodeURIComponent(run.path)}/${database}`;

async function answers(url: string): Promise<boolean> {
	const client = new pg.Client(clientOptions(url));
	client.on("error", () => {});
	try {
		await client.connect();
		return true;
	} catch {
		return false;
	} finally {
		await client.end().catch(() => {});
	}
}

/** A data folder that can be started: made by initdb if it is not there. */
async function found(data: string, account: Account | null): Promise<void> {
	const version = await readFile(join(data, "PG_VERSION"), "utf8").catch(() => null);
	if (version !== null) {
		if (version.trim() === MAJOR) return;
		throw new RoomError("database.version_unknown", `the data folder is not PostgreSQL ${MAJOR}'s`, {
			context: { version: version.trim().slice(0, 10) },
		});
	}
	await mkdir(data, { recursive: true, mode: 0o700 });
	if (account) await chown(data, account.uid, account.gid);
	const drop = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"] : [];
	const initdb = [`--pgdata=${data}`, `--username=${ADMIN}`, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"];
	try {
		await promisify(execFile)(
			"setpriv",
			[...drop, "--no-new-privs", "--", join(BINARIES, "initdb"), ...initdb, "--data-checksums", "--no-instructions"],
			{ cwd: "/", env: { PATH: "/usr/bin:/bin", LANG: "C" } },
		);
	} catch (cause) {
		await rm(data, { recursive: true, force: true });
		const missing = (cause as { code?: unknown }).code === 127;
		throw new RoomError(
			missing ? "database.not_installed" : "database.start_failed",
			"a data folder can't be made; is postgresql-15 installed?",
			{ cause },
		);
	}
}
