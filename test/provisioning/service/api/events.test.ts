import { sql } from "kysely";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Event } from "../../../../provisioning/contract/http/shapes.ts";
import { eventType } from "../../../../provisioning/contract/topics.ts";
import { eventsQuery } from "../../../../provisioning/service/api/handlers/events.ts";
import { type FreshDatabase, TestDatabases } from "../db/TestDatabase.ts";
import { insertRoom, ROOM } from "./samples.ts";
import { TestApi } from "./TestApi.ts";

let databases: TestDatabases;
let database: FreshDatabase;
let api: TestApi;
let headers: Record<string, string>;
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());
beforeEach(async () => {
	const fresh = await databases.fresh();
	database = fresh;
	api = await TestApi.start(fresh);
	({ headers } = await api.person("viewer"));
});
afterEach(() => api?.close());

const MINUTE = 60_000;
const BEGIN = Date.UTC(2026, 10, 26, 8);
const OTHER = "room-munich-1";

/** So many events of two rooms and all kinds, each kind of both: three arrive at each minute, and happened the later the earlier they arrived. */
async function tell(count: number): Promise<void> {
	await insertRoom(api.db);
	await insertRoom(api.db, OTHER, "München");
	await sql`
		insert into events (device_id, mid, type, ts, received_at)
		select (array[${ROOM}, ${OTHER}])[1 + n % 2], 'm' || n, (${eventType.options}::text[])[1 + n / 2 % ${eventType.options.length}],
			${new Date(BEGIN)}::timestamptz - n * interval '1 second', ${new Date(BEGIN)}::timestamptz + n / 3 * interval '1 minute'
		from generate_series(0, ${count - 1}) n`.execute(api.db);
}
async function page(query: string): Promise<{ items: Event[]; next: string | null }> {
	const answer = await api.call("GET", `/events?${query}`, { headers });
	expect(answer).toMatchObject({ status: 200 });
	return answer.body;
}
async function everything(query: string, limit: number): Promise<Event[]> {
	const items: Event[] = [];
	let after: string | null = null;
	do {
		const got = await page(`${query}&limit=${limit}${after ? `&after=${after}` : ""}`);
		items.push(...got.items);
		after = got.next;
	} while (after);
	return items;
}

test("events of all rooms come page by page in the order in which they arrived, the newest first, each once", async () => {
	await tell(50);
	const all = await everything("", 1000);
	expect(all).toHaveLength(50);
	expect(all.map(({ id }) => Number(id))).toEqual(all.map(({ id }) => Number(id)).toSorted((a, b) => b - a));
	expect(all[0]).toMatchObject({ device: OTHER, name: "München", receivedAt: "2026-11-26T08:16:00.000Z" });
	for (const limit of [1, 7, 50]) expect(await everything("", limit)).toEqual(all);
});

test("what arrives while somebody turns pages neither comes twice nor takes another's place", async () => {
	await tell(30);
	const before = await everything("", 100);
	const first = await page("limit=10");
	await sql`insert into events (device_id, mid, type, ts, received_at)
		values (${ROOM}, 'late', 'trouble', now(), ${new Date(BEGIN + 99 * MINUTE)})`.execute(api.db);
	const second = await page(`limit=100&after=${first.next}`);
	expect([...first.items, ...second.items]).toEqual(before);
	// what it went on from was deleted as too old, and with it what was older
	await sql`delete from events where mid <> 'late'`.execute(api.db);
	expect(await page(`after=${first.next}`)).toEqual({ items: [], next: null });
});

test("they are of one room, of one kind, since a moment, and all of that together", async () => {
	await tell(200);
	const all = await everything("", 1000);
	const since = new Date(BEGIN + 30 * MINUTE).toISOString();
	const wanted: [string, (event: Event) => boolean][] = [
		[`room=${ROOM}`, ({ device }) => device === ROOM],
		["type=trouble", ({ type }) => type === "trouble"],
		[`since=${since}`, ({ receivedAt }) => receivedAt >= since],
	];
	for (let mask = 0; mask < 8; mask++) {
		const some = wanted.filter((_, bit) => mask & (1 << bit));
		const found = await everything(some.map(([query]) => query).join("&"), 9);
		expect(found).toEqual(all.filter((event) => some.every(([, fits]) => fits(event))));
		expect(found.length).toBeGreaterThan(0);
	}
});

test("a room that was erased is called by its id; one that never was is not found", async () => {
	await tell(2);
	await api.db.deleteFrom("devices").where("id", "=", OTHER).execute();
	expect((await page("")).items[0]).toMatchObject({ device: OTHER, name: OTHER });
	const answer = await api.call("GET", "/events?room=dev-nothing-here", { headers });
	expect(answer).toMatchObject({ status: 404, body: { code: "api.not_found" } });
});

test.each(["type=coffee", "since=yesterday", "room=A'%20or%201=1--", "after=x", "limit=0", "kind=trouble"])(
	"%s is refused",
	async (query) => {
		const answer = await api.call("GET", `/events?${query}`, { headers });
		expect(answer).toMatchObject({
			status: 400,
			body: { code: "api.malformed", key: expect.stringMatching(/^query\./) },
		});
	},
);

test("a page is read along an index, whatever is asked for: the database looks at a few more events than it shows, never at all of them", async () => {
	await sql`
		insert into devices (id, state, serial_number, model, firmware, label)
		select 'room-' || lpad(n::text, 5, '0'), 'active', 's' || n, 'One', '1.0.0', 'Raum ' || n from generate_series(0, 499) n`.execute(
		api.db,
	);
	// One kind is rare, and what arrived lately is a small part: what a look through everything would be slowest at.
	await sql`
		insert into events (device_id, mid, type, ts, received_at)
		select 'room-' || lpad((n * 7919 % 500)::text, 5, '0'), 'm' || n,
			case when n % 10000 = 0 then 'update.rolled_back' else (array['call.ended', 'device.changed', 'trouble'])[1 + n % 3] end,
			now(), ${new Date(BEGIN)}::timestamptz + n * interval '50 seconds'
		from generate_series(0, 49999) n`.execute(api.db);
	// what autovacuum does
	const owner = new pg.Client({ connectionString: database.ownerUrl });
	await owner.connect();
	await owner.query("analyze");
	await owner.end();
	const { rows: ids } = await sql<{ id: number }>`select id from events order by id offset 25000 limit 1`.execute(
		api.db,
	);
	const since = new Date(BEGIN + 49_980 * 50_000);
	const room = "room-00042";
	for (const filter of [
		{},
		{ since },
		{ type: "trouble" },
		{ type: "update.rolled_back" },
		{ room },
		{ room, since },
	] as const) {
		for (const after of [null, ids[0]!.id]) {
			const { rows } = await sql<{ "QUERY PLAN": string }>`
				explain (analyze, timing off) ${eventsQuery({ ...filter, after, limit: 100 })}`.execute(api.db);
			const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
			const looked = [...plan.matchAll(/ on events.*actual rows=(\d+) loops=1/g)].map(([, count]) => Number(count));
			const removed = [...plan.matchAll(/Rows Removed by Filter: (\d+)/g)].map(([, count]) => Number(count));
			expect({ filter, plan, rows: [...looked, ...removed] }).toMatchObject({
				rows: expect.toSatisfy((all: number[]) => all.length > 0 && all.every((count) => count <= 600)),
			});
			expect(plan).not.toMatch(/Seq Scan on events/);
		}
	}
});
