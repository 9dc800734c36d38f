import { describe, expect, test } from "vitest";
import { type FailureReason, failureReason } from "../../../device/contract/failure.ts";
import { snapshot as snapshotSchema } from "../../../device/contract/snapshot.ts";
import { connectedEvent, entry, LINK, openSource, RoomBench, START } from "./RoomBench.ts";

const closed = { microphone: "closed", camera: "closed" };
const open = { microphone: "open", camera: "open" };
const MINUTE = 60_000;

function joined(): RoomBench {
	const bench = new RoomBench().ready();
	expect(bench.room.intent({ type: "panel.join", entry: "entry" })).toBe("ack");
	return bench;
}

function connected(): RoomBench {
	const bench = joined();
	bench.session?.({ type: "session.securing" });
	bench.session?.(connectedEvent);
	return bench;
}

describe("settings of the room", () => {
	test("change while it runs, also in a call, which goes on", async () => {
		const bench = connected();
		bench.room.tell({ type: "presence.changed", room: "muenchen-01", online: true });
		const before = bench.screen;
		const munich = { id: "muenchen-01", name: "München, Saal" };
		const directory = [munich, { id: "bonn-0001", name: "Bonn" }];
		bench.room.tell({ type: "settings.changed", name: "Rom", seats: null, locale: "en", directory });
		const snapshot = bench.room.snapshot();
		expect(snapshot.room).toEqual({ name: "Rom", seats: null, locale: "en", timeZone: "Europe/Berlin" });
		// what was known of a room that is still listed stays known
		expect(snapshot.directory).toEqual([
			{ ...munich, online: true },
			{ id: "bonn-0001", name: "Bonn", online: null },
		]);
		expect(snapshot.screen).toEqual(before);
		await bench.settled();
		expect(bench.engine.tv?.locale).toBe("en");
	});

	test("leave the language that somebody chose at the panel, unless they name one", () => {
		const bench = new RoomBench().ready();
		bench.room.intent({ type: "panel.locale", locale: "en" });
		bench.room.tell({ type: "settings.changed", name: "Rom", seats: 4, locale: null, directory: [] });
		expect(bench.room.snapshot().room.locale).toBe("en");
		bench.room.tell({ type: "settings.changed", name: "Rom", seats: 4, locale: "de", directory: [] });
		expect(bench.room.snapshot().room.locale).toBe("de");
	});

	test("a room is neither put into service nor updated by its own touches", () => {
		const bench = new RoomBench().ready();
		expect(bench.room.intent({ type: "panel.enrol", code: "0123456789ABCDEF" })).toBe("panel.not_now");
		expect(bench.room.intent({ type: "panel.update", now: true })).toBe("panel.not_now");
	});
});

describe("a call by a calendar entry", () => {
	test("one tap joins, secures, connects; leaving sums up and rests again by itself", async () => {
		const bench = joined();
		expect(bench.screen).toEqual({ name: "joining", since: START, slow: false });
		expect(bench.sessions).toEqual([{ link: LINK, origin: "agenda", wish: { microphone: true, camera: true } }]);
		await bench.settled();
		expect(bench.engine.state).toEqual(open);
		bench.session?.({ type: "session.securing" });
		expect(bench.screen).toMatchObject({ name: "call", phase: "securing", security: "securing", code: null });
		bench.session?.(connectedEvent);
		expect(bench.screen).toMatchObject({ name: "call", phase: "connected", security: "encrypted", since: START });
		bench.clock.advance(90_000);
		expect(bench.room.intent({ type: "panel.leave" })).toBe("ack");
		expect(bench.screen).toEqual({ name: "ended", end: "left", failure: null, seconds: 90 });
		expect(bench.session).toBeNull();
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
		bench.clock.advance(20_000);
		expect(bench.screen.name).toBe("resting");
	});

	test("is there from ten minutes before until the end, and the snapshot changes with time alone", () => {
		const bench = new RoomBench().ready();
		bench.room.tell({
			type: "calendar.changed",
			entries: [entry({ start: START + 30 * MINUTE, end: START + 60 * MINUTE })],
			failure: null,
		});
		expect(bench.room.snapshot().agenda.entries[0]).toMatchObject({ join: false, why: "early" });
		expect(bench.room.intent({ type: "panel.join", entry: "entry" })).toBe("panel.not_now");
		bench.clock.advance(20 * MINUTE - 1);
		expect(bench.room.snapshot().can.join).toBe(false);
		bench.clock.advance(1);
		expect(bench.room.snapshot().can.join).toBe(true);
		bench.clock.advance(40 * MINUTE);
		expect(bench.room.snapshot().can.join).toBe(false);
		expect(bench.room.snapshot().agenda.entries).toEqual([]);
		expect(bench.room.intent({ type: "panel.join", entry: "entry" })).toBe("panel.not_now");
	});

	test.each([
		["no_link", { link: null, why: "no_link" }],
		["unknown_service", { link: null, why: "unknown_service", service: "Zoom" }],
		["link_stripped", { link: null, why: "link_stripped" }],
		["cancelled", { why: "cancelled" }],
	] as const)("is refused with its reason: %s", (why, change) => {
		const bench = new RoomBench().ready();
		bench.room.tell({ type: "calendar.changed", entries: [entry(change)], failure: null });
		expect(bench.room.snapshot().agenda.entries[0]).toMatchObject({ join: false, why });
		expect(bench.room.intent({ type: "panel.join", entry: "entry" })).toBe("panel.not_now");
		expect(bench.screen.name).toBe("resting");
	});

	test("its link is nowhere in the snapshot", () => {
		expect(JSON.stringify(joined().room.snapshot())).not.toContain("s".repeat(43));
	});
});

describe("other ways into a meeting", () => {
	test("meet now makes a meeting of its own and waits alone with a link to pass on", () => {
		const bench = new RoomBench().ready();
		bench.room.intent({ type: "panel.meet_now" });
		expect(bench.sessions).toEqual([{ link: null, origin: "new", wish: { microphone: true, camera: true } }]);
		bench.session?.({ type: "session.alone", guestLink: LINK });
		expect(bench.screen).toEqual({ name: "alone", since: START, guestLink: LINK });
		bench.clock.advance(60_000);
		expect(bench.screen.name).toBe("alone");
		bench.session?.({ type: "session.securing" });
		expect(bench.screen).toMatchObject({ name: "call", phase: "securing" });
	});

	test("a room left alone is closed after half an hour", async () => {
		const bench = new RoomBench().ready();
		bench.room.intent({ type: "panel.meet_now" });
		bench.session?.({ type: "session.alone", guestLink: LINK });
		bench.clock.advance(30 * MINUTE);
		expect(bench.screen).toMatchObject({ name: "ended", failure: "call.no_answer" });
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
	});

	test("a typed link is given to the session as it is", () => {
		const bench = new RoomBench().ready();
		bench.room.intent({ type: "panel.join_link", link: "anything" });
		expect(bench.sessions[0]).toMatchObject({ link: "anything", origin: "link" });
	});

	test.each([
		["session", { type: "panel.meet_now" }],
		["ring", { type: "panel.call", room: "muenchen-01" }],
	] as const)("a %s that throws at its start ends in room.unexpected, and the room lives on", async (_, intent) => {
		const bench = new RoomBench().ready();
		bench.failing = true;
		bench.room.intent(intent);
		expect(bench.screen).toMatchObject({ name: "ended", failure: "room.unexpected" });
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
		bench.failing = false;
		expect(bench.room.intent(intent)).toBe("ack");
		expect(bench.broken).toBe(0);
	});
});

describe("limits of time", () => {
	test("joining explains itself after 10 s and ends clearly after 45 s", () => {
		const bench = joined();
		bench.clock.advance(9_999);
		expect(bench.screen).toMatchObject({ name: "joining", slow: false });
		bench.clock.advance(1);
		expect(bench.screen).toMatchObject({ name: "joining", slow: true });
		bench.clock.advance(34_999);
		expect(bench.screen.name).toBe("joining");
		bench.clock.advance(1);
		expect(bench.screen).toMatchObject({ name: "ended", failure: "call.no_path" });
	});

	test("the limit covers joining and securing together", () => {
		const bench = joined();
		bench.clock.advance(40_000);
		bench.session?.({ type: "session.securing" });
		bench.clock.advance(5_000);
		expect(bench.screen).toMatchObject({ name: "ended", failure: "call.no_path" });
	});

	test("without a rendezvous the end says so", () => {
		const bench = joined();
		bench.room.tell({ type: "rendezvous.down" });
		bench.clock.advance(45_000);
		expect(bench.screen).toMatchObject({ name: "ended", failure: "rendezvous.unreachable" });
	});

	test("a guest who comes late to a waiting room has the whole limit", () => {
		const bench = joined();
		bench.session?.({ type: "session.alone", guestLink: LINK });
		bench.clock.advance(10 * MINUTE);
		bench.session?.({ type: "session.securing" });
		bench.clock.advance(44_999);
		expect(bench.screen).toMatchObject({ name: "call", phase: "securing" });
	});

	test.each([
		[false, "call.connection_lost"],
		[true, "call.far_end_vanished"],
	] as const)("recovering ends after 45 s (far end gone: %s)", (gone, failure) => {
		const bench = connected();
		bench.session?.({ type: "session.recovering" });
		if (gone) bench.session?.({ type: "session.alone", guestLink: LINK });
		expect(bench.screen).toMatchObject({ name: "call", phase: "recovering" });
		bench.clock.advance(45_000);
		expect(bench.screen).toMatchObject({ name: "ended", failure, seconds: 0 });
	});
});

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

describe("in the call", () => {
	test("mute and camera off are told to the engine and to the session", async () => {
		const bench = connected();
		bench.room.tell({ type: "sources.changed", microphone: openSource, camera: openSource });
		bench.room.intent({ type: "panel.microphone", on: false });
		await bench.settled();
		expect(bench.engine.state).toEqual({ microphone: "muted", camera: "open" });
		expect(bench.commands.at(-1)).toEqual({ type: "session.media", microphone: false, camera: true, turn: null });
	});

	test("codes that are equal verify, in this call only; codes that differ end it", () => {
		const bench = connected();
		expect(bench.room.intent({ type: "panel.compare", same: true })).toBe("ack");
		expect(bench.screen).toMatchObject({ compared: true, security: "verified" });
		expect(bench.commands).toContainEqual({ type: "session.compare", same: true });
		bench.room.intent({ type: "panel.compare", same: false });
		expect(bench.commands.at(-1)).toEqual({ type: "session.compare", same: false });
		expect(bench.session).toBeNull();
		expect(bench.screen).toMatchObject({ name: "ended", failure: "call.codes_differ" });
	});

	test("after a rebuild a comparison counts only if the far end proved the same key again", () => {
		const bench = connected();
		bench.room.intent({ type: "panel.compare", same: true });
		bench.session?.({ type: "session.recovering" });
		bench.session?.({ ...connectedEvent, sameFarEnd: true });
		expect(bench.screen).toMatchObject({ compared: true, security: "verified" });
		bench.session?.({ type: "session.recovering" });
		bench.session?.(connectedEvent);
		expect(bench.screen).toMatchObject({ compared: false, security: "encrypted" });
	});

	test("without a code there is nothing to compare", () => {
		const bench = connected();
		bench.session?.({ ...connectedEvent, code: null });
		expect(bench.room.snapshot().can.compare).toBe(false);
		expect(bench.room.intent({ type: "panel.compare", same: true })).toBe("panel.not_now");
	});

	test("the far end's own sources and its leaving are shown", () => {
		const bench = connected();
		bench.session?.({ type: "session.far_media", microphone: false, camera: true });
		expect(bench.screen).toMatchObject({ far: { microphone: false, camera: true } });
		bench.session?.({ type: "session.ended", end: "far_end_left" });
		expect(bench.screen).toMatchObject({ name: "ended", end: "far_end_left" });
	});

	test("only time connected is counted", () => {
		const bench = connected();
		bench.clock.advance(10_000);
		bench.session?.({ type: "session.recovering" });
		bench.clock.advance(20_000);
		bench.session?.(connectedEvent);
		bench.clock.advance(5_000);
		bench.room.intent({ type: "panel.leave" });
		expect(bench.screen).toMatchObject({ name: "ended", seconds: 15 });
	});

	test.each(failureReason.options)("%s ends the call, closed", async (failure: FailureReason) => {
		const bench = connected();
		bench.session?.({ type: "session.failed", failure });
		expect(bench.screen).toMatchObject({ name: "ended", end: null, failure });
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
		expect(bench.session).toBeNull();
	});
});

describe("mute key and shutter", () => {
	const says = (bench: RoomBench, muteKey: boolean | null, shutterClosed: boolean | null = null) =>
		bench.room.tell({ type: "hardware.changed", muteKey, shutterClosed, occupied: null });
	const on = { type: "panel.microphone", on: true } as const;
	const off = { type: "panel.microphone", on: false } as const;

	test("hold what they cover: the far end is told, the panel sees why and can't open it; the release gives it back", async () => {
		const bench = connected();
		bench.room.tell({ type: "sources.changed", microphone: openSource, camera: openSource });
		says(bench, true);
		await bench.settled();
		expect(bench.engine.state).toEqual({ microphone: "muted", camera: "open" });
		expect(bench.toldFarEnd).toEqual({ microphone: false, camera: true });
		const { can, peripherals } = bench.room.snapshot();
		expect(can).toMatchObject({ microphone: false, camera: true });
		expect(peripherals.hardware).toEqual({ muteKey: true, shutterClosed: null, occupied: null });
		expect(bench.room.intent(on)).toBe("panel.not_now");
		says(bench, true, true);
		await bench.settled();
		expect(bench.engine.state).toEqual({ microphone: "muted", camera: "muted" });
		says(bench, false, false);
		await bench.settled();
		expect(bench.engine.state).toEqual(open);
		expect(bench.toldFarEnd).toEqual({ microphone: true, camera: true });
		expect(bench.room.snapshot().can).toMatchObject({ microphone: true, camera: true });
	});

	test("what was muted by the panel, before or while it is held, stays muted after the release", async () => {
		for (const order of [[off, true] as const, [true, off] as const]) {
			const bench = connected();
			for (const step of order) {
				if (step === true) says(bench, true);
				else expect(bench.room.intent(step)).toBe("ack");
			}
			says(bench, false);
			await bench.settled();
			expect(bench.engine.state.microphone).toBe("muted");
			expect(bench.room.intent(on)).toBe("ack");
			await bench.settled();
			expect(bench.engine.state.microphone).toBe("open");
		}
	});

	test("a touch on a held source is not kept for later", async () => {
		const bench = connected();
		bench.room.intent(off);
		says(bench, true);
		expect(bench.room.intent(on)).toBe("panel.not_now");
		says(bench, false);
		await bench.settled();
		expect(bench.engine.state.microphone).toBe("muted");
	});

	test("who joins with the key pressed is muted from the first moment, and heard from its release on", async () => {
		const bench = new RoomBench().ready();
		says(bench, true, true);
		bench.room.intent({ type: "panel.join", entry: "entry" });
		expect(bench.sessions[0]?.wish).toEqual({ microphone: false, camera: false });
		await bench.settled();
		expect(bench.engine.state).toEqual({ microphone: "muted", camera: "muted" });
		expect(bench.engine.steps).not.toContain("setMuted --");
		says(bench, false, true);
		await bench.settled();
		expect(bench.engine.state).toEqual({ microphone: "open", camera: "muted" });
		expect(bench.toldFarEnd).toEqual({ microphone: true, camera: false });
	});

	test.each([
		["falls silent", [null]],
		["falls silent and comes back released", [null, false]],
		["falls silent, comes back, and does so again", [null, false, null, false]],
	])("a key that was pressed and %s keeps the microphone muted until a touch on the panel", async (_, words) => {
		const bench = connected();
		bench.room.tell({ type: "sources.changed", microphone: openSource, camera: openSource });
		says(bench, true);
		for (const word of words) says(bench, word);
		await bench.settled();
		expect(bench.engine.state.microphone).toBe("muted");
		expect(bench.toldFarEnd?.microphone).toBe(false);
		expect(bench.room.snapshot().can.microphone).toBe(true);
		expect(bench.room.intent(on)).toBe("ack");
		await bench.settled();
		expect(bench.engine.state.microphone).toBe("open");
		expect(bench.toldFarEnd?.microphone).toBe(true);
	});

	test("a key that came back is a key again: a hand's press and release count", async () => {
		const bench = connected();
		for (const word of [true, null, true, false]) says(bench, word);
		await bench.settled();
		expect(bench.engine.state.microphone).toBe("open");
	});

	test("a key that was not pressed may fall silent", async () => {
		const bench = connected();
		for (const word of [false, null, false]) says(bench, word);
		await bench.settled();
		expect(bench.engine.state).toEqual(open);
	});

	test("outside a call a release opens nothing, and a call that ended is not come back to", async () => {
		const bench = connected();
		says(bench, true, true);
		bench.room.intent({ type: "panel.leave" });
		says(bench, false, false);
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
		bench.room.tell({ type: "ring.incoming", ring: "r1", from: "München", verified: true, link: LINK });
		says(bench, true, true);
		says(bench, false, false);
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
	});

	test("a camera that nobody wished for is not opened by its shutter", async () => {
		const bench = new RoomBench().ready();
		bench.room.tell({ type: "ring.incoming", ring: "r1", from: "München", verified: true, link: LINK });
		says(bench, false, true);
		bench.room.intent({ type: "panel.answer", camera: false });
		says(bench, false, false);
		await bench.settled();
		expect(bench.engine.state).toEqual({ microphone: "open", camera: "closed" });
	});

	test("a crash of the engine does not open what is held", async () => {
		const bench = connected();
		says(bench, true);
		await bench.settled();
		bench.engine.steps.length = 0;
		bench.crash();
		bench.room.tell({ type: "engine.up" });
		await bench.settled();
		expect(bench.engine.steps).toEqual(["setSources --", "setMuted m-", "setSources mc"]);
	});
});

describe("the engine", () => {
	test("a crash in a call: recovering, what was muted is muted before anything opens, and it opens again", async () => {
		const bench = connected();
		bench.room.intent({ type: "panel.microphone", on: false });
		await bench.settled();
		bench.engine.steps.length = 0;
		bench.crash();
		expect(bench.screen).toMatchObject({ name: "call", phase: "recovering" });
		bench.room.tell({ type: "engine.up" });
		await bench.settled();
		expect(bench.engine.steps).toEqual(["setSources --", "setMuted m-", "setSources mc"]);
		expect(bench.engine.state).toEqual({ microphone: "muted", camera: "open" });
		bench.session?.(connectedEvent);
		expect(bench.screen).toMatchObject({ phase: "connected" });
	});

	test("an engine that comes back after the call ended stays closed", async () => {
		const bench = connected();
		await bench.settled();
		bench.crash();
		bench.room.intent({ type: "panel.leave" });
		bench.room.tell({ type: "engine.up" });
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
	});

	test("a source that won't close is closed with the engine", async () => {
		const bench = connected();
		await bench.settled();
		bench.engine.failing = "setSources";
		bench.room.intent({ type: "panel.leave" });
		await bench.settled();
		expect(bench.engine.restarts).toBe(1);
	});

	test("a device that won't open is no reason to end the engine", async () => {
		const bench = new RoomBench().ready();
		await bench.settled();
		bench.engine.failing = "setSources";
		bench.room.intent({ type: "panel.meet_now" });
		await bench.settled();
		expect(bench.engine.restarts).toBe(0);
		expect(bench.screen.name).toBe("joining");
	});

	test("three crashes within 30 s are trouble, which backs off and is left only when the engine lives", async () => {
		const bench = connected();
		const crashAndUp = () => {
			bench.crash();
			bench.room.tell({ type: "engine.up" });
			bench.clock.advance(1_000);
		};
		crashAndUp();
		crashAndUp();
		bench.crash();
		const since = bench.clock.now();
		expect(bench.screen).toEqual({ name: "trouble", failure: "media.engine_failed", retryAt: since + 10_000 });
		expect(bench.session).toBeNull();
		expect(bench.room.snapshot().can).toMatchObject({ retry: true, join: false });
		bench.clock.advance(10_000);
		expect(bench.engine.restarts).toBe(1);
		expect(bench.screen).toMatchObject({ retryAt: since + 30_000 });
		bench.room.intent({ type: "panel.retry" });
		expect(bench.engine.restarts).toBe(2);
		bench.room.tell({ type: "engine.up" });
		expect(bench.screen).toMatchObject({ name: "trouble", retryAt: null });
		bench.crash();
		expect(bench.screen.name).toBe("trouble");
		bench.room.tell({ type: "engine.up" });
		bench.clock.advance(5_000);
		expect(bench.screen.name).toBe("resting");
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
		bench.crash();
		expect(bench.screen.name).toBe("resting");
	});

	test("crashes far apart are no loop", () => {
		const bench = connected();
		for (let crash = 0; crash < 5; crash++) {
			bench.crash();
			bench.room.tell({ type: "engine.up" });
			bench.session?.(connectedEvent);
			bench.clock.advance(16_000);
		}
		expect(bench.screen).toMatchObject({ name: "call", phase: "connected" });
	});

	test("a crash loop while it rings: the caller is told busy", () => {
		const bench = new RoomBench().ready();
		bench.crash();
		bench.crash();
		bench.room.tell({ type: "ring.incoming", ring: "r", from: "München", verified: true, link: LINK });
		bench.crash();
		expect(bench.screen.name).toBe("trouble");
		expect(bench.answers).toEqual([{ ring: "r", answer: "busy" }]);
	});

	test("without it nothing can be started, and the panel says what is missing", () => {
		const bench = new RoomBench().ready();
		bench.crash();
		const { can, missing } = bench.room.snapshot();
		expect(missing).toEqual(["engine"]);
		expect(can).toMatchObject({ join: false, meetNow: false, call: false });
		expect(bench.room.intent({ type: "panel.meet_now" })).toBe("panel.not_now");
		expect(bench.screen.name).toBe("resting");
	});

	test("follows volume and draws the TV", async () => {
		const bench = connected();
		bench.room.intent({ type: "panel.volume", level: 30 });
		await bench.settled();
		expect(bench.engine.volume).toBe(30);
		expect(bench.engine.tv).toEqual({
			layout: "call",
			name: "Guest",
			status: "Verschlüsselt, nicht verglichen",
			locked: true,
			verified: false,
			selfView: true,
			locale: "de",
		});
		bench.session?.({ type: "session.recovering" });
		await bench.settled();
		expect(bench.engine.tv).toMatchObject({ status: "Verbindet neu …", locked: false });
	});

	test("a machine that breaks closes everything and says so", async () => {
		const bench = connected();
		await bench.settled();
		const now = bench.clock.now.bind(bench.clock);
		bench.clock.now = () => {
			bench.clock.now = now;
			throw new Error("no time");
		};
		bench.room.tell({ type: "engine.down" });
		expect(bench.broken).toBe(1);
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
		expect(bench.session).toBeNull();
	});

	test("after the stop nothing starts any more", async () => {
		const bench = new RoomBench().ready();
		await bench.room.stop();
		bench.room.tell({ type: "engine.up" });
		expect(bench.room.intent({ type: "panel.meet_now" })).toBe("panel.not_now");
		bench.clock.advance(24 * 60 * MINUTE);
		expect(bench.sessions).toEqual([]);
	});

	test("stopping the room closes everything", async () => {
		const bench = connected();
		await bench.settled();
		expect(bench.engine.state).toEqual(open);
		await bench.room.stop();
		expect(bench.engine.state).toEqual(closed);
		expect(bench.session).toBeNull();
	});
});

describe("the snapshot", () => {
	test("is valid, counts up by one, and is told once for each change", () => {
		const bench = new RoomBench();
		const revs: number[] = [];
		bench.room.onSnapshot(() => {
			snapshotSchema.parse(bench.room.snapshot());
			revs.push(bench.room.snapshot().rev);
		});
		bench.ready();
		bench.room.intent({ type: "panel.locale", locale: "en" });
		bench.room.intent({ type: "panel.locale", locale: "en" });
		bench.room.tell({ type: "rendezvous.up" });
		expect(revs).toEqual([2, 3, 4, 5]);
		expect(bench.room.snapshot().room.locale).toBe("en");
	});

	test("names what is missing", () => {
		const bench = new RoomBench().ready();
		const absent = { state: "absent", flowing: false, device: null } as const;
		bench.room.tell({ type: "sources.changed", microphone: absent, camera: absent, speaker: false });
		bench.room.tell({ type: "rendezvous.down" });
		bench.room.tell({ type: "calendar.changed", entries: [], failure: "calendar.unreadable" });
		expect(bench.room.snapshot().missing).toEqual(["rendezvous", "camera", "microphone", "speaker", "calendar"]);
	});
});
