import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CalendarReading } from "../../../device/calendar/CalendarSource.ts";
import { IcsFile, type IcsFileOptions } from "../../../device/calendar/IcsFile.ts";
import { type Clock, ManualClock, systemClock } from "../../../device/core/clock.ts";
import { jsonLog } from "../../../device/core/log.ts";
import { event, ics, LINK, SECRET } from "./ics.ts";

const NOON = Date.UTC(2026, 10, 23, 11);
const MINUTE = 60_000;
const nine = event("UID:nine", "DTSTART:20261123T080000Z", "DURATION:PT1H", "SUMMARY:Sehr geheim", `URL:${LINK}`);
const three = event("UID:three", "DTSTART:20261123T140000Z", "DURATION:PT1H");

let folder: string;
let path: string;
let source: IcsFile | null = null;
let lines: string[];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-calendar-"));
	path = join(folder, "room.ics");
	lines = [];
});
afterEach(async () => {
	await source?.stop();
	source = null;
	await rm(folder, { recursive: true });
});

/** Real timers, so that the file system is really waited for, under a standing date. */
const standing: Clock = { now: () => NOON, after: (ms, callback) => systemClock.after(ms, callback) };

function follow(clock: Clock, change: Partial<IcsFileOptions> = {}) {
	const readings: CalendarReading[] = [];
	const waiting: (() => void)[] = [];
	const log = jsonLog({ write: (line) => lines.push(line) });
	source = new IcsFile({ path, timeZone: "Europe/Berlin", showTitles: false, clock, log, ...change });
	source.events.on("changed", (reading) => {
		readings.push(reading);
		for (const wake of waiting.splice(0)) wake();
	});
	/** The first reading, past or coming, that meets the condition. */
	const until = async (condition: (reading: CalendarReading) => boolean): Promise<CalendarReading> => {
		for (;;) {
			const found = readings.find(condition);
			if (found) return found;
			await new Promise<void>((resolve) => waiting.push(resolve));
		}
	};
	return { source, readings, until };
}

describe("a calendar in a file", () => {
	test("is read at the start, without titles", async () => {
		await writeFile(path, ics(nine, three));
		const { source, readings } = follow(standing);
		await source.start();
		expect(readings).toHaveLength(1);
		expect(readings[0]).toMatchObject({
			failure: null,
			entries: [{ link: LINK, why: null, title: null }, { why: "no_link" }],
		});
		expect(JSON.stringify(readings)).not.toContain("geheim");
	});

	test("is read again when it is written, or replaced by another file; nothing is said of a change that changes nothing", async () => {
		await writeFile(path, ics(nine));
		const { source, readings, until } = follow(standing);
		await source.start();
		await writeFile(path, ics(nine, ["X-COMMENT:nothing new"]));
		await writeFile(path, ics(nine, three));
		await until(({ entries }) => entries.length === 2);
		await writeFile(`${path}.new`, ics());
		await rename(`${path}.new`, path);
		await until(({ entries }) => entries.length === 0);
		// A writer that is slow may be met half-way, which is a reading of its own; that one then says so.
		const good = readings.filter(({ failure }) => failure === null).map(({ entries }) => entries.length);
		expect(good.filter((length, at) => length !== good[at - 1])).toEqual([1, 2, 0]);
		for (const [at, reading] of readings.entries()) expect(reading).not.toEqual(readings[at - 1]);
	});

	test("that can't be read keeps the last good day and says so, until it is good again", async () => {
		await writeFile(path, ics(nine));
		const { source, until } = follow(standing);
		await source.start();
		await writeFile(path, "this is no calendar");
		const bad = await until(({ failure }) => failure !== null);
		expect(bad).toMatchObject({ failure: "calendar.unreadable", entries: [{ link: LINK }] });
		await writeFile(path, ics(nine, three));
		await until(({ failure, entries }) => failure === null && entries.length === 2);
		expect(lines.join("")).toContain("calendar.unreadable");
	});

	test("that is missing at first is found when it comes", async () => {
		const { source, readings, until } = follow(standing);
		await source.start();
		expect(readings).toEqual([{ entries: [], failure: "calendar.unreadable" }]);
		await writeFile(path, ics(nine));
		await until(({ failure }) => failure === null);
	});

	test("in a folder that is missing at first is found at the next interval", async () => {
		const clock = new ManualClock(NOON);
		const late = join(folder, "later");
		const { source, until } = follow(clock, { path: join(late, "room.ics") });
		await source.start();
		await mkdir(late);
		await writeFile(join(late, "room.ics"), ics(nine));
		clock.advance(10 * MINUTE);
		await until(({ failure }) => failure === null);
	});

	test("shows the next day when it comes, also from the last good text", async () => {
		await writeFile(
			path,
			ics(
				nine,
				event("UID:t", "DTSTART:20261124T080000Z", "DURATION:PT1H"),
				event("UID:u", "DTSTART:20261124T090000Z", "DURATION:PT1H"),
			),
		);
		const clock = new ManualClock(NOON);
		const { source, until } = follow(clock);
		await source.start();
		await rm(path);
		clock.advance(24 * 60 * MINUTE);
		const next = await until(({ entries }) => entries.length === 2);
		expect(next.failure).toBe("calendar.unreadable");
	});

	test.each([
		["larger than a megabyte", async () => writeFile(path, ics(nine, [`X-FILL:${"x".repeat(1_100_000)}`]))],
		["a folder", () => mkdir(path)],
		["a pipe that nobody writes to", async () => void execFileSync("mkfifo", [path])],
		["cut off", async () => writeFile(path, ics(nine).slice(0, -30))],
	])("is refused if it is %s", async (_, make) => {
		await make();
		const { source, readings } = follow(standing);
		await source.start();
		expect(readings).toEqual([{ entries: [], failure: "calendar.unreadable" }]);
	});

	test("that takes too long to read is given up, and the room program goes on meanwhile", async () => {
		await writeFile(path, ics(nine));
		const { source, readings } = follow(standing, { deadlineMs: 0 });
		await source.start();
		expect(readings).toEqual([{ entries: [], failure: "calendar.unreadable" }]);
	});

	test("leaves nothing of itself in the log but codes and counts", async () => {
		await writeFile(path, ics(nine, event("UID:bad", "SUMMARY:Sehr geheim", `URL:${LINK}`)));
		const { source } = follow(standing);
		await source.start();
		expect(lines).toHaveLength(1);
		expect(JSON.parse(lines[0] ?? "")).toMatchObject({
			event: "calendar.refused",
			code: "calendar.event_skipped",
			skipped: 1,
		});
		expect(lines.join("")).not.toMatch(new RegExp(`${SECRET}|geheim`));
	});
});
