import { execFile } from "node:child_process";
import { chown, mkdir, readdir, readFile, readlink, realpath, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { RoomError } from "../../../device/core/RoomError.ts";
import { openTheWay } from "../child/openTheWay.ts";
import type { Account } from "../child/unprivileged.ts";

/** Debian 12's. A data folder of another major version is refused. */
export const MAJOR = "15";
export const BINARIES = `/usr/lib/postgresql/${MAJOR}/bin`;
/** The database's superuser; nobody but us can connect at all. */
export const ADMIN = "incamera_admin";

/** Less than this, and PostgreSQL can't keep its log ahead of its tables. */
const LEAST_BYTES = 64 * 1024 ** 2;

export interface DataFolderOptions {
	account: Account | null;
	/** Where initdb is. */
	binaries: string;
	/** False: nothing is synchronised to the disk. */
	durable: boolean;
}

/**
 * Makes sure that `data` is a data folder that PostgreSQL can be started on by `account`; founds one if there is none. It appears whole or not
 * at all. Errors: `database.version_unknown` (context: version), `database.folder_unknown` (something else is in it),
 * `database.folder_not_ours` (another account's), `database.folder_unreachable` (a folder above it is closed to the account),
 * `database.not_installed`, `database.disk_full`, `database.start_failed`.
 */
export async function prepareDataFolder(data: string, options: DataFolderOptions): Promise<void> {
	const { account } = options;
	await mkdir(dirname(data), { recursive: true, mode: 0o700 });
	if (account && !(await openTheWay(data, account))) {
		throw new RoomError("database.folder_unreachable", "the database's account can't reach the data folder");
	}
	if (!(await isFounded(data))) await found(data, options);
	const { uid } = await stat(data);
	if (uid !== (account?.uid ?? process.getuid?.())) {
		throw new RoomError("database.folder_not_ours", "the data folder belongs to another account");
	}
}

async function isFounded(data: string): Promise<boolean> {
	const version = await readFile(join(data, "PG_VERSION"), "utf8").catch((cause: NodeJS.ErrnoException) => {
		if (cause.code === "ENOENT") return null;
		throw new RoomError("database.folder_not_ours", "the data folder can't be read", { cause });
	});
	if (version === null || version.trim() === MAJOR) return version !== null;
	throw new RoomError("database.version_unknown", `the data folder is not PostgreSQL ${MAJOR}'s`, {
		context: { version: version.trim().slice(0, 10) },
	});
}

/** Beside its place and then moved there, so that a power cut leaves no half of one, and of two services one wins. */
async function found(data: string, options: DataFolderOptions): Promise<void> {
	const beginning = `${data}.founding-`;
	for (const name of await readdir(dirname(data))) {
		const path = join(dirname(data), name);
		const pid = path.startsWith(beginning) ? path.slice(beginning.length) : "";
		if (/^\d+$/.test(pid) && !(await stat(`/proc/${pid}`).catch(() => null))) {
			await rm(path, { recursive: true, force: true });
		}
	}
	const place = `${beginning}${process.pid}`;
	try {
		await mkdir(place, { mode: 0o700 });
		const { account } = options;
		if (account) await chown(place, account.uid, account.gid);
		await initdb(place, options);
		await rename(place, data);
	} catch (error) {
		await rm(place, { recursive: true, force: true });
		const taken = ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
		if (!taken) throw RoomError.from(error, "database.start_failed");
		if (await isFounded(data)) return;
		throw new RoomError("database.folder_unknown", "the data folder has something else in it", { cause: error });
	}
}

async function initdb(data: string, { account, binaries, durable }: DataFolderOptions): Promise<void> {
	const drop = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"] : [];
	// The socket's folder is open to us alone: whoever can connect may.
	const args = [`--pgdata=${data}`, `--username=${ADMIN}`, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"];
	try {
		await promisify(execFile)(
			"setpriv",
			[
				...[...drop, "--no-new-privs", "--pdeathsig=KILL", "--", join(binaries, "initdb"), ...args],
				...["--data-checksums", "--no-instructions", ...(durable ? [] : ["--no-sync", "--wal-segsize=1"])],
			],
			{ cwd: "/", env: { PATH: "/usr/bin:/bin", LANG: "C" } },
		);
	} catch (cause) {
		const code = (cause as { code?: unknown }).code;
		if (code === 127 || code === "ENOENT") {
			throw new RoomError("database.not_installed", "PostgreSQL is not there: install postgresql-15", { cause });
		}
		throw (await noSpace(dirname(data), cause)) ?? new RoomError("database.start_failed", "initdb failed", { cause });
	}
}

/** The error to be thrown if it was for want of room on the disk, else null. */
export async function noSpace(folder: string, cause: unknown): Promise<RoomError | null> {
	const { bavail, bsize } = await statfs(folder);
	if (bavail * bsize >= LEAST_BYTES) return null;
	return new RoomError("database.disk_full", "the disk with the data folder is full", { cause });
}

/** Whether any process of PostgreSQL works in the folder: each has it as its working directory. */
export async function isWorkedIn(data: string): Promise<boolean> {
	const own = await realpath(data);
	for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
		if ((await readlink(`/proc/${pid}/cwd`).catch(() => null)) === own) return true;
	}
	return false;
}

/** The folder of the socket by which the PostgreSQL that runs on this data folder is reached; null if none runs. */
export async function socketFolderOf(data: string): Promise<string | null> {
	const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
	const [pid, , , , folder] = lines;
	if (!pid || !folder) return null;
	return (await isWorkedIn(data)) ? folder : null;
}
