import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Route, scopes } from "../../../../provisioning/contract/http/route.ts";
import { type RouteId, routes } from "../../../../provisioning/contract/http/routes.ts";
import { parseRequest } from "../../../../provisioning/service/api/parseRequest.ts";
import { TestDatabases } from "../db/TestDatabase.ts";
import { insertRoom, pathOf, ROOM, samples, twin } from "./samples.ts";
import { ORIGIN, TestApi } from "./TestApi.ts";

let databases: TestDatabases;
let api: TestApi;
let admin: { id: string; headers: Record<string, string> };
// One for all: what is refused leaves nothing behind.
beforeAll(async () => {
	databases = await TestDatabases.start();
	api = await TestApi.start(await databases.fresh());
	admin = await api.person("fleet_admin");
	await api.person("fleet_admin");
	await insertRoom(api.db);
});
afterAll(async () => {
	await api?.close();
	await databases?.close();
});

const tableOf = (id: RouteId): Route => routes[id];
const ids = Object.keys(routes) as RouteId[];
const withBody = ids.filter((id) => tableOf(id).body);
const malformed = { status: 400, body: { code: "api.malformed" } };
const page = { origin: ORIGIN };

const send = (id: RouteId, body: unknown, headers: Record<string, string> = {}) =>
	api.call(tableOf(id).method, pathOf(tableOf(id).path, samples[id]), {
		headers: { ...(tableOf(id).access === "public" ? page : admin.headers), ...headers },
		body,
	});

/** Every place in a JSON value where there is an object, as a copy of the whole with a further key there. */
function* withFurtherKeys(value: unknown, key: string): Generator<unknown> {
	if (typeof value !== "object" || value === null) return;
	if (!Array.isArray(value)) yield { ...value, [key]: 1 };
	for (const [name, inner] of Object.entries(value)) {
		for (const changed of withFurtherKeys(inner, key)) {
			yield Array.isArray(value) ? value.with(Number(name), changed) : { ...value, [name]: changed };
		}
	}
}

describe("a request's body", () => {
	test.each(withBody)("of %s may have no key, at any depth, that the contract does not know", async (id) => {
		const places = [...withFurtherKeys(samples[id].body, "further")];
		expect(places.length).toBeGreaterThan(0);
		for (const body of places) {
			const answer = await send(id, body);
			// what WebAuthn's JSON holds is its library's to judge
			if (JSON.stringify(body).includes('"answer":{"further":1}')) expect(answer.status).toBe(401);
			else {
				expect({ sent: body, ...answer }).toMatchObject(malformed);
				expect(answer.body).toMatchObject({ key: expect.stringMatching(/further$/) });
			}
		}
	});

	test.each(withBody)("of %s may have no other type, anywhere", async (id) => {
		const isOpen = (path: string) => path.startsWith("answer");
		const visit = async (value: unknown, put: (changed: unknown) => unknown, path: string): Promise<void> => {
			for (const other of [null, true, 12.5, -1, "\0", "\ud800", [], [[]], { a: 1 }, "x".repeat(3000)]) {
				if (isOpen(path) && path !== "answer") continue;
				// what may be there anyway
				if (typeof other === typeof value && typeof other !== "string" && typeof other !== "number") continue;
				if (path === "spec.deadline" || path === "doc.rendezvous") continue;
				const answer = await send(id, put(other));
				expect({ path, other, ...answer }).toMatchObject(malformed);
			}
			if (typeof value !== "object" || value === null || isOpen(path)) return;
			for (const [name, inner] of Object.entries(value)) {
				const deeper = (changed: unknown) =>
					put(Array.isArray(value) ? value.with(Number(name), changed) : { ...value, [name]: changed });
				await visit(inner, deeper, path ? `${path}.${name}` : name);
			}
		};
		await visit(samples[id].body, (changed) => changed, "");
	});

	test("is JSON, and says so", async () => {
		const { headers } = admin;
		for (const body of ["", "{", "[1,]", "undefined", '{"role":"viewer"', "\u{feff}{}", '{"role":"viewer"}x']) {
			expect(await api.call("POST", "/people/invitations", { headers, body })).toMatchObject(malformed);
		}
		for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
			const options = { headers: { ...headers, "content-type": type }, body: '{"role":"viewer"}' };
			expect(await api.call("POST", "/people/invitations", options)).toMatchObject(malformed);
		}
	});

	test("can't reach for the prototype", async () => {
		for (const key of ["__proto__", "constructor"]) {
			const body = `{"role":"viewer","${key}":{"prototype":{"role":"fleet_admin"}}}`;
			expect(await api.call("POST", "/people/invitations", { headers: admin.headers, body })).toMatchObject(malformed);
		}
		expect(({} as { role?: string }).role).toBeUndefined();
	});

	test("is refused where none is asked for", async () => {
		const { headers } = admin;
		expect(await api.call("POST", "/session/options", { headers: page, body: {} })).toMatchObject(malformed);
		expect(await api.call("DELETE", "/session", { headers, body: {} })).toMatchObject(malformed);
		expect(await api.call("GET", "/session", { headers })).toMatchObject({ status: 200 });
	});

	test.each(withBody)("of %s is refused when it is too large, before it is read", async (id) => {
		const megabytes = "x".repeat(2 * 1024 * 1024);
		const answer = await send(id, { megabytes });
		expect(answer).toMatchObject({ status: 413, body: { code: "api.too_large" } });
	});

	test("of a stranger is not read at all", async () => {
		const answer = await api.call("POST", "/people/invitations", { body: "x".repeat(2 * 1024 * 1024) });
		expect(answer).toMatchObject({ status: 401 });
	});

	test("may not be nested without end", async () => {
		const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
		const body = `{"challengeId":"x","answer":{"a":${deep}}}`;
		expect(await api.call("POST", "/session", { headers: page, body })).toMatchObject(malformed);
	});

	test("of the largest twin and the largest rollout fits", async () => {
		const directory = Array.from({ length: 300 }, (_, n) => ({
			id: `room-${n}-${"x".repeat(30)}`,
			name: "Ä".repeat(80),
		}));
		const doc = { ...twin(), directory };
		expect(await send("devices.twin", { rev: 1, doc })).toMatchObject({ status: 200 });
		const devices = Array.from({ length: 20_000 }, (_, n) => `room-${String(n).padStart(35, "0")}`);
		const answer = await send("rollouts.create", { ...samples["rollouts.create"].body, devices });
		expect(answer).toMatchObject({ status: 409, body: { code: "api.no_devices" } });
	});
});

describe("a request's query and path", () => {
	test("hold what the contract says, once", async () => {
		const { headers } = admin;
		for (const path of [
			"/devices?further=1",
			"/devices?limit=0",
			"/devices?limit=-1",
			"/devices?limit=10&limit=20",
			"/devices?limit=1e3",
			"/devices?state=all",
			"/devices?show=",
			`/devices?q=${"x".repeat(81)}`,
			"/devices?q=%00",
			"/devices?after=%27",
			"/devices?after=AAAA",
			`/devices?after=${"A".repeat(401)}`,
			"/devices/counts?x",
			"/devices/SHOUTING",
			"/devices/short",
			"/devices/%00%00%00%00%00%00%00%00",
			"/devices/room-berlin-1%27--",
			`/devices/${"x".repeat(41)}`,
			"/audit?after=-1",
			"/audit?after=99999999999999999999",
			`/devices/${ROOM}/events?after=x`,
		]) {
			expect({ path, ...(await api.call("GET", path, { headers })) }).toMatchObject(malformed);
		}
	});

	test("that lead nowhere say so, in the contract's form", async () => {
		const { headers } = admin;
		for (const path of ["/", "", "/nothing", "/devices/room-berlin-1/nothing", "/people/x"]) {
			const answer = await api.call("GET", path, { headers });
			expect({ path, ...answer }).toMatchObject({ status: 404, body: { code: "api.not_found" } });
			expect(answer.headers["cache-control"]).toBe("no-store");
		}
		for (const path of ["/people/x", "/people/00000000-0000-0000-0000-00000000000g"]) {
			const body = { role: "viewer", disabled: true };
			expect(await api.call("PUT", path, { headers, body })).toMatchObject({ status: 404 });
		}
		for (const path of ["/devices/room-nowhere", "/devices/room-nowhere/events", "/devices/room-nowhere/commands"]) {
			expect(await api.call("GET", path, { headers })).toMatchObject({ status: 404, body: { code: "api.not_found" } });
		}
	});

	test("with another method lead nowhere", async () => {
		const { headers } = admin;
		for (const method of ["PATCH", "HEAD", "OPTIONS", "PUT"]) {
			expect((await api.app.inject({ method: method as "PUT", url: "/api/1/devices", headers })).statusCode).toBe(404);
		}
	});
});

test("any text in any place of a search finds rooms or nothing, and never fails", async () => {
	await fc.assert(
		fc.asyncProperty(fc.string({ unit: "binary", maxLength: 80 }), async (q) => {
			fc.pre(!q.includes("\0"));
			const answer = await api.call("GET", `/devices?q=${encodeURIComponent(q)}`, { headers: admin.headers });
			expect(answer.status).toBe(200);
		}),
		{ numRuns: 200 },
	);
	for (const q of ["%", "_", "\\", "'", '"', "'; drop table devices; --", "' or 1=1 --", "$1", "{}"]) {
		const { status, body } = await api.call("GET", `/devices?q=${encodeURIComponent(q)}`, { headers: admin.headers });
		expect({ q, status, body }).toEqual({ q, status: 200, body: { items: [], next: null } });
	}
});

test("any cursor is a place in the list or is refused", async () => {
	const cursor = fc.oneof(
		fc.stringMatching(/^[A-Za-z0-9_-]{1,400}$/),
		fc
			.string({ unit: "binary", maxLength: 200 })
			.map((name) => Buffer.from(`room-berlin-1.${name}`).toString("base64url")),
	);
	await fc.assert(
		fc.asyncProperty(cursor, async (after) => {
			const answer = await api.call("GET", `/devices?after=${after}`, { headers: admin.headers });
			expect([200, 400]).toContain(answer.status);
		}),
		{ numRuns: 200 },
	);
});

test("any name comes back as it was given, or is refused", async () => {
	await fc.assert(
		fc.asyncProperty(fc.string({ unit: "binary", maxLength: 90 }), async (name) => {
			const { rev } = await api.db
				.selectFrom("twins")
				.select("desired_rev as rev")
				.where("device_id", "=", ROOM)
				.executeTakeFirstOrThrow();
			const answer = await send("devices.twin", { rev, doc: { ...twin(), room: { ...twin().room, name } } });
			if (answer.status === 200) expect(answer.body).toMatchObject({ name: name.trim() });
			else {
				expect(answer).toMatchObject(malformed);
				expect(name.trim() === "" || name.trim().length > 80 || name.includes("\0") || !name.isWellFormed()).toBe(true);
			}
		}),
		{ numRuns: 150 },
	);
});

test("whatever JSON is parsed, it is taken whole or refused with a code", () => {
	fc.assert(
		fc.property(fc.constantFrom(...ids), fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (id, params, query, body) => {
			try {
				const parsed = parseRequest(routes[id], { params, query, body });
				const known = tableOf(id);
				if (known.body) expect(parsed.body).toBeDefined();
			} catch (error) {
				expect(error).toMatchObject({ code: "api.malformed" });
			}
		}),
	);
});

describe("other sites' pages", () => {
	const foreign: Record<string, Record<string, string>> = {
		"of another origin": { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
		"of a sibling": { origin: "http://evil.localhost:8080", "sec-fetch-site": "same-site" },
		"of another port": { origin: "http://localhost:8081", "sec-fetch-site": "same-site" },
		"of the same name over TLS": { origin: "https://localhost:8080", "sec-fetch-site": "cross-site" },
		"without an origin": { origin: "null", "sec-fetch-site": "cross-site" },
		"that say nothing but where they are": { "sec-fetch-site": "cross-site" },
	};

	test.each(Object.keys(foreign))("%s may ask nothing, with or without the cookie", async (from) => {
		const { cookie } = admin.headers as { cookie: string };
		for (const id of ids) {
			const { method, path } = tableOf(id);
			for (const extra of [{}, { cookie }]) {
				const headers = { ...foreign[from], ...extra };
				const answer = await api.call(method, pathOf(path, samples[id]), { headers, body: samples[id].body });
				expect({ id, extra, ...answer }).toMatchObject({ status: 403, body: { code: "api.forbidden" } });
			}
		}
	});

	test("a cookie alone changes nothing: a browser would say where it comes from", async () => {
		const { cookie } = admin.headers as { cookie: string };
		for (const id of ids.filter((id) => tableOf(id).method !== "GET")) {
			const { method, path } = tableOf(id);
			const answer = await api.call(method, pathOf(path, samples[id]), { headers: { cookie }, body: samples[id].body });
			expect({ id, ...answer }).toMatchObject({ status: 403, body: { code: "api.forbidden" } });
		}
	});

	test("a person may type an address, a program may send its token", async () => {
		const { cookie } = admin.headers as { cookie: string };
		const typed = { cookie, "sec-fetch-site": "none" };
		expect(await api.call("GET", "/devices/counts", { headers: typed })).toMatchObject({ status: 200 });
		const token = await api.token(["fleet:read"]);
		expect(await api.call("GET", "/devices/counts", token)).toMatchObject({ status: 200 });
		// nobody is let to read an answer: no header of CORS is ever there
		const { headers } = await api.call("GET", "/devices/counts", token);
		expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
	});
});

describe("too many requests", () => {
	const start = async (limits: { address?: number; signIn?: number; caller?: number }) => {
		await api.close();
		api = await TestApi.start(await databases.fresh(), {
			limits,
			addressOf: (request) => String(request.headers["x-from"]),
		});
		admin = await api.person("fleet_admin");
	};
	const tooMany = { status: 429, body: { code: "api.too_many" } };

	test("of one address wait until the minute is over; others do not", async () => {
		await start({ address: 3 });
		const from = (address: string) => api.call("GET", "/session", { headers: { "x-from": address } });
		for (const status of [401, 401, 401, 429]) expect(await from("192.0.2.1")).toMatchObject({ status });
		expect((await from("192.0.2.1")).headers["retry-after"]).toBe("60");
		expect(await from("192.0.2.2")).toMatchObject({ status: 401 });
		// one subscriber has a whole /64 of IPv6
		for (const status of [401, 401, 401, 429]) {
			expect(await from(`2001:db8::${Math.random().toString(16).slice(2, 6)}`)).toMatchObject({ status });
		}
		api.clock.advance(59_999);
		expect(await from("192.0.2.1")).toMatchObject(tooMany);
		api.clock.advance(1);
		expect(await from("192.0.2.1")).toMatchObject({ status: 401 });
	});

	test("to sign in are counted more strictly", async () => {
		await start({ address: 1000, signIn: 2 });
		const begin = () => api.call("POST", "/session/options", { headers: { ...page, "x-from": "192.0.2.1" } });
		for (const status of [200, 200, 429]) expect(await begin()).toMatchObject({ status });
		expect(await api.call("GET", "/session", { headers: { ...admin.headers, "x-from": "192.0.2.1" } })).toMatchObject({
			status: 200,
		});
	});

	test("of one session or token do not stop another behind the same address", async () => {
		await start({ address: 1000, caller: 2 });
		const token = await api.token(scopes);
		for (const status of [200, 200, 429]) {
			expect(await api.call("GET", "/devices/counts", token)).toMatchObject({ status });
		}
		expect(await api.call("GET", "/devices/counts", { headers: admin.headers })).toMatchObject({ status: 200 });
	});
});

describe("trouble with the database", () => {
	test("that is away is said as such, and over when it is back", async () => {
		await api.close();
		const database = await databases.fresh();
		api = await TestApi.start(database);
		admin = await api.person("fleet_admin");
		await databases.admin("alter role incamera connection limit 0");
		await databases.admin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database.name}'`);
		const ask = () => api.call("GET", "/people", { headers: admin.headers });
		expect(await ask()).toMatchObject({ status: 503, body: { code: "database.unavailable" } });
		await databases.admin("alter role incamera connection limit -1");
		await expect.poll(ask).toMatchObject({ status: 200 });
	});

	test("that nobody foresaw is logged by its code alone, and told to nobody", async () => {
		const lines: unknown[] = [];
		await api.close();
		const database = await databases.fresh();
		api = await TestApi.start(database, { log: { write: (...line: unknown[]) => void lines.push(line) } });
		admin = await api.person("fleet_admin");
		const owner = new pg.Client({ connectionString: database.ownerUrl });
		await owner.connect();
		await owner.query("drop table passkeys cascade");
		await owner.end();
		const answer = await api.call("GET", "/people", { headers: admin.headers });
		expect(answer).toMatchObject({ status: 500, body: { code: "api.unexpected" } });
		expect(JSON.stringify(answer.body)).not.toContain("passkeys");
		expect(lines).toEqual([["error", "api.failed", { route: "people.list", code: "error.unexpected" }]]);
	});
});
