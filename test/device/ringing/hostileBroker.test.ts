import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { createRingKeys } from "../../../device/ringing/ringKeys.ts";
import { PAYLOAD_BYTES } from "../../../provisioning/contract/envelope.ts";
import { topics } from "../../../provisioning/contract/topics.ts";
import { HostileBroker, type Message } from "../../sim/broker/HostileBroker.ts";
import { Fleet, next, sees, type TestRoom } from "./Fleet.ts";

/** The broker may deliver or not. It must not be able to do anything else. */
const link = "https://rooms.example/j/AAAAAAAAAAAAAAAAAAAAAA#1.c2VjcmV0.cGlu";
let fleet: Fleet;
let broker: HostileBroker;
let berlin: TestRoom;
let munich: TestRoom;

beforeAll(async () => {
	fleet = await Fleet.open();
});
beforeEach(async () => {
	const server = await fleet.ca.issueServer(["127.0.0.1"]);
	broker = await HostileBroker.open({ ...server, ca: fleet.ca.certificate });
	berlin = await fleet.room("room-berlin", { lists: ["room-munich", "room-fence"], broker: broker.url });
	fences = 0;
	munich = await fleet.room("room-munich", { lists: ["room-berlin"], broker: broker.url });
	await sees(berlin, "room-munich", true);
});
afterEach(async () => {
	await fleet.leave();
	await broker.close();
});
afterAll(() => fleet?.close());

let fences: number;
/** Resolves once berlin has taken in all that was sent to it before. */
async function berlinHasHeard(): Promise<void> {
	const epoch = ++fences;
	const seen = next(berlin, "presence.changed", ({ room }) => room === "room-fence");
	const online = epoch % 2 === 1;
	const payload = JSON.stringify({ v: 1, mid: "A".repeat(22), ts: 1, epoch, online, ring: "a.b.c" });
	broker.send("room-berlin", { topic: topics.presence("room-fence"), payload: Buffer.from(payload), retain: false });
	await seen;
}
const rang = () => munich.said.filter(({ event }) => event === "ring.incoming").length;
const isRing = ({ topic }: Message) => topic.includes("/ring/");

test("reads no link, no room's name and no answer", async () => {
	const arrives = next(munich, "ring.incoming");
	const outcome = berlin.ringer.ring("room-munich", link);
	await munich.ringer.answer((await arrives).ring, "declined");
	expect(await outcome).toBe("declined");
	const everything = broker.heard.map(({ topic, payload }) => `${topic} ${payload}`).join("\n");
	expect(broker.heard.filter(isRing)).toHaveLength(2);
	const decoded = everything.replaceAll(
		/[\w-]{16,}/g,
		(text) => `${text} ${Buffer.from(text, "base64url").toString("latin1")}`,
	);
	for (const secret of [link, "rooms.example", "c2VjcmV0", "declined", "Room room"])
		expect(decoded).not.toContain(secret);
});

test("can't ring a second time with what it kept, for another room, under another name, or later", async () => {
	const bonn = await fleet.room("room-bonn", { broker: broker.url });
	const arrives = next(munich, "ring.incoming");
	const outcome = berlin.ringer.ring("room-munich", link);
	await munich.ringer.answer((await arrives).ring, "accepted");
	expect(await outcome).toBe("answered");
	const kept = broker.heard.find(isRing) as Message;
	broker.send("room-munich", kept);
	broker.send("room-munich", { ...kept, topic: topics.ring("room-munich", "room-bonn") });
	broker.send("room-munich", { ...kept, retain: true });
	broker.send("room-bonn", { ...kept, topic: topics.ring("room-bonn", "room-berlin") });
	await expect
		.poll(() => [munich.refused, bonn.refused])
		.toEqual([["ring.retained", "ring.replayed", "ring.sender_wrong"], ["ring.seal_wrong"]]);
	// Not even after a restart, when the cache of what was seen is empty: the key it was sealed to is gone too.
	await munich.leave();
	const again = await fleet.room("room-munich", { broker: broker.url, credentials: munich.credentials });
	broker.send("room-munich", kept);
	await expect.poll(() => again.refused).toEqual(["ring.seal_wrong"]);
	expect(rang()).toBe(1);
});

test("can't have a link sealed to a key of its own", async () => {
	const own = broker.heard.filter(({ topic }) => topic === topics.presence("room-munich")).at(-1) as Message;
	const honest = JSON.parse(String(own.payload)) as { epoch: number; ring: string };
	const presence = async (ring: string, epoch = honest.epoch): Promise<void> => {
		const payload = Buffer.from(JSON.stringify({ ...honest, epoch, ring }));
		broker.send("room-berlin", { topic: topics.presence("room-munich"), payload, retain: false });
		await berlinHasHeard();
	};
	const check = async (expected: string): Promise<void> =>
		expect(berlin.ringer.ring("room-munich", link)).rejects.toMatchObject({
			code: "ring.refused",
			context: { check: expected },
		});
	const jwk = (await createRingKeys()).publicJwk;
	const claims = { v: 1, id: "room-munich", epoch: honest.epoch, jwk };
	const bonn = await fleet.signer(await fleet.ca.issueDevice("room-bonn"));
	await presence(await bonn.sign("ic-ring-key+jws", claims));
	await check("ring.key_wrong");
	const foreign = await (await fleet.foreignCa()).issueDevice("room-munich");
	await presence(await (await fleet.signer(foreign)).sign("ic-ring-key+jws", claims));
	await check("call.certificate_untrusted");
	await presence(await bonn.sign("ic-ring+jws", claims));
	await check("ring.malformed");
	const [head, , signature] = honest.ring.split(".");
	await presence(`${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`);
	await check("ring.signature_wrong");
	// A true key of an older connection, with a newer epoch around it.
	await presence(honest.ring, honest.epoch + 1);
	await check("ring.key_wrong");
	fleet.revoked.add(munich.credentials.serial);
	await check("call.certificate_revoked");
	expect(broker.heard.filter(isRing)).toEqual([]);
});

test("an off-curve point as ring key is refused, even rightly signed", async () => {
	const signer = await fleet.signer(munich.credentials);
	const jwk = { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "A".repeat(43) };
	const epoch = Date.now() + 60_000;
	const ring = await signer.sign("ic-ring-key+jws", { v: 1, id: "room-munich", epoch, jwk });
	const payload = JSON.stringify({ v: 1, mid: "A".repeat(22), ts: 1, epoch, online: true, ring });
	broker.send("room-berlin", { topic: topics.presence("room-munich"), payload: Buffer.from(payload), retain: false });
	await berlinHasHeard();
	await expect(berlin.ringer.ring("room-munich", link)).rejects.toMatchObject({
		code: "ring.refused",
		context: { check: "ring.key_wrong" },
	});
});

test("payloads and topics that nobody should send are refused", async () => {
	const topic = topics.ring("room-munich", "room-berlin");
	broker.send("room-munich", { topic, payload: Buffer.alloc(PAYLOAD_BYTES + 1, 32), retain: false });
	broker.send("room-munich", { topic, payload: Buffer.from([0xff, 0xfe]), retain: false });
	await expect.poll(() => munich.refused).toEqual(["ring.too_large", "ring.malformed"]);
	for (const odd of [
		"x",
		"ic/1/d/room-munich/cmd/req",
		topics.ring("room-bonn", "room-berlin"),
		"ic/1/d/room-munich/ring/+x",
	]) {
		broker.send("room-munich", { topic: odd, payload: Buffer.from("{}"), retain: false });
	}
	const arrives = next(munich, "ring.incoming");
	void berlin.ringer.ring("room-munich", link).catch(() => {});
	await arrives;
	expect(munich.refused).toHaveLength(2);
});

test("an old last will that it delivers late is ignored by others, and answered by its room", async () => {
	const topic = topics.presence("room-munich");
	const said = () =>
		broker.heard.filter((message) => message.topic === topic).map(({ payload }) => JSON.parse(String(payload)));
	const { epoch } = said().at(-1);
	const will = JSON.stringify({ v: 1, mid: "A".repeat(22), ts: 1, epoch: epoch - 1, online: false });
	const before = said().length;
	const saidBefore = berlin.said.length;
	for (const room of ["room-berlin", "room-munich"]) {
		broker.send(room, { topic, payload: Buffer.from(will), retain: false });
	}
	await expect.poll(() => said().length).toBe(before + 1);
	expect(said().at(-1)).toMatchObject({ epoch, online: true });
	await berlinHasHeard();
	expect(berlin.said).toHaveLength(saidBefore + 1);
	expect(berlin.ringer.directory[0]?.online).toBe(true);
});

test("a right that it takes away is told, and does not bring the line down", async () => {
	broker.acknowledge = (topic) => (topic.includes("/ring/") ? 0x87 : 0);
	await expect(berlin.ringer.ring("room-munich", link)).rejects.toMatchObject({ code: "ring.refused" });
	broker.acknowledge = (topic) => (topic.includes("/ring/") ? 0x10 : 0);
	await expect(berlin.ringer.ring("room-munich", link)).rejects.toMatchObject({ code: "ring.room_offline" });
	expect(berlin.ringer.connected).toBe(true);
});

test("a line that hangs while it connects is given up and tried again", async () => {
	const clock = new ManualClock(Date.now());
	broker.answersConnect = false;
	const before = broker.connects;
	const bonn = await fleet.room("room-bonn", { broker: broker.url, clock, start: false });
	bonn.ringer.start();
	await expect.poll(() => broker.connects).toBe(before + 1);
	clock.advance(15_000);
	broker.answersConnect = true;
	const up = next(bonn, "broker.up");
	clock.advance(30_000);
	await up;
	expect(broker.connects).toBe(before + 2);
});

test("hangs: who rings is told soon that it does, not that nobody answers, and takes the ring back once it answers", async () => {
	const clock = new ManualClock(Date.now());
	const caller = await fleet.room("room-caller", { lists: ["room-munich"], broker: broker.url, clock });
	await sees(caller, "room-munich", true);
	// never settles: no acknowledgement ever comes
	broker.acknowledge = () => new Promise(() => {});
	const rung = expect(caller.ringer.ring("room-munich", link)).rejects.toMatchObject({
		code: "ring.broker_unreachable",
	});
	await expect.poll(() => broker.heard.filter(isRing).length).toBe(1);
	clock.advance(5_000);
	await rung;
	expect(caller.said.map(({ event }) => event)).toContain("broker.down");
	broker.acknowledge = () => 0;
	const up = next(caller, "broker.up");
	clock.advance(1_000);
	await up;
	await expect.poll(() => broker.heard.filter(isRing).length).toBe(2);
});
