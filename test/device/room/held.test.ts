import { describe, expect, test } from "vitest";
import { connectedRoom, LINK, openSource, RoomBench } from "./RoomBench.ts";

const closed = { microphone: "closed", camera: "closed" };
const open = { microphone: "open", camera: "open" };

describe("mute key and shutter", () => {
	const says = (bench: RoomBench, muteKey: boolean | null, shutterClosed: boolean | null = null) =>
		bench.room.tell({ type: "hardware.changed", muteKey, shutterClosed, occupied: null });
	const on = { type: "panel.microphone", on: true } as const;
	const off = { type: "panel.microphone", on: false } as const;

	test("hold what they cover: the far end is told, the panel sees why and can't open it; the release gives it back", async () => {
		const bench = connectedRoom();
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
			const bench = connectedRoom();
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
		const bench = connectedRoom();
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
		const bench = connectedRoom();
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
		const bench = connectedRoom();
		for (const word of [true, null, true, false]) says(bench, word);
		await bench.settled();
		expect(bench.engine.state.microphone).toBe("open");
	});

	test("a key that was not pressed may fall silent", async () => {
		const bench = connectedRoom();
		for (const word of [false, null, false]) says(bench, word);
		await bench.settled();
		expect(bench.engine.state).toEqual(open);
	});

	test("outside a call a release opens nothing, and a call that ended is not come back to", async () => {
		const bench = connectedRoom();
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
		const bench = connectedRoom();
		says(bench, true);
		await bench.settled();
		bench.engine.steps.length = 0;
		bench.crash();
		bench.room.tell({ type: "engine.up" });
		await bench.settled();
		expect(bench.engine.steps).toEqual(["setSources --", "setMuted m-", "setSources mc"]);
	});
});
