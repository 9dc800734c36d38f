import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FleetCa, openCa } from "../../../../provisioning/service/ca/FleetCa.ts";
import { Daemon } from "../../../../provisioning/service/child/Daemon.ts";
import { freePort } from "../../../../provisioning/service/child/freePort.ts";
import { unprivileged } from "../../../../provisioning/service/child/unprivileged.ts";
import { backUp, restore } from "../../../../provisioning/service/db/backup.ts";
import { Database } from "../../../../provisioning/service/db/Database.ts";
import { ADMIN, BINARIES, prepareDataFolder } from "../../../../provisioning/service/db/dataFolder.ts";

/** Somebody's PostgreSQL: over TCP with TLS and passwords, set up by the lines of docs/operations.md. */
let folder: string;
let daemon: Daemon;
let ca: FleetCa;
let port: number;
const password = "p@ss:w/rd";
const address = (role: string, database: string, options = `sslmode=verify-full&sslrootcert=${folder}/ca.pem`) =>
	`postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}?${options}`;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-external-test-"));
	const account = await unprivileged("postgres");
	const data = join(folder, "data");
	await prepareDataFolder(data, { account, binaries: BINARIES, durable: false });
	ca = await openCa(join(folder, "ca"));
	const { certificate, key } = await ca.issueServer(["127.0.0.1"]);
	const files = {
		"server.crt": certificate,
		"server.key": key,
		"pg_hba.conf": "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
	};
	for (const [name, content] of Object.entries(files)) {
		await writeFile(join(data, name), content, { mode: 0o600 });
		if (account) await chown(join(data, name), account.uid, account.gid);
	}
	await writeFile(join(folder, "ca.pem"), ca.certificate);
	port = await freePort("127.0.0.1");
	const admin = async (work: (client: pg.Client) => Promise<unknown>) => {
		const client = new pg.Client({ host: data, port, user: ADMIN, database: "postgres" });
		await client.connect();
		await work(client).finally(() => client.end());
	};
	daemon = new Daemon({
		name: "external",
		command: join(BINARIES, "postgres"),
		args: [
			"-D",
			data,
			"-p",
			`${port}`,
			"-k",
			data,
			"-c",
			"listen_addresses=127.0.0.1",
			"-c",
			"ssl=on",
			"-c",
			"fsync=off",
		],
		account,
		stopSignal: "SIGINT",
		ready: () =>
			admin(async () => {}).then(
				() => true,
				() => false,
			),
	});
	await daemon.start();
	await admin(async (client) => {
		await client.query(`create role incamera_owner login password ${pg.escapeLiteral(password)}`);
		await client.query(`create role incamera login password ${pg.escapeLiteral(password)}`);
		await client.query("create database incamera owner incamera_owner encoding 'UTF8'");
		await client.query("create database again owner incamera_owner encoding 'UTF8'");
	});
});
afterAll(async () => {
	await daemon?.stop();
	await rm(folder, { recursive: true, force: true });
});

test("works with two roles over TLS, is backed up and restored", async () => {
	const database = await Database.open({
		url: address("incamera", "incamera"),
		ownerUrl: address("incamera_owner", "incamera"),
	});
	await database.db.insertInto("audit").values({ actor: "service", action: "test.kept" }).execute();
	await expect(database.db.deleteFrom("audit").execute()).rejects.toMatchObject({ code: "42501" });
	const heard: (string | null)[] = [];
	database.listen("rooms", (payload) => heard.push(payload));
	await expect.poll(() => heard).toEqual([null]);
	await database.close();

	const file = join(folder, "fleet.dump");
	await backUp({ ownerUrl: address("incamera_owner", "incamera"), file });
	const urls = { url: address("incamera", "again"), ownerUrl: address("incamera_owner", "again") };
	expect(await restore({ ...urls, file })).toMatchObject({ entries: 1, whole: true });
});

test("works with one role, too", async () => {
	const database = await Database.open({ url: address("incamera_owner", "incamera") });
	expect(await database.isThere()).toBe(true);
	await database.close();
});

test("a server that can't prove its name, or speaks in the clear, is not spoken to; wrong words are told apart", async () => {
	const other = await openCa(join(folder, "other-ca"));
	await writeFile(join(folder, "other.pem"), other.certificate);
	const open = async (url: string) => {
		const failed = await Database.open({ url }).catch((error) => error);
		expect(JSON.stringify([String(failed.stack), failed.context])).not.toContain("w/rd");
		return [failed.code, failed.context.code];
	};
	const trusting = (file: string) => `sslmode=verify-full&sslrootcert=${folder}/${file}`;
	expect(await open(address("incamera_owner", "incamera", trusting("other.pem")))).toEqual([
		"database.unavailable",
		expect.stringMatching(/SIGNATURE|SELF_SIGNED|ISSUER/),
	]);
	expect(await open(address("incamera_owner", "incamera", trusting("none.pem")))).toEqual([
		"database.url_invalid",
		undefined,
	]);
	expect(await open(address("incamera_owner", "incamera").replace("127.0.0.1", "localhost"))).toEqual([
		"database.unavailable",
		"ERR_TLS_CERT_ALTNAME_INVALID",
	]);
	expect(await open(address("incamera_owner", "incamera", ""))).toEqual(["database.refused", "28000"]);
	expect(await open(address("incamera_owner", "incamera").replace("w%2Frd", "other"))).toEqual([
		"database.refused",
		"28P01",
	]);
	expect(await open(address("incamera_owner", "none"))).toEqual(["database.refused", "3D000"]);
});

test("the service's role alone works with tables that are up to date, and says so when they are not", async () => {
	const urls = { url: address("incamera", "incamera"), ownerUrl: address("incamera_owner", "incamera") };
	await (await Database.open(urls)).close();
	const database = await Database.open({ url: urls.url });
	expect(await database.isThere()).toBe(true);
	await database.close();
	await expect(Database.open({ url: address("incamera", "postgres") })).rejects.toMatchObject({
		code: "database.not_owner",
	});
});
