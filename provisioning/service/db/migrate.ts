import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { RoomError } from "../../../device/core/RoomError.ts";
import { databaseError } from "./databaseErrors.ts";
import { newClient } from "./Pool.ts";

export interface Migration {
	/** 1, 2, 3 … without a gap. */
	version: number;
	/** The file's name without `.sql`. */
	name: string;
	sql: string;
	/** SHA-256 of the file, lower-case hex. */
	checksum: string;
}

export interface MigrateOptions {
	/** The role in the URL must own the database's tables, or be about to. */
	url: string;
	/** A role that gets the right to read and write rows, and none to alter tables or the audit log. Absent: the owner works itself. */
	serviceRole?: string;
	/** Absent: ours, in `migrations/`. */
	migrations?: readonly Migration[];
}

const FOLDER = join(import.meta.dirname, "migrations");
/** Any number, the same in every worker: "InCa" in ASCII. */
const LOCK = 0x496e4361;

/** The migration files of `folder`, in order. Error: `database.migrations_unreadable` (a gap, a double, a name of another form). */
export async function readMigrations(folder = FOLDER): Promise<Migration[]> {
	const files = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
	return Promise.all(
		files.map(async (file, index) => {
			const version = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(file)?.[1]);
			if (version !== index + 1) {
				throw new RoomError("database.migrations_unreadable", "migrations are not numbered one after the other", {
					context: { file },
				});
			}
			const sql = await readFile(join(folder, file), "utf8");
			return { version, name: file.slice(0, -4), sql, checksum: createHash("sha256").update(sql).digest("hex") };
		}),
	);
}

/**
 * Brings the database to the newest version, all in one transaction: a failure leaves it as it was. Whoever comes at the same time
 * waits and then finds nothing to do. Resolves with how many files were applied.
 *
 * Errors: `database.newer` (a newer program has been at it: start that one), `database.migration_changed` (an applied file was edited; context:
 * version), `database.migration_failed` (context: version and SQLSTATE), `database.not_owner`,
 * `database.unavailable`, `database.refused`, `database.url_invalid`.
 */
export async function migrate(options: MigrateOptions): Promise<number> {
	const migrations = options.migrations ?? (await readMigrations());
	const client = newClient(options.url, { statementMs: 0 });
	try {
		await client.connect().catch((error) => {
			throw databaseError(error, true);
		});
		await client.query("begin");
		await client.query("select pg_advisory_xact_lock($1)", [LOCK]);
		const todo = await missing(client, migrations);
		for (const migration of todo) await apply(client, migration);
		if (options.serviceRole) await grant(client, options.serviceRole);
		await client.query("commit");
		return todo.length;
	} catch (error) {
		throw refusal(error) ?? databaseError(error);
	} finally {
		await client.end().catch(() => {});
	}
}

/** The error to be thrown if it was for want of rights, else null. */
function refusal(thrown: unknown): RoomError | null {
	const error = thrown instanceof RoomError ? thrown.cause : thrown;
	if (!(error instanceof pg.DatabaseError) || error.code !== "42501") return null;
	return new RoomError("database.not_owner", "this role does not own the database's tables", { cause: thrown });
}

async function missing(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
	const { rows: found } = await client.query("select 1 where to_regclass('schema_migrations') is not null");
	if (found.length === 0) {
		await client.query(`create table schema_migrations (
			version integer primary key,
			name text not null,
			checksum text not null,
			applied_at timestamptz not null default now()
		)`);
	}
	const { rows } = await client.query<{ version: number; checksum: string }>(
		"select version, checksum from schema_migrations order by version",
	);
	for (const { version, checksum } of rows) {
		const known = migrations[version - 1];
		const context = { version };
		if (!known) throw new RoomError("database.newer", "the database belongs to a newer version", { context });
		if (known.checksum !== checksum) {
			throw new RoomError("database.migration_changed", "an applied migration was changed afterwards", { context });
		}
	}
	return migrations.slice(rows.length);
}

async function apply(client: pg.Client, { version, name, sql, checksum }: Migration): Promise<void> {
	try {
		await client.query(sql);
	} catch (cause) {
		if (databaseError(cause) !== cause) throw cause;
		const state = cause instanceof pg.DatabaseError ? (cause.code ?? "") : "";
		throw new RoomError("database.migration_failed", "a migration failed; the database is as it was", {
			context: { version, state },
			cause,
		});
	}
	await client.query("insert into schema_migrations (version, name, checksum) values ($1, $2, $3)", [
		version,
		name,
		checksum,
	]);
}

/** What the service may do. Each time, since a new table has no grants yet. */
async function grant(client: pg.Client, role: string): Promise<void> {
	const { rows } = await client.query<{ same: boolean }>("select current_user = $1 as same", [role]);
	if (rows[0]?.same) return;
	const name = pg.escapeIdentifier(role);
	await client.query(`
		grant usage on schema public to ${name};
		grant select, insert, update, delete on all tables in schema public to ${name};
		grant usage on all sequences in schema public to ${name};
		revoke update, delete, truncate on audit from ${name};
		revoke insert, update, delete on schema_migrations from ${name};
	`);
}
