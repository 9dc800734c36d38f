import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { RendezvousClient, type RendezvousEvents } from "../../../device/meeting/RendezvousClient.ts";
import type { RendezvousErrorCode } from "../../../provisioning/contract/rendezvous.ts";
import { RelaySimulator } from "../../sim/relay/RelaySimulator.ts";
import { seeded } from "../../sim/seeded.ts";

const hostile = readFileSync(join(import.meta.dirname, "corpus/server-frames.txt"), "utf8")
	.split("\n")
	.slice(0, -1);

let relay: RelaySimulator;
let clock: ManualClock;
let clients: RendezvousClient[];
beforeEach(async () => {
	relay = await RelaySimulator.start();
	clock = new ManualClock(1_000_000);
	clients = [];
});
afterEach(async () => {
	for (const client of clients) client.close();
	await relay.stop();
});

interface Watched {
	client: RendezvousClient;
	told: { [E in keyof RendezvousEvents]: RendezvousEvents[E][] };
}

function connect(hello = "AAAA", url = `${relay.origin.replace("http", "ws")}/rendezvous`): Watched {
	const client = new RendezvousClient({ url, meetingId: "A".repeat(22), hello, clock, random: () => 1 });
	const told: Watched["told"] = { connection: [], joined: [], member: [], left: [], message: [], refused: [] };
	for (const event of Object.keys(told) as (keyof RendezvousEvents)[])
		client.events.on(event, (payload) => (told[event] as unknown[]).push(payload));
	clients.push(client);
	client.start();
	return { client, told };
}

async function until(condition: () => boolean): Promise<void> {
	const limit = AbortSignal.timeout(20_000);
	while (!condition()) {
		if (limit.aborted) throw new Error("the condition did not come about");
		await setTimeout(1);
	}
}
/** What the server sent before has arrived once this has, since a socket keeps order. */
async function caughtUp({ client, told }: Watched): Promise<void> {
	relay.deliver(client.you ?? "", { t: "left", id: "barrier" });
	await until(() => told.left.some(({ id }) => id === "barrier"));
}
/** Passes time, with the sockets keeping up. */
async function pass(ms: number, condition: () => boolean): Promise<void> {
	for (let moved = 0; !condition(); moved += 100) {
		if (moved > ms) throw new Error(`not within ${ms} ms of the clock`);
		clock.advance(100);
		await setTimeout(2);
	}
}

describe("a member", () => {
	it("joins, learns who is there and which ICE servers there are, and hears of others coming, speaking and leaving", async () => {
		const one = connect("one1");
		await until(() => one.told.joined.length === 1);
		expect(one.told.joined[0]).toEqual({
			you: "m1",
			members: [],
			ice: [{ urls: ["turn:127.0.0.1:3478"], username: "1:x", credential: "y" }],
		});
		const two = connect("two2");
		await until(() => two.told.joined.length === 1 && one.told.member.length === 1);
		expect(two.told.joined[0]?.members).toEqual([{ id: "m1", hello: "one1" }]);
		expect(one.told.member).toEqual([{ id: "m2", hello: "two2" }]);
		expect(two.client.send("m1", "text")).toBe(true);
		await until(() => one.told.message.length === 1);
		expect(one.told.message).toEqual([{ from: "m2", to: "m1", sealed: "text" }]);
		two.client.close();
		await until(() => one.told.left.length === 1);
		expect(one.told.left).toEqual([{ id: "m2" }]);
	});

	it("says that nothing can be sent while it isn't joined", async () => {
		relay.down = true;
		const one = connect();
		expect(one.client.send("m2", "text")).toBe(false);
		await until(() => one.told.connection.at(-1)?.state === "waiting");
		expect(one.client.send("m2", "text")).toBe(false);
	});

	it("comes back after its connection was cut, and after a while without a server, with growing pauses", async () => {
		const one = connect();
		await until(() => one.told.joined.length === 1);
		relay.down = true;
		relay.cut();
		await pass(60_000, () => one.told.connection.some(({ state, attempt }) => state === "waiting" && attempt >= 5));
		relay.down = false;
		await pass(60_000, () => one.told.joined.length === 2);
		expect(one.client.you).toBe("m2");
		relay.cut();
		await pass(60_000, () => one.told.joined.length === 3);
	});

	it("slows down where the server is really gone", async () => {
		relay.down = true;
		const one = connect();
		await pass(
			120_000,
			() => (one.told.connection.at(-1)?.attempt ?? 0) >= 21 && one.told.connection.at(-1)?.state === "waiting",
		);
		const attempts = one.told.connection.length;
		clock.advance(1_900);
		expect(one.told.connection).toHaveLength(attempts);
		relay.down = false;
		await pass(20_000, () => one.told.joined.length === 1);
	});

	it("notices by its pings that the server is silent, and connects anew", async () => {
		const one = connect();
		await until(() => one.told.joined.length === 1);
		clock.advance(10_000);
		await until(() => relay.pings === 1);
		await caughtUp(one);
		clock.advance(10_000);
		await until(() => relay.pings === 2);
		expect(one.told.joined).toHaveLength(1);
		relay.mute = true;
		await pass(40_000, () => one.told.connection.filter(({ state }) => state === "connecting").length === 2);
		relay.mute = false;
		await pass(40_000, () => one.told.joined.length === 2);
	});

	it("finds out soon when it is asked to", async () => {
		const one = connect();
		await until(() => one.told.joined.length === 1);
		one.client.probe();
		await until(() => relay.pings === 1);
		await caughtUp(one);
		clock.advance(1_500);
		expect(one.told.connection.filter(({ state }) => state === "connecting")).toHaveLength(1);
		relay.mute = true;
		one.client.probe();
		clock.advance(1_500);
		expect(one.told.connection.filter(({ state }) => state === "connecting")).toHaveLength(2);
		relay.mute = false;
		await pass(20_000, () => one.told.joined.length === 2);
	});

	it("doesn't wait for its next turn when it is asked to connect now", async () => {
		relay.down = true;
		const one = connect();
		await until(() => one.told.connection.at(-1)?.state === "waiting");
		relay.down = false;
		one.client.probe();
		await until(() => one.told.joined.length === 1);
	});

	it("gives up a connection that isn't answered, and tries again", async () => {
		relay.mute = true;
		const one = connect();
		await pass(20_000, () => one.told.connection.filter(({ state }) => state === "connecting").length >= 2);
		relay.mute = false;
		await pass(20_000, () => one.told.joined.length === 1);
	});

	it("tells nothing more once it is closed", async () => {
		const one = connect();
		await until(() => one.told.joined.length === 1);
		one.client.close();
		await until(() => relay.members === 0);
		const before = JSON.stringify(one.told);
		one.client.probe();
		one.client.start();
		one.client.reconnect();
		clock.advance(100_000);
		expect(JSON.stringify(one.told)).toBe(before);
		expect(relay.joins).toBe(1);
	});

	it("copes with an address that no WebSocket takes", async () => {
		const one = connect("AAAA", "nonsense:");
		clock.advance(5_000);
		expect(one.told.connection.at(-1)?.state).toBe("waiting");
	});
});

describe("a server's refusal", () => {
	it.each<RendezvousErrorCode>([
		"rendezvous.meeting_full",
		"rendezvous.version_unknown",
		"rendezvous.malformed",
		"rendezvous.too_large",
		"rendezvous.too_many_meetings",
	])("%s at the first joining is final", async (code) => {
		relay.refuseJoins = code;
		const one = connect();
		await until(() => one.told.refused.length === 1);
		expect(one.told.refused).toEqual([{ code }]);
		clock.advance(100_000);
		expect(one.told.connection).toHaveLength(1);
	});

	it("to come too fast is taken as such", async () => {
		relay.refuseJoins = "rendezvous.too_fast";
		const one = connect();
		await until(() => one.told.connection.at(-1)?.state === "waiting");
		relay.refuseJoins = null;
		await pass(20_000, () => one.told.joined.length === 1);
	});

	it("for our own old connection, which it hasn't given up, is waited out", async () => {
		const one = connect();
		await until(() => one.told.joined.length === 1);
		relay.refuseJoins = "rendezvous.meeting_full";
		relay.cut();
		await pass(20_000, () => relay.joins >= 3);
		relay.refuseJoins = null;
		await pass(20_000, () => one.told.joined.length === 2);
		expect(one.told.refused).toEqual([]);
	});
});

describe("a hostile server", () => {
	it("sends whatever it likes, which is counted, and the connection still serves", async () => {
		const [one, two] = [connect("one1"), connect("two2")];
		await until(() => one.told.joined.length === 1 && two.told.joined.length === 1);
		for (const frame of hostile) relay.deliver("m1", frame);
		relay.deliver("m1", new Uint8Array(100));
		relay.deliver("m1", `{"t":"left","id":"${"x".repeat(1_000_000)}"}`);
		two.client.send("m1", "after");
		await until(() => one.told.message.some(({ sealed }) => sealed === "after"));
		const { malformed, oversize, reported } = one.client.counters;
		const passed = one.told.message.length - 1 + one.told.left.length + one.told.member.length - 1;
		const pongs = hostile.filter((frame) => frame.includes("pong")).length;
		expect(oversize).toBe(1);
		expect(reported).toBe(3);
		expect(malformed + passed + reported + pongs).toBe(hostile.length + 1);
		expect(one.told.joined).toHaveLength(1);
		expect(one.told.refused).toEqual([]);
	});

	it("can't make it throw with any text", async () => {
		const [one, two] = [connect("one1"), connect("two2")];
		await until(() => one.told.joined.length === 1 && two.told.joined.length === 1);
		const texts = seeded(fc.oneof(fc.string({ unit: "binary" }), fc.json()), { of: "texts", count: 300 });
		for (const text of texts) relay.deliver("m1", text);
		two.client.send("m1", "after");
		await until(() => one.told.message.some(({ sealed }) => sealed === "after"));
		expect(one.client.counters.malformed).toBe(texts.length);
	});

	it("that speaks before we joined isn't heard", async () => {
		relay.mute = true;
		const one = connect();
		await until(() => relay.asked === 1);
		relay.broadcast({ t: "left", id: "m2" });
		relay.mute = false;
		await pass(20_000, () => one.told.joined.length === 1);
		expect(one.told.left).toEqual([]);
	});
});
