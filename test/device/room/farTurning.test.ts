import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assign } from "xstate";
import type { Equipment } from "../../../device/contract/peripherals.ts";
import type { allowed } from "../../../device/room/allowed.ts";
import type { RoomEvent, SessionEvent, TurnWish } from "../../../device/room/ports.ts";
import { roomMachine } from "../../../device/room/roomMachine.ts";
import { connectedEvent, LINK, RoomBench } from "./RoomBench.ts";
import { hardwareEvents, pauses, ringEvents, sessionEvents, touches, worldEvents } from "./roomEvents.ts";

/*
 * The far end turns this room's camera only where somebody in this room let it, in this call, for this far end. Held against the whole room
 * on every sequence of happenings, and against rooms that were broken on purpose, which must be noticed.
 */

const right: TurnWish = { do: "move", hold: "far", pan: 1, tilt: 0, zoom: 0 };
const equipment: Equipment = {
	camera: { presets: [{ number: 1, name: "Tisch", picture: null }], tracking: null, farControl: false },
	display: null,
	devices: [],
};
const never: Equipment = { ...equipment, camera: equipment.camera && { ...equipment.camera, farControl: null } };

describe("the far end and the camera", () => {
	function inCall(setup: Equipment = equipment): RoomBench {
		const bench = new RoomBench().ready();
		bench.room.tell({ type: "equipment.changed", equipment: setup });
		bench.room.intent({ type: "panel.meet_now" });
		bench.session?.({ type: "session.alone", guestLink: LINK });
		bench.session?.({ type: "session.securing" });
		bench.session?.(connectedEvent);
		return bench;
	}
	const farControl = (bench: RoomBench) => bench.room.snapshot().peripherals.camera?.farControl;
	const offer = (bench: RoomBench) => bench.commands.findLast((command) => command.type === "session.media")?.turn;
	const letIt = (bench: RoomBench, on = true) => bench.room.intent({ type: "panel.far_control", on });

	test("nothing is heeded, nor offered, until a touch lets it", () => {
		const bench = inCall();
		bench.session?.({ type: "session.far_turn", wish: right });
		expect(bench.turns).toEqual([]);
		expect([farControl(bench), offer(bench) ?? null]).toEqual([false, null]);
		expect(letIt(bench)).toBe("ack");
		expect(offer(bench)).toEqual({ presets: [{ number: 1, name: "Tisch" }] });
		bench.session?.({ type: "session.far_turn", wish: right });
		expect(bench.turns).toEqual([right]);
		expect(farControl(bench)).toBe(true);
	});

	test.each<[string, (bench: RoomBench) => void]>([
		["taken back", (bench) => letIt(bench, false)],
		["over with the call", (bench) => bench.room.intent({ type: "panel.leave" })],
		["over with the path", (bench) => bench.session?.({ type: "session.recovering" })],
		["of no use with the camera off", (bench) => bench.room.intent({ type: "panel.camera", on: false })],
		[
			"of no use behind the shutter",
			(bench) => bench.room.tell({ type: "hardware.changed", muteKey: null, shutterClosed: true, occupied: null }),
		],
		[
			"of no use without the camera",
			(bench) => bench.room.tell({ type: "equipment.changed", equipment: { ...equipment, camera: null } }),
		],
		["not of another far end", (bench) => bench.session?.(connectedEvent)],
		["over with the program", (bench) => void bench.room.stop()],
	])("what was allowed is %s: what moves stops, and nothing is heeded any more", (_, end) => {
		const bench = inCall();
		letIt(bench);
		bench.session?.({ type: "session.far_turn", wish: right });
		const say = bench.session;
		end(bench);
		const recovering = bench.screen.name === "call" && bench.screen.phase === "recovering";
		expect(bench.turns).toEqual([right, { do: "release" }]);
		say?.({ type: "session.far_turn", wish: right });
		expect(bench.turns).toEqual([right, { do: "release" }]);
		// while the path is being rebuilt nobody can be told, and nothing is heeded
		if (bench.session && !recovering) expect(offer(bench) ?? null).toBeNull();
	});

	test("it comes back with the same far end after a rebuild", () => {
		const bench = inCall();
		letIt(bench);
		bench.session?.({ type: "session.recovering" });
		bench.session?.({ ...connectedEvent, sameFarEnd: true });
		expect(farControl(bench)).toBe(true);
		bench.session?.({ type: "session.far_turn", wish: right });
		expect(bench.turns.at(-1)).toEqual(right);
	});

	test("it can be taken back while the path is being rebuilt", () => {
		const bench = inCall();
		letIt(bench);
		bench.session?.({ type: "session.recovering" });
		expect([letIt(bench, false), farControl(bench)]).toEqual(["ack", null]);
		bench.session?.({ ...connectedEvent, sameFarEnd: true });
		expect(farControl(bench)).toBe(false);
	});

	test("the next call knows nothing of it", () => {
		const bench = inCall();
		letIt(bench);
		bench.room.intent({ type: "panel.leave" });
		bench.room.intent({ type: "panel.meet_now" });
		bench.session?.({ type: "session.alone", guestLink: LINK });
		bench.session?.(connectedEvent);
		expect(farControl(bench)).toBe(false);
		bench.session?.({ type: "session.far_turn", wish: right });
		expect(bench.turns.filter(({ do: what }) => what !== "release")).toEqual([]);
	});

	test("a room whose configuration never allows it isn't asked, and lets nobody", () => {
		const bench = inCall(never);
		expect(farControl(bench)).toBeNull();
		expect(letIt(bench)).toBe("panel.not_now");
		bench.session?.({ type: "session.far_turn", wish: right });
		expect(bench.turns).toEqual([]);
	});

	test("it can't be allowed before it is known who is there", () => {
		const bench = new RoomBench().ready();
		bench.room.tell({ type: "equipment.changed", equipment });
		expect(letIt(bench)).toBe("panel.not_now");
		bench.room.intent({ type: "panel.meet_now" });
		bench.session?.({ type: "session.alone", guestLink: LINK });
		expect([farControl(bench), letIt(bench)]).toEqual([null, "panel.not_now"]);
	});
});

interface Pause {
	type: "pause";
	ms: number;
}
const sameFarEnd: SessionEvent = { ...connectedEvent, sameFarEnd: true };
const happening: fc.Arbitrary<RoomEvent | Pause> = fc.oneof(
	{ weight: 4, arbitrary: touches },
	{ weight: 4, arbitrary: sessionEvents },
	{ weight: 2, arbitrary: worldEvents },
	{ weight: 1, arbitrary: ringEvents },
	{ weight: 1, arbitrary: hardwareEvents },
	{ weight: 1, arbitrary: pauses.map((ms): Pause => ({ type: "pause", ms })) },
	{
		weight: 6,
		arbitrary: fc.constantFrom<RoomEvent>(
			{ type: "session.far_turn", wish: right },
			{ type: "panel.far_control", on: true },
			{ type: "panel.far_control", on: false },
			{ type: "equipment.changed", equipment },
			{ type: "panel.meet_now" },
			connectedEvent,
			sameFarEnd,
		),
	},
);

/** In a call more often than chance would have it. */
const story = fc
	.tuple(
		fc.constantFrom<RoomEvent[]>([], [{ type: "panel.meet_now" }, connectedEvent]),
		fc.array(happening, { maxLength: 40, size: "max" }),
	)
	.map(([start, rest]): (RoomEvent | Pause)[] => [...start, ...rest]);

/** Whether the far end may turn the camera, told anew and without the room's code: only a touch that was acted on ever says yes. */
function nobodyElse(machine?: typeof roomMachine) {
	return fc.asyncProperty(story, async (steps) => {
		const bench = new RoomBench(undefined, machine).ready();
		bench.room.tell({ type: "equipment.changed", equipment });
		let may = false;
		let said = 0;
		for (const step of steps) {
			if (step.type === "pause") bench.clock.advance(step.ms);
			else if (step.type.startsWith("panel.")) {
				const acted = bench.room.intent(step as Parameters<typeof allowed>[0]) === "ack";
				if (step.type === "panel.far_control" && acted) may = step.on;
			} else if (step.type.startsWith("session.")) bench.session?.(step as SessionEvent);
			else if (step.type.startsWith("ring.") && step.type !== "ring.incoming" && step.type !== "ring.cancelled")
				bench.ring?.(step as Parameters<NonNullable<typeof bench.ring>>[0]);
			else bench.room.tell(step as Parameters<typeof bench.room.tell>[0]);
			if (step.type === "session.connected" && step.sameFarEnd !== true) may = false;
			if (bench.screen.name !== "call") may = false;
			const heeded = bench.turns.slice(said).filter((wish) => wish.do !== "release");
			said = bench.turns.length;
			if (!may) expect(heeded).toEqual([]);
		}
		await bench.room.stop();
		if (bench.turns.length > 0) expect(bench.turns.at(-1)).toEqual({ do: "release" });
	});
}

/** Rooms that someone might write by mistake. */
const broken: [string, typeof roomMachine][] = [
	["asks nobody", roomMachine.provide({ guards: { farMayTurn: () => true } })],
	[
		"remembers what an earlier far end was allowed",
		roomMachine.provide({
			actions: {
				noteProof: assign(({ context, event }) =>
					context.call && event.type === "session.connected" ? { call: { ...context.call, far: event.far } } : {},
				),
			},
		}),
	],
	[
		"lets with every touch",
		roomMachine.provide({
			actions: {
				setCamera: assign(({ context }) => (context.call ? { call: { ...context.call, farTurns: true } } : {})),
			},
		}),
	],
];

describe("nothing but a touch in this room lets a far end turn its camera", () => {
	test("in any sequence of happenings", async () => {
		await fc.assert(nobodyElse(), { numRuns: 400 });
	});

	test.each(broken)("a room that %s is noticed", async (_, machine) => {
		const noticed = { numRuns: 2_000, endOnFailure: true, seed: 20_261_126 };
		expect((await fc.check(nobodyElse(machine), noticed)).failed).toBe(true);
	});
});
