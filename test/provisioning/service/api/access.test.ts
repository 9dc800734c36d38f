import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Access, type Route, roles, scopes } from "../../../../provisioning/contract/http/route.ts";
import { type RouteId, routes } from "../../../../provisioning/contract/http/routes.ts";
import { refusalOf } from "../../../../provisioning/service/api/access.ts";
import { TestDatabases } from "../db/TestDatabase.ts";
import { insertRoom, pathOf, samples } from "./samples.ts";
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

const ids = Object.keys(routes) as RouteId[];
const tableOf = (id: RouteId): Route => routes[id];

/** Status and code that this caller gets; the body of a stream is not waited for. */
async function ask(id: RouteId, headers: Record<string, string>): Promise<{ status: number; code?: string }> {
	const { method, path } = tableOf(id);
	const { body } = samples[id];
	const response = await api.app.inject({
		method,
		url: `/api/1${pathOf(path, samples[id])}`,
		headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
		...(body === undefined ? {} : { payload: JSON.stringify(body) }),
		payloadAsStream: true,
	});
	if (response.headers["content-type"]?.startsWith("text/event-stream")) {
		response.stream().destroy();
		return { status: response.statusCode };
	}
	let text = "";
	for await (const chunk of response.stream()) text += String(chunk);
	const { statusCode: status } = response;
	return status < 400 ? { status } : { status, code: (JSON.parse(text) as { code: string }).code };
}

/** Whether it was let through to the handler, whatever that said. */
const isLetIn = ({ code }: { code?: string }) => code !== "api.not_signed_in" && code !== "api.forbidden";

describe("each route, for each role and scope", () => {
	test("nobody who is not signed in gets further than signing in", async () => {
		for (const id of ids) {
			const answer = await ask(id, {});
			if (tableOf(id).access === "public") expect({ id, ...answer }).not.toHaveProperty("code", "api.not_signed_in");
			else expect({ id, ...answer }).toEqual({ id, status: 401, code: "api.not_signed_in" });
		}
	});

	test.each(roles)("a %s may what the table says, and nothing else", async (role) => {
		await insertRoom(api.db);
		for (const id of ids) {
			const { headers } = await api.person(role);
			const { access } = tableOf(id);
			const may = access === "public" || access === "signed-in" || access.roles.includes(role);
			const answer = await ask(id, headers);
			if (may) expect({ id, ...answer, in: isLetIn(answer) }).toMatchObject({ in: true });
			else expect({ id, ...answer }).toEqual({ id, status: 403, code: "api.forbidden" });
		}
	});

	test.each(scopes)("a token with the scope %s may what the table says, and nothing else", async (scope) => {
		await insertRoom(api.db);
		for (const id of ids) {
			const { headers } = await api.token([scope]);
			const { access } = tableOf(id);
			const may = access === "public" || (access !== "signed-in" && access.scope === scope);
			const answer = await ask(id, headers);
			if (may) expect({ id, ...answer, in: isLetIn(answer) }).toMatchObject({ in: true });
			else expect({ id, ...answer }).toEqual({ id, status: 403, code: "api.forbidden" });
		}
	});

	test("a request of the right form by who may is answered as the contract says", async () => {
		await insertRoom(api.db);
		await api.person("fleet_admin");
		for (const id of ids) {
			const { headers } = await api.person("fleet_admin");
			const { status, code } = await ask(id, headers);
			const { response, errors } = tableOf(id);
			if (code) {
				const promised = { ...errors, "api.not_found": 404 }[code];
				expect({ id, code, status }).toEqual({ id, code, status: promised });
			} else expect({ id, status }).toEqual({ id, status: response ? 200 : 204 });
		}
	});
});

describe("what was good once", () => {
	/** Everything that is not public. */
	const closed = ids.filter((id) => tableOf(id).access !== "public");
	const expectRefused = async (headers: Record<string, string>) => {
		for (const id of closed) {
			expect({ id, ...(await ask(id, headers)) }).toEqual({ id, status: 401, code: "api.not_signed_in" });
		}
	};

	test("a session ends after twelve hours, however busy", async () => {
		const { headers } = await api.person("fleet_admin");
		for (let hour = 0; hour < 12; hour++) {
			api.clock.advance(59 * 60_000);
			expect(await ask("session.get", headers)).toEqual({ status: 200 });
		}
		api.clock.advance(12 * 60_000);
		await expectRefused(headers);
	});

	test("a session ends after an hour without a request", async () => {
		const { headers } = await api.person("fleet_admin");
		api.clock.advance(3_600_000);
		await expectRefused(headers);
	});

	test("who signed out, or was shut out, is out", async () => {
		const gone = await api.person("fleet_admin");
		expect(await ask("session.delete", gone.headers)).toEqual({ status: 204 });
		await expectRefused(gone.headers);
		const [admin, other] = [await api.person("fleet_admin"), await api.person("fleet_admin")];
		const body = { role: "fleet_admin", disabled: true };
		expect(await api.call("PUT", `/people/${other.id}`, { headers: admin.headers, body })).toMatchObject({
			status: 200,
		});
		await expectRefused(other.headers);
	});

	test("an expired or ended token is no token", async () => {
		const token = await api.token(scopes);
		api.clock.advance(30 * 86_400_000);
		await expectRefused(token.headers);
		const ended = await api.token(scopes);
		const { headers } = await api.person("fleet_admin");
		expect(await api.call("DELETE", `/tokens/${ended.id}`, { headers })).toMatchObject({ status: 204 });
		await expectRefused(ended.headers);
	});

	test("a role that was taken away is gone with the next request, and so is what was made with it", async () => {
		const [admin, other] = [await api.person("fleet_admin"), await api.person("fleet_admin")];
		const token = await api.token(["fleet:read"], `person:${other.id}`);
		expect(await ask("devices.counts", token.headers)).toEqual({ status: 200 });
		const body = { role: "viewer", disabled: false };
		await api.call("PUT", `/people/${other.id}`, { headers: admin.headers, body });
		expect(await ask("tokens.list", other.headers)).toEqual({ status: 403, code: "api.forbidden" });
		expect(await ask("devices.counts", other.headers)).toEqual({ status: 200 });
		expect(await ask("devices.counts", token.headers)).toEqual({ status: 401, code: "api.not_signed_in" });
	});

	test.each([
		["no scheme", "ict_"],
		["another scheme", "Basic YWRtaW46YWRtaW4="],
		["a token of the right form that nobody made", `Bearer ict_${"A".repeat(43)}`],
		["a session's token as a bearer", `Bearer ${"A".repeat(43)}`],
		["an injection", "Bearer ict_' or '1'='1"],
	])("%s is no credential, and a cookie beside it does not help", async (_, authorization) => {
		const { headers } = await api.person("fleet_admin");
		await expectRefused({ ...headers, authorization });
	});

	test("a session of another installation is none of ours", async () => {
		const other = await TestApi.start(await databases.fresh());
		try {
			const { headers } = await other.person("fleet_admin");
			await expectRefused(headers);
		} finally {
			await other.close();
		}
	});
});

test("what the table does not allow is refused, for any table", () => {
	const access = fc.oneof(
		fc.constant<Access>("public"),
		fc.constant<Access>("signed-in"),
		fc.record({
			roles: fc
				.uniqueArray(fc.constantFrom(...roles), { minLength: 1 })
				.map(([first, ...more]) => [first!, ...more] as const),
			scope: fc.option(fc.constantFrom(...scopes)),
		}),
	);
	const caller = fc.oneof(
		fc.record({ kind: fc.constant("person" as const), role: fc.constantFrom(...roles) }),
		fc.record({ kind: fc.constant("token" as const), scopes: fc.subarray([...scopes]) }),
	);
	fc.assert(
		fc.property(access, fc.option(caller), (rule, who) => {
			const refusal = refusalOf(rule, who as never);
			if (rule === "public") expect(refusal).toBeNull();
			else if (!who) expect(refusal).toBe("api.not_signed_in");
			else if (rule === "signed-in") expect(refusal === null).toBe(who.kind === "person");
			else if (who.kind === "person") expect(refusal === null).toBe(rule.roles.includes(who.role));
			else expect(refusal === null).toBe(rule.scope !== null && who.scopes.includes(rule.scope));
		}),
	);
});
