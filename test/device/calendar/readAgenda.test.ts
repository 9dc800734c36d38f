import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dayWindow } from "../../../device/calendar/dayWindow.ts";
import { readAgenda } from "../../../device/calendar/readAgenda.ts";
import { event, ics, LINK } from "./ics.ts";

const BERLIN = "Europe/Berlin";

/** The day of `date` in the room, by its local noon. */
function read(text: string, date = "2026-11-23", { timeZone = BERLIN, showTitles = false } = {}) {
	const noon = Temporal.ZonedDateTime.from(`${date}T12:00[${timeZone}]`).epochMilliseconds;
	return readAgenda(text, { ...dayWindow(noon, timeZone), timeZone, showTitles });
}

/** The day's meetings as local times, `09:00–10:00`; with the date where it is another. */
function times(text: string, date = "2026-11-23", timeZone = BERLIN): string[] {
	const local = (ms: number) => {
		const time = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
		const day = time.toPlainDate().toString();
		return `${day === date ? "" : `${day} `}${time.toPlainTime().toString().slice(0, 5)}`;
	};
	return read(text, date, { timeZone }).entries.map(({ start, end }) => `${local(start)}–${local(end)}`);
}

describe("a single meeting", () => {
	test.each([
		["in UTC", ["DTSTART:20261123T080000Z", "DTEND:20261123T090000Z"]],
		["in a named zone", ["DTSTART;TZID=Europe/Berlin:20261123T090000", "DTEND;TZID=Europe/Berlin:20261123T100000"]],
		["in another zone", ["DTSTART;TZID=America/New_York:20261123T030000", "DURATION:PT1H"]],
		[
			"with a path before the zone",
			["DTSTART;TZID=/mozilla.org/20050126_1/Europe/Berlin:20261123T090000", "DURATION:PT1H"],
		],
		["floating", ["DTSTART:20261123T090000", "DURATION:PT1H"]],
		["in a zone that nobody defined", ["DTSTART;TZID=Nowhere Time:20261123T090000", "DURATION:PT1H"]],
	])("%s", (_, lines) => {
		expect(times(ics(event(...lines)))).toEqual(["09:00–10:00"]);
	});

	test("in a zone of the file's own making, by its rules for that day", () => {
		const zone = [
			"BEGIN:VTIMEZONE",
			"TZID:Pacific Standard Time",
			"BEGIN:STANDARD",
			"DTSTART:16010101T020000",
			"TZOFFSETFROM:-0700",
			"TZOFFSETTO:-0800",
			"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11",
			"END:STANDARD",
			"BEGIN:DAYLIGHT",
			"DTSTART:16010101T020000",
			"TZOFFSETFROM:-0800",
			"TZOFFSETTO:-0700",
			"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3",
			"END:DAYLIGHT",
			"END:VTIMEZONE",
		];
		const at = (day: string) => event(`DTSTART;TZID=Pacific Standard Time:${day}T000000`, "DURATION:PT1H");
		expect(times(ics(zone, at("20261123")))).toEqual(["09:00–10:00"]);
		// The clocks of California change a week after those of Berlin.
		expect(times(ics(zone, at("20261026")), "2026-10-26")).toEqual(["08:00–09:00"]);
		expect(times(ics(zone, at("20260715")), "2026-07-15")).toEqual(["09:00–10:00"]);
	});

	test("of another day is left out; across midnight it is of both", () => {
		const night = ics(event("DTSTART;TZID=Europe/Berlin:20261123T230000", "DURATION:PT2H"));
		expect(times(night, "2026-11-22")).toEqual([]);
		expect(times(night, "2026-11-23")).toEqual(["23:00–2026-11-24 01:00"]);
		expect(times(night, "2026-11-24")).toEqual(["2026-11-23 23:00–01:00"]);
		expect(times(night, "2026-11-25")).toEqual([]);
	});

	test("just after midnight is already seen, since it can be joined ten minutes before", () => {
		const text = ics(event("DTSTART;TZID=Europe/Berlin:20261124T000500", "DURATION:PT1H"));
		expect(times(text, "2026-11-23")).toEqual(["2026-11-24 00:05–2026-11-24 01:05"]);
	});

	test("that ends when the day begins is over", () => {
		expect(times(ics(event("DTSTART;TZID=Europe/Berlin:20261122T230000", "DURATION:PT1H")))).toEqual([]);
	});

	test("of whole days, also when the clock changes in it", () => {
		const days = ics(event("DTSTART;VALUE=DATE:20261123", "DTEND;VALUE=DATE:20261125"));
		expect(times(days, "2026-11-23")).toEqual(["00:00–2026-11-25 00:00"]);
		expect(times(days, "2026-11-24")).toEqual(["2026-11-23 00:00–2026-11-25 00:00"]);
		const long = read(ics(event("DTSTART;VALUE=DATE:20261025")), "2026-10-25").entries[0];
		expect(long && (long.end - long.start) / 3_600_000).toBe(25);
	});

	test("overlapping ones are both there, by start", () => {
		const text = ics(
			event("UID:b", "DTSTART:20261123T090000Z", "DURATION:PT1H"),
			event("UID:a", "DTSTART:20261123T083000Z", "DURATION:PT1H"),
		);
		expect(times(text)).toEqual(["09:30–10:30", "10:00–11:00"]);
	});
});

describe("a series", () => {
	const weekly = (...more: string[]) =>
		event(
			"UID:w",
			"DTSTART;TZID=Europe/Berlin:20200106T090000",
			"DURATION:PT1H",
			"RRULE:FREQ=WEEKLY;BYDAY=MO",
			...more,
		);

	test("keeps its time on the wall when the clock changes", () => {
		const text = ics(weekly());
		expect(times(text, "2026-03-23")).toEqual(["09:00–10:00"]);
		expect(times(text, "2026-03-30")).toEqual(["09:00–10:00"]);
		expect(times(text, "2026-11-24")).toEqual([]);
	});

	test("in the hour that the clock skips or repeats", () => {
		const daily = ics(event("DTSTART;TZID=Europe/Berlin:20260101T023000", "DURATION:PT1H", "RRULE:FREQ=DAILY"));
		expect(times(daily, "2026-03-29")).toEqual(["03:30–04:30"]);
		const [autumn] = read(daily, "2026-10-25").entries;
		expect(autumn && new Date(autumn.start).toISOString()).toBe("2026-10-25T00:30:00.000Z");
	});

	test("without the days that were taken out", () => {
		expect(times(ics(weekly("EXDATE;TZID=Europe/Berlin:20261123T090000")))).toEqual([]);
		expect(times(ics(weekly("EXDATE:20261123T080000Z")))).toEqual([]);
		expect(times(ics(weekly("EXDATE;VALUE=DATE:20261123")))).toEqual([]);
		expect(times(ics(weekly("EXDATE;TZID=Europe/Berlin:20261123T100000")))).toEqual(["09:00–10:00"]);
	});

	test("with the days that were added", () => {
		expect(times(ics(weekly("RDATE;TZID=Europe/Berlin:20261124T140000")), "2026-11-24")).toEqual(["14:00–15:00"]);
	});

	test("with one occurrence moved within the day, into it, and out of it", () => {
		const moved = (id: string, start: string) =>
			event(
				"UID:w",
				`RECURRENCE-ID;TZID=Europe/Berlin:${id}T090000`,
				`DTSTART;TZID=Europe/Berlin:${start}`,
				"DURATION:PT30M",
			);
		expect(times(ics(weekly(), moved("20261123", "20261123T150000")))).toEqual(["15:00–15:30"]);
		expect(times(ics(weekly(), moved("20261130", "20261123T150000")))).toEqual(["09:00–10:00", "15:00–15:30"]);
		expect(times(ics(weekly(), moved("20261123", "20261201T150000")))).toEqual([]);
	});

	test("changed from some day on", () => {
		const text = ics(
			weekly(),
			event(
				"UID:w",
				"RECURRENCE-ID;TZID=Europe/Berlin;RANGE=THISANDFUTURE:20261109T090000",
				"DTSTART;TZID=Europe/Berlin:20261109T110000",
				"DURATION:PT2H",
			),
		);
		expect(times(text, "2026-11-02")).toEqual(["09:00–10:00"]);
		expect(times(text, "2026-11-09")).toEqual(["11:00–13:00"]);
		expect(times(text, "2026-11-23")).toEqual(["11:00–13:00"]);
	});

	test("that ends: by count, by a moment in UTC, by a day", () => {
		const series = (rule: string) =>
			ics(event("DTSTART;TZID=Europe/Berlin:20261121T090000", "DURATION:PT1H", `RRULE:FREQ=DAILY;${rule}`));
		expect(times(series("COUNT=3"))).toHaveLength(1);
		expect(times(series("COUNT=2"))).toHaveLength(0);
		// 09:00 in Berlin is 08:00 in UTC: compared with the wall it would be over.
		expect(times(series("UNTIL=20261123T080000Z"))).toHaveLength(1);
		expect(times(series("UNTIL=20261123T075959Z"))).toHaveLength(0);
		expect(times(series("UNTIL=20261123"))).toHaveLength(1);
		expect(times(series("UNTIL=20261122"))).toHaveLength(0);
	});

	test.each([
		["every second day", "20200102", "FREQ=DAILY;INTERVAL=2", "2026-11-24", "2026-11-23"],
		["every third week", "20200106", "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO", "2026-11-30", "2026-11-23"],
		["each working day", "20200106", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "2026-11-23", "2026-11-22"],
		["the last Monday", "20200127", "FREQ=MONTHLY;BYDAY=-1MO", "2026-11-30", "2026-11-23"],
		["the 31st", "20200131", "FREQ=MONTHLY", "2026-12-31", "2026-11-30"],
		["once a year", "20151123", "FREQ=YEARLY", "2026-11-23", "2026-11-24"],
	])("%s", (_, start, rule, on, off) => {
		const text = ics(event(`DTSTART;TZID=Europe/Berlin:${start}T090000`, "DURATION:PT1H", `RRULE:${rule}`));
		expect(times(text, on)).toEqual(["09:00–10:00"]);
		expect(times(text, off)).toEqual([]);
	});

	test("is the same whether years are counted through or skipped", () => {
		// COUNT makes the reader count from the start; a rule without it may be entered just before the day.
		const rule = fc.record({
			freq: fc.constantFrom("DAILY", "WEEKLY"),
			interval: fc.integer({ min: 1, max: 9 }),
			byDay: fc.subarray(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]),
			wkst: fc.constantFrom("MO", "SU"),
			start: fc.integer({ min: 0, max: 900 }),
		});
		fc.assert(
			fc.property(rule, ({ freq, interval, byDay, wkst, start }) => {
				const first = Temporal.PlainDate.from("2024-01-01").add({ days: start }).toString().replaceAll("-", "");
				const text = (more: string) => {
					const days = byDay.length > 0 ? `;BYDAY=${byDay}` : "";
					const line = `RRULE:FREQ=${freq};INTERVAL=${interval};WKST=${wkst}${days}${more}`;
					return ics(event(`DTSTART;TZID=Europe/Berlin:${first}T090000`, "DURATION:PT1H", line));
				};
				for (const day of ["2026-11-23", "2026-11-24", "2026-11-28", "2026-11-29"]) {
					expect(times(text(""), day)).toEqual(times(text(";COUNT=5000"), day));
				}
			}),
			{ numRuns: 60 },
		);
	});

	test("of which only changed occurrences were exported", () => {
		const text = ics(event("UID:w", "RECURRENCE-ID:20261123T080000Z", "DTSTART:20261123T100000Z", "DURATION:PT1H"));
		expect(times(text)).toEqual(["11:00–12:00"]);
	});

	test("keeps an occurrence's id between readings and when it is moved, and gives each its own", () => {
		const id = (text: string, day?: string) => read(text, day).entries[0]?.id;
		const text = ics(weekly());
		const moved = event(
			"UID:w",
			"RECURRENCE-ID;TZID=Europe/Berlin:20261123T090000",
			"DTSTART:20261123T140000Z",
			"DURATION:PT1H",
		);
		expect(id(text)).toBe(id(ics(weekly(), moved)));
		expect(id(text)).not.toBe(id(text, "2026-11-30"));
		expect(id(text)).toMatch(/^[\w-]{22}$/);
	});
});

describe("what is kept of a meeting", () => {
	const meeting = (...lines: string[]) =>
		read(ics(event("DTSTART:20261123T080000Z", "DURATION:PT1H", "SUMMARY:Übernahme", ...lines))).entries[0];

	test("no title, unless titles are shown", () => {
		expect(meeting()?.title).toBeNull();
		const text = ics(event("DTSTART:20261123T080000Z", "DURATION:PT1H", "SUMMARY:Übernahme\\, Teil 2"));
		expect(read(text, "2026-11-23", { showTitles: true }).entries[0]?.title).toBe("Übernahme, Teil 2");
		expect(JSON.stringify(read(text))).not.toContain("Übernahme");
	});

	test.each([
		["URL", `URL:${LINK}`],
		["CONFERENCE", `CONFERENCE;VALUE=URI;FEATURE=VIDEO:${LINK}`],
		["X- property", `X-GOOGLE-CONFERENCE:${LINK}`],
		["LOCATION", `LOCATION:${LINK}`],
		["DESCRIPTION, folded", `DESCRIPTION:Hallo\\, bitte hier: ${LINK}\\nDanke`],
		["DESCRIPTION, escaped", `DESCRIPTION:<a href="${LINK.replace("#", "&#35;")}">x</a>`],
	])("the link from its %s", (_, line) => {
		expect(meeting(line)).toMatchObject({ link: LINK, why: null, service: null });
	});

	test("why there is none", () => {
		expect(meeting()).toMatchObject({ link: null, why: "no_link" });
		expect(meeting(`DESCRIPTION:${LINK.replace(/#.*/, "")}`)).toMatchObject({ link: null, why: "link_stripped" });
		expect(meeting("LOCATION:https://teams.microsoft.com/l/meetup-join/x")).toMatchObject({
			link: null,
			why: "unknown_service",
			service: "Teams",
		});
	});

	test("a cancelled one is shown as such, without its link; so is a cancelled occurrence of a series", () => {
		expect(meeting(`URL:${LINK}`, "STATUS:CANCELLED")).toMatchObject({ link: null, why: "cancelled" });
		const text = ics(
			event("UID:w", "DTSTART:20261102T080000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY", `URL:${LINK}`),
			event("UID:w", "RECURRENCE-ID:20261123T080000Z", "DTSTART:20261123T080000Z", "DURATION:PT1H", "STATUS:CANCELLED"),
		);
		expect(read(text).entries).toMatchObject([{ why: "cancelled", link: null }]);
		expect(read(text, "2026-11-30").entries).toMatchObject([{ why: null, link: LINK }]);
	});

	test("what occupies nobody is left out, unless it can be joined", () => {
		expect(meeting("TRANSP:TRANSPARENT")).toBeUndefined();
		expect(meeting("TRANSP:TRANSPARENT", `URL:${LINK}`)).toMatchObject({ link: LINK });
	});

	test("the newer version of an event that is there twice", () => {
		const text = ics(
			event("SEQUENCE:2", "DTSTART:20261123T100000Z", "DURATION:PT1H"),
			event("SEQUENCE:1", "DTSTART:20261123T080000Z", "DURATION:PT1H"),
		);
		expect(times(text)).toEqual(["11:00–12:00"]);
	});
});

describe("hostile or broken files", () => {
	const good = event("UID:good", "DTSTART:20261123T080000Z", "DURATION:PT1H");

	test.each(["", "no calendar", "BEGIN:VCARD\r\nEND:VCARD\r\n", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "\0\0\0"])(
		"%j is refused as unreadable",
		(text) => {
			expect(() => read(text)).toThrow(expect.objectContaining({ code: "calendar.unreadable" }));
		},
	);

	test.each([
		["without a start", ["SUMMARY:x"]],
		["with a start that is none", ["DTSTART:yesterday"]],
		["that ends before it starts", ["DTSTART:20261123T080000Z", "DTEND:20261123T070000Z"]],
		["with a rule that is none", ["DTSTART:20261123T080000Z", "RRULE:FREQ=OFTEN"]],
		["each second", ["DTSTART:20200101T080000Z", "RRULE:FREQ=SECONDLY"]],
		["each minute", ["DTSTART:20200101T080000Z", "RRULE:FREQ=MINUTELY;INTERVAL=3"]],
		["each 30th of February", ["DTSTART:20200101T080000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"]],
		["each day since long ago, counted", ["DTSTART:00010101T080000Z", "RRULE:FREQ=DAILY;COUNT=999999999"]],
		["at unheard-of distances", ["DTSTART:20200101T080000Z", "RRULE:FREQ=DAILY;INTERVAL=99999999"]],
		["in week 54", ["DTSTART:20200101T080000Z", "RRULE:FREQ=WEEKLY;BYWEEKNO=54"]],
		["with an endless rule", ["DTSTART:20200101T080000Z", `RRULE:FREQ=YEARLY;BYYEARDAY=${"1,".repeat(3000)}1`]],
	])("an event %s costs only itself", (_, lines) => {
		const { entries, skipped } = read(ics(event("UID:bad", ...lines, "DURATION:PT1H"), good));
		expect(entries.filter(({ start }) => start === Date.UTC(2026, 10, 23, 8))).toHaveLength(1);
		expect(entries).toHaveLength(1);
		expect(skipped).toBeLessThanOrEqual(1);
	});

	test.each([
		["a 30th of February by month", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"],
		["a 30th of February by year", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"],
		["a Monday that can't be", "FREQ=YEARLY;BYMONTH=4;BYDAY=1MO;BYMONTHDAY=15"],
		["a month that isn't", "FREQ=MONTHLY;BYMONTH=13"],
		["positions that don't occur", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=400"],
		["day 400", "FREQ=YEARLY;BYYEARDAY=400"],
	])("a rule that never comes true ends: %s", (_, rule) => {
		const text = ics(event("UID:bad", "DTSTART:20200101T080000Z", `RRULE:${rule}`), good);
		expect(read(text).entries.some(({ start }) => start === Date.UTC(2026, 10, 23, 8))).toBe(true);
	});

	test("a time zone that changes each second is not believed", () => {
		const zone = [
			"BEGIN:VTIMEZONE",
			"TZID:Mad",
			"BEGIN:STANDARD",
			"DTSTART:16010101T000000",
			"TZOFFSETFROM:+0100",
			"TZOFFSETTO:+0200",
			"RRULE:FREQ=SECONDLY",
			"END:STANDARD",
			"END:VTIMEZONE",
		];
		const bad = event("UID:bad", "DTSTART;TZID=Mad:20261123T120000", "DURATION:PT1H");
		expect(times(ics(zone, bad, good))).toEqual(["09:00–10:00", "11:00–12:00"]);
	});

	test("a day of a thousand meetings is cut, not drowned in", () => {
		const many = Array.from({ length: 1000 }, (_, at) =>
			event(`UID:${at}`, "DTSTART:20261123T080000Z", "DURATION:PT1H"),
		);
		expect(read(ics(...many)).entries).toHaveLength(200);
	});

	test("long lists of dates are read in one go", () => {
		const dates = (name: string) =>
			Array.from(
				{ length: 500 },
				(_, at) =>
					`${name}:${Array.from({ length: 20 }, (_, i) => `20261123T${String((at * 20 + i) % 24).padStart(2, "0")}0000Z`)}`,
			);
		const text = ics(
			event("UID:bad", "DTSTART:20261123T080000Z", ...dates("RDATE"), ...dates("EXDATE")),
			event("UID:g", "DTSTART:20261123T080000Z", "DURATION:PT1H"),
		);
		expect(read(text).entries).toHaveLength(1);
	});

	test("whatever the rule, reading ends, and the good event is there", () => {
		const by = (name: string, from: number, to: number) =>
			fc
				.option(fc.array(fc.integer({ min: from, max: to }), { minLength: 1, maxLength: 5 }), { nil: null })
				.map((list) => (list ? [`${name}=${list}`] : []));
		const rule = fc.tuple(
			fc.constantFrom("DAILY", "WEEKLY", "MONTHLY", "YEARLY").map((freq) => [`FREQ=${freq}`]),
			fc.option(fc.integer({ min: 0, max: 2000 }), { nil: null }).map((n) => (n === null ? [] : [`INTERVAL=${n}`])),
			by("BYMONTH", 1, 12),
			by("BYMONTHDAY", -31, 31),
			by("BYYEARDAY", -366, 366),
			by("BYWEEKNO", -53, 53),
			by("BYSETPOS", -366, 366),
			fc.subarray(["MO", "1MO", "-1SU", "5FR", "SA", "53TU"]).map((days) => (days.length ? [`BYDAY=${days}`] : [])),
		);
		fc.assert(
			fc.property(rule, fc.integer({ min: 1601, max: 2100 }), (parts, year) => {
				const text = ics(event("UID:bad", `DTSTART:${year}0131T120000Z`, `RRULE:${parts.flat().join(";")}`), good);
				expect(read(text).entries.some(({ start }) => start === Date.UTC(2026, 10, 23, 8))).toBe(true);
			}),
			{ numRuns: 150 },
		);
	});

	test("random damage to a file never throws anything but calendar.unreadable", () => {
		const text = ics(
			good,
			event("UID:w", "DTSTART;TZID=Europe/Berlin:20200106T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"),
		);
		fc.assert(
			fc.property(fc.nat(text.length), fc.nat(40), fc.string({ maxLength: 40 }), (at, cut, insert) => {
				try {
					read(text.slice(0, at) + insert + text.slice(at + cut));
				} catch (thrown) {
					expect(thrown).toMatchObject({ code: "calendar.unreadable" });
				}
			}),
			{ numRuns: 300 },
		);
	});
});
