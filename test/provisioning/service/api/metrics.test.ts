import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { scopes } from "../../../../provisioning/contract/http/route.ts";
import { Counters } from "../../../../provisioning/service/bus/Counters.ts";
import { FleetMetrics } from "../../../../provisioning/service/metrics/FleetMetrics.ts";
import { TestDatabases } from "../db/TestDatabase.ts";
import { insertRoom } from "./samples.ts";
import { TestApi } from "./TestApi.ts";

let databases: TestDatabases;
let api: TestApi;
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());
beforeEach(async () => {
	api = await TestApi.start(await databases.fresh());
});
afterEach(() => api?.close());

const scrape = async (headers: Record<string, string> = {}) => {
	const { statusCode, body, headers: got } = await api.app.inject({ url: "/metrics", headers });
	return { status: statusCode, body, type: got["content-type"] };
};
const value = (body: string, name: string) =>
	body
		.split("\n")
		.find((line) => line.startsWith(`${name} `))
		?.slice(name.length + 1);

test("are for a token with their scope, and for nobody else", async () => {
	expect(await scrape()).toMatchObject({ status: 401 });
	expect(await scrape((await api.person("fleet_admin")).headers)).toMatchObject({ status: 401 });
	for (const scope of scopes) {
		const { headers } = await api.token([scope]);
		expect(await scrape(headers)).toMatchObject({ status: scope === "metrics" ? 200 : 401 });
	}
	const { headers } = await api.token(["metrics"]);
	expect((await scrape(headers)).type).toBe("text/plain; version=0.0.4; charset=utf-8");
	api.clock.advance(31 * 86_400_000);
	expect(await scrape(headers)).toMatchObject({ status: 401 });
});

test("are for this machine too where that is configured, by the address that asks", async () => {
	await api.close();
	api = await TestApi.start(await databases.fresh(), {
		metricsFor: "loopback",
		addressOf: (request) => String(request.headers["x-from"]),
	});
	for (const from of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
		expect(await scrape({ "x-from": from })).toMatchObject({ status: 200 });
	}
	for (const from of ["192.0.2.1", "1127.0.0.1", "::ffff:192.0.2.1", ""]) {
		expect(await scrape({ "x-from": from })).toMatchObject({ status: 401 });
	}
});

test("are not asked for without end", async () => {
	const answers: number[] = [];
	for (let n = 0; n < 121; n++) answers.push((await scrape()).status);
	expect(answers.slice(0, 120)).toEqual(Array(120).fill(401));
	expect(answers[120]).toBe(429);
	api.clock.advance(60_000);
	expect(await scrape()).toMatchObject({ status: 401 });
});

test("tell of rooms, backlog, bus and answers", async () => {
	for (let n = 0; n < 3; n++) await insertRoom(api.db, `room-number-${n}`);
	await api.db.updateTable("devices").set({ online: false }).where("id", "=", "room-number-1").execute();
	await api.db.updateTable("devices").set({ state: "revoked" }).where("id", "=", "room-number-2").execute();
	await api.db
		.insertInto("outbound")
		.values({ topic: "t", payload: Buffer.from("x"), created_at: sql`now() - interval '1 minute'` as never })
		.execute();
	api.metrics.bus("event", "taken", 5);
	api.metrics.bus("event", "malformed");
	const { headers } = await api.token(["metrics", "fleet:read"]);
	await api.call("GET", "/devices/counts", { headers });
	const { body } = await scrape(headers);
	expect(value(body, 'incamera_rooms{state="active"}')).toBe("2");
	expect(value(body, 'incamera_rooms{state="revoked"}')).toBe("1");
	expect(value(body, 'incamera_rooms{state="pending"}')).toBe("0");
	expect(value(body, "incamera_rooms_online")).toBe("1");
	expect(value(body, "incamera_outbound_backlog")).toBe("1");
	expect(Number(value(body, "incamera_outbound_oldest_seconds"))).toBeGreaterThanOrEqual(60);
	expect(value(body, "incamera_database_up")).toBe("1");
	expect(value(body, 'incamera_bus_messages_total{kind="event",outcome="taken"}')).toBe("5");
	expect(value(body, 'incamera_bus_messages_total{kind="event",outcome="malformed"}')).toBe("1");
	expect(value(body, 'incamera_api_answer_seconds_count{route="devices.counts",status="200"}')).toBe("1");
	expect(Number(value(body, "incamera_nodejs_eventloop_lag_p99_seconds"))).toBeGreaterThan(0);
});

test("tell what a worker counts", async () => {
	const counters = new Counters();
	const metrics = new FleetMetrics({ db: api.db, counters });
	counters.add("events_stored", {}, 7);
	counters.add("enrolments", { outcome: "confirmed" }, 2);
	counters.add("enrolments", { outcome: "enrol.code_wrong" });
	for (let scrapes = 0; scrapes < 2; scrapes++) {
		const { text } = await metrics.page();
		expect(value(text, "incamera_events_stored_total")).toBe("7");
		expect(value(text, "incamera_outbound_published_total")).toBe("0");
		expect(value(text, 'incamera_enrolments_total{outcome="confirmed"}')).toBe("2");
		expect(value(text, 'incamera_enrolments_total{outcome="enrol.code_wrong"}')).toBe("1");
	}
});

test("tell of nobody: no id, no name, no address, no token", async () => {
	await insertRoom(api.db, "room-secret-id", "Secret name");
	const person = await api.person("fleet_admin");
	const token = await api.token(["metrics"]);
	await api.call("GET", "/devices/room-secret-id", { headers: person.headers });
	await api.call("GET", "/devices?q=Secret", { headers: person.headers });
	await api.call("GET", "/nothing/secret-path", { headers: person.headers });
	const { body } = await scrape(token.headers);
	const secrets = ["room-secret", "Secret", "secret", person.id, token.id, "127.0.0.1", "A fleet_admin", "ict_"];
	for (const secret of secrets) expect(body).not.toContain(secret);
});

test("without a database they have what the worker knows by itself", async () => {
	await api.close();
	const database = await databases.fresh();
	api = await TestApi.start(database, { metricsFor: "loopback" });
	await insertRoom(api.db);
	expect(value((await scrape()).body, 'incamera_rooms{state="active"}')).toBe("1");
	await databases.admin("alter role incamera connection limit 0");
	await databases.admin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database.name}'`);
	const { status, body } = await scrape();
	expect(status).toBe(200);
	expect(value(body, "incamera_database_up")).toBe("0");
	expect(body).not.toContain("incamera_rooms{");
	expect(body).not.toMatch(/^incamera_rooms_online /m);
	expect(Number(value(body, "incamera_process_resident_memory_bytes"))).toBeGreaterThan(0);
	await databases.admin("alter role incamera connection limit -1");
	await expect.poll(async () => value((await scrape()).body, "incamera_database_up")).toBe("1");
});
