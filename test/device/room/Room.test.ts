import { describe, expect, test } from "vitest";
import { type FailureReason, failureReason } from "../../../device/contract/failure.ts";
import { snapshot as snapshotSchema } from "../../../device/contract/snapshot.ts";
import { connectedEvent, connectedRoom, entry, joinedRoom, LINK, openSource, RoomBench, START } from "./RoomBench.ts";

const closed = { microphone: "closed", camera: "closed" };
const open = { microphone: "open", camera: "open" };
const MINUTE = 60_000;

describe("settings of the room", () => {
	test("change while it runs, also in a call, which goes on", async () => {
		const bench = connectedRoom();
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
		const bench = joinedRoom();
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
		expect(JSON.stringify(joinedRoom().room.snapshot())).not.toContain("s".repeat(43));
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
		const bench = joinedRoom();
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
		const bench = joinedRoom();
		bench.clock.advance(40_000);
		bench.session?.({ type: "session.securing" });
		bench.clock.advance(5_000);
		expect(bench.screen).toMatchObject({ name: "ended", failure: "call.no_path" });
	});

	test("without a rendezvous the end says so", () => {
		const bench = joinedRoom();
		bench.room.tell({ type: "rendezvous.down" });
		bench.clock.advance(45_000);
		expect(bench.screen).toMatchObject({ name: "ended", failure: "rendezvous.unreachable" });
	});

	test("a guest who comes late to a waiting room has the whole limit", () => {
		const bench = joinedRoom();
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
		const bench = connectedRoom();
		bench.session?.({ type: "session.recovering" });
		if (gone) bench.session?.({ type: "session.alone", guestLink: LINK });
		expect(bench.screen).toMatchObject({ name: "call", phase: "recovering" });
		bench.clock.advance(45_000);
		expect(bench.screen).toMatchObject({ name: "ended", failure, seconds: 0 });
	});
});

describe("in the call", () => {
	test("mute and camera off are told to the engine and to the session", async () => {
		const bench = connectedRoom();
		bench.room.tell({ type: "sources.changed", microphone: openSource, camera: openSource });
		bench.room.intent({ type: "panel.microphone", on: false });
		await bench.settled();
		expect(bench.engine.state).toEqual({ microphone: "muted", camera: "open" });
		expect(bench.commands.at(-1)).toEqual({ type: "session.media", microphone: false, camera: true, turn: null });
	});

	test("codes that are equal verify, in this call only; codes that differ end it", () => {
		const bench = connectedRoom();
		expect(bench.room.intent({ type: "panel.compare", same: true })).toBe("ack");
		expect(bench.screen).toMatchObject({ compared: true, security: "verified" });
		expect(bench.commands).toContainEqual({ type: "session.compare", same: true });
		bench.room.intent({ type: "panel.compare", same: false });
		expect(bench.commands.at(-1)).toEqual({ type: "session.compare", same: false });
		expect(bench.session).toBeNull();
		expect(bench.screen).toMatchObject({ name: "ended", failure: "call.codes_differ" });
	});

	test("after a rebuild a comparison counts only if the far end proved the same key again", () => {
		const bench = connectedRoom();
		bench.room.intent({ type: "panel.compare", same: true });
		bench.session?.({ type: "session.recovering" });
		bench.session?.({ ...connectedEvent, sameFarEnd: true });
		expect(bench.screen).toMatchObject({ compared: true, security: "verified" });
		bench.session?.({ type: "session.recovering" });
		bench.session?.(connectedEvent);
		expect(bench.screen).toMatchObject({ compared: false, security: "encrypted" });
	});

	test("without a code there is nothing to compare", () => {
		const bench = connectedRoom();
		bench.session?.({ ...connectedEvent, code: null });
		expect(bench.room.snapshot().can.compare).toBe(false);
		expect(bench.room.intent({ type: "panel.compare", same: true })).toBe("panel.not_now");
	});

	test("the far end's own sources and its leaving are shown", () => {
		const bench = connectedRoom();
		bench.session?.({ type: "session.far_media", microphone: false, camera: true });
		expect(bench.screen).toMatchObject({ far: { microphone: false, camera: true } });
		bench.session?.({ type: "session.ended", end: "far_end_left" });
		expect(bench.screen).toMatchObject({ name: "ended", end: "far_end_left" });
	});

	test("only time connected is counted", () => {
		const bench = connectedRoom();
		bench.clock.advance(10_000);
		bench.session?.({ type: "session.recovering" });
		bench.clock.advance(20_000);
		bench.session?.(connectedEvent);
		bench.clock.advance(5_000);
		bench.room.intent({ type: "panel.leave" });
		expect(bench.screen).toMatchObject({ name: "ended", seconds: 15 });
	});

	test.each(failureReason.options)("%s ends the call, closed", async (failure: FailureReason) => {
		const bench = connectedRoom();
		bench.session?.({ type: "session.failed", failure });
		expect(bench.screen).toMatchObject({ name: "ended", end: null, failure });
		await bench.settled();
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
