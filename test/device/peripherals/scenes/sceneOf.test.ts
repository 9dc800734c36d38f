import { describe, expect, test } from "vitest";
import { noHardware } from "../../../../device/contract/peripherals.ts";
import type { Snapshot } from "../../../../device/contract/snapshot.ts";
import type { SceneName } from "../../../../device/peripherals/model/scenes.ts";
import { minuteOfDayIn } from "../../../../device/peripherals/scenes/minuteOfDayIn.ts";
import {
	lastingScenes,
	type Situation,
	type SleepRules,
	sceneOf,
} from "../../../../device/peripherals/scenes/sceneOf.ts";
import { scenes } from "../../../sim/panel/scenes.ts";

/** Monday, 23 November 2026, 14:00 in Berlin. */
const afternoon = Date.UTC(2026, 10, 23, 13, 0);
const minute = 60_000;
const rules: SleepRules = { quietMinutes: 15, eveningAt: "20:00", minuteOfDay: minuteOfDayIn("Europe/Berlin") };

const withHardware = (snapshot: Snapshot, hardware: Partial<Snapshot["peripherals"]["hardware"]>): Snapshot => ({
	...snapshot,
	peripherals: { ...snapshot.peripherals, hardware: { ...noHardware, ...hardware } },
});
const empty = withHardware(scenes.resting, { occupied: false });
const occupied = withHardware(scenes.resting, { occupied: true });

/** What came of what happened, without `camera`, which is about the shutter only. */
const play = (...what: Parameters<typeof playAll>) => playAll(...what).filter(([, scene]) => scene !== "camera");

/** Plays what happens one after the other, minutes after `start`; what came of it, each with its minute. */
function playAll(
	happenings: [minutes: number, view: Snapshot][],
	start = afternoon,
	with_ = rules,
): [number, SceneName][] {
	const came: [number, SceneName][] = [];
	let situation: Situation | null = null;
	let lookAt: number | null = null;
	let view: Snapshot | null = null;
	const look = (now: number): void => {
		if (!view) return;
		const next = sceneOf(situation, view, now, with_);
		situation = next.situation;
		lookAt = next.lookAgainAt;
		expect(lookAt === null || lookAt > now).toBe(true);
		came.push(...next.scenes.map((scene): [number, SceneName] => [(now - start) / minute, scene]));
	};
	for (const [minutes, next] of [...happenings, [Number.POSITIVE_INFINITY, null] as const]) {
		const until = minutes === Number.POSITIVE_INFINITY ? start + 30 * 60 * minute : start + minutes * minute;
		while (lookAt !== null && lookAt < until) look(lookAt);
		view = next ?? view;
		if (next) look(until);
	}
	return came;
}
/** Without what sleep does. */
const names = (happenings: Snapshot[]) =>
	play(
		happenings.map((view): [number, Snapshot] => [0, view]),
		afternoon,
		{ ...rules, eveningAt: "never" },
	).map(([, scene]) => scene);

describe("what the room does is what its equipment does", () => {
	test.each<[string, Snapshot[], SceneName[]]>([
		["nothing, as it starts", [scenes.resting], []],
		[
			"a call",
			[scenes.resting, scenes.joining, scenes.alone, scenes["call-verified"], scenes["ended-left"]],
			["join", "leave"],
		],
		["the end and then rest", [scenes["call-verified"], scenes["ended-left"], scenes.resting], ["leave"]],
		["a ring that is taken", [scenes.resting, scenes["ringing-in"], scenes.joining], ["ringing", "join"]],
		["a ring that nobody takes", [scenes.resting, scenes["ringing-in"], scenes.resting], ["ringing", "leave"]],
		["to ring somebody", [scenes.resting, scenes["ringing-out"], scenes["call-securing"]], ["join"]],
		["to mute", [scenes["call-verified"], scenes["call-muted"], scenes["call-verified"]], ["mute", "unmute"]],
		["to join muted", [scenes.resting, scenes["call-muted"]], ["join", "mute"]],
		["to leave muted", [scenes["call-muted"], scenes.resting], ["leave"]],
		["trouble in a call", [scenes["call-verified"], scenes.trouble, scenes.resting], ["leave", "trouble", "leave"]],
		["a ring at the end of a call", [scenes["call-verified"], scenes["ringing-in"]], ["leave", "ringing"]],
	])("%s", (_, happenings, expected) => {
		expect(names(happenings)).toEqual(expected);
	});

	test("the mute key is as good as the panel; a source that is just opening says nothing", () => {
		const call = scenes["call-verified"];
		const opening = {
			...call,
			media: { ...call.media, microphone: { state: "closed" as const, flowing: false, device: null } },
		};
		const key = withHardware(call, { muteKey: true });
		expect(names([scenes.resting, opening, call, key, opening, withHardware(call, { muteKey: false })])).toEqual([
			...["join", "mute", "unmute"],
		]);
		expect(names([scenes["call-muted"], opening, scenes["call-muted"], call])).toEqual(["unmute"]);
	});

	test("somebody wants to be seen once in a call, whatever is shown of it later", () => {
		const call = scenes["call-verified"];
		const closed: Snapshot = {
			...call,
			media: { ...call.media, camera: { state: "closed", flowing: false, device: null } },
		};
		const all = (happenings: Snapshot[]) =>
			playAll(
				happenings.map((view): [number, Snapshot] => [0, view]),
				afternoon,
				{ ...rules, eveningAt: "never" },
			);
		const seen = [
			scenes.resting,
			closed,
			scenes["call-muted"],
			call,
			closed,
			call,
			scenes.resting,
			closed,
			scenes.resting,
		];
		expect(all(seen).filter(([, scene]) => scene === "camera")).toHaveLength(1);
		expect(all([scenes.resting, call]).map(([, scene]) => scene)).toEqual(["join", "camera"]);
		expect(all([scenes.resting, closed, scenes.resting]).map(([, scene]) => scene)).toEqual(["join", "leave"]);
	});

	test("what lasts is what a device is to show that comes back in the middle of it", () => {
		const situation = (view: Snapshot) => sceneOf(null, view, afternoon, rules).situation;
		expect(lastingScenes(situation(scenes.resting))).toEqual(["leave"]);
		expect(lastingScenes(situation(scenes["ringing-in"]))).toEqual(["leave", "ringing"]);
		expect(lastingScenes(situation(scenes["call-verified"]))).toEqual(["join"]);
		expect(lastingScenes(situation(scenes["call-muted"]))).toEqual(["join", "mute"]);
		expect(lastingScenes(situation(scenes.trouble))).toEqual(["leave", "trouble"]);
	});
});

describe("a room that nobody uses sleeps", () => {
	test("when its sensor has seen nobody for a quarter of an hour, and wakes when somebody comes", () => {
		expect(
			play([
				[0, empty],
				[40, occupied],
				[41, empty],
				[44, occupied],
				[50, empty],
			]),
		).toEqual([
			[15, "standby"],
			[40, "wake"],
			[65, "standby"],
			// at 20:00 it sleeps already, by another name: nobody is woken before the evening is over
			[360, "evening"],
		]);
	});

	test("not while it is in a call, however still people sit", () => {
		const still = withHardware(scenes["call-verified"], { occupied: false });
		expect(
			play([
				[0, empty],
				[1, still],
				[120, empty],
			]),
		).toEqual([
			[1, "join"],
			[120, "leave"],
			[135, "standby"],
			[360, "evening"],
		]);
	});

	test("not because there is no sensor, until its day ends", () => {
		expect(play([[0, scenes.resting]])).toEqual([[360, "evening"]]);
	});

	test("in the evening a quarter of an hour after the last meeting, as often as there is one", () => {
		const call = scenes["call-verified"];
		expect(
			play([
				[0, scenes.resting],
				[340, call],
				[400, scenes.resting],
				[500, call],
				[501, scenes.resting],
			]),
		).toEqual([
			[340, "join"],
			[400, "leave"],
			[415, "evening"],
			[500, "join"],
			[501, "leave"],
			[516, "evening"],
		]);
	});

	test("through the evening, whoever cleans it; in the morning the first one wakes it", () => {
		const morning = 16 * 60;
		expect(
			play([
				[0, empty],
				[420, occupied],
				[440, empty],
				[morning + 120, occupied],
			]),
		).toEqual([
			[15, "standby"],
			[360, "evening"],
			[morning + 120, "wake"],
		]);
		// at 4:00 the evening is over: who is there then is there for the day
		expect(
			play([
				[0, empty],
				[420, occupied],
			]).at(-1),
		).toEqual([840, "wake"]);
	});

	test("after a start at night: the first one who comes wakes it, since nobody knows whether the display is on", () => {
		const night = Date.UTC(2026, 10, 23, 2, 0);
		const started: [number, Snapshot][] = [
			[0, empty],
			[300, occupied],
		];
		expect(play(started, night, { ...rules, quietMinutes: 240 })[1]).toEqual([300, "wake"]);
		expect(play(started, night)[0]).toEqual([15, "evening"]);
	});

	test("never by the clock where it says never", () => {
		expect(play([[0, scenes.resting]], afternoon, { ...rules, eveningAt: "never" })).toEqual([]);
	});

	test("by the room's clock, also on the days that have 23 or 25 hours", () => {
		const atTen = { ...rules, eveningAt: "10:00" };
		expect(play([[0, scenes.resting]], Date.UTC(2026, 2, 29, 0), atTen)).toEqual([[8 * 60, "evening"]]);
		expect(play([[0, scenes.resting]], Date.UTC(2026, 9, 25, 0), atTen)).toEqual([[9 * 60, "evening"]]);
	});
});
