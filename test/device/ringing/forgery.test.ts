import { CompactEncrypt, CompactSign, exportJWK, importJWK } from "jose";
import type { MqttClient } from "mqtt";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRingKeys, readRingKey } from "../../../device/ringing/ringKeys.ts";
import { sealRing } from "../../../device/ringing/ringSeal.ts";
import type { Signer } from "../../../device/ringing/signature.ts";
import { type PublicJwk, RING_MS, type RingMessage } from "../../../provisioning/contract/ring.ts";
import { topics } from "../../../provisioning/contract/topics.ts";
import type { Credentials } from "../../../provisioning/service/ca/FleetCa.ts";
import { Fleet, next, type TestRoom } from "./Fleet.ts";

/** What a room that was taken over may send over its own, rightful line. */
let fleet: Fleet;
let munich: TestRoom;
let berlin: Credentials;
let line: MqttClient;
let signer: Signer;
let munichKey: PublicJwk;

beforeAll(async () => {
	fleet = await Fleet.open();
});
beforeEach(async () => {
	munich = await fleet.room("room-munich", { lists: ["room-berlin"] });
	berlin = await fleet.ca.issueDevice("room-berlin");
	line = await fleet.client(berlin);
	signer = await fleet.signer(berlin);
	const { ring, epoch } = await ringKeyOf("room-munich");
	munichKey = await readRingKey(ring, { id: "room-munich", epoch }, { ...(await fleet.trust()), nowMs: Date.now() });
});
afterEach(() => fleet.leave());
afterAll(() => fleet?.close());

/** A device is online a moment before its room program has told its ring key. */
async function ringKeyOf(device: string): Promise<{ ring: string; epoch: number }> {
	const topic = topics.presence(device);
	const presence = new Promise<{ ring: string; epoch: number }>((resolve) =>
		line.on("message", (from, payload) => {
			const said = JSON.parse(String(payload)) as { ring?: string; epoch: number };
			if (from === topic && said.ring) resolve({ ring: said.ring, epoch: said.epoch });
		}),
	);
	await line.subscribeAsync(topic, { qos: 1 });
	return presence;
}

const random = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
const ours = { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "A".repeat(43) } as const;
function ringMessage(change: Partial<Extract<RingMessage, { op: "ring" }>> = {}): RingMessage {
	const iat = Date.now();
	const base = {
		v: 1,
		op: "ring",
		ringId: random(),
		from: "room-berlin",
		to: "room-munich",
		iat,
		exp: iat + RING_MS,
	} as const;
	return { ...base, link: "https://x/j/y#1.z", replyTo: ours, ...change };
}
const frame = (sealed: string, change: object = {}): string =>
	JSON.stringify({ v: 1, mid: random(), ts: Date.now(), exp: Date.now() + RING_MS, sealed, ...change });
const send = (payload: string, retain = false) =>
	line.publishAsync(topics.ring("room-munich", "room-berlin"), payload, { qos: 1, retain });
const seal = async (text: string, header: object = {}): Promise<string> =>
	new CompactEncrypt(new TextEncoder().encode(text))
		.setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM", ...header })
		.encrypt(await importJWK(munichKey, "ECDH-ES"));

/** An honest ring after the forged one: when it has rung, the forged one was looked at. */
async function nothingRang(code: string): Promise<void> {
	const honest = next(munich, "ring.incoming");
	await send(frame(await sealRing(ringMessage({ link: "https://honest" }), munichKey, signer)));
	expect((await honest).link).toBe("https://honest");
	expect(munich.said.filter(({ event }) => event === "ring.incoming")).toHaveLength(1);
	expect(munich.refused).toEqual([code]);
}

test("an honest frame, made by hand as these tests make them, rings", async () => {
	const rings = next(munich, "ring.incoming");
	await send(frame(await sealRing(ringMessage(), munichKey, signer)));
	expect((await rings).from).toBe("room-berlin");
});

describe("is refused, and nothing rings:", () => {
	test.each<[string, string]>([
		["", "ring.malformed"],
		["{", "ring.malformed"],
		["[]", "ring.malformed"],
		[JSON.stringify({ v: 1 }), "ring.malformed"],
		[frame("a.b.c"), "ring.malformed"],
		[frame("a..b.c.d", { v: 2 }), "ring.version_unknown"],
		[frame("a..b.c.d"), "ring.seal_wrong"],
		[frame("a..b.c.d", { exp: "soon" }), "ring.malformed"],
		[frame("a..b.c.d", { exp: 1e300 }), "ring.malformed"],
	])("garbage (%#)", async (payload, code) => {
		await send(payload);
		await nothingRang(code);
	});

	test.each<[string, Parameters<typeof ringMessage>[0], string]>([
		["in another's name", { from: "room-bonn" }, "ring.sender_wrong"],
		["meant for another room", { to: "room-bonn" }, "ring.receiver_wrong"],
		["over", { iat: Date.now() - 3_600_000, exp: Date.now() - 3_600_000 + RING_MS }, "ring.expired"],
		["from an hour ahead", { iat: Date.now() + 3_600_000, exp: Date.now() + 3_600_000 + RING_MS }, "ring.expired"],
		["made to ring for an hour", { exp: Date.now() + 3_600_000 }, "ring.expired"],
		["with a link too long", { link: "x".repeat(600) }, "ring.malformed"],
		[
			"with a private key to reply to",
			{ replyTo: { ...ours, crv: "P-384" } as unknown as PublicJwk },
			"ring.malformed",
		],
		["with an unknown operation", { op: "open-camera" } as never, "ring.malformed"],
	])("a ring %s", async (_name, change, code) => {
		await send(frame(await sealRing(ringMessage(change), munichKey, signer)));
		await nothingRang(code);
	});

	test("a frame that says it is over", async () => {
		await send(frame(await sealRing(ringMessage(), munichKey, signer), { exp: Date.now() - 3_600_000 }));
		await nothingRang("ring.expired");
	});

	test("the same ring a second time", async () => {
		const rings = next(munich, "ring.incoming");
		const sealed = await sealRing(ringMessage(), munichKey, signer);
		await send(frame(sealed));
		await rings;
		await send(frame(sealed));
		await expect.poll(() => munich.refused).toEqual(["ring.replayed"]);
		expect(munich.said.filter(({ event }) => event === "ring.incoming")).toHaveLength(1);
	});

	test("a retained ring", async () => {
		const sealed = await sealRing(ringMessage(), munichKey, signer);
		await munich.leave();
		await send(frame(sealed), true);
		const late = await fleet.room("room-munich", { lists: ["room-berlin"], credentials: munich.credentials });
		await expect.poll(() => late.refused).toEqual(["ring.retained"]);
		await send("", true);
	});

	test("a ring signed by another device of the fleet", async () => {
		const bonn = await fleet.signer(await fleet.ca.issueDevice("room-bonn"));
		await send(frame(await sealRing(ringMessage(), munichKey, bonn)));
		await nothingRang("ring.sender_wrong");
	});

	test("a ring signed by a key that is not the certificate's", async () => {
		const bonn = await fleet.ca.issueDevice("room-bonn");
		const forged = await fleet.signer({ ...berlin, key: bonn.key });
		await send(frame(await sealRing(ringMessage(), munichKey, forged)));
		await nothingRang("ring.signature_wrong");
	});

	test("a ring signed by a room of another fleet with the same name", async () => {
		const foreign = await (await fleet.foreignCa()).issueDevice("room-berlin");
		await send(frame(await sealRing(ringMessage(), munichKey, await fleet.signer(foreign))));
		await nothingRang("call.certificate_untrusted");
	});

	test("a ring of a revoked room", async () => {
		fleet.revoked.add(berlin.serial);
		await send(frame(await sealRing(ringMessage(), munichKey, signer)));
		await expect.poll(() => munich.refused).toEqual(["call.certificate_revoked"]);
		fleet.revoked.clear();
		munich.refused.length = 0;
		munich.refused.push("call.certificate_revoked");
		await nothingRang("call.certificate_revoked");
	});

	test("a ring signed with the broker's certificate", async () => {
		const server = await fleet.ca.issueServer(["127.0.0.1"]);
		await send(frame(await sealRing(ringMessage(), munichKey, await fleet.signer(server))));
		await nothingRang("call.certificate_untrusted");
	});

	test("a signature made for presence", async () => {
		await send(frame(await seal(await signer.sign("ic-ring-key+jws", ringMessage()))));
		await nothingRang("ring.malformed");
	});

	test("no signature at all, or one by a bare key", async () => {
		await send(frame(await seal(JSON.stringify(ringMessage()))));
		const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
			"sign",
			"verify",
		]);
		const bare = await new CompactSign(new TextEncoder().encode(JSON.stringify(ringMessage())))
			.setProtectedHeader({ alg: "ES256", typ: "ic-ring+jws", jwk: await exportJWK(publicKey) })
			.sign(privateKey);
		await expect.poll(() => munich.refused).toEqual(["ring.malformed"]);
		munich.refused.length = 0;
		await send(frame(await seal(bare)));
		await nothingRang("ring.malformed");
	});

	test("what is sealed to another key, compressed, or under another algorithm", async () => {
		await send(frame(await sealRing(ringMessage(), (await createRingKeys()).publicJwk, signer)));
		const jws = await signer.sign("ic-ring+jws", ringMessage());
		await send(frame(await seal(jws, { enc: "A128CBC-HS256" })));
		await send(frame(await seal(jws, { zip: "DEF" })));
		await expect.poll(() => munich.refused).toEqual(["ring.seal_wrong", "ring.seal_wrong", "ring.seal_wrong"]);
		munich.refused.length = 1;
		await nothingRang("ring.seal_wrong");
	});
});

test("an answer counts only from the room that was rung", async () => {
	const bonn = await fleet.room("room-bonn", { lists: ["room-munich"] });
	const arrives = next(munich, "ring.incoming");
	const outcome = bonn.ringer.ring("room-munich", "https://x");
	const { ring } = await arrives;
	// Berlin, who can't even know the ring's id, says that munich declined.
	const { ring: key, epoch } = await ringKeyOf("room-bonn");
	const bonnKey = await readRingKey(key, { id: "room-bonn", epoch }, { ...(await fleet.trust()), nowMs: Date.now() });
	const iat = Date.now();
	const parts = { v: 1, ringId: ring, from: "room-berlin", to: "room-bonn", iat, exp: iat + RING_MS } as const;
	await line.publishAsync(
		topics.ring("room-bonn", "room-berlin"),
		frame(await sealRing({ op: "declined", ...parts }, bonnKey, signer)),
		{ qos: 1 },
	);
	// Its cancel of munich's ring counts as little.
	await send(frame(await sealRing({ op: "cancel", ...parts, to: "room-munich" }, munichKey, signer)));
	const after = next(munich, "ring.incoming", ({ from }) => from === "room-berlin");
	await send(frame(await sealRing(ringMessage(), munichKey, signer)));
	await after;
	await munich.ringer.answer(ring, "accepted");
	expect(await outcome).toBe("answered");
});

test("a flood of one room is cut off, and another room still rings", async () => {
	const bonn = await fleet.room("room-bonn", { lists: ["room-munich"] });
	const sealed = await sealRing(ringMessage(), munichKey, signer);
	await Promise.all(Array.from({ length: 200 }, () => send(frame(sealed))));
	// The broker drops some of it already.
	await expect.poll(() => munich.refused.filter((code) => code === "ring.too_fast").length).toBeGreaterThan(20);
	const arrives = next(munich, "ring.incoming", ({ from }) => from === "room-bonn");
	const outcome = bonn.ringer.ring("room-munich", "https://x");
	await munich.ringer.answer((await arrives).ring, "busy");
	expect(await outcome).toBe("busy");
});
