import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GuardView, isInside, QUIET_MS, waitsFor } from "../../../../provisioning/agent/jobs/guard.ts";
import { isTimeZone, localTime } from "../../../../provisioning/agent/localTime.ts";

const MINUTE = 60_000;
const noon = Date.UTC(2026, 5, 3, 12);

const time = fc
	.tuple(fc.nat(23), fc.nat(59))
	.map(([h, m]) => `${String(h).padStart(2, "0")}:${String(m).padStart(2, "0")}`);
const day = fc.constantFrom("mon", "tue", "wed", "thu", "fri", "sat", "sun" as const);
const window = fc.record({ days: fc.uniqueArray(day, { minLength: 1 }), from: time, to: time });
const local = fc.record({ day: fc.nat(6), time });
/** Around `noon`, close enough for every border to be met. */
const moment = fc.integer({ min: -90, max: 90 }).map((minutes) => noon + minutes * MINUTE);
const view: fc.Arbitrary<GuardView> = fc.record({
	now: fc.constant(noon),
	window: fc.option(window),
	local,
	room: fc.option(
		fc.record({
			idleSince: fc.option(moment),
			inCall: fc.boolean(),
			busyUntil: fc.option(moment),
			busy: fc.boolean(),
			nextBusyAt: fc.option(moment),
			occupied: fc.option(fc.boolean()),
		}),
	),
	absentSince: fc.option(moment),
	worstCaseMs: fc.integer({ min: 0, max: 60 }).map((minutes) => minutes * MINUTE),
	consentUntil: fc.option(moment),
	notBefore: fc.option(moment),
});
const always = { days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const, from: "00:00", to: "00:00" };
const quiet: GuardView = {
	now: noon,
	window: { ...always, days: [...always.days] },
	local: { day: 3, time: "12:00" },
	room: {
		idleSince: noon - QUIET_MS,
		inCall: false,
		busyUntil: null,
		busy: false,
		nextBusyAt: null,
		occupied: null,
	},
	absentSince: null,
	worstCaseMs: 10 * MINUTE,
	consentUntil: null,
	notBefore: null,
};
const room = (over: Partial<NonNullable<GuardView["room"]>>): GuardView => ({
	...quiet,
	room: { ...quiet.room!, ...over },
});

describe("the guard", () => {
	test("opens for a quiet room in its window, and says what it waits for otherwise", () => {
		expect(waitsFor(quiet)).toBeNull();
		expect(waitsFor(room({ inCall: true }))).toBe("update.in_call");
		expect(waitsFor(room({ idleSince: null }))).toBe("update.in_call");
		expect(waitsFor(room({ busyUntil: noon + 1 }))).toBe("update.meeting");
		expect(waitsFor(room({ busyUntil: noon }))).toBeNull();
		expect(waitsFor(room({ busy: true }))).toBe("update.meeting");
		expect(waitsFor(room({ nextBusyAt: noon + 25 * MINUTE - 1 }))).toBe("update.meeting");
		expect(waitsFor(room({ nextBusyAt: noon + 25 * MINUTE }))).toBeNull();
		expect(waitsFor(room({ idleSince: noon - QUIET_MS + 1 }))).toBe("update.in_use");
		expect(waitsFor(room({ occupied: true }))).toBe("update.occupied");
		expect(waitsFor(room({ occupied: false }))).toBeNull();
		expect(waitsFor({ ...quiet, window: null })).toBe("update.window");
		expect(waitsFor({ ...quiet, window: { days: ["mon"], from: "00:00", to: "00:00" } })).toBe("update.window");
		expect(waitsFor({ ...quiet, notBefore: noon + 1 })).toBe("update.postponed");
		expect(waitsFor({ ...quiet, notBefore: noon })).toBeNull();
		// a room program that is gone holds no call, once it is gone for good
		expect(waitsFor({ ...quiet, room: null, absentSince: noon - QUIET_MS })).toBeNull();
		expect(waitsFor({ ...quiet, room: null, absentSince: noon - QUIET_MS + 1 })).toBe("update.room_unknown");
		expect(waitsFor({ ...quiet, room: null, absentSince: null })).toBe("update.room_unknown");
	});

	test("a person's word waives window, idleness and presence, for a time, and never a call or a meeting", () => {
		const consent = { consentUntil: noon + 1 };
		const elsewhere = { ...room({ idleSince: noon, occupied: true }), window: null, notBefore: noon + 1 };
		expect(waitsFor({ ...elsewhere, ...consent })).toBeNull();
		expect(waitsFor({ ...elsewhere, consentUntil: noon })).toBe("update.postponed");
		expect(waitsFor({ ...room({ inCall: true }), ...consent })).toBe("update.in_call");
		expect(waitsFor({ ...room({ nextBusyAt: noon + 24 * MINUTE }), ...consent })).toBe("update.meeting");
	});

	test("never opens in a call or around a meeting, whatever else is true", () => {
		fc.assert(
			fc.property(view, (any) => {
				if (waitsFor(any) !== null) return;
				const { room: state, now, worstCaseMs, consentUntil } = any;
				if (!state) {
					expect(any.absentSince).not.toBeNull();
					expect(now - (any.absentSince ?? now)).toBeGreaterThanOrEqual(QUIET_MS);
				} else {
					expect(state.inCall).toBe(false);
					expect(state.idleSince).not.toBeNull();
					expect(state.busy).toBe(false);
					if (state.busyUntil !== null) expect(state.busyUntil).toBeLessThanOrEqual(now);
					if (state.nextBusyAt !== null) expect(state.nextBusyAt - now).toBeGreaterThanOrEqual(worstCaseMs + QUIET_MS);
				}
				if (consentUntil !== null && now < consentUntil) return;
				expect(any.window && isInside(any.window, any.local)).toBe(true);
				if (any.notBefore !== null) expect(any.notBefore).toBeLessThanOrEqual(now);
				if (!state) return;
				expect(now - (state.idleSince ?? now)).toBeGreaterThanOrEqual(QUIET_MS);
				expect(state.occupied).not.toBe(true);
			}),
			{ numRuns: 20_000 },
		);
	});
});

describe("the window", () => {
	const names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
	const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

	test("is what one finds by walking back to its beginning", () => {
		fc.assert(
			fc.property(window, local, ({ days, from, to }, at) => {
				// back from now, minute by minute, to the last time it began; it lasts until `to` comes next
				let ago = 0;
				let inside = false;
				for (; ago < 1440; ago++) {
					const minute = (minutes(at.time) - ago + 1440) % 1440;
					if (minute !== minutes(from)) continue;
					const began = (at.day - (ago > minutes(at.time) ? 1 : 0) + 7) % 7;
					const lasts = (minutes(to) - minutes(from) + 1440) % 1440 || 1440;
					inside = days.some((one) => one === names[began]) && ago < lasts;
					break;
				}
				expect(isInside({ days, from, to }, at)).toBe(inside);
			}),
			{ numRuns: 5000 },
		);
	});

	test("over midnight belongs to the day it begins on", () => {
		const night = { days: ["fri" as const], from: "22:00", to: "04:00" };
		expect(isInside(night, { day: 5, time: "22:00" })).toBe(true);
		expect(isInside(night, { day: 6, time: "03:59" })).toBe(true);
		expect(isInside(night, { day: 6, time: "04:00" })).toBe(false);
		expect(isInside(night, { day: 5, time: "03:00" })).toBe(false);
		expect(isInside(night, { day: 6, time: "22:00" })).toBe(false);
		expect(isInside({ ...night, days: ["sat"] }, { day: 0, time: "01:00" })).toBe(true);
	});
});

describe("the room's own clock", () => {
	test("is that of its time zone, in summer and winter, as ICU says", () => {
		const zones = ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Etc/GMT+12", "UTC"];
		const before = process.env["TZ"];
		try {
			fc.assert(
				fc.property(
					fc.constantFrom(...zones),
					fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2037, 0) }),
					(timeZone, ms) => {
						const fields = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
						const parts = new Intl.DateTimeFormat("en-GB", { timeZone, ...fields }).formatToParts(ms);
						const part = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
						const day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(part["weekday"] ?? "");
						expect(localTime(ms, timeZone)).toEqual({ day, time: `${part["hour"]}:${part["minute"]}` });
					},
				),
				{ numRuns: 500 },
			);
		} finally {
			if (before === undefined) delete process.env["TZ"];
			else process.env["TZ"] = before;
		}
	});

	test("there are only so many time zones", () => {
		for (const name of ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"]) expect(isTimeZone(name)).toBe(true);
		for (const name of ["Europe/Atlantis", "berlin", "x", "Europe", "leapseconds"])
			expect(isTimeZone(name), name).toBe(false);
	});
});
