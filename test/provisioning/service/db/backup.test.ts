import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { backUp, restore } from "../../../../provisioning/service/db/backup.ts";
import { Database } from "../../../../provisioning/service/db/Database.ts";
import { readMigrations } from "../../../../provisioning/service/db/migrate.ts";
import { startDatabase } from "../../../../provisioning/service/db/startDatabase.ts";
import { fill } from "./fill.ts";
import { TestDatabases } from "./TestDatabase.ts";

let databases: TestDatabases;
let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-backup-test-"));
	databases = await TestDatabases.start();
});
afterAll(async () => {
	await databases?.close();
	await rm(folder, { recursive: true, force: true });
});

const program = join(import.meta.dirname, "../../../../provisioning/service/db/main.ts");
const run = async (args: string[], env: Record<string, string> = {}) => {
	const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...env } });
	const said: Buffer[] = [];
	child.stdout.on("data", (data: Buffer) => said.push(data));
	child.stderr.on("data", (data: Buffer) => said.push(data));
	const [code] = (await once(child, "close")) as [number];
	return { code, said: Buffer.concat(said).toString() };
};
const connected = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		return await work(client);
	} finally {
		await client.end();
	}
};
/** A fleet in use. */
const filled = async () => {
	const database = await databases.fresh();
	await connected(database.ownerUrl, async (client) => {
		for (const { version } of await readMigrations()) await fill((sql) => client.query(sql), version);
	});
	return database;
};
/** Every row of every table, as text. */
const contents = (url: string): Promise<Record<string, string[]>> =>
	connected(url, async (client) => {
		const { rows } = await client.query("select tablename from pg_tables where schemaname = 'public' order by 1");
		const all: Record<string, string[]> = {};
		for (const { tablename } of rows) {
			const found = await client.query(`select t::text as row from "${tablename}" t order by 1`);
			all[tablename] = found.rows.map(({ row }) => row);
		}
		return all;
	});

test("what was backed up is restored, every row of every table, and the service works on", async () => {
	const from = await filled();
	const file = join(folder, "fleet.dump");
	await backUp({ ...from, file });
	expect((await stat(file)).mode & 0o777).toBe(0o600);

	const to = databases.urls(await databases.create("template0"));
	const audit = await restore({ ...to, file });
	expect(audit).toMatchObject({ entries: 2, whole: true });
	expect(await contents(to.ownerUrl)).toEqual(await contents(from.ownerUrl));

	const database = await Database.open(to);
	onTestFinished(() => database.close());
	// Numbers go on where they were, the chain too, and the rights are those of the service.
	await database.db.insertInto("audit").values({ actor: "service", action: "test.go_on" }).execute();
	await database.db
		.insertInto("events")
		.values({ device_id: "room-berlin", mid: "E".repeat(22), type: "trouble", ts: new Date() })
		.execute();
	await expect(database.db.deleteFrom("audit").execute()).rejects.toMatchObject({ code: "42501" });
});

test("a database with a fleet in it is not overwritten", async () => {
	const one = await databases.fresh();
	const file = join(folder, "one.dump");
	await backUp({ ...one, file });
	await expect(restore({ ...one, file })).rejects.toMatchObject({ code: "database.not_empty" });
});

test("a backup that fails leaves the one before it; a damaged file restores nothing", async () => {
	const file = join(folder, "kept.dump");
	await writeFile(file, "the one before");
	const gone = "postgres://nobody@%2Fnonexistent/none";
	await expect(backUp({ ownerUrl: gone, file })).rejects.toMatchObject({ code: "database.backup_failed" });
	expect(await readFile(file, "utf8")).toBe("the one before");
	expect((await readdir(folder)).filter((name) => name.includes("unfinished"))).toEqual([]);

	const to = databases.urls(await databases.create("template0"));
	await expect(restore({ ...to, file })).rejects.toMatchObject({ code: "database.restore_failed" });
	const from = await filled();
	await backUp({ ...from, file });
	const whole = await readFile(file);
	await writeFile(file, whole.subarray(0, whole.length - 2000));
	await expect(restore({ ...to, file })).rejects.toMatchObject({ code: "database.restore_failed" });
	expect(await contents(to.ownerUrl)).toEqual({});
	await expect(restore({ ...to, file: join(folder, "none") })).rejects.toMatchObject({
		code: "database.restore_failed",
	});
	await expect(backUp({ ...from, file, binaries: "/nonexistent" })).rejects.toMatchObject({
		code: "database.tool_missing",
	});
});

test("by hand: backup while the service runs and while it does not, restore into a new state folder", async () => {
	const state = join(folder, "state");
	const service = await startDatabase({ stateFolder: state });
	await service.database.db.insertInto("audit").values({ actor: "service", action: "test.kept" }).execute();
	const { hash } = await service.database.db.selectFrom("audit").select("hash").executeTakeFirstOrThrow();
	const file = join(folder, "hand.dump");
	expect(await run(["backup", file, "--state", state])).toMatchObject({ code: 0 });
	expect(await run(["restore", file, "--state", state])).toMatchObject({
		code: 1,
		said: expect.stringMatching(/^database.folder_in_use/),
	});
	await service.close();
	expect(await run(["backup", file, "--state", state])).toMatchObject({ code: 0 });
	expect(await run(["restore", file, "--state", state])).toMatchObject({
		code: 1,
		said: expect.stringMatching(/^database.not_empty/),
	});

	const restored = await run(["restore", file, "--state", join(folder, "new-state")]);
	expect(restored).toMatchObject({ code: 0 });
	expect(restored.said).toContain(`1 entries, whole, last hash ${hash.toString("hex")}`);

	const to = databases.urls(await databases.create("template0"));
	const env = { INCAMERA_DATABASE_URL: to.ownerUrl, INCAMERA_SERVICE_URL: to.url };
	expect(await run(["restore", file], env)).toMatchObject({ code: 0 });
	expect(await run(["backup", file], env)).toMatchObject({ code: 0 });
	expect(await run(["restore"])).toMatchObject({ code: 2 });
	expect(await run(["backup", file], { INCAMERA_DATABASE_URL: "" })).toMatchObject({
		code: 1,
		said: expect.stringMatching(/^database.not_named/),
	});
});
