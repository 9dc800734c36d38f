import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { PeerSupply } from "../../../device/meeting/PeerSupply.ts";
import { SimulatedNetwork } from "../../sim/meeting/SimulatedPeer.ts";

let network: SimulatedNetwork;
let clock: ManualClock;
let supply: PeerSupply;
beforeEach(() => {
	network = new SimulatedNetwork();
	clock = new ManualClock(0);
	supply = new PeerSupply({ factory: network.factory("chromium"), clock });
});

describe("the supply of peers", () => {
	it("gives what was prepared, once", async () => {
		supply.prepare([], { offer: true });
		supply.prepare([], { offer: true });
		const first = await supply.take([], { offer: true });
		expect(first.peer).toBe(network.peers[0]);
		expect((await supply.take([], { offer: true })).peer).toBe(network.peers[1]);
		expect(network.peers.map(({ closed }) => closed)).toEqual([false, false]);
	});

	it("gives one without an offer to whoever will offer, but never one with an offer to whoever will answer", async () => {
		supply.prepare([], { offer: false });
		expect((await supply.take([], { offer: true })).peer).toBe(network.peers[0]);
		supply.prepare([], { offer: true });
		const answering = await supply.take([], { offer: false });
		expect(answering.peer).toBe(network.peers[2]);
		expect(network.peers[1]?.closed).toBe(true);
	});

	it("replaces what has grown old", async () => {
		supply.prepare([], { offer: true });
		clock.advance(5 * 60_000);
		const taken = await supply.take([], { offer: true });
		expect(taken.peer).toBe(network.peers[1]);
		expect(network.peers[0]?.closed).toBe(true);
		clock.advance(60 * 60_000);
		expect(network.peers[1]?.closed).toBe(false);
	});

	it("forgets what failed or was lost before it was needed", async () => {
		network.engineError = new RoomError("media.engine_failed", "gone");
		supply.prepare([], { offer: true });
		await expect(supply.take([], { offer: true })).rejects.toMatchObject({ code: "media.engine_failed" });
		network.engineError = null;
		supply.prepare([], { offer: false });
		await setImmediate();
		network.peers[0]?.lose();
		expect((await supply.take([], { offer: false })).peer).toBe(network.peers[1]);
	});

	it("keeps what a prepared peer says until somebody listens", async () => {
		supply.prepare([], { offer: true });
		const prepared = await supply.take([], { offer: true });
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
