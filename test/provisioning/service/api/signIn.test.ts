import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SESSION_MS } from "../../../../provisioning/service/api/signIn/Sessions.ts";
import { type Misbehaviour, SoftAuthenticator } from "../../../sim/passkey/SoftAuthenticator.ts";
import { TestDatabases } from "../db/TestDatabase.ts";
import { ORIGIN, type TestAnswer, TestApi } from "./TestApi.ts";

let databases: TestDatabases;
let api: TestApi;
let authenticator: SoftAuthenticator;
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());
beforeEach(async () => {
	api = await TestApi.start(await databases.fresh());
	authenticator = new SoftAuthenticator({ origin: ORIGIN });
});
afterEach(() => api?.close());

/** As a browser on our own page asks. */
const page = { origin: ORIGIN, "sec-fetch-site": "same-origin" };
const post = (path: string, body?: unknown) => api.call("POST", path, { headers: page, body });

interface Begun {
	challengeId: string;
	options: Record<string, unknown>;
}
async function beginRegistration(invitation: string, name = "Ada"): Promise<Begun> {
	const answer = await post("/registration/options", { invitation, name });
	expect(answer).toMatchObject({ status: 200 });
	return answer.body;
}
async function beginSignIn(): Promise<Begun> {
	const answer = await post("/session/options");
	expect(answer).toMatchObject({ status: 200 });
	return answer.body;
}
async function register(wrong?: Misbehaviour, role: "fleet_admin" | "viewer" = "fleet_admin"): Promise<TestAnswer> {
	const { invitation } = await api.fleet.invite(role);
	const { challengeId, options } = await beginRegistration(invitation);
	return post("/registration", { challengeId, answer: authenticator.create(options, wrong) });
}
async function signIn(wrong?: Misbehaviour): Promise<TestAnswer> {
	const { challengeId, options } = await beginSignIn();
	return post("/session", { challengeId, answer: authenticator.get(options, wrong) });
}
const sessionOf = ({ headers }: TestAnswer) => {
	const cookie = String(headers["set-cookie"]).split(";")[0] as string;
	return api.call("GET", "/session", { headers: { ...page, cookie } });
};

describe("with an invitation", () => {
	test("a passkey is registered, and its owner signed in with the invitation's role", async () => {
		const answer = await register();
		expect(answer).toMatchObject({
			status: 200,
			body: { fleet: "Test", person: { name: "Ada", role: "fleet_admin", passkeys: 1, disabled: false } },
		});
		expect(answer.headers["set-cookie"]).toMatch(
			/^incamera=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
		);
		expect(await sessionOf(answer)).toMatchObject({ status: 200, body: answer.body });
	});

	test("the authenticator is asked for a discoverable credential, the person's verification, and nothing about itself", async () => {
		const { invitation } = await api.fleet.invite("viewer");
		const { options } = await beginRegistration(invitation);
		expect(options).toMatchObject({
			rp: { id: "localhost", name: "Test" },
			user: { name: "Ada" },
			attestation: "none",
			authenticatorSelection: { residentKey: "required", userVerification: "required" },
		});
		expect((await beginSignIn()).options).toMatchObject({ rpId: "localhost", userVerification: "required" });
	});

	test("it is used up by the first", async () => {
		const { invitation } = await api.fleet.invite("viewer");
		const [one, two] = [await beginRegistration(invitation), await beginRegistration(invitation)];
		const [first, second] = await Promise.all(
			[one, two].map(({ challengeId, options }) =>
				post("/registration", { challengeId, answer: authenticator.create(options) }),
			),
		);
		expect([first?.status, second?.status].sort()).toEqual([200, 403]);
		expect(first?.status === 200 ? second?.body : first?.body).toMatchObject({ code: "api.invitation_refused" });
		const again = await post("/registration/options", { invitation, name: "Eve" });
		expect(again).toMatchObject({ status: 403, body: { code: "api.invitation_refused" } });
		expect(await api.db.selectFrom("people").select("id").execute()).toHaveLength(1);
	});

	test.each(["not expired", "expired"])("after 24 hours it is worth nothing: %s", async (which) => {
		const { invitation } = await api.fleet.invite("viewer");
		const { challengeId, options } = await beginRegistration(invitation);
		api.clock.advance(which === "expired" ? 86_400_000 : 86_399_999);
		const answer = await post("/registration/options", { invitation, name: "Ada" });
		expect(answer.status).toBe(which === "expired" ? 403 : 200);
		// what was begun before lives five minutes
		expect(await post("/registration", { challengeId, answer: authenticator.create(options) })).toMatchObject({
			status: 401,
			body: { code: "api.passkey_refused" },
		});
	});

	test("those of an admin who is shut out are withdrawn", async () => {
		const [admin, other] = [await api.person("fleet_admin"), await api.person("fleet_admin")];
		const { body } = await api.call("POST", "/people/invitations", {
			headers: other.headers,
			body: { role: "viewer" },
		});
		const { invitation, url } = body as { invitation: string; url: string };
		expect(url).toBe(`${ORIGIN}/console/#/invite/${invitation}`);
		await beginRegistration(invitation);
		const out = { role: "fleet_admin", disabled: true };
		await api.call("PUT", `/people/${other.id}`, { headers: admin.headers, body: out });
		expect(await post("/registration/options", { invitation, name: "Ada" })).toMatchObject({ status: 403 });
	});

	test.each<[string, Misbehaviour]>([
		["from another page", { origin: "https://evil.example" }],
		["from this page in a frame of another", { crossOrigin: true }],
		["for another relying party", { rpId: "evil.example" }],
		["to another challenge", { challenge: "AAAA" }],
		["to another question", { type: "webauthn.get" }],
		["without the person verified", { unverified: true }],
		["without the person there", { absent: true }],
		["with an attestation by certificates", { format: "packed", statement: new Map([["x5c", [new Uint8Array(8)]]]) }],
		["with an attestation of an unknown format", { format: "strange" }],
		["with an attestation that says to be none", { statement: new Map([["sig", new Uint8Array(8)]]) }],
	])("an answer %s is refused, and no person is made", async (_, wrong) => {
		expect(await register(wrong)).toMatchObject({ status: 401, body: { code: "api.passkey_refused" } });
		expect(await api.db.selectFrom("people").select("id").execute()).toEqual([]);
	});

	test("a credential that somebody has can't be registered by somebody else", async () => {
		await register();
		const { invitation } = await api.fleet.invite("viewer");
		const { challengeId, options } = await beginRegistration(invitation);
		const taken = authenticator.credentials[0]?.id as string;
		const forged = authenticator.create(options);
		// the id in the signed data is what counts
		expect(await post("/registration", { challengeId, answer: { ...forged, id: taken, rawId: taken } })).toMatchObject({
			status: 200,
		});
		expect(await signIn()).toMatchObject({ status: 200 });
		expect(await api.db.selectFrom("passkeys").select("credential_id").execute()).toHaveLength(2);
	});
});

describe("with a passkey", () => {
	beforeEach(async () => {
		await register();
	});

	test("one signs in, and out", async () => {
		const answer = await signIn();
		expect(answer).toMatchObject({ status: 200, body: { person: { name: "Ada" } } });
		const session = await sessionOf(answer);
		expect(session).toMatchObject({ status: 200 });
		const cookie = String(answer.headers["set-cookie"]).split(";")[0] as string;
		const out = await api.call("DELETE", "/session", { headers: { ...page, cookie } });
		expect(out.headers["set-cookie"]).toMatch(/^incamera=; .*(Max-Age=0|Expires=Thu, 01 Jan 1970)/);
		expect(await sessionOf(answer)).toMatchObject({ status: 401 });
	});

	test("a challenge counts once, whatever was answered", async () => {
		const { challengeId, options } = await beginSignIn();
		const answer = authenticator.get(options);
		expect(await post("/session", { challengeId, answer })).toMatchObject({ status: 200 });
		expect(await post("/session", { challengeId, answer })).toMatchObject({ status: 401 });
		const second = await beginSignIn();
		const wrong = authenticator.get(second.options, { otherKey: true });
		expect(await post("/session", { challengeId: second.challengeId, answer: wrong })).toMatchObject({ status: 401 });
		const right = authenticator.get(second.options);
		expect(await post("/session", { challengeId: second.challengeId, answer: right })).toMatchObject({ status: 401 });
	});

	test("a challenge counts once, also when two answer at the same time", async () => {
		const { challengeId, options } = await beginSignIn();
		const answer = authenticator.get(options);
		const both = await Promise.all([
			post("/session", { challengeId, answer }),
			post("/session", { challengeId, answer }),
		]);
		expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
	});

	test("a challenge is good for five minutes, and for its own purpose", async () => {
		const late = await beginSignIn();
		api.clock.advance(5 * 60_000);
		const answer = authenticator.get(late.options);
		expect(await post("/session", { challengeId: late.challengeId, answer })).toMatchObject({ status: 401 });
		const { invitation } = await api.fleet.invite("viewer");
		const registration = await beginRegistration(invitation);
		const other = authenticator.get({ ...registration.options, rpId: "localhost" });
		expect(await post("/session", { challengeId: registration.challengeId, answer: other })).toMatchObject({
			status: 401,
		});
	});

	test.each<[string, Misbehaviour]>([
		["from another page", { origin: "https://evil.example" }],
		["from the same page over another port", { origin: "http://localhost:8081" }],
		["in a frame of another page", { crossOrigin: true }],
		["for another relying party", { rpId: "evil.example" }],
		["to another challenge", { challenge: "AAAA" }],
		["to another question", { type: "webauthn.create" }],
		["without the person verified", { unverified: true }],
		["without the person there", { absent: true }],
		["signed by another key", { otherKey: true }],
		["that names nobody", { userHandle: null }],
		["that names another person", { userHandle: Buffer.alloc(16, 7).toString("base64url") }],
	])("an answer %s is refused", async (_, wrong) => {
		expect(await signIn(wrong)).toMatchObject({ status: 401, body: { code: "api.passkey_refused" } });
		expect(await signIn()).toMatchObject({ status: 200 });
	});

	test("a counter that does not grow is a copy of the key", async () => {
		expect(await signIn({ counter: 10 })).toMatchObject({ status: 200 });
		expect(await signIn({ counter: 10 })).toMatchObject({ status: 401 });
		expect(await signIn({ counter: 9 })).toMatchObject({ status: 401 });
		expect(await signIn({ counter: 0 })).toMatchObject({ status: 401 });
		expect(await signIn({ counter: 11 })).toMatchObject({ status: 200 });
	});

	test("an authenticator that does not count is taken as it is", async () => {
		expect(await signIn({ counter: 0 })).toMatchObject({ status: 200 });
		expect(await signIn({ counter: 0 })).toMatchObject({ status: 200 });
	});

	test("a key that nobody registered, or whose owner is shut out, opens nothing", async () => {
		const admin = await api.person("fleet_admin");
		const { id } = await api.db.selectFrom("people").select("id").where("id", "!=", admin.id).executeTakeFirstOrThrow();
		const put = (disabled: boolean) =>
			api.call("PUT", `/people/${id}`, { headers: admin.headers, body: { role: "viewer", disabled } });
		await put(true);
		expect(await signIn()).toMatchObject({ status: 401, body: { code: "api.passkey_refused" } });
		await put(false);
		expect(await signIn()).toMatchObject({ status: 200, body: { person: { role: "viewer" } } });
		await api.db.deleteFrom("passkeys").execute();
		expect(await signIn()).toMatchObject({ status: 401, body: { code: "api.passkey_refused" } });
	});

	test.each([
		{},
		{ id: 1 },
		{ id: "x", rawId: "x", type: "public-key", response: null },
		{ id: "x", rawId: "x", type: "public-key", response: { clientDataJSON: {}, userHandle: [] } },
	])("an answer of a wrong form is refused: %j", async (answer) => {
		const { challengeId } = await beginSignIn();
		expect(await post("/session", { challengeId, answer })).toMatchObject({ status: 401 });
	});

	test("an answer whose parts are anything else is refused, never an error of ours", async () => {
		for (const value of [null, 7, "", "!", "AAAA", [], {}]) {
			for (const part of ["clientDataJSON", "authenticatorData", "signature", "userHandle"]) {
				const { challengeId, options } = await beginSignIn();
				const answer = authenticator.get(options);
				const response = { ...(answer["response"] as object), [part]: value };
				const result = await post("/session", { challengeId, answer: { ...answer, response } });
				expect({ part, value, ...result }).toMatchObject({ status: 401, body: { code: "api.passkey_refused" } });
			}
			for (const part of ["clientDataJSON", "attestationObject"]) {
				const { invitation } = await api.fleet.invite("viewer");
				const { challengeId, options } = await beginRegistration(invitation);
				const answer = authenticator.create(options);
				const response = { ...(answer["response"] as object), [part]: value };
				const result = await post("/registration", { challengeId, answer: { ...answer, response } });
				expect({ part, value, ...result }).toMatchObject({ status: 401, body: { code: "api.passkey_refused" } });
			}
		}
	});
});

describe("over TLS", () => {
	test("the cookie is bound to this host and to TLS", async () => {
		await api.close();
		const origin = "https://fleet.example.org";
		api = await TestApi.start(await databases.fresh(), { origin });
		const own = new SoftAuthenticator({ origin });
		const { invitation } = await api.fleet.invite("viewer");
		const headers = { origin, "sec-fetch-site": "same-origin" };
		const begun = await api.call("POST", "/registration/options", { headers, body: { invitation, name: "Ada" } });
		const { challengeId, options } = begun.body as Begun;
		expect(options).toMatchObject({ rp: { id: "fleet.example.org" } });
		const answer = own.create(options);
		const { headers: got } = await api.call("POST", "/registration", { headers, body: { challengeId, answer } });
		expect(got["set-cookie"]).toMatch(
			/^__Host-incamera=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
		);
	});

	test.each([
		"http://fleet.example.org",
		"http://127.0.0.1:8080",
		"https://10.0.0.1",
		"https://[::1]",
		"https://a.example/",
	])("an origin that can't have passkeys is refused at the start: %s", async (origin) => {
		await expect(TestApi.start(await databases.fresh(), { origin })).rejects.toMatchObject({
			code: "api.origin_unusable",
		});
	});
});

describe("the first admin", () => {
	let folder: string;
	let file: string;
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "incamera-first-admin-"));
		file = join(folder, "first-admin");
	});
	afterEach(() => rm(folder, { recursive: true, force: true }));

	test("gets a link in a file that only the service's account can read, once, for a day", async () => {
		const invitation = await api.fleet.inviteFirstAdmin(file);
		const url = await readFile(file, "utf8");
		expect(url).toBe(`${invitation?.url}\n`);
		expect((await stat(file)).mode & 0o777).toBe(0o600);
		// a restart does not make another
		expect(await api.fleet.inviteFirstAdmin(file)).toBeNull();
		expect(await readFile(file, "utf8")).toBe(url);
		api.clock.advance(86_400_000);
		const later = await api.fleet.inviteFirstAdmin(file);
		expect(later?.url).not.toBe(invitation?.url);
		const { challengeId, options } = await beginRegistration(later?.invitation as string);
		const answer = await post("/registration", { challengeId, answer: authenticator.create(options) });
		expect(answer).toMatchObject({ status: 200, body: { person: { role: "fleet_admin" } } });
		expect(await api.fleet.inviteFirstAdmin(file)).toBeNull();
		await expect(stat(file)).rejects.toMatchObject({ code: "ENOENT" });
	});

	test("the links of other machines are worth nothing when one was used", async () => {
		const [here, there] = [await api.fleet.inviteFirstAdmin(file), await api.fleet.inviteFirstAdmin(`${file}-2`)];
		const { challengeId, options } = await beginRegistration(here?.invitation as string);
		await post("/registration", { challengeId, answer: authenticator.create(options) });
		expect(await post("/registration/options", { invitation: there?.invitation, name: "Eve" })).toMatchObject({
			status: 403,
		});
	});

	test("a database that was put back makes an old link worthless, so a new one is made", async () => {
		const first = await api.fleet.inviteFirstAdmin(file);
		await api.db.deleteFrom("invitations").execute();
		const second = await api.fleet.inviteFirstAdmin(file);
		expect(second?.url).toBeTruthy();
		expect(second?.url).not.toBe(first?.url);
	});
});

test("no secret stands in the database in the clear", async () => {
	const registered = await register();
	const session = /=([\w-]{43});/.exec(String(registered.headers["set-cookie"]))?.[1] as string;
	const { invitation } = await api.fleet.invite("viewer");
	const cookie = `incamera=${session}`;
	const body = { name: "Backup", scopes: ["audit:read"], days: 1 };
	const made = await api.call("POST", "/tokens", { headers: { ...page, cookie }, body });
	const { token } = made.body as { token: string };
	expect(token).toMatch(/^ict_[\w-]{43}$/);
	const tables = [
		"people",
		"passkeys",
		"invitations",
		"webauthn_challenges",
		"sessions",
		"api_tokens",
		"audit",
	] as const;
	let everything = "";
	for (const table of tables) everything += JSON.stringify(await api.db.selectFrom(table).selectAll().execute());
	for (const secret of [session, invitation, token, token.slice(4)]) {
		expect(everything).not.toContain(secret);
		expect(everything).not.toContain(JSON.stringify([...Buffer.from(secret)]).slice(1, -1));
	}
});

test("what is over is deleted", async () => {
	await register();
	await beginSignIn();
	await api.fleet.invite("viewer");
	const rows = async (table: "webauthn_challenges" | "sessions" | "invitations") =>
		(await api.db.selectFrom(table).select("expires_at").execute()).length;
	/** Each look lets ten minutes pass: the next tidying begins when the last has ended. */
	const expectGone = (table: Parameters<typeof rows>[0]) =>
		expect
			.poll(() => {
				api.clock.advance(10 * 60_000);
				return rows(table);
			})
			.toBe(0);
	await expectGone("webauthn_challenges");
	expect(await rows("sessions")).toBe(1);
	api.clock.advance(SESSION_MS);
	await expectGone("sessions");
	expect(await rows("invitations")).toBe(2);
	api.clock.advance(86_400_000);
	await expectGone("invitations");
});
