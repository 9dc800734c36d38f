import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MeetingRig } from "../../sim/meeting/MeetingRig.ts";

let rig: MeetingRig;
beforeEach(async () => {
	rig = await MeetingRig.create();
});
afterEach(() => rig.stop());

describe("a call", () => {
	it("connects a guest with a room that waits, and both see the same code", async () => {
		const { room, guest } = await rig.call();
		expect(guest.story.slice(0, 3)).toEqual(["rendezvous", "securing", "connected"]);
		expect(room.story.slice(0, 4)).toEqual(["rendezvous", "alone", "securing", "connected"]);
		const [seenByRoom, seenByGuest] = [room.last("connected"), guest.last("connected")];
		expect(seenByRoom.sas).toEqual(seenByGuest.sas);
		expect(seenByRoom.far).toEqual({ name: "Ada", kind: "guest", deviceId: null });
		expect(seenByGuest.far).toEqual({ name: "Berlin", kind: "room", deviceId: "room-7" });
		expect(seenByRoom.security).toBe("encrypted");
		expect(rig.network.open.every((peer) => peer.mediaFlowed)).toBe(true);
	});
});
