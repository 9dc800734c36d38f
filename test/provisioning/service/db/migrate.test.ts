import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Database } from "../../../../provisioning/service/db/Database.ts";
import { type Migration, migrate, readMigrations } from "../../../../provisioning/service/db/migrate.ts";
import { SERVICE_ROLE } from "../../../../provisioning/service/db/PrivatePostgres.ts";
import { verifyAudit } from "../../../../provisioning/service/db/verifyAudit.ts";
import { fill } from "./fill.ts";
import { TestDatabases } from "./TestDatabase.ts";

let databases: TestDatabases;
let ours: Migration[];
beforeAll(async () => {
	databases = await TestDatabases.start();
	ours = await readMigrations();
});
afterAll(() => databases?.close());

/** A database without a table, and a connection of the owner's. */
const empty = async () => {
	const urls = databases.urls(await databases.create("template0"));
	const client = new pg.Client({ connectionString: urls.ownerUrl });
	await client.connect();
	onTestFinished(() => client.end());
	return { ...urls, query: async (sql: string) => (await client.query<Record<string, unknown>>(sql)).rows };
};
const made = (version: number, sql: string): Migration => ({
	version,
	name: `${version}`.padStart(4, "0"),
	sql,
	checksum: createHash("sha256").update(sql).digest("hex"),
});
/** How many rows each of our tables has. */
const rowsOf = async (query: (sql: string) => Promise<Record<string, unknown>[]>): Promise<Map<string, number>> => {
	const counts = new Map<string, number>();
	for (const table of await tablesOf(query)) {
		const [row] = await query(`select count(*)::int as rows from "${table}"`);
		if (table !== "schema_migrations") counts.set(table, Number(row?.["rows"]));
	}
	return counts;
};
const tablesOf = async (query: (sql: string) => Promise<Record<string, unknown>[]>): Promise<string[]> => {
	const rows = await query("select table_name from information_schema.tables where table_schema = 'public' order by 1");
	return rows.map((row) => String(row["table_name"]));
};

describe("our files", () => {
	test("bring an empty database to the newest version, once", async () => {
		const { ownerUrl, query } = await empty();
		expect(await migrate({ url: ownerUrl })).toBe(ours.length);
		expect(await migrate({ url: ownerUrl })).toBe(0);
		expect(await query("select version from schema_migrations order by 1")).toEqual(
			ours.map(({ version }) => ({ version })),
		);
	});

	test("leave the tables that the types describe", async () => {
		const { ownerUrl, query } = await empty();
		await migrate({ url: ownerUrl });
		const columns = await query(`select table_name, column_name from information_schema.columns
			where table_schema = 'public' order by table_name, ordinal_position`);
		const found = columns.map((row) => `${row["table_name"]}.${row["column_name"]}`);
		const source = await readFile(join(import.meta.dirname, "../../../../provisioning/service/db/Schema.ts"), "utf8");
		const interfaces = new Map(
			[...source.matchAll(/^export interface (\w+Table) \{\n([\s\S]*?)^\}/gm)].map(([, name, body]) => [
				name,
				[...(body as string).matchAll(/^\t(\w+): /gm)].map(([, column]) => column),
			]),
		);
		const tables = /^export interface Schema \{\n([\s\S]*?)^\}/m.exec(source)?.[1] as string;
		const described = [...tables.matchAll(/^\t(\w+): (\w+);/gm)].flatMap(([, table, type]) =>
			(interfaces.get(type) ?? []).map((column) => `${table}.${column}`),
		);
		expect([...described].sort()).toEqual([...found].sort());
	});

	test("carry what each version before them was filled with to the newest, row by row", async () => {
		const { url, ownerUrl, query } = await empty();
		let before = new Map<string, number>();
		for (let version = 1; version <= ours.length; version++) {
			await migrate({ url: ownerUrl, migrations: ours.slice(0, version), serviceRole: SERVICE_ROLE });
			const after = await rowsOf(query);
			for (const [table, rows] of before) expect(after.get(table), `${table} at version ${version}`).toBe(rows);
			await fill(query, version);
			before = await rowsOf(query);
			// Whoever adds a table fills it, so that the next migration meets rows in it.
			expect([...before].filter(([, rows]) => rows === 0)).toEqual([]);
		}
		const database = await Database.open({ url, migrate: false });
		expect(await verifyAudit(database.db)).toMatchObject({ whole: true });
		await database.close();
	});
});

test("many workers that start at once migrate once", async () => {
	const { ownerUrl, query } = await empty();
	const slow = [made(1, "create table once (id int); select pg_sleep(0.2)"), made(2, "insert into once values (1)")];
	const applied = await Promise.all(Array.from({ length: 5 }, () => migrate({ url: ownerUrl, migrations: slow })));
	expect(applied.sort()).toEqual([0, 0, 0, 0, 2]);
	expect(await query("select id from once")).toEqual([{ id: 1 }]);
});

test("a migration that was changed after it was applied is refused, and nothing further applied", async () => {
	const { ownerUrl, query } = await empty();
	await migrate({ url: ownerUrl, migrations: [made(1, "create table a (id int)")] });
	const changed = [made(1, "create table a (id bigint)"), made(2, "create table b (id int)")];
	await expect(migrate({ url: ownerUrl, migrations: changed })).rejects.toMatchObject({
		code: "database.migration_changed",
		context: { version: 1 },
	});
	expect(await tablesOf(query)).toEqual(["a", "schema_migrations"]);
});

test("a database of a newer program is refused", async () => {
	const { ownerUrl } = await empty();
	const both = [made(1, "create table a (id int)"), made(2, "create table b (id int)")];
	await migrate({ url: ownerUrl, migrations: both });
	await expect(migrate({ url: ownerUrl, migrations: both.slice(0, 1) })).rejects.toMatchObject({
		code: "database.newer",
		context: { version: 2 },
	});
});

test("a migration that fails leaves the database as it was, with those before it undone too", async () => {
	const { ownerUrl, query } = await empty();
	await migrate({ url: ownerUrl, migrations: [made(1, "create table a (id int); insert into a values (0)")] });
	const broken = [
		made(1, "create table a (id int); insert into a values (0)"),
		made(2, "create table b (id int)"),
		made(3, "create table c (id int); select 1 / id from a"),
	];
	await expect(migrate({ url: ownerUrl, migrations: broken })).rejects.toMatchObject({
		code: "database.migration_failed",
		context: { version: 3, state: "22012" },
	});
	expect(await tablesOf(query)).toEqual(["a", "schema_migrations"]);
});

test("a folder of migrations with a gap, a double or a stray name is refused", async () => {
	for (const names of [["0002-a.sql"], ["0001-a.sql", "0003-b.sql"], ["0001-a.sql", "0001-b.sql"], ["first.sql"]]) {
		const folder = await mkdtemp(join(tmpdir(), "incamera-migrations-test-"));
		for (const name of names) await writeFile(join(folder, name), "select 1");
		await expect(readMigrations(folder)).rejects.toMatchObject({ code: "database.migrations_unreadable" });
		await rm(folder, { recursive: true });
	}
});

test("a database that is not there is unavailable; one that does not let us in says so", async () => {
	const { ownerUrl } = await empty();
	const gone = ownerUrl.replace(/@[^/]*/, `@${encodeURIComponent("/nonexistent")}`);
	await expect(migrate({ url: gone })).rejects.toMatchObject({ code: "database.unavailable" });
	for (const url of [ownerUrl.replace("incamera_owner@", "stranger@"), `${ownerUrl}_none`]) {
		await expect(migrate({ url })).rejects.toMatchObject({ code: "database.refused" });
	}
});
