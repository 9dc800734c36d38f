import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Route, scopes } from "../../../../provisioning/contract/http/route.ts";
import { type RouteId, routes } from "../../../../provisioning/contract/http/routes.ts";
import type { AuditEntry } from "../../../../provisioning/contract/http/shapes.ts";
import { Audit } from "../../../../provisioning/service/audit/Audit.ts";
import { insertRoom, pathOf, ROOM, samples } from "../api/samples.ts";
import { TestApi } from "../api/TestApi.ts";
import { type FreshDatabase, TestDatabases } from "../db/TestDatabase.ts";

let databases: TestDatabases;
let api: TestApi;
let database: FreshDatabase;
let admin: { id: string; headers: Record<string, string> };
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());
beforeEach(async () => {
	const fresh = await databases.fresh();
	database = fresh;
	api = await TestApi.start(fresh);
	admin = await api.person("fleet_admin");
	await insertRoom(api.db);
});
afterEach(() => api?.close());

const entries = () => Audit.list(api.db, { before: null, limit: 1000 });
const routeIds = Object.keys(routes) as RouteId[];
const tableOf = (id: RouteId): Route => routes[id];

async function write(count: number): Promise<void> {
	for (let n = 1; n <= count; n++) {
		await Audit.append(api.db, { actor: "service", action: "test.write", target: null, detail: { n } });
	}
}

/** As somebody who has the database itself. */
async function asOwner(...statements: string[]): Promise<void> {
	const owner = new pg.Client({ connectionString: database.ownerUrl });
	await owner.connect();
	try {
		for (const statement of statements) await owner.query(statement);
	} finally {
		await owner.end();
	}
}
const verification = async () => (await api.call("GET", "/audit/verification", { headers: admin.headers })).body;

describe("what is done through the API", () => {
	test("is in the log once, with who, and with no name of anybody", async () => {
		const names = await api.db.selectFrom("people").select("display_name").execute();
		const { id: person } = await api.person("viewer");
		const { id: token } = await api.token(["fleet:read"]);
		const code = await api.call("POST", "/enrolments", {
			headers: admin.headers,
			body: samples["enrolments.create"].body,
		});
		const { about } = code.body as { about: { id: string } };
		const rollout = await api.call("POST", "/rollouts", {
			headers: admin.headers,
			body: samples["rollouts.create"].body,
		});
		const ids: Partial<Record<RouteId, string>> = {
			"people.change": person,
			"tokens.delete": token,
			"enrolments.withdraw": about.id,
			"rollouts.pause": (rollout.body as { id: string }).id,
			"rollouts.resume": (rollout.body as { id: string }).id,
			"rollouts.cancel": (rollout.body as { id: string }).id,
		};
		// Those that sign in are in signIn.test.ts, those that need a passkey in ownPasskeys.test.ts; the rollout is made already.
		const elsewhere: readonly RouteId[] = ["rollouts.create", "session.beginConfirming", "session.confirm"];
		const writing = routeIds.filter(
			(id) =>
				tableOf(id).method !== "GET" &&
				tableOf(id).access !== "public" &&
				!id.startsWith("passkeys.") &&
				!elsewhere.includes(id),
		);
		// signing out and throwing the room out come last
		const last: RouteId[] = ["devices.revoke", "session.delete"];
		const ordered = [...writing.filter((id) => !last.includes(id)), ...last];
		for (const id of ordered) {
			const before = await entries();
			const { method, path } = tableOf(id);
			const params = ids[id] ? { id: ids[id] } : samples[id].params;
			const body = id === "people.change" ? { role: "technician", disabled: true } : samples[id].body;
			const answer = await api.call(method, pathOf(path, { params, query: undefined }), {
				headers: admin.headers,
				body,
			});
			expect({ id, ...answer }).toMatchObject({ status: tableOf(id).response ? 200 : 204 });
			const added = (await entries()).slice(0, -before.length || undefined);
			expect({ id, added }).toMatchObject({ added: [{ actor: `person:${admin.id}` }] });
			expect(added[0]?.action).toMatch(/^[a-z]+\.[a-z_.]+$/);
			for (const { display_name } of names) expect(JSON.stringify(added)).not.toContain(display_name);
		}
		expect(await Audit.verify(api.db)).toMatchObject({ whole: true });
	});

	test("by a token has the token's id", async () => {
		const { id, headers } = await api.token(scopes);
		const body = samples["devices.command"].body;
		expect(await api.call("POST", `/devices/${ROOM}/commands`, { headers, body })).toMatchObject({ status: 200 });
		expect((await entries())[0]).toMatchObject({ actor: `token:${id}`, target: `device:${ROOM}` });
	});

	test("and failed is not in the log; reading is not either", async () => {
		const { headers } = admin;
		const before = await entries();
		const body = { ...samples["devices.twin"].body, rev: 7 };
		expect(await api.call("PUT", `/devices/${ROOM}/twin`, { headers, body })).toMatchObject({ status: 409 });
		for (const id of routeIds.filter((id) => tableOf(id).method === "GET" && id !== "live.watch")) {
			await api.call("GET", pathOf(tableOf(id).path, samples[id]), { headers });
		}
		expect(await entries()).toEqual(before);
	});

	test("the last admin stays, and one of two admins who shut each other out", async () => {
		const body = { role: "viewer", disabled: false };
		const put = (by: { headers: Record<string, string> }, id: string) =>
			api.call("PUT", `/people/${id}`, { headers: by.headers, body });
		expect(await put(admin, admin.id)).toMatchObject({ status: 409, body: { code: "api.last_admin" } });
		const other = await api.person("fleet_admin");
		const both = await Promise.all([put(admin, other.id), put(other, admin.id)]);
		// the slower one is the last by now, or no admin any more
		expect([
			[200, 403],
			[200, 409],
		]).toContainEqual(both.map(({ status }) => status).sort());
		const admins = api.db.selectFrom("people").select("id").where("role", "=", "fleet_admin");
		expect(await admins.execute()).toHaveLength(1);
	});
});

describe("the log", () => {
	test("is read page by page, the newest first, and exported whole, the oldest first", async () => {
		await write(25);
		const pages: number[] = [];
		let after: string | null = null;
		do {
			const query: string = after ? `?limit=10&after=${after}` : "?limit=10";
			const { body } = await api.call("GET", `/audit${query}`, { headers: admin.headers });
			const page = body as { items: AuditEntry[]; next: string | null };
			pages.push(...page.items.map(({ seq }) => seq));
			after = page.next;
		} while (after);
		expect(pages).toEqual(Array.from({ length: 25 }, (_, n) => 25 - n));
		const exported: AuditEntry[] = [];
		for await (const entry of Audit.export(api.db)) exported.push(entry);
		expect(exported.map(({ seq }) => seq)).toEqual(pages.toReversed());
	});

	test("is whole, also when many write at once", async () => {
		await Promise.all(Array.from({ length: 40 }, () => write(3)));
		expect(await verification()).toMatchObject({ entries: 120, whole: true, brokenAt: null });
	});

	test("is not written when what it tells of is undone", async () => {
		const undone = api.db.transaction().execute(async (trx) => {
			await Audit.append(trx, { actor: "service", action: "test.undone", target: null });
			throw new Error("undone");
		});
		await expect(undone).rejects.toThrow("undone");
		expect(await entries()).toEqual([]);
		await write(1);
		expect(await verification()).toMatchObject({ entries: 1, whole: true });
	});

	test.each([
		["an actor", "update audit set actor = 'service2' where seq = 7", 7],
		["an action", "update audit set action = 'test.other' where seq = 7", 7],
		["a detail", `update audit set detail = '{"n":8}' where seq = 7`, 7],
		["a time", "update audit set ts = ts + interval '1 second' where seq = 7", 7],
		["a target", "update audit set target = 'device:room-berlin-1' where seq = 7", 7],
		["its own hash", "update audit set hash = sha256('x') where seq = 7", 7],
		["the first", "delete from audit where seq = 1", 1],
		["one in the middle", "delete from audit where seq = 7", 7],
	])("that was altered by who has the database, %s, is found at the right entry", async (_, statement, brokenAt) => {
		await write(12);
		await asOwner("alter table audit disable trigger user", statement, "alter table audit enable trigger user");
		expect(await verification()).toMatchObject({ whole: false, brokenAt });
	});

	test("that was cut off is found by a head that was written down elsewhere", async () => {
		await write(12);
		const { entries: seq, head: hash } = (await verification()) as { entries: number; head: string };
		await asOwner("alter table audit disable trigger user", "delete from audit where seq > 9");
		expect(await verification()).toMatchObject({ entries: 9, whole: true });
		expect(await Audit.verify(api.db, { seq, hash })).toMatchObject({ whole: false, brokenAt: 10 });
	});

	test("can't be altered by the service itself", async () => {
		await write(2);
		await expect(api.db.deleteFrom("audit").execute()).rejects.toThrow(/permission denied/);
		const update = api.db.updateTable("audit").set({ seq: 3 } as never);
		await expect(update.execute()).rejects.toThrow(/permission denied/);
	});
});
