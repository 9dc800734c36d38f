import { describe, expect, test } from "vitest";
import { connectedEvent, connectedRoom, LINK, RoomBench } from "./RoomBench.ts";

const closed = { microphone: "closed", camera: "closed" };
const open = { microphone: "open", camera: "open" };
const MINUTE = 60_000;

describe("the engine", () => {
	test("a crash in a call: recovering, what was muted is muted before anything opens, and it opens again", async () => {
		const bench = connectedRoom();
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
		const bench = connectedRoom();
		await bench.settled();
		bench.crash();
		bench.room.intent({ type: "panel.leave" });
		bench.room.tell({ type: "engine.up" });
		await bench.settled();
		expect(bench.engine.state).toEqual(closed);
	});

	test("a source that won't close is closed with the engine", async () => {
		const bench = connectedRoom();
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
		const bench = connectedRoom();
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
		const bench = connectedRoom();
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
		const bench = connectedRoom();
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
		const bench = connectedRoom();
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
		const bench = connectedRoom();
		await bench.settled();
		expect(bench.engine.state).toEqual(open);
		await bench.room.stop();
		expect(bench.engine.state).toEqual(closed);
		expect(bench.session).toBeNull();
	});
});
