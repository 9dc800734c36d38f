import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MeetingRig, type Seat } from "../../sim/meeting/MeetingRig.ts";

const hostile = readFileSync(join(import.meta.dirname, "corpus/server-frames.txt"), "utf8")
	.split("\n")
	.slice(0, -1);

let rig: MeetingRig;
beforeEach(async () => {
	rig = await MeetingRig.create();
});
afterEach(() => rig.stop());

const sealedNoise = (length: number): string => randomBytes(length).toString("base64url");
const dropped = (seat: Seat, what: string): number => Number(seat.meeting.dropped[what]);
/** The call is as it was, and still works: signals arrive, and the code is equal. */
async function stillWorks(room: Seat, guest: Seat): Promise<void> {
	guest.meeting.setMedia({ microphone: false, camera: false });
	await rig.until(() => room.all("farMedia").some(({ camera }) => !camera));
	expect([...room.story, ...guest.story]).not.toContain("failed");
	expect(room.last("connected").sas).toEqual(guest.last("connected").sas);
	expect(rig.network.open).toHaveLength(2);
}

describe("signalling faults in a call are counted and change nothing", () => {
	it("garbage of every kind", async () => {
		const { room, guest } = await rig.call();
		for (const frame of hostile) if (!/"(?:left|member)"/.test(frame)) rig.relay.deliver("m1", frame);
		await rig.until(() => dropped(room, "malformed") > 10);
		await stillWorks(room, guest);
	});

	it("members that come and go only on the server's word", async () => {
		const { room, guest } = await rig.call();
		for (const frame of hostile) if (/"(?:left|member)"/.test(frame)) rig.relay.deliver("m1", frame);
		rig.relay.deliver("m1", { t: "left", id: "m2" });
		await rig.quiet();
		expect([...room.story, ...guest.story]).not.toContain("recovering");
		expect([...room.story, ...guest.story]).not.toContain("failed");
		expect(room.all("alone")).toHaveLength(1);
		expect(rig.network.open.every(({ connected }) => connected)).toBe(true);
	});

	it("a frame of a megabyte", async () => {
		const { room, guest } = await rig.call();
		rig.relay.deliver("m1", { t: "message", from: "m2", sealed: "A".repeat(1_000_000) });
		await rig.until(() => dropped(room, "oversize") === 1);
		await stillWorks(room, guest);
	});

	it("a wrong seal", async () => {
		const { room, guest } = await rig.call();
		rig.relay.deliver("m1", { t: "message", from: "m2", sealed: sealedNoise(500) });
		rig.relay.deliver("m1", { t: "message", from: "m2", sealed: "A" });
		await rig.until(() => dropped(room, "wrongSeal") === 2);
		await stillWorks(room, guest);
	});

	it("a message from nobody, or moved from another direction", async () => {
		const { room, guest } = await rig.call();
		const toGuest = rig.relay.seen.find(({ to }) => to === "m2");
		rig.relay.deliver("m1", { t: "message", from: "m9", sealed: sealedNoise(100) });
		if (toGuest) rig.relay.deliver("m1", { t: "message", from: "m2", sealed: toGuest.frame.sealed });
		await rig.until(() => dropped(room, "notForUs") === 1 && dropped(room, "wrongSeal") === 1);
		await stillWorks(room, guest);
	});

	it("ten thousand messages in a burst", async () => {
		const { room, guest } = await rig.call();
		const sealed = sealedNoise(200);
		for (let count = 0; count < 10_000; count += 1) rig.relay.deliver("m1", { t: "message", from: "m2", sealed });
		await rig.until(() => dropped(room, "overflow") + dropped(room, "wrongSeal") === 10_000);
		expect(dropped(room, "overflow")).toBeGreaterThan(0);
		await stillWorks(room, guest);
	});

	it("ten thousand members in a burst: presence is learnt afresh rather than lost", async () => {
		const { room, guest } = await rig.call();
		const hello = sealedNoise(100);
		for (let count = 0; count < 10_000; count += 1) rig.relay.deliver("m1", { t: "member", id: `x${count}`, hello });
		await rig.advanceUntil(() => rig.relay.joins > 2 && room.last("rendezvous").connected);
		await rig.quiet();
		await stillWorks(room, guest);
	});

	it("every message again and again", async () => {
		rig.relay.tamper = (frame) => [frame, frame, frame];
		const { room, guest } = await rig.call();
		await rig.until(() => dropped(room, "repeated") > 3);
		await stillWorks(room, guest);
		expect(rig.network.peers).toHaveLength(2);
	});

	it("all that was ever said, once more", async () => {
		const { room, guest } = await rig.call();
		await rig.quiet();
		const before = dropped(room, "repeated");
		const old = rig.relay.seen.filter(({ to }) => to === "m1");
		for (const { frame } of old) rig.relay.deliver("m1", frame);
		await rig.until(() => dropped(room, "repeated") === before + old.length);
		await stillWorks(room, guest);
	});
});

describe("signalling faults before a call", () => {
	it("members who don't hold the link's secret are nobody", async () => {
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		rig.relay.broadcast({ t: "member", id: "x1", hello: sealedNoise(100) });
		rig.relay.broadcast({ t: "message", from: "x1", sealed: sealedNoise(100) });
		await rig.until(() => dropped(room, "wrongSeal") === 1 && dropped(room, "notForUs") === 1);
		expect(room.story).toEqual(["rendezvous", "alone"]);
	});

	it("our own card, sent back, is nobody", async () => {
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		rig.relay.deliver("m1", { t: "member", id: "x1", hello: rig.relay.helloOf("m1") });
		rig.relay.deliver("m1", { t: "message", from: "x1", sealed: sealedNoise(100) });
		await rig.until(() => dropped(room, "notForUs") === 1);
		expect(room.story).toEqual(["rendezvous", "alone"]);
	});

	it("addresses that are no STUN or TURN server's go nowhere", async () => {
		const ice = [
			{ urls: ["http://192.0.2.1/x", "turns:192.0.2.1", "stun:192.0.2.1"] },
			{ urls: ["file:///etc/passwd"] },
		];
		rig.relay.lie = (joined) => ({ ...joined, ice });
		const room = await rig.room();
		await rig.until(() => room.has("alone") && rig.network.peers.length === 1);
		expect(rig.network.peers[0]?.iceServers).toEqual([{ urls: ["turns:192.0.2.1", "stun:192.0.2.1"] }, { urls: [] }]);
	});

	it("messages out of order: what comes too early or too late is dropped, and the call comes about", async () => {
		const held: Parameters<RelayTamper>[0][] = [];
		rig.relay.tamper = (frame) => {
			held.push(frame);
			return held.length % 2 === 0 ? held.splice(0).reverse() : [];
		};
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		const guest = await rig.guest();
		await rig.advanceUntil(
			() => dropped(room, "stale") + dropped(guest, "stale") + dropped(room, "malformed") > 0,
			45_000,
		);
		rig.relay.tamper = (frame) => [frame];
		await rig.advanceUntil(() => room.has("connected") && guest.has("connected"), 45_000);
		await stillWorks(room, guest);
	});

	it.each([2, 3, 5])("every message with a bit flipped now and then (one in %i)", async (rate) => {
		let count = 0;
		rig.relay.tamper = (frame) => {
			count += 1;
			if (count % rate !== 0 || count > 12) return [frame];
			const at = Math.floor(frame.sealed.length / 2);
			const put = frame.sealed[at] === "A" ? "B" : "A";
			return [{ ...frame, sealed: frame.sealed.slice(0, at) + put + frame.sealed.slice(at + 1) }];
		};
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		const guest = await rig.guest();
		await rig.advanceUntil(() => room.has("connected") && guest.has("connected"), 45_000);
		await rig.quiet();
		expect(room.last("connected").sas).toEqual(guest.last("connected").sas);
		expect(dropped(room, "wrongSeal") + dropped(guest, "wrongSeal")).toBeGreaterThan(0);
	});

	it("every second message lost", async () => {
		let count = 0;
		rig.relay.tamper = (frame) => (++count % 2 === 0 && count < 12 ? [] : [frame]);
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		const guest = await rig.guest();
		await rig.advanceUntil(() => room.has("connected") && guest.has("connected"), 45_000);
	});

	it("a server that tells each that the other came later, so that both offer", async () => {
		const first = await rig.guest();
		await rig.until(() => first.has("alone"));
		rig.relay.lie = (joined) => ({ ...joined, members: [] });
		const second = await rig.guest();
		await rig.until(() => second.has("alone"));
		rig.relay.deliver("m2", { t: "member", id: "m1", hello: rig.relay.helloOf("m1") });
		await rig.advanceUntil(() => first.has("connected") && second.has("connected"), 45_000);
		expect(first.last("connected").sas).toEqual(second.last("connected").sas);
	});

	it("a server that tells each that the other was there first, so that neither offers", async () => {
		const first = await rig.guest();
		await rig.until(() => first.has("alone"));
		rig.relay.tellMember = false;
		rig.relay.tellLeft = false;
		const second = await rig.guest();
		await rig.until(() => second.has("securing"));
		rig.relay.tellMember = true;
		// Back again, the first learns of the second as of one who was there before.
		rig.relay.cut("m1");
		await rig.advanceUntil(() => first.has("connected") && second.has("connected"), 45_000);
		expect(first.last("connected").sas).toEqual(second.last("connected").sas);
	});
});

type RelayTamper = MeetingRig["relay"]["tamper"];
