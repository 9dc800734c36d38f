import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { meetingTimes } from "../../../device/meeting/meetingTimes.ts";
import { PeerSupply } from "../../../device/meeting/PeerSupply.ts";
import { SimulatedNetwork } from "../../sim/meeting/SimulatedPeer.ts";

let network: SimulatedNetwork;
let clock: ManualClock;
let supply: PeerSupply;
const { signal } = new AbortController();
beforeEach(() => {
	network = new SimulatedNetwork();
	clock = new ManualClock(0);
	supply = new PeerSupply({ factory: network.factory("chromium"), clock });
});
const gone = new RoomError("media.engine_failed", "gone");
async function moveOn(ms: number): Promise<void> {
	for (let moved = 0; moved < ms; moved += 100) {
		await setImmediate();
		clock.advance(100);
	}
	await setImmediate();
}

describe("the supply of peers", () => {
	it("gives what was prepared, once", async () => {
		supply.prepare([], { offer: true });
		supply.prepare([], { offer: true });
		const first = await supply.take([], { offer: true, signal });
		expect(first.peer).toBe(network.peers[0]);
		expect((await supply.take([], { offer: true, signal })).peer).toBe(network.peers[1]);
		expect(network.peers.map(({ closed }) => closed)).toEqual([false, false]);
	});

	it("gives one without an offer to whoever will offer, but never one with an offer to whoever will answer", async () => {
		supply.prepare([], { offer: false });
		expect((await supply.take([], { offer: true, signal })).peer).toBe(network.peers[0]);
		supply.prepare([], { offer: true });
		const answering = await supply.take([], { offer: false, signal });
		expect(answering.peer).toBe(network.peers[2]);
		expect(network.peers[1]?.closed).toBe(true);
	});

	it("replaces what has grown old", async () => {
		supply.prepare([], { offer: true });
		clock.advance(5 * 60_000);
		const taken = await supply.take([], { offer: true, signal });
		expect(taken.peer).toBe(network.peers[1]);
		expect(network.peers[0]?.closed).toBe(true);
		clock.advance(60 * 60_000);
		expect(network.peers[1]?.closed).toBe(false);
	});

	it("waits for an engine that is down, as long as an attempt can", async () => {
		network.engineError = gone;
		supply.prepare([], { offer: true });
		const taken = supply.take([], { offer: true, signal });
		await moveOn(meetingTimes.engine - 500);
		network.engineError = null;
		await moveOn(100);
		expect((await taken).peer).toBe(network.peers[0]);
	});

	it("gives up on an engine that stays down", async () => {
		network.engineError = gone;
		const taken = supply.take([], { offer: false, signal });
		const outcome = expect(taken).rejects.toBe(gone);
		await moveOn(meetingTimes.engine + 100);
		await outcome;
	});

	it("stops waiting when nobody needs it any more, and makes none then", async () => {
		network.engineError = gone;
		const nobody = new AbortController();
		const outcome = expect(supply.take([], { offer: false, signal: nobody.signal })).rejects.toBe(gone);
		await moveOn(200);
		nobody.abort();
		await outcome;
		network.engineError = null;
		await moveOn(meetingTimes.engine);
		expect(network.peers).toEqual([]);
	});

	it("doesn't wait for what can't come: an error that is not of an engine that is down", async () => {
		network.engineError = new RoomError("media.argument", "no such thing");
		await expect(supply.take([], { offer: false, signal })).rejects.toBe(network.engineError);
	});

	it("forgets what failed or was lost before it was needed", async () => {
		network.engineError = gone;
		supply.prepare([], { offer: true });
		await setImmediate();
		network.engineError = null;
		supply.prepare([], { offer: false });
		await setImmediate();
		network.peers[0]?.lose();
		expect((await supply.take([], { offer: false, signal })).peer).toBe(network.peers[1]);
	});

	it("keeps what a prepared peer says until somebody listens", async () => {
		supply.prepare([], { offer: true });
		const prepared = await supply.take([], { offer: true, signal });
		await prepared.offer();
		const heard: string[] = [];
		prepared.watch({
			candidate: ({ candidate }) => heard.push(candidate === "" ? "end" : "candidate"),
			connected: () => heard.push("connected"),
			lost: () => heard.push("lost"),
			refused: () => heard.push("refused"),
		});
		expect(heard).toEqual(["candidate", "end"]);
	});

	it("closes what nobody took", async () => {
		supply.prepare([], { offer: false });
		supply.discard();
		await setImmediate();
		expect(network.open).toEqual([]);
	});
});
