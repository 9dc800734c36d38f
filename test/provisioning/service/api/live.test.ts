import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { FleetClient } from "../../../../provisioning/contract/http/FleetClient.ts";
import type { LiveChange } from "../../../../provisioning/contract/http/shapes.ts";
import { HEARTBEAT_MS } from "../../../../provisioning/service/api/live/eventStream.ts";
import { type Announcement, announce } from "../../../../provisioning/service/fleet/announcements.ts";
import { type FreshDatabase, TestDatabases } from "../db/TestDatabase.ts";
import { insertRoom, ROOM } from "./samples.ts";
import { TestApi } from "./TestApi.ts";

let databases: TestDatabases;
let api: TestApi;
let database: FreshDatabase;
let url: string;
const over = new Set<AbortController>();
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());
beforeEach(async () => {
	const fresh = await databases.fresh();
	database = fresh;
	api = await TestApi.start(fresh);
	await api.app.listen({ host: "127.0.0.1", port: 0 });
	url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
	await insertRoom(api.db);
});
afterEach(async () => {
	for (const controller of over) controller.abort();
	over.clear();
	await api?.close();
});

const everything: LiveChange = { devices: [], all: true, rollouts: [], enrolments: true, events: true };
const nothing: LiveChange = { devices: [], all: false, rollouts: [], enrolments: false, events: false };

interface Watching {
	changes: LiveChange[];
	/** How it ended; null: it goes on. */
	ended: () => "ended" | "broken" | null;
	stop(): void;
}

/** By the client that console and command line use. */
function watch(who: { headers: Record<string, string> }): Watching {
	const controller = new AbortController();
	over.add(controller);
	const { authorization, ...cookies } = who.headers;
	const client = new FleetClient({
		origin: url,
		...(authorization ? { token: authorization.slice("Bearer ".length) } : {}),
		// what a browser does by itself
		fetch: (input, init) => fetch(input, { ...init, headers: { ...(init?.headers as object), ...cookies } }),
	});
	const changes: LiveChange[] = [];
	let ended: "ended" | "broken" | null = null;
	(async () => {
		for await (const change of client.watch("live.watch", controller.signal)) changes.push(change);
		ended = "ended";
	})().catch(() => {
		ended = "broken";
	});
	return { changes, ended: () => ended, stop: () => controller.abort() };
}

/** Once it has heard the beginning and something that was said, and nothing is held back any more. */
async function watching(who: { headers: Record<string, string> }): Promise<Watching> {
	const watcher = watch(who);
	await expect.poll(() => watcher.changes[0]).toEqual(everything);
	// What is said before the database is listened to is part of the "everything" at the beginning.
	await expect
		.poll(async () => {
			await say({ rollouts: ["begin"] });
			api.clock.advance(2000);
			return watcher.changes.some(({ rollouts }) => rollouts.includes("begin"));
		})
		.toBe(true);
	await say({ rollouts: ["ready"] });
	await heard(watcher, 2000, ({ rollouts }) => rollouts.includes("ready"));
	api.clock.advance(2000);
	watcher.changes.length = 0;
	return watcher;
}

/** Lets `step` milliseconds pass at each look, until such a change has come; resolves with how many milliseconds went by. */
async function heard(watcher: Watching, step: number, such: (change: LiveChange) => boolean): Promise<number> {
	let passed = -step;
	await expect
		.poll(
			() => {
				passed += step;
				api.clock.advance(passed === 0 ? 0 : step);
				return watcher.changes.some(such);
			},
			{ interval: 2 },
		)
		.toBe(true);
	return passed;
}

const say = (change: Partial<Announcement>) => api.db.transaction().execute((trx) => announce(trx, change));

test("what changes is told at once, with the rooms as they are now", async () => {
	const watcher = await watching(await api.person("viewer"));
	await api.db.transaction().execute(async (trx) => {
		await trx.updateTable("devices").set({ online: false, label: "Potsdam" }).execute();
		await announce(trx, { devices: [ROOM, "room-is-gone"] });
	});
	await heard(watcher, 1, ({ devices }) => devices.length > 0);
	expect(watcher.changes).toHaveLength(1);
	expect(watcher.changes[0]).toMatchObject({ ...nothing, devices: [{ id: ROOM, name: "Potsdam", online: false }] });
});

test("what was not committed is not told", async () => {
	const watcher = await watching(await api.person("viewer"));
	const undone = api.db.transaction().execute(async (trx) => {
		await announce(trx, { enrolments: true });
		throw new Error("undone");
	});
	await expect(undone).rejects.toThrow("undone");
	await say({ rollouts: ["r1"] });
	await heard(watcher, 1, ({ rollouts }) => rollouts.includes("r1"));
	expect(watcher.changes).toEqual([{ ...nothing, rollouts: ["r1"] }]);
});

test("at most four times a second: what comes meanwhile is one", async () => {
	const watcher = await watching(await api.token(["fleet:read"]));
	await say({ devices: [ROOM] });
	expect(await heard(watcher, 1, ({ devices }) => devices.length === 1)).toBeLessThan(250);
	await api.db.transaction().execute(async (trx) => {
		for (let n = 0; n < 20; n++) {
			await trx
				.updateTable("devices")
				.set({ label: `Name ${n}` })
				.execute();
			await announce(trx, { devices: [ROOM], rollouts: [`r${n % 2}`] });
		}
		await announce(trx, { enrolments: true });
	});
	expect(await heard(watcher, 1, ({ enrolments }) => enrolments)).toBeGreaterThanOrEqual(249);
	expect(watcher.changes).toHaveLength(2);
	expect(watcher.changes[1]).toMatchObject({ devices: [{ name: "Name 19" }], rollouts: ["r0", "r1"], all: false });
});

test("of more than 200 rooms it is said that all may have changed, and that less often", async () => {
	const watcher = await watching(await api.person("technician"));
	const ids = Array.from({ length: 201 }, (_, n) => `room-number-${n}`);
	const sayAll = () =>
		api.db.transaction().execute(async (trx) => {
			await announce(trx, { devices: ids.slice(0, 101) });
			await announce(trx, { devices: ids.slice(101) });
		});
	await sayAll();
	await heard(watcher, 1, ({ all }) => all);
	expect(watcher.changes).toEqual([{ ...nothing, all: true }]);
	watcher.changes.length = 0;
	await sayAll();
	expect(await heard(watcher, 10, ({ all }) => all)).toBeGreaterThanOrEqual(1980);
	watcher.changes.length = 0;
	await say({ devices: ids });
	await heard(watcher, 100, ({ all }) => all);
});

test("who may not, watches nothing", async () => {
	for (const who of [{ headers: {} }, await api.person("dpo"), await api.token(["enrol"])]) {
		const watcher = watch(who);
		await expect.poll(watcher.ended).toBe("broken");
		expect(watcher.changes).toEqual([]);
	}
});

test("ends when the session ends, when the token ends, when the role is taken away", async () => {
	const [admin, leaving, demoted] = [
		await api.person("fleet_admin"),
		await api.person("viewer"),
		await api.person("viewer"),
	];
	const token = await api.token(["fleet:read"]);
	const watchers = [await watching(leaving), await watching(demoted), await watching(token)];
	const stays = await watching(admin);
	await api.call("DELETE", "/session", leaving);
	await expect.poll(() => watchers[0]?.ended()).toBe("ended");
	await api.call("PUT", `/people/${demoted.id}`, { headers: admin.headers, body: { role: "dpo", disabled: false } });
	await expect.poll(() => watchers[1]?.ended()).toBe("ended");
	await api.call("DELETE", `/tokens/${token.id}`, admin);
	await expect.poll(() => watchers[2]?.ended()).toBe("ended");
	expect(stays.ended()).toBeNull();
});

test("ends when the session has been idle for an hour: an open page is nobody's presence", async () => {
	const watcher = await watching(await api.person("viewer"));
	await expect
		.poll(
			() => {
				api.clock.advance(HEARTBEAT_MS);
				return watcher.ended();
			},
			{ interval: 5 },
		)
		.toBe("ended");
});

test("ends with the service, which does not wait for it", async () => {
	const watcher = await watching(await api.person("viewer"));
	await api.app.close();
	await expect.poll(watcher.ended).not.toBeNull();
});

test("a line that broke is not watched any longer; ten are enough for anybody", async () => {
	const who = await api.person("viewer");
	const ten = Array.from({ length: 10 }, () => watch(who));
	await expect.poll(() => ten.every(({ changes }) => changes.length > 0)).toBe(true);
	const eleventh = watch(who);
	await expect.poll(eleventh.ended).toBe("broken");
	const other = watch(await api.person("viewer"));
	await expect.poll(() => other.changes.length).toBeGreaterThan(0);
	for (const watcher of ten) watcher.stop();
	const count = async () => /incamera_live_watchers (\d+)/.exec((await api.metrics.page()).text)?.[1];
	await expect.poll(count).toBe("1");
});

test("quiet lines are kept by a comment; a client that takes nothing is let go, and holds nothing up", async () => {
	// many rooms with much to tell, so that a line fills up
	for (let n = 0; n < 200; n++) await insertRoom(api.db, `room-number-${n}`, "Ä".repeat(80));
	const ids = Array.from({ length: 150 }, (_, n) => `room-number-${n}`);
	const quiet = await watching(await api.person("viewer"));
	const { headers } = await api.person("viewer");
	const socket = await stuck(headers);
	await expect.poll(async () => /incamera_live_watchers (\d+)/.exec((await api.metrics.page()).text)?.[1]).toBe("2");
	await expect
		.poll(
			async () => {
				await say({ devices: ids });
				api.clock.advance(HEARTBEAT_MS);
				return /incamera_live_watchers (\d+)/.exec((await api.metrics.page()).text)?.[1];
			},
			{ interval: 1 },
		)
		.toBe("1");
	expect(quiet.ended()).toBeNull();
	expect(quiet.changes.length).toBeGreaterThan(1);
	socket.destroy();
});

/** A client that asks and then never reads. */
async function stuck(headers: Record<string, string>): Promise<Socket> {
	const { port } = new URL(url);
	const socket = connect({ port: Number(port), host: "127.0.0.1" });
	await once(socket, "connect");
	socket.pause();
	const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}`);
	socket.write(`GET /api/1/live HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
	return socket;
}

test("a worker hears what another one changed", async () => {
	const other = await TestApi.start(await databases.open(database.name));
	try {
		const watcher = await watching(await api.person("technician"));
		await other.db.transaction().execute((trx) => announce(trx, { devices: [ROOM] }));
		await heard(watcher, 1, ({ devices }) => devices[0]?.id === ROOM);
	} finally {
		await other.close();
	}
});
