import { spawn } from "node:child_process";
import { once } from "node:events";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { RoomError } from "../../../device/core/RoomError.ts";
import { Database } from "./Database.ts";
import { BINARIES } from "./dataFolder.ts";
import { type AuditVerification, verifyAudit } from "./verifyAudit.ts";

export interface BackupOptions {
	/** The database, by the role that owns its tables. */
	ownerUrl: string;
	/** The role that the service has, if it is another. */
	url?: string;
	file: string;
	/** Where pg_dump and pg_restore are; they must not be older than the database. */
	binaries?: string;
}

/**
 * Writes the whole database, as it is at one moment, to a file of pg_dump's custom format, which only we can read; the service may go on meanwhile.
 * An existing file is replaced when the new one is complete. Errors: `database.backup_failed`, `database.tool_missing`.
 */
export async function backUp({ ownerUrl, file, binaries = BINARIES }: BackupOptions): Promise<void> {
	const unfinished = `${file}.unfinished`;
	await rm(unfinished, { force: true });
	const out = await openFile(unfinished, "wx", "database.backup_failed");
	try {
		await run(join(binaries, "pg_dump"), ["--format=custom", ...plain], ownerUrl, { out }, "database.backup_failed");
		await out.sync();
	} catch (error) {
		await rm(unfinished, { force: true });
		throw error;
	} finally {
		await out.close();
	}
	await rename(unfinished, file);
}

/**
 * Brings a backup into an empty database, whole or not at all, then to this program's version; resolves with what the audit log's
 * chain says. Errors: `database.not_empty`, `database.restore_failed`, `database.tool_missing`, and those of `migrate`.
 */
export async function restore(options: BackupOptions): Promise<AuditVerification> {
	const { ownerUrl, url = ownerUrl, file, binaries = BINARIES } = options;
	const owner = await Database.open({ url: ownerUrl, migrate: false });
	try {
		const { rows } = await sql`select from pg_tables where schemaname = 'public'`.execute(owner.db);
		if (rows.length > 0) throw new RoomError("database.not_empty", "there is a fleet in this database already");
	} finally {
		await owner.close();
	}
	const from = await openFile(file, "r", "database.restore_failed");
	try {
		const args = ["--single-transaction", "--exit-on-error", ...plain];
		await run(join(binaries, "pg_restore"), args, ownerUrl, { from }, "database.restore_failed");
	} finally {
		await from.close();
	}
	const restored = await Database.open({ url, ownerUrl });
	try {
		return await verifyAudit(restored.db);
	} finally {
		await restored.close();
	}
}

/** Owner and rights are those of the database that it is brought into. */
const plain = ["--no-owner", "--no-privileges"];

async function openFile(path: string, flags: "wx" | "r", code: string): Promise<FileHandle> {
	try {
		return await open(path, flags, 0o600);
	} catch (cause) {
		throw new RoomError(code, "the backup file can't be opened", { cause });
	}
}

async function run(
	program: string,
	args: readonly string[],
	url: string,
	{ out, from }: { out?: FileHandle; from?: FileHandle },
	code: string,
): Promise<void> {
	// Anybody on the machine can read a program's arguments.
	const address = new URL(url);
	const password = decodeURIComponent(address.password);
	address.password = "";
	const child = spawn(program, [...args, `--dbname=${address.href}`], {
		stdio: [from?.fd ?? "ignore", out?.fd ?? "ignore", "pipe"],
		env: { PATH: "/usr/bin:/bin", LANG: "C", ...(password ? { PGPASSWORD: password } : {}) },
	});
	const said: Buffer[] = [];
	child.stderr?.on("data", (data: Buffer) => said.push(data));
	const [exit] = (await once(child, "close").catch((cause) => {
		throw new RoomError("database.tool_missing", "pg_dump or pg_restore is not there: install postgresql-15", {
			cause,
		});
	})) as [number | null];
	if (exit === 0) return;
	throw new RoomError(code, Buffer.concat(said).toString("utf8").trim().split("\n")[0] ?? "", {
		context: { exit: exit ?? -1 },
	});
}
