import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Passkey } from "../../../../provisioning/contract/http/shapes.ts";
import { MOST_PASSKEYS } from "../../../../provisioning/service/api/signIn/OwnPasskeys.ts";
import { SESSION_FRESH_MS } from "../../../../provisioning/service/api/signIn/Sessions.ts";
import { type Misbehaviour, SoftAuthenticator } from "../../../sim/passkey/SoftAuthenticator.ts";
import { TestDatabases } from "../db/TestDatabase.ts";
import { ORIGIN, type TestAnswer, TestApi } from "./TestApi.ts";

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

const page = { origin: ORIGIN, "sec-fetch-site": "same-origin" };
interface Begun {
	challengeId: string;
	options: Record<string, unknown>;
}

/** A person's browser, with a cookie once somebody is signed in. */
class Visitor {
	cookie = "";

	call(method: string, path: string, body?: unknown): Promise<TestAnswer> {
		return api.call(method, path, { headers: { ...page, ...(this.cookie ? { cookie: this.cookie } : {}) }, body });
	}

	async begin(path: string, body?: unknown): Promise<Begun> {
		const answer = await this.call("POST", path, body);
		expect(answer).toMatchObject({ status: 200 });
		return answer.body;
	}

	#take(answer: TestAnswer): TestAnswer {
		const cookie = answer.headers["set-cookie"];
		if (cookie) this.cookie = String(cookie).split(";")[0] as string;
		return answer;
	}

	async register(authenticator: SoftAuthenticator, name = "Ada"): Promise<this> {
		const { invitation } = await api.fleet.invite("viewer");
		const { challengeId, options } = await this.begin("/registration/options", { invitation, name });
		this.#take(await this.call("POST", "/registration", { challengeId, answer: authenticator.create(options) }));
		return this;
	}

	async signIn(authenticator: SoftAuthenticator): Promise<TestAnswer> {
		const { challengeId, options } = await this.begin("/session/options");
		return this.#take(await this.call("POST", "/session", { challengeId, answer: authenticator.get(options) }));
	}

	async confirm(authenticator: SoftAuthenticator, wrong?: Misbehaviour): Promise<TestAnswer> {
		const { challengeId, options } = await this.begin("/session/confirmation/options");
		return this.call("POST", "/session/confirmation", { challengeId, answer: authenticator.get(options, wrong) });
	}

	async add(authenticator: SoftAuthenticator, name = "Key", wrong?: Misbehaviour): Promise<TestAnswer> {
		const { challengeId, options } = await this.begin("/session/passkeys/options");
		const answer = authenticator.create(options, wrong);
		return this.call("POST", "/session/passkeys", { challengeId, answer, name });
	}

	async list(): Promise<Passkey[]> {
		const answer = await this.call("GET", "/session/passkeys");
		expect(answer).toMatchObject({ status: 200 });
		return (answer.body as { items: Passkey[] }).items;
	}

	remove(id: string): Promise<TestAnswer> {
		return this.call("DELETE", `/session/passkeys/${id}`);
	}
}

const authenticator = () => new SoftAuthenticator({ origin: ORIGIN });
const audited = async () =>
	(await api.db.selectFrom("audit").select(["actor", "action", "detail"]).orderBy("seq").execute()).filter(
		({ action }) => action.startsWith("passkey.") || action === "session.confirm",
	);

describe("one's own passkeys", () => {
	let phone: SoftAuthenticator;
	let ada: Visitor;
	beforeEach(async () => {
		phone = authenticator();
		ada = await new Visitor().register(phone);
	});

	test("are listed with when they were made and used, and which one this session belongs to", async () => {
		const [first, ...others] = await ada.list();
		expect(others).toEqual([]);
		expect(first).toEqual({
			id: expect.stringMatching(/^[\w-]{22}$/),
			name: null,
			createdAt: new Date(api.clock.now()).toISOString(),
			lastUsedAt: null,
			current: true,
		});
		// what the authenticator calls it stays here
		expect(JSON.stringify(first)).not.toContain(phone.credentials[0]?.id);
		api.clock.advance(60_000);
		await ada.signIn(phone);
		expect(await ada.list()).toMatchObject([{ lastUsedAt: new Date(api.clock.now()).toISOString() }]);
	});

	test("can be several: each is a way in, and the log tells what was done, not by whose name", async () => {
		const key = authenticator();
		// the oldest first
		api.clock.advance(1);
		const added = await ada.add(key, "Key in the safe");
		expect(added).toMatchObject({ status: 200, body: { name: "Key in the safe", current: false, lastUsedAt: null } });
		const other = new Visitor();
		expect(await other.signIn(key)).toMatchObject({ status: 200, body: { person: { name: "Ada", passkeys: 2 } } });
		expect((await other.list()).map(({ current }) => current)).toEqual([false, true]);
		expect((await ada.list()).map(({ current }) => current)).toEqual([true, false]);
		expect(await audited()).toEqual([
			{
				actor: expect.stringMatching(/^person:/),
				action: "passkey.add",
				detail: { passkey: (added.body as Passkey).id },
			},
		]);
	});

	test("are one an authenticator: it is told of those there are", async () => {
		await expect(ada.add(phone)).rejects.toMatchObject({ name: "InvalidStateError" });
	});

	test("are renamed by their owner, also in an old session", async () => {
		const [{ id } = { id: "" }] = await ada.list();
		api.clock.advance(SESSION_FRESH_MS);
		const answer = await ada.call("PUT", `/session/passkeys/${id}`, { name: " Phone " });
		expect(answer).toMatchObject({ status: 200, body: { id, name: "Phone", current: true } });
		expect(await ada.list()).toMatchObject([{ name: "Phone" }]);
		expect(await audited()).toMatchObject([{ action: "passkey.rename", detail: { passkey: id } }]);
		for (const name of ["", "  ", "x".repeat(81), 7]) {
			expect(await ada.call("PUT", `/session/passkeys/${id}`, { name })).toMatchObject({ status: 400 });
		}
	});

	test("are nobody else's business", async () => {
		const [{ id } = { id: "" }] = await ada.list();
		const bob = await new Visitor().register(authenticator(), "Bob");
		await bob.add(authenticator());
		expect(await bob.remove(id)).toMatchObject({ status: 404, body: { code: "api.not_found" } });
		expect(await bob.call("PUT", `/session/passkeys/${id}`, { name: "Mine" })).toMatchObject({ status: 404 });
		expect((await bob.list()).map((one) => one.id)).not.toContain(id);
		expect(await ada.list()).toMatchObject([{ id, name: null }]);
		// nor is what was begun for one of them good for the other
		const { challengeId, options } = await ada.begin("/session/passkeys/options");
		const answer = authenticator().create(options);
		expect(await bob.call("POST", "/session/passkeys", { challengeId, answer, name: "x" })).toMatchObject({
			status: 401,
			body: { code: "api.passkey_refused" },
		});
	});

	test("are ten at most, also when two are added at once", async () => {
		for (let count = 1; count < MOST_PASSKEYS - 1; count++) {
			expect(await ada.add(authenticator())).toMatchObject({ status: 200 });
		}
		const begun = [await ada.begin("/session/passkeys/options"), await ada.begin("/session/passkeys/options")];
		const answers = await Promise.all(
			begun.map(({ challengeId, options }) =>
				ada.call("POST", "/session/passkeys", { challengeId, answer: authenticator().create(options), name: "x" }),
			),
		);
		expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
		expect(await ada.list()).toHaveLength(MOST_PASSKEYS);
		expect(await ada.call("POST", "/session/passkeys/options")).toMatchObject({
			status: 409,
			body: { code: "api.passkeys_full" },
		});
	});

	test.each<[string, Misbehaviour]>([
		["from another page", { origin: "https://evil.example" }],
		["from this page in a frame of another", { crossOrigin: true }],
		["to another challenge", { challenge: "AAAA" }],
		["without the person verified", { unverified: true }],
		["with an attestation by certificates", { format: "packed", statement: new Map([["x5c", [new Uint8Array(8)]]]) }],
	])("are not added by an answer %s", async (_, wrong) => {
		expect(await ada.add(authenticator(), "x", wrong)).toMatchObject({
			status: 401,
			body: { code: "api.passkey_refused" },
		});
		expect(await ada.list()).toHaveLength(1);
	});

	test("are not added by what was begun for something else, nor late, nor twice", async () => {
		const key = authenticator();
		const { invitation } = await api.fleet.invite("viewer");
		const registration = await ada.begin("/registration/options", { invitation, name: "Eve" });
		const add = ({ challengeId, options }: Begun) =>
			ada.call("POST", "/session/passkeys", { challengeId, answer: key.create(options), name: "x" });
		expect(await add(registration)).toMatchObject({ status: 401 });
		const late = await ada.begin("/session/passkeys/options");
		api.clock.advance(5 * 60_000);
		expect(await add(late)).toMatchObject({ status: 401 });
		const { challengeId, options } = await ada.begin("/session/passkeys/options");
		const answer = authenticator().create(options);
		const twice = () => ada.call("POST", "/session/passkeys", { challengeId, answer, name: "x" });
		expect([(await twice()).status, (await twice()).status]).toEqual([200, 401]);
		// and what was begun here registers nobody
		const other = await ada.begin("/session/passkeys/options");
		const body = { challengeId: other.challengeId, answer: authenticator().create(other.options) };
		expect(await ada.call("POST", "/registration", body)).toMatchObject({ status: 401 });
		expect(await ada.list()).toHaveLength(2);
	});
});

describe("removing one", () => {
	let phone: SoftAuthenticator;
	let key: SoftAuthenticator;
	let ada: Visitor;
	let ids: { phone: string; key: string };
	beforeEach(async () => {
		[phone, key] = [authenticator(), authenticator()];
		ada = await new Visitor().register(phone);
		// the oldest first
		api.clock.advance(1);
		ids = { phone: (await ada.list())[0]?.id ?? "", key: ((await ada.add(key)).body as Passkey).id };
	});
	const ask = (visitor: Visitor): Promise<number> => visitor.call("GET", "/session").then(({ status }) => status);

	test("ends the sessions that it was used for, and leaves the others", async () => {
		const [lost, other] = [new Visitor(), new Visitor()];
		await lost.signIn(phone);
		await other.signIn(key);
		expect(await other.remove(ids.phone)).toMatchObject({ status: 204 });
		expect([await ask(lost), await ask(ada), await ask(other)]).toEqual([401, 401, 200]);
		expect(await new Visitor().signIn(phone)).toMatchObject({ status: 401, body: { code: "api.passkey_refused" } });
		expect(await new Visitor().signIn(key)).toMatchObject({ status: 200, body: { person: { passkeys: 1 } } });
		expect((await audited()).at(-1)).toMatchObject({ action: "passkey.remove", detail: { passkey: ids.phone } });
	});

	test("ends those of which nobody knows by which passkey they began", async () => {
		const old = new Visitor();
		await old.signIn(key);
		await api.db.updateTable("sessions").set({ passkey: null }).execute();
		await ada.confirm(key);
		expect(await ada.remove(ids.phone)).toMatchObject({ status: 204 });
		expect([await ask(ada), await ask(old)]).toEqual([200, 401]);
	});

	test("keeps the session whose person proved with another one to be there", async () => {
		expect(await ada.confirm(key)).toMatchObject({ status: 204 });
		expect((await ada.list()).map(({ current }) => current)).toEqual([false, true]);
		expect(await ada.remove(ids.phone)).toMatchObject({ status: 204 });
		expect(await ask(ada)).toBe(200);
	});

	test("never takes the last one, also when two take each other's at once", async () => {
		const other = new Visitor();
		await other.signIn(key);
		const both = await Promise.all([ada.remove(ids.key), other.remove(ids.phone)]);
		// one of them was faster, and the other's session went with its passkey, or nothing was left to take
		expect(both.filter(({ status }) => status === 204)).toHaveLength(1);
		expect(await api.db.selectFrom("passkeys").select("credential_id").execute()).toHaveLength(1);
		const rest = new Visitor();
		await rest.signIn(both[0]?.status === 204 ? phone : key);
		const [{ id } = { id: "" }] = await rest.list();
		expect(await rest.remove(id)).toMatchObject({ status: 409, body: { code: "api.last_passkey" } });
		expect(await rest.list()).toHaveLength(1);
	});

	test("twice is once", async () => {
		expect([(await ada.remove(ids.key)).status, (await ada.remove(ids.key)).status]).toEqual([204, 404]);
		expect(await ada.remove("x".repeat(64))).toMatchObject({ status: 404 });
	});
});

describe("a session", () => {
	let phone: SoftAuthenticator;
	let ada: Visitor;
	beforeEach(async () => {
		phone = authenticator();
		ada = await new Visitor().register(phone);
		await ada.add(authenticator());
	});
	/** What asks for a fresh one: the codes that they say. */
	const asked = async (): Promise<unknown[]> => {
		const begun = await ada.call("POST", "/session/passkeys/options");
		const removed = await ada.remove("nosuch");
		return [begun, removed].map(({ status, body }) => (body as { code?: string })?.code ?? status);
	};

	test("is fresh for ten minutes after signing in, however busy, and again by a passkey of its own person", async () => {
		api.clock.advance(SESSION_FRESH_MS - 1);
		expect(await asked()).toEqual([200, "api.not_found"]);
		api.clock.advance(1);
		expect(await asked()).toEqual(["api.sign_in_again", "api.sign_in_again"]);
		expect(await ada.confirm(phone)).toMatchObject({ status: 204 });
		expect(await asked()).toEqual([200, "api.not_found"]);
		expect(await audited()).toContainEqual(expect.objectContaining({ action: "session.confirm" }));
	});

	test.each<[string, Misbehaviour]>([
		["from another page", { origin: "https://evil.example" }],
		["in a frame of another page", { crossOrigin: true }],
		["to another challenge", { challenge: "AAAA" }],
		["without the person verified", { unverified: true }],
		["signed by another key", { otherKey: true }],
		["that names another person", { userHandle: Buffer.alloc(16, 7).toString("base64url") }],
	])("is not made fresh by an answer %s", async (_, wrong) => {
		api.clock.advance(SESSION_FRESH_MS);
		expect(await ada.confirm(phone, wrong)).toMatchObject({ status: 401, body: { code: "api.passkey_refused" } });
		expect(await asked()).toEqual(["api.sign_in_again", "api.sign_in_again"]);
	});

	test("is made fresh by an answer that does not say whose it is: it was asked for a certain passkey", async () => {
		api.clock.advance(SESSION_FRESH_MS);
		expect(await ada.confirm(phone, { userHandle: null })).toMatchObject({ status: 204 });
	});

	test("is not made fresh by somebody else's passkey, nor by what was begun for somebody else or to sign in", async () => {
		api.clock.advance(SESSION_FRESH_MS);
		const tablet = authenticator();
		const bob = await new Visitor().register(tablet, "Bob");
		const refused = { status: 401, body: { code: "api.passkey_refused" } };
		const confirm = (who: Visitor, { challengeId, options }: Begun, by: SoftAuthenticator) =>
			who.call("POST", "/session/confirmation", {
				challengeId,
				answer: by.get({ ...options, allowCredentials: undefined }),
			});
		expect(await confirm(ada, await ada.begin("/session/confirmation/options"), tablet)).toMatchObject(refused);
		expect(await confirm(ada, await bob.begin("/session/confirmation/options"), phone)).toMatchObject(refused);
		expect(await confirm(ada, await ada.begin("/session/options"), phone)).toMatchObject(refused);
		const { challengeId, options } = await ada.begin("/session/confirmation/options");
		expect(await ada.call("POST", "/session", { challengeId, answer: phone.get(options) })).toMatchObject(refused);
		expect(await asked()).toEqual(["api.sign_in_again", "api.sign_in_again"]);
	});
});
