import { sql } from "kysely";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Device, DeviceSummary } from "../../../../provisioning/contract/http/shapes.ts";
import { devicesQuery } from "../../../../provisioning/service/api/handlers/deviceSummaries.ts";
import { readNameCursor } from "../../../../provisioning/service/api/pages.ts";
import { type Db, json } from "../../../../provisioning/service/db/Database.ts";
import type { NewRow } from "../../../../provisioning/service/db/Schema.ts";
import { type FreshDatabase, TestDatabases } from "../db/TestDatabase.ts";
import { insertRoom, ROOM, samples, twin } from "./samples.ts";
import { TestApi } from "./TestApi.ts";

let databases: TestDatabases;
let api: TestApi;
let database: FreshDatabase;
let headers: Record<string, string>;
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());
beforeEach(async () => {
	const fresh = await databases.fresh();
	database = fresh;
	api = await TestApi.start(fresh);
	({ headers } = await api.person("technician"));
});
afterEach(() => api?.close());

interface Page {
	items: DeviceSummary[];
	next: string | null;
}
const list = async (query = ""): Promise<Page> => {
	const answer = await api.call("GET", `/devices${query}`, { headers });
	expect(answer).toMatchObject({ status: 200 });
	return answer.body;
};
const namesOf = ({ items }: Page) => items.map(({ name }) => name);
async function everything(query: string): Promise<{ names: string[]; pages: number }> {
	const names: string[] = [];
	let pages = 0;
	let after: string | null = null;
	do {
		const page: Page = await list(`?${query}${after ? `&after=${after}` : ""}`);
		names.push(...namesOf(page));
		pages++;
		after = page.next;
	} while (after);
	return { names, pages };
}

/** An id from a name, and a room with it. */
async function rooms(db: Db, ...names: string[]): Promise<void> {
	for (const [n, name] of names.entries()) await insertRoom(db, `room-number-${n}`, name);
}
const device = (id: string, change: Partial<NewRow<"devices">>) =>
	api.db.updateTable("devices").set(change).where("id", "=", id).execute();
const status = (activity: string) =>
	json({ activity, trouble: null, busyUntil: null, nextBusyAt: null, missing: [] } as never);

describe("the list of rooms", () => {
	test("is in people's order, page by page, each room once", async () => {
		await rooms(
			api.db,
			"Raum 10",
			"Äpfel",
			"Zürich",
			"raum 2",
			"Aachen",
			"Berlin",
			"Berlin",
			"Raum 1",
			"berlin",
			"Österreich",
		);
		const inOrder = [
			"Aachen",
			"Äpfel",
			"berlin",
			"Berlin",
			"Berlin",
			"Österreich",
			"Raum 1",
			"raum 2",
			"Raum 10",
			"Zürich",
		];
		expect(namesOf(await list())).toEqual(inOrder);
		for (const limit of [1, 2, 3, 10, 11]) {
			const { names, pages } = await everything(`limit=${limit}`);
			expect(names).toEqual(inOrder);
			expect(pages).toBe(Math.floor(inOrder.length / limit) + 1);
		}
	});

	test("goes on where it was, also when the room there is renamed or gone meanwhile", async () => {
		await rooms(api.db, "A", "B", "C", "D");
		const first = await list("?limit=2");
		await api.db.deleteFrom("devices").where("label", "=", "B").execute();
		await device("room-number-0", { label: "E" });
		expect(namesOf(await list(`?limit=10&after=${first.next}`))).toEqual(["C", "D", "E"]);
	});

	test("finds in names and ids, whatever the case, and takes no wildcards", async () => {
		await rooms(api.db, "Köln 100%", "Kiel_Nord", "Ulm");
		expect(namesOf(await list("?q=KÖLN"))).toEqual(["Köln 100%"]);
		expect(namesOf(await list("?q=%25"))).toEqual(["Köln 100%"]);
		expect(namesOf(await list("?q=_"))).toEqual(["Kiel_Nord"]);
		expect(namesOf(await list("?q=number-2"))).toEqual(["Ulm"]);
		expect(namesOf(await list("?q="))).toHaveLength(3);
	});

	test("has those in the fleet, or those of a state", async () => {
		await rooms(api.db, "Active", "Pending", "Revoked", "Retired");
		await device("room-number-1", { state: "pending" });
		await device("room-number-2", { state: "revoked" });
		await device("room-number-3", { state: "retired" });
		expect(namesOf(await list())).toEqual(["Active", "Pending"]);
		for (const name of ["Active", "Pending", "Revoked", "Retired"]) {
			expect(namesOf(await list(`?state=${name.toLowerCase()}`))).toEqual([name]);
		}
	});

	test("shows what is asked for, and the counts agree", async () => {
		await rooms(
			api.db,
			"Free",
			"In call",
			"Trouble",
			"Updating",
			"Reboots",
			"Gone",
			"Pending twin",
			"Refused twin",
			"Unknown key",
		);
		const set = async (n: number, twins: Partial<NewRow<"twins">>) => {
			const values = { reported_rev: 1, applied_rev: 1, reported_at: new Date(), ...twins };
			await api.db.updateTable("twins").set(values).where("device_id", "=", `room-number-${n}`).execute();
		};
		const job = (n: number, state: "REBOOTING" | "QUEUED") =>
			api.db
				.insertInto("jobs")
				.values({
					id: `job-${n}`,
					device_id: `room-number-${n}`,
					seq: 1,
					spec: json(samples["rollouts.create"].body.spec),
					state,
					created_by: "service",
					expires_at: new Date(api.clock.now() + 1000),
					offered_at: new Date(),
				})
				.execute();
		await set(0, { status: status("free") });
		await set(1, { status: status("in_call") });
		await set(2, { status: status("trouble") });
		await set(3, { status: status("updating") });
		await set(4, {});
		await job(4, "REBOOTING");
		await device("room-number-4", { online: false });
		// was in a call when it was last heard of
		await set(5, { status: status("in_call") });
		await device("room-number-5", { online: false, firmware: "2.0.0" });
		await set(6, { desired_rev: 2 });
		await job(6, "QUEUED");
		await set(7, { desired_rev: 2, reported_rev: 2, errors: json([{ key: "room.name", code: "twin.invalid" }]) });
		await set(8, { errors: json([{ key: "room.colour", code: "twin.unknown_key" }]) });
		const shown = {
			online: ["Free", "In call", "Pending twin", "Refused twin", "Trouble", "Unknown key", "Updating"],
			offline: ["Gone", "Reboots"],
			in_call: ["In call"],
			trouble: ["Trouble"],
			updating: ["Reboots", "Updating"],
			twin_differs: ["Pending twin", "Refused twin", "Unknown key"],
		};
		for (const [show, names] of Object.entries(shown)) {
			expect({ show, names: namesOf(await list(`?show=${show}`)) }).toEqual({ show, names });
		}
		expect((await api.call("GET", "/devices/counts", { headers })).body).toEqual({
			total: 9,
			online: 7,
			inCall: 1,
			trouble: 1,
			updating: 2,
			twinDiffers: 3,
			firmware: [
				{ version: "1.0.0", devices: 8 },
				{ version: "2.0.0", devices: 1 },
			],
		});
		const { items } = await list();
		const by = Object.fromEntries(items.map((item) => [item.name, item]));
		expect(by["Pending twin"]).toMatchObject({ twin: "pending", job: { state: "QUEUED", pct: null } });
		expect(by["Refused twin"]).toMatchObject({ twin: "refused", job: null });
		expect(by["Free"]).toMatchObject({ twin: "in_sync", status: { activity: "free" } });
	});

	test("a room that said something before the contract changed is there, without it", async () => {
		await rooms(api.db, "Old", "New");
		await api.db
			.updateTable("twins")
			.set({
				status: json({ activity: "dancing" } as never),
				reported: json({ room: 1 } as never),
				reported_at: new Date(),
			})
			.where("device_id", "=", "room-number-0")
			.execute();
		expect(namesOf(await list())).toEqual(["New", "Old"]);
		const { body } = await api.call("GET", "/devices/room-number-0", { headers });
		expect(body).toMatchObject({ status: null, reported: { doc: null } });
	});

	test("an empty fleet has no rooms, and the counts say so", async () => {
		expect(await list()).toEqual({ items: [], next: null });
		const { body } = await api.call("GET", "/devices/counts", { headers });
		expect(body).toEqual({ total: 0, online: 0, inCall: 0, trouble: 0, updating: 0, twinDiffers: 0, firmware: [] });
	});
});

describe("a room", () => {
	beforeEach(() => insertRoom(api.db));

	test("is told whole", async () => {
		const at = new Date(api.clock.now());
		const times = { not_before: at, not_after: at };
		await api.db
			.insertInto("certificates")
			.values([
				{ serial: "0a", device_id: ROOM, state: "superseded", ...times, created_at: new Date(api.clock.now() - 1000) },
				{ serial: "0b", device_id: ROOM, state: "active", ...times, created_at: at },
			])
			.execute();
		const get = async () => (await api.call("GET", `/devices/${ROOM}`, { headers })).body as Device;
		expect(await get()).toMatchObject({
			id: ROOM,
			name: "Berlin",
			state: "active",
			status: null,
			facts: { model: "One", serial: `s-${ROOM}`, firmware: "1.0.0", slot: null },
			certificates: [{ serial: "0b" }, { serial: "0a" }],
			desired: { rev: 1, doc: twin() },
			reported: null,
		});
		await api.db
			.updateTable("twins")
			.set({ reported_rev: 1, applied_rev: 1, reported: json(twin()), reported_at: at, status: status("free") })
			.execute();
		// whatever stood there before the contract left it out
		const { directory: _, ...reported } = twin();
		const told = (await get()) as { reported: object };
		expect(JSON.stringify(told.reported)).not.toContain("directory");
		expect(told).toMatchObject({
			status: { activity: "free" },
			reported: { rev: 1, appliedRev: 1, doc: reported, errors: [], at: at.toISOString() },
		});
	});

	test("has its twin set, once for a revision", async () => {
		const body = { rev: 1, doc: twin("Potsdam") };
		expect(await api.call("PUT", `/devices/${ROOM}/twin`, { headers, body })).toMatchObject({
			status: 200,
			body: { name: "Potsdam", twin: "pending", desired: { rev: 2, doc: body.doc } },
		});
		expect(await api.call("PUT", `/devices/${ROOM}/twin`, { headers, body })).toMatchObject({
			status: 409,
			body: { code: "api.twin_conflict" },
		});
	});

	test("is asked something, and what it was asked is listed, the newest first", async () => {
		const path = `/devices/${ROOM}/commands`;
		for (const number of [1, 2]) {
			const body = { op: "identify", args: { number, seconds: 10 } };
			const answer = await api.call("POST", path, { headers, body });
			expect(answer).toMatchObject({
				status: 200,
				body: { device: ROOM, op: "identify", state: "sent", response: null },
			});
			api.clock.advance(1000);
		}
		await api.db
			.updateTable("commands")
			.set({ state: "answered", response: json({ status: 200 }) })
			.where(sql<boolean>`args ->> 'number' = '1'`)
			.execute();
		expect((await api.call("GET", path, { headers })).body).toMatchObject({
			items: [{ state: "sent" }, { state: "answered", response: { status: 200 } }],
			next: null,
		});
		await device(ROOM, { online: false });
		const body = { op: "restart", args: {} };
		expect(await api.call("POST", path, { headers, body })).toMatchObject({
			status: 409,
			body: { code: "api.device_offline" },
		});
	});

	test("has its events told page by page, the newest first", async () => {
		const data = json({ code: "camera.gone", over: false });
		const events = Array.from({ length: 25 }, (_, n) => ({
			device_id: ROOM,
			mid: `m${n}`,
			type: "trouble",
			ts: new Date(n),
			data,
		}));
		await api.db.insertInto("events").values(events).execute();
		const times: string[] = [];
		let after: string | null = null;
		do {
			const path = `/devices/${ROOM}/events?limit=10${after ? `&after=${after}` : ""}`;
			const { body } = await api.call("GET", path, { headers });
			const page = body as { items: { at: string }[]; next: string | null };
			times.push(...page.items.map(({ at }) => at));
			after = page.next;
		} while (after);
		expect(times).toEqual(events.map(({ ts }) => ts.toISOString()).toReversed());
	});
});

test("a page of 5 000 rooms is read along the index, wherever it begins: the database looks at no more rooms than it shows", async () => {
	await sql`
		insert into devices (id, state, serial_number, model, firmware, label, online)
		select 'room-' || lpad(n::text, 5, '0'), 'active', 's' || n, 'One', '1.' || n % 3 || '.0', 'Raum ' || n, n % 10 > 0
		from generate_series(1, 5000) n`.execute(api.db);
	await sql`
		insert into twins (device_id, desired, desired_rev, reported_rev, applied_rev, reported, reported_at, status)
		select id, ${json(twin())}::jsonb, 1, 1, 1, ${json(twin())}::jsonb, now(), ${status("free")}::jsonb from devices`.execute(
		api.db,
	);
	await sql`
		insert into jobs (id, device_id, seq, spec, state, created_by, expires_at, ended_at)
		select 'job-' || id || n, id, n, '{}', 'SUCCEEDED', 'service', now(), now() from devices, generate_series(1, 5) n`.execute(
		api.db,
	);
	// what autovacuum does
	const owner = new pg.Client({ connectionString: database.ownerUrl });
	await owner.connect();
	await owner.query("analyze");
	await owner.end();
	const { names } = await everything("limit=1000");
	expect(names).toEqual(Array.from({ length: 5000 }, (_, n) => `Raum ${n + 1}`));
	const after = readNameCursor((await list("?limit=1&q=2500")).next ?? undefined);
	for (const query of [{ after: null }, { after }, { after, show: "online" as const }]) {
		const { rows } = await sql<{ "QUERY PLAN": string }>`
			explain (analyze, timing off) ${devicesQuery({ ...query, limit: 100 })}`.execute(api.db);
		const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
		expect(plan).toMatch(/Index Scan using devices_name on devices/);
		const looked = [...plan.matchAll(/ on (\w+).*actual rows=(\d+) loops=(\d+)/g)];
		expect(new Set(looked.map(([, table]) => table))).toEqual(new Set(["devices", "twins", "jobs"]));
		for (const [, table, each, loops] of looked) {
			expect({ table, rows: Number(each) * Number(loops), plan }).toMatchObject({
				rows: expect.toSatisfy((n) => n <= 600),
			});
		}
	}
});
