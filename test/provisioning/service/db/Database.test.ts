import { createServer, type Socket } from "node:net";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Database, json, tryLock } from "../../../../provisioning/service/db/Database.ts";
import { isCollision, isDangling, isDuplicate } from "../../../../provisioning/service/db/databaseErrors.ts";
import { notify } from "../../../../provisioning/service/db/Notifications.ts";
import { Pool } from "../../../../provisioning/service/db/Pool.ts";
import { PrivatePostgres } from "../../../../provisioning/service/db/PrivatePostgres.ts";
import { TestDatabases } from "./TestDatabase.ts";

let databases: TestDatabases;
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());

const device = { id: "room-berlin", serial_number: "SN-1", model: "m", firmware: "1.0.0" };
const desired = {
	room: { name: "Berlin", locale: "de", timeZone: "Europe/Berlin" },
	directory: [],
	rendezvous: null,
	showTitles: false,
	update: { window: { days: ["mon"], from: "22:00", to: "05:00" } },
} as const;

test("numbers, times, bytes and documents come back as they went in", async () => {
	const { db } = await databases.fresh();
	const at = new Date("2026-10-25T01:30:00.123Z");
	await db
		.insertInto("devices")
		.values({ ...device, presence_epoch: Number.MAX_SAFE_INTEGER, last_seen_at: at })
		.execute();
	await db
		.insertInto("twins")
		.values({ device_id: device.id, desired: json(structuredClone(desired) as never), errors: json([]) })
		.execute();
	expect(await db.selectFrom("devices").selectAll().executeTakeFirstOrThrow()).toMatchObject({
		presence_epoch: Number.MAX_SAFE_INTEGER,
		last_seen_at: at,
		state: "pending",
	});
	expect(await db.selectFrom("twins").selectAll().executeTakeFirstOrThrow()).toMatchObject({
		desired,
		desired_rev: 0,
		errors: [],
		reported: null,
	});
});

test("a text that PostgreSQL can't store is refused before it is sent", () => {
	for (const value of [{ text: "a\0b" }, { "\0": 1 }, ["\\\0"]]) {
		expect(() => json(value)).toThrow(expect.objectContaining({ code: "database.value_refused" }));
	}
	expect(json({ text: "\\u0000" })).toBe('{"text":"\\\\u0000"}');
});

test("what the database refuses is told apart from a database that is not there", async () => {
	const { db } = await databases.fresh();
	await db.insertInto("devices").values(device).execute();
	const fails = async (query: { execute(): Promise<unknown> }) =>
		query.execute().then(
			() => null,
			(error) => error,
		);
	const twice = await fails(db.insertInto("devices").values(device));
	expect([isDuplicate(twice), isDuplicate(twice, "devices_pkey"), isDuplicate(twice, "other")]).toEqual([
		true,
		true,
		false,
	]);
	const lost = await fails(
		db
			.insertInto("certificates")
			.values({ serial: "01", device_id: "nobody-there", not_before: new Date(), not_after: new Date() }),
	);
	expect([isDangling(lost), isDuplicate(lost), isCollision(lost)]).toEqual([true, false, false]);
});

test("a connection that is cut, idle or in the middle of a transaction, costs one answer and never the process", async () => {
	const { db, name } = await databases.fresh({ poolSize: 2 });
	const cut = () => databases.admin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
	await sql`select 1`.execute(db);
	await cut();
	await expect
		.poll(() =>
			sql`select 1`.execute(db).then(
				() => true,
				() => false,
			),
		)
		.toBe(true);

	const transaction = db.transaction().execute(async (trx) => {
		await trx.insertInto("devices").values(device).execute();
		await cut();
		// Long enough for the line to be seen broken while nothing is asked on it.
		await expect
			.poll(async () => (await databases.admin(`select from pg_stat_activity where datname = '${name}'`)).rowCount)
			.toBe(0);
		await trx.selectFrom("devices").selectAll().execute();
	});
	await expect(transaction).rejects.toMatchObject({ code: "database.unavailable" });
	await expect
		.poll(() =>
			db
				.selectFrom("devices")
				.selectAll()
				.execute()
				.catch(() => null),
		)
		.toEqual([]);
});

test("database gone and back: unavailable meanwhile, then all goes on, and nobody has missed a word", async () => {
	const postgres = await PrivatePostgres.start();
	const database = await Database.open(postgres);
	onTestFinished(async () => {
		await database.close();
		await postgres.close();
	});
	const heard: (string | null)[] = [];
	database.listen("rooms", (payload) => heard.push(payload));
	await expect.poll(() => heard).toEqual([null]);
	await notify(database.db, "rooms", "one");
	await expect.poll(() => heard).toEqual([null, "one"]);

	const { pid } = postgres;
	const waiting = sql`select pg_sleep(600)`.execute(database.db).catch((error: { code: string }) => error.code);
	await expect
		.poll(
			async () =>
				(await sql`select from pg_stat_activity where query like 'select pg_sleep(600)'`.execute(database.db)).rows
					.length,
		)
		.toBe(1);
	process.kill(pid as number, "SIGSTOP");
	process.kill(pid as number, "SIGKILL");
	await expect
		.poll(() =>
			sql`select 1`.execute(database.db).then(
				() => "there",
				(error: { code: string }) => error.code,
			),
		)
		.toBe("database.unavailable");
	await expect.poll(() => database.isThere()).toBe(true);
	expect(await waiting).toBe("database.unavailable");
	await expect.poll(() => heard).toEqual([null, "one", null]);
	await notify(database.db, "rooms", "two");
	await expect.poll(() => heard).toEqual([null, "one", null, "two"]);
});

test("a database that accepts and then says nothing is unavailable, in time", async () => {
	const sockets: Socket[] = [];
	const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
	await expect.poll(() => silent.listening).toBe(true);
	const { port } = silent.address() as { port: number };
	const url = `postgres://nobody:planted-password@127.0.0.1:${port}/none`;
	const database = await Database.open({ url, migrate: false, connectMs: 100 });
	const error = await sql`select 1`.execute(database.db).catch((thrown) => thrown);
	expect(error).toMatchObject({ code: "database.unavailable" });
	expect(JSON.stringify([error.message, error.context, String(error.stack)])).not.toContain("planted-password");
	await database.close();
	for (const socket of sockets) socket.destroy();
	silent.close();
});

test("a statement that takes too long is cancelled; a database that hangs in one is left, and not waited for again", async () => {
	const { url } = await databases.fresh();
	const database = await Database.open({ url, migrate: false, statementMs: 200, poolSize: 1 });
	onTestFinished(() => database.close());
	const { db } = database;
	await expect(sql`select pg_sleep(600)`.execute(db)).rejects.toMatchObject({
		code: "database.unavailable",
		context: { code: "57014" },
	});
	let backend = 0;
	const hanging = db.transaction().execute(async (trx) => {
		backend = (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)).rows[0]?.pid as number;
		process.kill(backend, "SIGSTOP");
		await sql`select 1`.execute(trx);
	});
	await expect(hanging).rejects.toMatchObject({ code: "database.unavailable" });
	expect(await database.isThere()).toBe(true);
	process.kill(backend, "SIGCONT");

	const pool = new Pool({ url, statementMs: 200 });
	onTestFinished(() => pool.end());
	const client = await pool.connect();
	process.kill(client.processID as number, "SIGSTOP");
	await expect(client.query("select 1", [])).rejects.toThrow("does not answer");
	await expect(client.query("rollback", [])).rejects.toThrow("is lost");
	process.kill(client.processID as number, "SIGCONT");
	client.release();
});

test("an address of another form is refused without being shown", async () => {
	for (const url of ["mysql://a:planted-password@b/c", "planted-password", "postgres://a:planted-password@[/c"]) {
		const error = await Database.open({ url }).catch((thrown) => thrown);
		expect(error).toMatchObject({ code: "database.url_invalid" });
		expect(`${error.message} ${error.stack} ${JSON.stringify(error.context)}`).not.toContain("planted-password");
	}
});

test("one worker at a time has a lock of a name, until its transaction ends", async () => {
	const { db, name } = await databases.fresh();
	const other = await databases.open(name);
	await db.transaction().execute(async (trx) => {
		expect(await tryLock(trx, "rollouts")).toBe(true);
		await other.db.transaction().execute(async (others) => {
			expect(await tryLock(others, "rollouts")).toBe(false);
			expect(await tryLock(others, "sweep")).toBe(true);
		});
	});
	await other.db.transaction().execute(async (others) => expect(await tryLock(others, "rollouts")).toBe(true));
});

test("closing waits for what runs, and twice is once", async () => {
	const database = await databases.fresh();
	const nothing = () => {};
	let release = nothing;
	const running = database.db.transaction().execute(async (trx) => {
		await trx.insertInto("devices").values(device).execute();
		await new Promise<void>((resolve) => {
			release = resolve;
		});
		return trx.selectFrom("devices").select("id").execute();
	});
	await expect.poll(() => release).not.toBe(nothing);
	const closed = database.close();
	expect(await database.isThere()).toBe(false);
	release();
	expect(await running).toEqual([{ id: device.id }]);
	await closed;
	await database.close();
	await expect(sql`select 1`.execute(database.db)).rejects.toMatchObject({ code: "database.unavailable" });
});

test("a fresh database takes a moment, and knows nothing of the others", async () => {
	const [one, two] = [await databases.fresh(), await databases.fresh()];
	await one.db.insertInto("devices").values(device).execute();
	expect(await two.db.selectFrom("devices").selectAll().execute()).toEqual([]);
});
