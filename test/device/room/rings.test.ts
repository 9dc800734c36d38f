import { describe, expect, test } from "vitest";
import { LINK, RoomBench, START } from "./RoomBench.ts";

const closed = { microphone: "closed", camera: "closed" };
const open = { microphone: "open", camera: "open" };

describe("rings", () => {
	const incoming = { type: "ring.incoming", ring: "r1", from: "München", verified: true, link: LINK } as const;

	test("a ring opens nothing; answering without camera leaves the camera closed until it is touched", async () => {
		const bench = new RoomBench().ready();
		bench.room.tell(incoming);
		expect(bench.screen).toEqual({ name: "ringing-in", since: START, from: "München", verified: true });
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
		bench.room.intent({ type: "panel.answer", camera: false });
		expect(bench.answers).toEqual([{ ring: "r1", answer: "accepted" }]);
		expect(bench.sessions[0]).toEqual({ link: LINK, origin: "answer", wish: { microphone: true, camera: false } });
		await bench.settled();
		expect(bench.engine.state).toEqual({ microphone: "open", camera: "closed" });
		bench.room.intent({ type: "panel.camera", on: false });
		await bench.settled();
		expect(bench.engine.state).toEqual({ microphone: "open", camera: "closed" });
		bench.room.intent({ type: "panel.camera", on: true });
		await bench.settled();
		expect(bench.engine.state).toEqual(open);
	});

	test("declined here, taken back there, or left to ring", () => {
		const bench = new RoomBench().ready();
		bench.room.tell(incoming);
		bench.room.tell({ type: "ring.cancelled", ring: "another" });
		expect(bench.screen.name).toBe("ringing-in");
		bench.room.tell({ type: "ring.cancelled", ring: "r1" });
		expect(bench.screen.name).toBe("resting");
		bench.room.tell({ ...incoming, ring: "r2" });
		bench.room.intent({ type: "panel.decline" });
		expect(bench.answers).toEqual([{ ring: "r2", answer: "declined" }]);
		expect(bench.screen).toMatchObject({ name: "ended", end: "declined_here" });
		bench.room.tell({ ...incoming, ring: "r3" });
		bench.clock.advance(30_000);
		expect(bench.screen.name).toBe("resting");
	});

	test("the broker's second delivery of a ring is no new ring", () => {
		const bench = new RoomBench().ready();
		bench.room.tell(incoming);
		bench.room.tell(incoming);
		bench.room.intent({ type: "panel.answer", camera: true });
		bench.room.tell(incoming);
		expect(bench.answers).toEqual([{ ring: "r1", answer: "accepted" }]);
	});

	test("a second ring is answered busy: while ringing, in a call, while ringing out", () => {
		const bench = new RoomBench().ready();
		bench.room.tell(incoming);
		bench.room.tell({ ...incoming, ring: "second" });
		expect(bench.answers).toEqual([{ ring: "second", answer: "busy" }]);
		bench.room.intent({ type: "panel.decline" });
		bench.room.intent({ type: "panel.call", room: "muenchen-01" });
		bench.room.tell({ ...incoming, ring: "third" });
		expect(bench.answers.at(-1)).toEqual({ ring: "third", answer: "busy" });
		bench.ring?.({ type: "ring.answered", link: LINK });
		bench.room.tell({ ...incoming, ring: "fourth" });
		expect(bench.answers.at(-1)).toEqual({ ring: "fourth", answer: "busy" });
	});

	test("ringing out joins the ringed meeting, and being there first is not being alone", () => {
		const bench = new RoomBench().ready();
		bench.room.intent({ type: "panel.call", room: "muenchen-01" });
		expect(bench.screen).toEqual({ name: "ringing-out", since: START, to: "München" });
		expect(bench.rings).toEqual([{ room: "muenchen-01" }]);
		bench.ring?.({ type: "ring.answered", link: LINK });
		expect(bench.ring).toBeNull();
		expect(bench.sessions[0]).toMatchObject({ link: LINK, origin: "ring" });
		bench.session?.({ type: "session.alone", guestLink: LINK });
		expect(bench.screen.name).toBe("joining");
		bench.clock.advance(45_000);
		expect(bench.screen).toMatchObject({ name: "ended", failure: "call.no_answer" });
	});

	test.each([
		[{ type: "ring.declined" }, "call.declined"],
		[{ type: "ring.busy" }, "call.busy"],
		[{ type: "ring.timeout" }, "call.no_answer"],
		[{ type: "ring.failed", failure: "ring.room_offline" }, "ring.room_offline"],
	] as const)("%o ends the ring", async (event, failure) => {
		const bench = new RoomBench().ready();
		bench.room.intent({ type: "panel.call", room: "muenchen-01" });
		bench.ring?.(event);
		expect(bench.screen).toMatchObject({ name: "ended", failure });
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
	});

	test("nobody answers for 30 s; a cancelled ring stops", () => {
		const bench = new RoomBench().ready();
		bench.room.intent({ type: "panel.call", room: "muenchen-01" });
		bench.clock.advance(30_000);
		expect(bench.screen).toMatchObject({ name: "ended", failure: "call.no_answer" });
		bench.room.intent({ type: "panel.call", room: "muenchen-01" });
		bench.room.intent({ type: "panel.cancel" });
		expect(bench.screen).toMatchObject({ name: "ended", end: "cancelled" });
		expect(bench.ring).toBeNull();
	});

	test("without a broker rooms can't be called; a link still can be joined", () => {
		const bench = new RoomBench().ready();
		bench.room.tell({ type: "presence.changed", room: "muenchen-01", online: true });
		bench.room.tell({ type: "broker.down" });
		expect(bench.room.snapshot()).toMatchObject({ can: { call: false, join: true }, missing: ["broker"] });
		expect(bench.room.snapshot().directory[0]?.online).toBeNull();
		expect(bench.room.intent({ type: "panel.call", room: "muenchen-01" })).toBe("panel.not_now");
	});
});
