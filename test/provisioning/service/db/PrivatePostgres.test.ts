import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { sql } from "kysely";
import pg from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Audit } from "../../../../provisioning/service/audit/Audit.ts";
import { unprivileged } from "../../../../provisioning/service/child/unprivileged.ts";
import { Database } from "../../../../provisioning/service/db/Database.ts";
import { PrivatePostgres } from "../../../../provisioning/service/db/PrivatePostgres.ts";
import { verifyAudit } from "../../../../provisioning/service/db/verifyAudit.ts";

let root: string;
beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), "incamera-postgres-test-"));
	// As the state folder of a real installation: nobody else's business.
	await mkdir(join(root, "state"), { mode: 0o700 });
	await chmod(root, 0o711);
});
/** What a test has started; ended before its folder is removed, the last first. */
const running: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of running.splice(0).reverse()) await end();
	await allGone();
	await rm(root, { recursive: true, force: true });
});
const dataFolder = () => join(root, "state", "database");

const start = async (options: Parameters<typeof PrivatePostgres.start>[0] = {}): Promise<PrivatePostgres> => {
	const postgres = await PrivatePostgres.start({ folder: dataFolder(), ...options });
	running.push(() => postgres.close());
	return postgres;
};
const query = async (url: string, text: string): Promise<Record<string, unknown>[]> => {
	const client = new pg.Client({ connectionString: url });
	client.on("error", () => {});
	await client.connect();
	try {
		return (await client.query<Record<string, unknown>>(text)).rows;
	} finally {
		await client.end();
	}
};
/** The processes of PostgreSQL that work on this data folder. */
const processes = async (): Promise<number[]> => {
	const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
	const cwds = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
	return pids.filter((_, index) => cwds[index] === dataFolder()).map(Number);
};
/** The writer of its log ends by itself a moment after the last process that could write to it. */
const allGone = () => expect.poll(processes).toEqual([]);

test("keeps its data from start to start, and runs as nobody special", async () => {
	const first = await PrivatePostgres.start({ folder: dataFolder() });
	await query(first.ownerUrl, "create table kept (id int); insert into kept values (1)");
	for (const pid of await processes()) {
		expect(await readFile(`/proc/${pid}/status`, "utf8")).toMatch(/^Uid:\t(?!0\t)/m);
	}
	await first.close();
	await allGone();
	const second = await start();
	expect(await query(second.ownerUrl, "select id from kept")).toEqual([{ id: 1 }]);
	expect((await stat(dataFolder())).mode & 0o777).toBe(0o700);
	// Nobody else may look into the state folder, though the database passes through it.
	expect((await stat(join(root, "state"))).mode & 0o076).toBe(0);
});

test("no TCP port is open, and the socket is ours alone", async () => {
	const postgres = await start();
	const pids = await processes();
	expect(pids).toContain(postgres.pid);
	const inodes = new Set<string>();
	for (const pid of pids) {
		for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
			const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
			const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
			if (inode) inodes.add(inode);
		}
	}
	const unix = (await readFile("/proc/net/unix", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
	expect(unix.filter(([, , , , , , inode]) => inodes.has(inode ?? "")).length).toBeGreaterThan(0);
	for (const table of ["tcp", "tcp6"]) {
		const lines = (await readFile(`/proc/net/${table}`, "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
		const listening = lines.filter(([, , , state]) => state === "0A").map((columns) => columns[9]);
		expect(listening.filter((inode) => inodes.has(inode ?? ""))).toEqual([]);
	}
	const [setting] = await query(postgres.adminUrl, "select current_setting('unix_socket_directories') as folder");
	const folder = String(setting?.["folder"]);
	expect((await stat(folder)).mode & 0o777).toBe(0o700);
	expect((await stat(join(folder, ".s.PGSQL.5432"))).mode & 0o077).toBe(0);
});

test("killed, it comes back by itself with everything that was committed", async () => {
	const postgres = await start();
	await query(postgres.ownerUrl, "create table kept (id int); insert into kept values (1)");
	const killed = postgres.pid as number;
	process.kill(killed, "SIGKILL");
	await expect.poll(() => postgres.pid !== null && postgres.pid !== killed).toBe(true);
	await expect.poll(() => query(postgres.ownerUrl, "select id from kept").catch(() => null)).toEqual([{ id: 1 }]);
});

/** A service of its own, which can be killed; its message is the database's address, or the error's code. */
const spawnService = (folder: string): ChildProcess => {
	const module = join(import.meta.dirname, "../../../../provisioning/service/db/PrivatePostgres.ts");
	const program = `
		import { PrivatePostgres } from ${JSON.stringify(module)};
		process.on("message", () => {});
		await PrivatePostgres.start({ folder: ${JSON.stringify(folder)} }).then(
			({ ownerUrl }) => process.send(ownerUrl),
			({ code }) => process.send(code),
		);`;
	const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
		stdio: ["ignore", "ignore", "inherit", "ipc"],
		// Killed, it leaves the folder of its socket behind.
		env: { ...process.env, TMPDIR: root },
	});
	running.push(() => child.kill("SIGKILL"));
	return child;
};

test("the service killed, the database ends with it, and the next service finds all of it at once", async () => {
	const child = spawnService(dataFolder());
	const [url] = (await once(child, "message")) as [string];
	await query(url, "create table kept as select generate_series(1, 1000) as id");
	const busy = query(url, "select pg_sleep(600)").catch(() => "cut off");
	await expect
		.poll(() => query(url, "select count(*)::int as n from pg_stat_activity where query like 'select pg_sleep%'"))
		.toEqual([{ n: 1 }]);
	child.kill("SIGKILL");
	const postgres = await start();
	expect(await query(postgres.ownerUrl, "select count(*)::int as n from kept")).toEqual([{ n: 1000 }]);
	expect(await busy).toBe("cut off");
});

test("a second service on the same data folder is refused, and the first one does not notice", async () => {
	const postgres = await start();
	const { pid } = postgres;
	await expect(PrivatePostgres.start({ folder: dataFolder() })).rejects.toMatchObject({
		code: "database.folder_in_use",
	});
	expect(postgres.pid).toBe(pid);
	expect(await query(postgres.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("of services that found the same data folder at once, one wins and the others are told", async () => {
	const outcomes = await Promise.allSettled(
		Array.from({ length: 3 }, () => once(spawnService(dataFolder()), "message")),
	);
	const messages = outcomes.map((outcome) => (outcome.status === "fulfilled" ? String(outcome.value[0]) : "crashed"));
	expect(messages.filter((message) => message.startsWith("postgres:"))).toHaveLength(1);
	expect(messages.filter((message) => message === "database.folder_in_use")).toHaveLength(2);
});

test("ends at once, whoever is connected and whatever they are doing", async () => {
	const postgres = await start();
	const client = new pg.Client({ connectionString: postgres.url });
	client.on("error", () => {});
	await client.connect();
	await client.query("begin");
	const sleeping = query(postgres.url, "select pg_sleep(600)").catch((error: { code: string }) => error.code);
	await expect
		.poll(() =>
			query(
				postgres.adminUrl,
				"select count(*)::int as n from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()",
			),
		)
		.toEqual([{ n: 1 }]);
	await postgres.close();
	expect(await sleeping).toBe("57P01");
	await allGone();
	await client.end().catch(() => {});
});

test("a data folder of another version, of somebody else, or of something else is refused and left alone", async () => {
	const folder = dataFolder();
	await mkdir(folder, { mode: 0o700 });
	await writeFile(join(folder, "diary.txt"), "mine");
	const refusal = () =>
		PrivatePostgres.start({ folder }).then(
			() => "started",
			(error: { code: string }) => error.code,
		);
	expect(await refusal()).toBe("database.folder_unknown");
	await writeFile(join(folder, "PG_VERSION"), "13\n");
	expect(await refusal()).toBe("database.version_unknown");
	expect((await readdir(folder)).sort()).toEqual(["PG_VERSION", "diary.txt"]);
	expect(await readdir(dirname(folder))).toEqual(["database"]);
	const account = await unprivileged("postgres");
	if (account === null) return;
	await writeFile(join(folder, "PG_VERSION"), "15\n");
	expect(await refusal()).toBe("database.folder_not_ours");
	await chown(folder, account.uid, account.gid);
	expect(await refusal()).toBe("database.start_failed");
});

test("folders above the state folder are not opened for it", async () => {
	if ((await unprivileged("postgres")) === null) return;
	vi.stubEnv("TMPDIR", join(root, "tmp"));
	running.push(() => vi.unstubAllEnvs());
	await mkdir(join(root, "tmp"));
	await chmod(root, 0o700);
	await expect(PrivatePostgres.start({ folder: dataFolder() })).rejects.toMatchObject({
		code: "database.folder_unreachable",
	});
	expect((await stat(root)).mode & 0o777).toBe(0o700);
	expect(await readdir(join(root, "state"))).toEqual([]);
});

test("says that PostgreSQL is not installed", async () => {
	await expect(start({ binaries: "/nonexistent" })).rejects.toMatchObject({ code: "database.not_installed" });
	expect(await readdir(join(root, "state"))).toEqual([]);
});

test("what a power cut left behind is no obstacle: half a data folder, a number that is another program's now", async () => {
	const founding = `${dataFolder()}.founding-`;
	await mkdir(`${founding}4194305`);
	await mkdir(`${founding}${process.pid}1x`);
	await (await start()).close();
	expect((await readdir(join(root, "state"))).sort()).toEqual(["database", `database.founding-${process.pid}1x`]);

	const account = await unprivileged("postgres");
	const drop = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"] : [];
	const stranger = spawn("setpriv", [...drop, "--", "sleep", "600"], { stdio: "ignore" });
	running.push(() => stranger.kill());
	await once(stranger, "spawn");
	const file = join(dataFolder(), "postmaster.pid");
	await writeFile(file, `${stranger.pid}\n${dataFolder()}\n1\n5432\n/tmp\n\n1 1\nready\n`, { mode: 0o600 });
	if (account) await chown(file, account.uid, account.gid);
	const postgres = await start();
	expect(await query(postgres.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("tools beside the service find the database that it runs", async () => {
	expect(await PrivatePostgres.find(dataFolder())).toBeNull();
	const postgres = await start();
	const { url, ownerUrl, adminUrl } = postgres;
	expect(await PrivatePostgres.find(dataFolder())).toEqual({ url, ownerUrl, adminUrl });
	await postgres.close();
	expect(await PrivatePostgres.find(dataFolder())).toBeNull();
});

test("its log tells of starts, and nothing of what is in the tables", async () => {
	const postgres = await start();
	const planted = "planted-secret";
	await query(postgres.ownerUrl, "create table people (name text unique)");
	await query(postgres.ownerUrl, `insert into people values ('${planted}')`);
	await expect(query(postgres.ownerUrl, `insert into people values ('${planted}')`)).rejects.toThrow("duplicate");
	await expect(query(postgres.ownerUrl, `select '${planted}'::int`)).rejects.toThrow(planted);
	await postgres.close();
	const log = await readFile(join(dataFolder(), "log", "postgresql.log"), "utf8");
	expect(log).toContain("ready to accept connections");
	expect(log).not.toContain(planted);
});

/** A small disk, where we may make one. */
const smallDisk = async (megabytes: number): Promise<string | null> => {
	const disk = join(root, "disk");
	await mkdir(disk);
	const options = `size=${megabytes}m,mode=711`;
	const mounted = await promisify(execFile)("mount", ["-t", "tmpfs", "-o", options, "none", disk]).catch(() => null);
	if (mounted === null) return null;
	running.push(() => promisify(execFile)("umount", ["--lazy", disk]));
	return disk;
};

test("a full disk is said to be one, at the beginning and later, and room on it is all that is needed", async (context) => {
	const tiny = await smallDisk(20);
	if (tiny === null) return context.skip("needs the right to mount");
	await expect(PrivatePostgres.start({ folder: join(tiny, "database") })).rejects.toMatchObject({
		code: "database.disk_full",
	});
	expect(await readdir(tiny)).toEqual([]);
	await running.pop()?.();
	await rm(tiny, { recursive: true });

	const small = (await smallDisk(140)) as string;
	const postgres = await start({ folder: join(small, "database") });
	const database = await Database.open(postgres);
	running.push(() => database.close());
	const append = () => Audit.append(database.db, { actor: "service", action: "test.disk", target: null });
	await append();
	const filler = join(small, "filler");
	await promisify(execFile)("sh", ["-c", `cat /dev/zero > ${filler} 2>/dev/null || true`]);
	await expect
		.poll(() =>
			fill(database).then(
				() => "fine",
				(error: { code: string }) => error.code,
			),
		)
		.toBe("database.unavailable");
	await rm(filler);
	await expect
		.poll(() =>
			append().then(
				() => "fine",
				(error: { code: string }) => error.code,
			),
		)
		.toBe("fine");
	expect(await verifyAudit(database.db)).toMatchObject({ whole: true });
});

/** More than a table's and the log's open files have room for. */
const fill = (database: Database) =>
	sql`insert into outbound (topic, payload) select 't', repeat('x', 8000)::bytea from generate_series(1, 3000)`.execute(
		database.db,
	);
