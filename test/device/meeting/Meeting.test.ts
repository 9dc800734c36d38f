import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RoomError } from "../../../device/core/RoomError.ts";
import { MeetingRig, type Seat } from "../../sim/meeting/MeetingRig.ts";

let rig: MeetingRig;
beforeEach(async () => {
	rig = await MeetingRig.create();
});
afterEach(() => rig.stop());

const connections = (seat: Seat): number => seat.all("connected").length;
const bothFlow = (): boolean => rig.network.open.length === 2 && rig.network.open.every((peer) => peer.mediaFlowed);

describe("a call", () => {
	it("connects a guest with a room that waits, and both see the same code", async () => {
		const { room, guest } = await rig.call();
		expect(guest.story.slice(0, 3)).toEqual(["rendezvous", "securing", "connected"]);
		expect(room.story.slice(0, 4)).toEqual(["rendezvous", "alone", "securing", "connected"]);
		const [seenByRoom, seenByGuest] = [room.last("connected"), guest.last("connected")];
		expect(seenByRoom.sas).toEqual(seenByGuest.sas);
		expect(seenByRoom.far).toEqual({ name: "Ada", kind: "guest", deviceId: null });
		expect(seenByGuest.far).toEqual({ name: "Berlin", kind: "room", deviceId: "room-7" });
		expect([seenByRoom.security, seenByGuest.security]).toEqual(["encrypted", "encrypted"]);
		expect([seenByRoom.again, seenByGuest.again]).toEqual([false, false]);
		expect(bothFlow()).toBe(true);
	});

	it("connects a room with a guest that waits, which offers too, with the peer that it had prepared", async () => {
		const guest = await rig.guest();
		await rig.until(() => guest.has("alone") && rig.network.peers[0]?.offered === true);
		const room = await rig.room();
		await rig.until(() => room.has("connected") && guest.has("connected"));
		expect(rig.network.peers).toHaveLength(2);
		expect(bothFlow()).toBe(true);
	});

	it("uses the peer that the waiting room had prepared, with the server's ICE servers", async () => {
		const room = await rig.room();
		await rig.until(() => room.has("alone") && rig.network.peers.length === 1);
		expect(rig.network.peers[0]?.iceServers).toEqual([
			{ urls: ["turn:127.0.0.1:3478"], username: "1:x", credential: "y" },
		]);
		const guest = await rig.guest();
		await rig.until(() => room.has("connected") && guest.has("connected"));
		expect(rig.network.peers).toHaveLength(2);
	});

	it("makes a fresh peer instead of one that was prepared long ago, or whose engine crashed", async () => {
		const guest = await rig.guest();
		await rig.until(() => rig.network.peers[0]?.offered === true);
		await rig.advanceUntil(() => rig.network.peers.length === 2, 400_000, 5_000);
		expect(rig.network.peers[0]?.closed).toBe(true);
		rig.network.peers[1]?.lose();
		await rig.until(() => rig.network.peers[1]?.closed === true);
		const room = await rig.room();
		await rig.until(() => room.has("connected") && guest.has("connected"));
		expect(rig.network.open).toHaveLength(2);
		expect(bothFlow()).toBe(true);
	});

	it("between two rooms of the fleet is verified at once; who was there first offers", async () => {
		const first = await rig.room({ prepare: false });
		await rig.until(() => first.has("alone"));
		const second = await rig.seat(await rig.fleet.room(), { name: "München" });
		await rig.until(() => first.has("connected") && second.has("connected"));
		expect(first.last("connected").security).toBe("verified");
		expect(second.last("connected").security).toBe("verified");
		expect(rig.network.peers.map(({ offered }) => offered).filter(Boolean)).toHaveLength(1);
		expect(rig.relay.seen[0]?.to).toBe("m2");
	});

	it("between two guests is encrypted", async () => {
		const first = await rig.guest();
		await rig.until(() => first.has("alone"));
		const second = await rig.guest({ name: "Grace" });
		await rig.until(() => first.has("connected") && second.has("connected"));
		expect(first.last("connected")).toMatchObject({ security: "encrypted", far: { name: "Grace", kind: "guest" } });
		expect(second.last("connected").security).toBe("encrypted");
	});

	it("recognises the far end's key", async () => {
		const { room, guest } = await rig.call();
		expect(room.last("connected").keyFingerprint).toHaveLength(32);
		expect(room.last("connected").keyFingerprint).not.toEqual(guest.last("connected").keyFingerprint);
	});

	it("tells the far end's microphone and camera, from the start and when they change", async () => {
		const room = await rig.room({ media: { microphone: false, camera: true } });
		await rig.until(() => room.has("alone"));
		const guest = await rig.guest();
		await rig.until(() => guest.has("farMedia") && room.has("farMedia"));
		expect(guest.last("farMedia")).toEqual({ microphone: false, camera: true });
		room.meeting.setMedia({ microphone: true, camera: false });
		await rig.until(() => guest.all("farMedia").length === 2);
		expect(guest.last("farMedia")).toEqual({ microphone: true, camera: false });
	});

	it("waits with media for the handshake's end: nothing is released before", async () => {
		// The CONFIRM is the guest's second message or later; nothing of the guest but the OFFER gets through.
		let passed = 0;
		rig.relay.tamper = (frame, to) => (to === "m1" && ++passed > 1 ? [] : [frame]);
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		await rig.guest();
		await rig.until(() => rig.relay.seen.filter(({ to }) => to === "m1").length >= 2);
		await rig.quiet();
		expect(rig.network.peers[0]?.released).toBe(false);
		expect(room.has("connected")).toBe(false);
	});
});

describe("comparing the code", () => {
	it("verifies it on the side where a person did so, and a rebuild keeps that", async () => {
		const { room, guest } = await rig.call();
		room.meeting.compareCode(true);
		expect(room.last("security")).toEqual({ security: "verified" });
		expect(guest.has("security")).toBe(false);
		rig.network.cut();
		await rig.until(() => connections(room) === 2 && connections(guest) === 2);
		expect(room.last("connected")).toMatchObject({ security: "verified", again: true });
		expect(guest.last("connected")).toMatchObject({ security: "encrypted", again: true });
		expect(room.last("connected").sas).toEqual(guest.last("connected").sas);
		expect(room.last("connected").sas).not.toEqual(room.all("connected")[0]?.sas);
	});

	it("ends the call on both sides where the codes differ", async () => {
		const { room, guest } = await rig.call();
		guest.meeting.compareCode(false);
		expect(guest.last("failed")).toEqual({ code: "call.codes_differ" });
		await rig.until(() => room.has("failed"));
		expect(room.last("failed")).toEqual({ code: "call.codes_differ" });
		expect(rig.network.open).toEqual([]);
	});

	it("means nothing before there is a code, or after the end", async () => {
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		room.meeting.compareCode(true);
		room.meeting.compareCode(false);
		room.meeting.leave();
		room.meeting.compareCode(false);
		expect(room.story).toEqual(["rendezvous", "alone", "ended"]);
	});
});

describe("the end", () => {
	it("is told to the far end, which doesn't see it as a loss", async () => {
		const { room, guest } = await rig.call();
		guest.meeting.leave();
		expect(guest.last("ended")).toEqual({ reason: "left" });
		await rig.until(() => room.has("ended"));
		expect(room.last("ended")).toEqual({ reason: "far_end_left" });
		expect(room.has("recovering")).toBe(false);
		expect(rig.network.open).toEqual([]);
		await rig.until(() => rig.relay.members === 0);
	});

	it("isn't shown as a loss even where the transport's end arrives before the farewell", async () => {
		const { room, guest } = await rig.call();
		for (const peer of rig.network.open) peer.lose();
		guest.meeting.leave();
		await rig.until(() => room.has("ended"));
		rig.clock.advance(10_000);
		expect(room.has("recovering")).toBe(false);
	});

	it("comes with a signal, at any moment", async () => {
		const leaving = new AbortController();
		const room = await rig.room({ signal: leaving.signal });
		await rig.until(() => room.has("alone"));
		leaving.abort();
		expect(room.last("ended")).toEqual({ reason: "left" });
		const never = await rig.room({ signal: leaving.signal });
		expect(never.story).toEqual(["ended"]);
		expect(rig.relay.joins).toBe(1);
		await rig.until(() => rig.relay.members === 0);
	});

	it("is the last that is heard, and closes what was prepared", async () => {
		const room = await rig.room();
		await rig.until(() => room.has("alone") && rig.network.peers.length === 1);
		room.meeting.leave();
		await rig.until(() => rig.network.open.length === 0);
		const story = room.story.length;
		room.meeting.leave();
		room.meeting.setMedia({ microphone: true, camera: true });
		room.meeting.networkChanged();
		rig.clock.advance(1_000_000);
		await rig.quiet();
		expect(room.story).toHaveLength(story);
		expect(rig.network.peers).toHaveLength(1);
	});

	it.each([0, 20])(
		"of somebody who never got to talk (%i messages) leaves the other alone again, ready for the next",
		async (count) => {
			rig.network.blocked = true;
			rig.relay.tamper = (frame) => (rig.relay.seen.length <= count ? [frame] : []);
			const room = await rig.room();
			await rig.until(() => room.has("alone"));
			const first = await rig.guest();
			await rig.until(() => room.has("securing"));
			await rig.quiet();
			rig.relay.tamper = (frame) => [frame];
			first.meeting.leave();
			await rig.until(() => room.all("alone").length === 2);
			rig.network.blocked = false;
			const second = await rig.guest({ name: "Grace" });
			await rig.until(() => room.has("connected") && second.has("connected"));
			expect(room.last("connected").far.name).toBe("Grace");
		},
	);
});

describe("a lost path", () => {
	it.each(["both", "the offerer", "the answerer"])("is rebuilt when %s noticed", async (who) => {
		const { room, guest } = await rig.call();
		const [atRoom, atGuest] = rig.network.open;
		if (who !== "the answerer") atGuest?.lose();
		if (who !== "the offerer") atRoom?.lose();
		await rig.until(() => connections(room) === 2 && connections(guest) === 2);
		expect(bothFlow()).toBe(true);
		expect(guest.last("connected").again).toBe(true);
		rig.clock.advance(10_000);
		expect([...room.story, ...guest.story]).not.toContain("recovering");
	});

	it("makes both ask at once whether the rendezvous is still there", async () => {
		await rig.call();
		const before = rig.relay.pings;
		rig.network.cut();
		await rig.until(() => rig.relay.pings >= before + 2);
	});

	it("that takes a moment to mend is shown", async () => {
		const { room, guest } = await rig.call();
		rig.network.blocked = true;
		rig.network.cut();
		await rig.advanceUntil(() => room.has("recovering") && guest.has("recovering"));
		rig.network.blocked = false;
		await rig.advanceUntil(() => connections(room) === 2 && connections(guest) === 2);
		expect(bothFlow()).toBe(true);
	});

	it("that is lost again and again is rebuilt again and again, with pauses", async () => {
		const { room, guest } = await rig.call();
		for (let round = 2; round < 6; round += 1) {
			rig.network.cut();
			await rig.advanceUntil(() => connections(room) === round && connections(guest) === round);
		}
		expect(bothFlow()).toBe(true);
	});

	it("is given up after 45 seconds", async () => {
		const { room, guest } = await rig.call();
		rig.network.blocked = true;
		rig.network.cut();
		await rig.advance(44_000);
		expect(room.has("failed") || guest.has("failed")).toBe(false);
		await rig.advanceUntil(() => room.has("failed") && guest.has("failed"), 2_000);
		expect([room.last("failed").code, guest.last("failed").code]).toEqual([
			"call.connection_lost",
			"call.connection_lost",
		]);
		expect(rig.network.open).toEqual([]);
	});

	it("is rebuilt after an outage of everything, once it is over", async () => {
		const { room, guest } = await rig.call();
		rig.relay.down = true;
		rig.relay.cut();
		rig.network.blocked = true;
		rig.network.cut();
		await rig.advance(5_000);
		rig.relay.down = false;
		rig.network.blocked = false;
		await rig.advanceUntil(() => connections(room) === 2 && connections(guest) === 2, 12_000);
		expect(bothFlow()).toBe(true);
	});

	it("is rebuilt when the engine is back after its crash", async () => {
		const { room, guest } = await rig.call();
		rig.network.engineError = new RoomError("media.engine_failed", "The engine is gone");
		rig.network.cut();
		await rig.advance(3_000);
		rig.network.engineError = null;
		await rig.advanceUntil(() => connections(room) === 2 && connections(guest) === 2, 15_000);
	});

	it("is rebuilt at once when only the room's engine crashed: the OFFER waits for the new one", async () => {
		let crashed = false;
		const createPeer = rig.network.factory("webrtcbin");
		const room = await rig.room({
			createPeer: async (options) => {
				if (crashed) throw new RoomError("media.engine_failed", "The engine is gone");
				return createPeer(options);
			},
		});
		await rig.until(() => room.has("alone"));
		const guest = await rig.guest();
		await rig.until(() => room.has("connected") && guest.has("connected"));
		crashed = true;
		rig.network.cut();
		await rig.advance(1_000, 100);
		expect(connections(guest)).toBe(1);
		crashed = false;
		await rig.advanceUntil(() => connections(room) === 2 && connections(guest) === 2, 300, 100);
		expect(bothFlow()).toBe(true);
	});

	it("is rebuilt although an engine hung in the first attempt", async () => {
		const { room, guest } = await rig.call();
		rig.network.hanging = true;
		rig.network.cut();
		await rig.advance(2_000);
		rig.network.hanging = false;
		await rig.advanceUntil(() => connections(room) === 2 && connections(guest) === 2, 30_000);
	});

	it("with the far end gone from the rendezvous too, and not back in time, means that it has vanished", async () => {
		const { room } = await rig.call();
		rig.relay.cut("m2");
		rig.network.blocked = true;
		rig.relay.down = true;
		rig.network.cut();
		await rig.advance(19_000);
		expect(room.has("failed")).toBe(false);
		await rig.advanceUntil(() => room.has("failed"), 2_500);
		expect(room.last("failed")).toEqual({ code: "call.far_end_vanished" });
	});
});

describe("a far end that closed the path itself", () => {
	/** The room has left, and its farewell was lost with the rendezvous. */
	async function roomLeavesUnheard() {
		const { room, guest } = await rig.call();
		rig.relay.down = true;
		rig.relay.cut();
		await rig.quiet();
		room.meeting.leave();
		await rig.advanceUntil(() => guest.has("recovering"), 2_000);
		return guest;
	}

	it("and is not at the rendezvous has left", async () => {
		const guest = await roomLeavesUnheard();
		rig.relay.down = false;
		await rig.advanceUntil(() => guest.last("rendezvous").connected, 10_000);
		await rig.advance(7_000);
		expect(guest.has("ended")).toBe(false);
		await rig.advanceUntil(() => guest.has("ended"), 2_000);
		expect(guest.last("ended")).toEqual({ reason: "far_end_left" });
		expect(rig.network.open).toEqual([]);
	});

	it("is waited for as long as we are not at the rendezvous ourselves", async () => {
		const guest = await roomLeavesUnheard();
		await rig.advance(40_000);
		expect(guest.has("ended") || guest.has("failed")).toBe(false);
		await rig.advanceUntil(() => guest.has("failed"), 6_000);
		expect(guest.last("failed")).toEqual({ code: "call.connection_lost" });
	});

	it("and is at the rendezvous means to rebuild it", async () => {
		const { room, guest } = await rig.call();
		const [atRoom] = rig.network.open;
		await atRoom?.close();
		await rig.advanceUntil(() => connections(guest) === 2, 3_000);
		await rig.advance(20_000);
		expect([...room.story, ...guest.story]).not.toContain("ended");
		expect(bothFlow()).toBe(true);
	});
});

describe("the rendezvous", () => {
	it("may be gone: the call goes on, and is rebuilt when it is back", async () => {
		const { room, guest } = await rig.call();
		rig.relay.down = true;
		rig.relay.cut();
		await rig.advance(60_000);
		expect(room.last("rendezvous")).toEqual({ connected: false });
		expect(bothFlow()).toBe(true);
		expect([...room.story, ...guest.story]).not.toContain("recovering");
		rig.relay.down = false;
		await rig.advanceUntil(() => room.last("rendezvous").connected && guest.last("rendezvous").connected);
		await rig.quiet();
		expect(connections(room)).toBe(1);
		rig.network.cut();
		await rig.advanceUntil(() => connections(room) === 2 && connections(guest) === 2);
		room.meeting.leave();
		await rig.until(() => guest.has("ended"));
		expect(guest.last("ended")).toEqual({ reason: "far_end_left" });
	});

	it("may lose one member: the call goes on, and farewells arrive once it is back", async () => {
		const { room, guest } = await rig.call();
		rig.relay.cut("m2");
		await rig.advanceUntil(() => rig.relay.joins === 3);
		await rig.quiet();
		expect(room.story).not.toContain("recovering");
		guest.meeting.leave();
		await rig.until(() => room.has("ended"));
		expect(room.last("ended")).toEqual({ reason: "far_end_left" });
	});

	it("that can't be reached fails the meeting after ten seconds, but not while alone later", async () => {
		rig.relay.down = true;
		const one = await rig.room();
		await rig.advance(9_000);
		expect(one.has("failed")).toBe(false);
		await rig.advanceUntil(() => one.has("failed"), 2_000);
		expect(one.last("failed")).toEqual({ code: "rendezvous.unreachable" });
		rig.relay.down = false;
		const two = await rig.room();
		await rig.advanceUntil(() => two.has("alone"));
		rig.relay.down = true;
		rig.relay.cut();
		await rig.advance(60_000);
		expect(two.has("failed")).toBe(false);
		rig.relay.down = false;
		await rig.advanceUntil(() => two.last("rendezvous").connected, 20_000);
		const guest = await rig.guest();
		await rig.advanceUntil(() => two.has("connected") && guest.has("connected"));
	});

	it("tells a third member that the meeting is full, and the two go on", async () => {
		const { room, guest } = await rig.call();
		const third = await rig.guest();
		await rig.until(() => third.has("failed"));
		expect(third.last("failed")).toEqual({ code: "rendezvous.meeting_full" });
		expect([...room.story, ...guest.story]).not.toContain("failed");
		expect(bothFlow()).toBe(true);
	});

	it("that refuses us otherwise is named", async () => {
		rig.relay.refuseJoins = "rendezvous.too_many_meetings";
		const room = await rig.room();
		await rig.until(() => room.has("failed"));
		expect(room.last("failed")).toEqual({ code: "rendezvous.refused" });
	});

	it.each([0, 1, 2, 3, 4, 5])("may be interrupted in the middle of the handshake, after message %i", async (count) => {
		let seen = 0;
		rig.relay.tamper = (frame) => {
			if (++seen <= count) return [frame];
			rig.relay.tamper = (later) => [later];
			rig.relay.cut(`m${(count % 2) + 1}`);
			return [];
		};
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		const guest = await rig.guest();
		await rig.advanceUntil(() => room.has("connected") && guest.has("connected"), 45_000);
		await rig.quiet();
		expect(room.last("connected").sas).toEqual(guest.last("connected").sas);
		expect(bothFlow()).toBe(true);
	});
});

describe("no call comes about", () => {
	it("where no path is found", async () => {
		rig.network.blocked = true;
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		const guest = await rig.guest();
		await rig.until(() => room.has("securing") && guest.has("securing"));
		await rig.advanceUntil(() => room.has("failed") && guest.has("failed"), 50_000);
		expect([room.last("failed").code, guest.last("failed").code]).toEqual(["call.no_path", "call.no_path"]);
		expect(rig.network.mediaFlowed).toBe(false);
	});

	it("where the far end is there and says nothing", async () => {
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		await rig.linkHolder();
		await rig.until(() => room.has("securing"));
		await rig.advanceUntil(() => room.has("failed"), 50_000);
		expect(room.last("failed")).toEqual({ code: "call.no_answer" });
	});

	it("where our engine doesn't work", async () => {
		rig.network.engineError = new RoomError("media.engine_failed", "The engine is gone");
		const guest = await rig.guest();
		await rig.until(() => guest.has("alone"));
		await rig.room();
		await rig.until(() => guest.has("securing"));
		await rig.advanceUntil(() => guest.has("failed"), 50_000);
		expect(guest.last("failed")).toEqual({ code: "media.engine_failed" });
	});
});
