import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { announceRingKey, createRingKeys } from "../../../device/ringing/ringKeys.ts";
import { PAYLOAD_VERSION } from "../../../provisioning/contract/envelope.ts";
import { topics } from "../../../provisioning/contract/topics.ts";
import type { AgentBus } from "../../sim/fleet/AgentBus.ts";
import { Fleet, next, sees } from "./Fleet.ts";

const link = "https://rooms.example/j/AAAAAAAAAAAAAAAAAAAAAA#1.c2VjcmV0c2VjcmV0c2VjcmV0.cGlu";
let fleet: Fleet;
beforeAll(async () => {
	fleet = await Fleet.open();
});
afterEach(() => fleet.leave());
afterAll(() => fleet?.close());

/** Berlin and München, each in the other's directory, and each knowing that the other is there. */
async function building(options: Parameters<Fleet["room"]>[1] = {}) {
	const berlin = await fleet.room("room-berlin", { lists: ["room-munich"], ...options });
	const munich = await fleet.room("room-munich", { lists: ["room-berlin"], ...options });
	await sees(berlin, "room-munich", true);
	return { berlin, munich };
}

describe("a ring", () => {
	test("arrives with the link, from a room that is proved, and is answered", async () => {
		const { berlin, munich } = await building();
		const arrives = next(munich, "ring.incoming");
		const outcome = berlin.ringer.ring("room-munich", link);
		const { ring, ...incoming } = await arrives;
		expect(incoming).toEqual({ from: "room-berlin", name: "Room room-berlin", verified: true, link });
		await munich.ringer.answer(ring, "accepted");
		expect(await outcome).toBe("answered");
	});

	test.each(["declined", "busy"] as const)("is answered with %s", async (answer) => {
		const { berlin, munich } = await building();
		const arrives = next(munich, "ring.incoming");
		const outcome = berlin.ringer.ring("room-munich", link);
		await munich.ringer.answer((await arrives).ring, answer);
		expect(await outcome).toBe(answer);
	});

	test("is taken back", async () => {
		const { berlin, munich } = await building();
		const arrives = next(munich, "ring.incoming");
		const over = next(munich, "ring.cancelled");
		const abort = new AbortController();
		const outcome = berlin.ringer.ring("room-munich", link, { signal: abort.signal });
		const { ring } = await arrives;
		abort.abort();
		expect(await outcome).toBe("cancelled");
		expect(await over).toEqual({ ring });
		// Too late: nothing happens, nothing fails.
		await munich.ringer.answer(ring, "accepted");
	});

	test("is taken back at whatever moment: it never rings on", async () => {
		const { berlin, munich } = await building();
		for (const turns of [0, 1, 2, 3, 5, 8, 13, 21]) {
			const abort = new AbortController();
			const outcome = berlin.ringer.ring("room-munich", link, { signal: abort.signal });
			for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
			abort.abort();
			expect(await outcome).toBe("cancelled");
		}
		expect(await berlin.ringer.ring("room-munich", link, { signal: AbortSignal.abort() })).toBe("cancelled");
		// Going away takes back what still rings, and ends when all of it was said: then bonn's ring comes after it.
		const rings = next(munich, "ring.incoming", (ring) => ring.link === "https://open");
		const open = berlin.ringer.ring("room-munich", "https://open");
		await rings;
		await berlin.leave();
		expect(await open).toBe("cancelled");
		const bonn = await fleet.room("room-bonn", { lists: ["room-munich"] });
		const last = next(munich, "ring.incoming", ({ from }) => from === "room-bonn");
		void bonn.ringer.ring("room-munich", link).catch(() => {});
		await last;
		const heard = (kind: string) => munich.said.filter(({ event }) => event === kind).length;
		expect(heard("ring.incoming")).toBeGreaterThan(1);
		expect(heard("ring.cancelled")).toBe(heard("ring.incoming") - 1);
		expect(munich.refused).toEqual([]);
	});

	test("ends on both sides after thirty seconds", async () => {
		const clock = new ManualClock(Date.now());
		const { berlin, munich } = await building({ clock });
		const arrives = next(munich, "ring.incoming");
		const over = next(munich, "ring.cancelled");
		const outcome = berlin.ringer.ring("room-munich", link);
		const { ring } = await arrives;
		clock.advance(29_999);
		expect(munich.said.filter(({ event }) => event === "ring.cancelled")).toEqual([]);
		clock.advance(1);
		expect(await outcome).toBe("timeout");
		expect(await over).toEqual({ ring });
	});

	test("from a room that our directory does not list has no name, but is proved all the same", async () => {
		const berlin = await fleet.room("room-berlin", { lists: ["room-munich"] });
		const munich = await fleet.room("room-munich", { lists: [] });
		await sees(berlin, "room-munich", true);
		const arrives = next(munich, "ring.incoming");
		void berlin.ringer.ring("room-munich", link).catch(() => {});
		expect(await arrives).toMatchObject({ from: "room-berlin", name: null, verified: true });
	});

	test("is never in a log, and the link is nowhere on the bus in the clear", async () => {
		const { berlin, munich } = await building();
		const arrives = next(munich, "ring.incoming");
		const outcome = berlin.ringer.ring("room-munich", link);
		await munich.ringer.answer((await arrives).ring, "accepted");
		await outcome;
		const everything = [...berlin.log, ...munich.log].join("\n");
		for (const secret of [link, "c2VjcmV0", "rooms.example"]) expect(everything).not.toContain(secret);
	});

	test("two rings at once are answered each for itself", async () => {
		const { berlin, munich } = await building();
		const bonn = await fleet.room("room-bonn", { lists: ["room-munich"] });
		await sees(bonn, "room-munich", true);
		const rings = new Map<string, string>();
		munich.ringer.events.on("ring.incoming", ({ ring, from }) => rings.set(from, ring));
		const outcomes = [berlin, bonn].map(({ ringer }) => ringer.ring("room-munich", link));
		await expect.poll(() => rings.size).toBe(2);
		await munich.ringer.answer(rings.get("room-bonn") as string, "busy");
		await munich.ringer.answer(rings.get("room-berlin") as string, "accepted");
		expect(await Promise.all(outcomes)).toEqual(["answered", "busy"]);
	});
});

describe("who is there", () => {
	test("comes and goes, and a room that goes ends the ring to it", async () => {
		const { berlin, munich } = await building();
		const outcome = berlin.ringer.ring("room-munich", link);
		const told = expect(outcome).rejects.toMatchObject({ code: "ring.room_offline" });
		await munich.leave();
		await told;
		await sees(berlin, "room-munich", false);
		await expect(berlin.ringer.ring("room-munich", link)).rejects.toMatchObject({ code: "ring.room_offline" });
	});

	test("a room that never was there is offline, not unknown, as soon as the broker is reached", async () => {
		const berlin = await fleet.room("room-berlin", { lists: ["room-nowhere"], start: false });
		expect(berlin.ringer.directory).toEqual([{ id: "room-nowhere", name: "Room room-nowhere", online: null }]);
		await expect(berlin.ringer.ring("room-nowhere", link)).rejects.toMatchObject({ code: "ring.broker_unreachable" });
		const up = next(berlin, "broker.up");
		berlin.ringer.start();
		await up;
		expect(berlin.ringer.directory[0]?.online).toBe(false);
		await expect(berlin.ringer.ring("room-nowhere", link)).rejects.toMatchObject({ code: "ring.room_offline" });
	});

	test("a room that dies without a word is offline by its last will", async () => {
		// A room that no other test has: the broker retains what was said.
		const berlin = await fleet.room("room-berlin", { lists: ["room-witless"] });
		const credentials = await fleet.ca.issueDevice("room-witless");
		const say = (epoch: number, online: boolean) =>
			JSON.stringify({ v: PAYLOAD_VERSION, mid: "A".repeat(22), ts: 1, epoch, online, ring: "a.b.c" });
		const topic = topics.presence("room-witless");
		const witless = await fleet.client(credentials, { topic, payload: say(5, false) });
		await witless.publishAsync(topic, say(5, true), { qos: 1, retain: true });
		await sees(berlin, "room-witless", true);
		witless.stream.destroy();
		await sees(berlin, "room-witless", false);
	});

	test("a room that says that it is there, but does not listen, is offline", async () => {
		const berlin = await fleet.room("room-berlin", { lists: ["room-deaf"] });
		const credentials = await fleet.ca.issueDevice("room-deaf");
		const { publicJwk } = await createRingKeys();
		const ring = await announceRingKey(await fleet.signer(credentials), "room-deaf", 5, publicJwk);
		const payload = JSON.stringify({ v: PAYLOAD_VERSION, mid: "A".repeat(22), ts: 1, epoch: 5, online: true, ring });
		const deaf = await fleet.client(credentials);
		await deaf.publishAsync(topics.presence("room-deaf"), payload, { qos: 1, retain: true });
		await sees(berlin, "room-deaf", true);
		await expect(berlin.ringer.ring("room-deaf", link)).rejects.toMatchObject({ code: "ring.room_offline" });
	});

	test("a room whose clock was set back overtakes its own past", async () => {
		const ahead = new ManualClock(Date.now() + 3_600_000);
		const first = await fleet.room("room-munich", { clock: ahead });
		const berlin = await fleet.room("room-berlin", { lists: ["room-munich"] });
		await sees(berlin, "room-munich", true);
		await first.leave();
		await sees(berlin, "room-munich", false);
		await fleet.room("room-munich", { random: () => 0 });
		await sees(berlin, "room-munich", true);
	});

	test("a device whose room program is gone can't be rung, and can be when it is back; its agent was there all the time", async () => {
		const { berlin, munich } = await building();
		const outcome = berlin.ringer.ring("room-munich", link);
		const told = expect(outcome).rejects.toMatchObject({ code: "ring.room_offline" });
		await munich.end();
		await told;
		await sees(berlin, "room-munich", false);
		await munich.agent.stop();
	});

	test("in a large fleet nobody is known until somebody looks, then everybody is, and nobody again when nobody does any more", async () => {
		const munich = await fleet.room("room-munich");
		const berlin = await fleet.room("room-berlin", { lists: ["room-munich", "room-nowhere"], onDemand: true });
		const online = () => berlin.ringer.directory.map((room) => room.online);
		expect(berlin.ringer.connected).toBe(true);
		expect(online()).toEqual([null, null]);
		berlin.ringer.look();
		await sees(berlin, "room-munich", true);
		expect(online()).toEqual([true, false]);
		await berlin.agent.bus?.lookAway();
		await sees(berlin, "room-munich", null);
		expect(online()).toEqual([null, null]);
		expect(berlin.ringer.connected).toBe(true);
		await munich.leave();
		expect(online()).toEqual([null, null]);
	});

	test("in a large fleet a ring looks by itself, for one that is there and for one that is not", async () => {
		const munich = await fleet.room("room-munich");
		const berlin = await fleet.room("room-berlin", { lists: ["room-munich", "room-nowhere"], onDemand: true });
		const arrives = next(munich, "ring.incoming");
		const outcome = berlin.ringer.ring("room-munich", link);
		await munich.ringer.answer((await arrives).ring, "accepted");
		expect(await outcome).toBe("answered");
		await berlin.agent.bus?.lookAway();
		await sees(berlin, "room-munich", null);
		await expect(berlin.ringer.ring("room-nowhere", link)).rejects.toMatchObject({ code: "ring.room_offline" });
	});

	test("that an agent never tells does not let a ring wait for ever", async () => {
		const clock = new ManualClock(Date.now());
		const berlin = await fleet.room("room-berlin", { lists: ["room-munich"], onDemand: true, clock });
		const bus = berlin.agent.bus as AgentBus;
		bus.look = async () => {};
		const outcome = expect(berlin.ringer.ring("room-munich", link)).rejects.toMatchObject({
			code: "ring.broker_unreachable",
		});
		await berlin.agent.heard("look");
		clock.advance(5000);
		await outcome;
	});

	test("rooms that are listed from now on are known at once, and rooms that are not any more can't be rung", async () => {
		const { berlin } = await building();
		const changed = next(berlin, "presence.changed", ({ room }) => room === "room-bonn");
		berlin.ringer.list([{ id: "room-bonn", name: "Bonn" }]);
		expect(await changed).toEqual({ room: "room-bonn", online: false });
		expect(berlin.ringer.directory).toEqual([{ id: "room-bonn", name: "Bonn", online: false }]);
		await expect(berlin.ringer.ring("room-munich", link)).rejects.toMatchObject({ code: "ring.refused" });
		berlin.ringer.list([{ id: "room-munich", name: "München 2" }]);
		expect(berlin.ringer.directory).toEqual([{ id: "room-munich", name: "München 2", online: true }]);
	});
});

describe("the broker", () => {
	test("dies and comes back: both rooms reconnect, and presence is right again", async () => {
		const { berlin, munich } = await building();
		const down = [next(berlin, "broker.down"), next(munich, "broker.down")];
		const outcome = expect(berlin.ringer.ring("room-munich", link)).rejects.toMatchObject({
			code: "ring.broker_unreachable",
		});
		const up = [next(berlin, "broker.up"), next(munich, "broker.up")];
		process.kill(fleet.broker.pid as number, "SIGKILL");
		await Promise.all(down);
		await outcome;
		expect(berlin.ringer.connected).toBe(false);
		expect(berlin.ringer.directory[0]?.online).toBeNull();
		await expect(berlin.ringer.ring("room-munich", link)).rejects.toMatchObject({ code: "ring.broker_unreachable" });
		await Promise.all(up);
		await sees(berlin, "room-munich", true);
		const arrives = next(munich, "ring.incoming");
		const again = berlin.ringer.ring("room-munich", link);
		await munich.ringer.answer((await arrives).ring, "accepted");
		expect(await again).toBe("answered");
	});

	test("of another fleet is refused, and a room of another fleet is refused by it; both try again for ever", async () => {
		const foreign = await fleet.foreignCa();
		const credentials = await foreign.issueDevice("room-stranger");
		for (const [id, odd] of [
			["room-stranger", { credentials }],
			["room-careful", { ca: foreign.certificate }],
		] as const) {
			const clock = new ManualClock(Date.now());
			const room = await fleet.room(id, { ...odd, clock, start: false });
			room.ringer.start();
			const refusals = () => room.log.filter((line) => line.includes('"refused"')).length;
			await expect.poll(refusals).toBeGreaterThan(0);
			const before = refusals();
			clock.advance(30_000);
			await expect.poll(refusals).toBeGreaterThan(before);
			expect(room.ringer.connected).toBe(false);
		}
	});

	test("a room that is not listed is not rung", async () => {
		const { berlin } = await building();
		await expect(berlin.ringer.ring("room-bonn", link)).rejects.toMatchObject({
			code: "ring.refused",
			context: { check: "directory" },
		});
	});
});
