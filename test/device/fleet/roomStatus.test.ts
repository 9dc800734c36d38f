import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AgendaEntry, Snapshot } from "../../../device/contract/snapshot.ts";
import { nextChange, roomStatus } from "../../../device/fleet/roomStatus.ts";
import { roomStatus as schema } from "../../../provisioning/contract/twin.ts";
import { atRest, morning, type SceneName, scenes } from "../../sim/panel/scenes.ts";

const minute = 60_000;
const nine = Date.UTC(2026, 10, 23, 8, 0, 0);

function meeting(from: number, minutes: number, change: Partial<AgendaEntry> = {}): AgendaEntry {
	const start = nine + from * minute;
	const rest = { id: `${from}`, title: "Kündigung Katharina", join: true, why: null, service: null };
	return { ...rest, start, end: start + minutes * minute, ...change };
}
const withAgenda = (...entries: AgendaEntry[]): Snapshot => atRest({ agenda: { entries, failure: null } });
const at = (minutes: number) => nine + minutes * minute;

describe("what the fleet is told of a room", () => {
	test.each<[SceneName, string]>([
		["resting-free", "free"],
		["joining", "in_call"],
		["alone", "in_call"],
		["ringing-in", "in_call"],
		["ringing-out", "in_call"],
		["call-verified", "in_call"],
		["call-recovering", "in_call"],
		["ended-left", "free"],
		["trouble", "trouble"],
	])("%s: %s", (scene, activity) => {
		expect(roomStatus({ ...scenes[scene], agenda: { entries: [], failure: null } }, morning).activity).toBe(activity);
	});

	test("a trouble has its code, and an engine that is not there yet is starting", () => {
		expect(roomStatus(scenes.trouble, morning).trouble).toBe("media.engine_failed");
		expect(roomStatus(atRest({ missing: ["engine"] }), morning)).toMatchObject({ activity: "starting", trouble: null });
	});

	test("meetings that follow each other are one, and cancelled ones are none", () => {
		const day = withAgenda(
			meeting(0, 30),
			meeting(20, 40),
			meeting(60, 15),
			meeting(75, 60, { why: "cancelled" }),
			meeting(120, 30),
		);
		expect(roomStatus(day, at(10))).toMatchObject({ activity: "busy", busyUntil: at(75), nextBusyAt: at(120) });
		expect(roomStatus(day, at(80))).toMatchObject({ activity: "free", busyUntil: null, nextBusyAt: at(120) });
		expect(roomStatus(day, at(151))).toMatchObject({ activity: "free", busyUntil: null, nextBusyAt: null });
	});

	test("a calendar that can't be read says nothing", () => {
		const entries = [meeting(0, 30)];
		const status = roomStatus(atRest({ agenda: { entries, failure: "calendar.unreadable" } }), at(10));
		expect(status).toMatchObject({ activity: "free", busyUntil: null, nextBusyAt: null });
	});

	test("is never more precise than five minutes, never freer than the truth, and has no word of anybody", () => {
		const entries = fc.array(
			fc
				.tuple(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 1, max: 120 }))
				.map(([from, long]) => meeting(from, long)),
			{ maxLength: 8 },
		);
		fc.assert(
			fc.property(entries, fc.integer({ min: 0, max: 700 }), (day, now) => {
				const status = roomStatus(withAgenda(...day), at(now));
				expect(schema.safeParse(status).success).toBe(true);
				expect(JSON.stringify(status)).not.toContain("Katharina");
				for (const time of [status.busyUntil, status.nextBusyAt]) expect((time ?? 0) % (5 * minute)).toBe(0);
				const taken = (time: number) => day.some(({ start, end }) => start <= time && time < end);
				expect(status.activity).toBe(taken(at(now)) ? "busy" : "free");
				// no later than its five minutes: a meeting reaches into them
				const until = status.busyUntil;
				if (until !== null) expect(day.some(({ start, end }) => start < until && end > until - 5 * minute)).toBe(true);
				const from = status.busyUntil ?? at(now);
				const next = status.nextBusyAt ?? Number.POSITIVE_INFINITY;
				for (const { start } of day) if (start > from) expect(start).toBeGreaterThanOrEqual(next);
			}),
			// one that begins and ends within its five minutes
			{ examples: [[[meeting(1, 1)], 1]] },
		);
	});
});

test("time alone changes it when a meeting begins or ends", () => {
	const day = withAgenda(meeting(10, 30), meeting(60, 30, { why: "cancelled" }), meeting(120, 30));
	expect([0, 10, 40, 120, 150].map((now) => nextChange(day, at(now)))).toEqual([
		at(10),
		at(40),
		at(120),
		at(150),
		null,
	]);
});
