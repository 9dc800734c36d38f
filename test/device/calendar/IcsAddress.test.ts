import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CalendarReading } from "../../../device/calendar/CalendarSource.ts";
import { fetchCalendar } from "../../../device/calendar/fetchCalendar.ts";
import { IcsAddress, type IcsAddressOptions } from "../../../device/calendar/IcsAddress.ts";
import { ManualClock } from "../../../device/core/clock.ts";
import { jsonLog } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { type Answer, CalendarServer } from "../../sim/calendar/CalendarServer.ts";
import { PrivateAuthority } from "../../sim/network/PrivateAuthority.ts";
import { event, ics, LINK, SECRET } from "./ics.ts";

const NOON = Date.UTC(2026, 10, 23, 11);
const MINUTE = 60_000;
const nine = event("UID:nine", "DTSTART:20261123T080000Z", "DURATION:PT1H", "SUMMARY:Sehr geheim", `URL:${LINK}`);
const three = event("UID:three", "DTSTART:20261123T140000Z", "DURATION:PT1H");
const tomorrow = event("UID:tomorrow", "DTSTART:20261124T140000Z", "DURATION:PT1H");

/** What the source waits for stands in it: pauses between two looks apart from its deadline and its patience. */
class NotedClock extends ManualClock {
	readonly pauses: number[] = [];

	override after(ms: number, callback: () => void): () => void {
		if (ms !== 30_000 && ms !== 3_000) this.pauses.push(ms);
		return super.after(ms, callback);
	}
}

let server: CalendarServer;
let source: IcsAddress | null = null;
let lines: string[];
let clock: NotedClock;

beforeEach(async () => {
	server = await CalendarServer.start();
	server.text = ics(nine);
	lines = [];
	clock = new NotedClock(NOON);
});
afterEach(async () => {
	await source?.stop();
	source = null;
	await server.stop();
});

function follow(change: Partial<IcsAddressOptions> = {}) {
	const readings: CalendarReading[] = [];
	const log = jsonLog({ write: (line) => lines.push(line) });
	const options = { timeZone: "Europe/Berlin", showTitles: false, clock, log, random: () => 0.5 };
	source = new IcsAddress({ url: server.url, ...options, ...change });
	source.events.on("changed", (reading) => readings.push(reading));
	return { source, readings };
}

/** Waits until the source waits for the n-th time, and lets that time pass. */
async function nextLook(nth: number): Promise<void> {
	await expect.poll(() => clock.pauses.length).toBe(nth);
	clock.advance(clock.pauses[nth - 1] ?? 0);
}

const asked = (which: number) => server.asked[which]?.headers ?? {};

describe("a calendar by its address", () => {
	test("is read at the start, without titles", async () => {
		const { source, readings } = follow();
		await source.start();
		expect(readings).toMatchObject([{ failure: null, entries: [{ link: LINK, why: null, title: null }] }]);
		expect(asked(0)).toMatchObject({ "accept-encoding": "identity" });
		expect(asked(0)["authorization"]).toBeUndefined();
	});

	test("is asked for about each minute, and not sent again as long as it is the same", async () => {
		const { source, readings } = follow();
		await source.start();
		await nextLook(1);
		await expect.poll(() => clock.pauses).toEqual([MINUTE, MINUTE]);
		expect(asked(1)["if-none-match"]).toBe(`"${server.text.length}"`);
		expect(readings).toHaveLength(1);
		server.text = ics(nine, three);
		await nextLook(2);
		await expect.poll(() => readings.at(-1)?.entries.length).toBe(2);
	});

	test("is known again by its date, where its server has no tags", async () => {
		const modified = "Mon, 23 Nov 2026 08:00:00 GMT";
		server.answer = ({ headers }, response) => {
			if (headers["if-modified-since"] === modified) response.writeHead(304).end();
			else response.writeHead(200, { "last-modified": modified }).end(server.text);
		};
		const { source, readings } = follow();
		await source.start();
		await nextLook(1);
		await expect.poll(() => clock.pauses).toEqual([MINUTE, MINUTE]);
		expect(asked(1)["if-modified-since"]).toBe(modified);
		expect(readings).toHaveLength(1);
	});

	test("shows the next day when it comes, though nothing changed", async () => {
		server.text = ics(nine, tomorrow, event("UID:other", "DTSTART:20261124T150000Z", "DURATION:PT1H"));
		const { source, readings } = follow();
		await source.start();
		clock.advance(24 * 60 * MINUTE);
		await expect.poll(() => readings.at(-1)).toMatchObject({ failure: null, entries: [{ why: "no_link" }, {}] });
	});

	test("is asked for by user and password where there are some, and only of its own server", async () => {
		const { source, readings } = follow({ login: { user: "raum", password: "gehöim:x" } });
		server.answer = (request, response) => {
			if (request.url === "/moved.ics") response.end(server.text);
			else response.writeHead(301, { location: "/moved.ics" }).end();
		};
		await source.start();
		expect(readings).toMatchObject([{ failure: null, entries: [{ link: LINK }] }]);
		for (const which of [0, 1]) {
			const [, sent = ""] = asked(which)["authorization"]?.split("Basic ") ?? [];
			expect(Buffer.from(sent, "base64").toString()).toBe("raum:gehöim:x");
		}
	});
});

/** What a server can do, and what the panel then says. `late`: its end is the deadline's. */
const faults: [name: string, code: string, answer: Answer, late?: "late"][] = [
	["says nothing", "calendar.unreachable", () => {}, "late"],
	[
		"drips without end",
		"calendar.unreachable",
		(_, response) => void response.writeHead(200).write("BEGIN:VCALENDAR\r\n"),
		"late",
	],
	[
		"breaks off before the length that it said",
		"calendar.unreachable",
		(_, response) => {
			response.writeHead(200, { "content-length": server.text.length });
			response.write(server.text.slice(0, 50), () => response.destroy());
		},
	],
	[
		"breaks off in a chunk",
		"calendar.unreachable",
		(_, response) => void response.write("BEGIN:VCALENDAR", () => response.destroy()),
	],
	[
		"ends in the middle as if that were all",
		"calendar.unreadable",
		(_, response) => void response.end(server.text.slice(0, -30)),
	],
	["talks no HTTP", "calendar.unreachable", ({ socket }) => void socket.end("SSH-2.0-OpenSSH_9.2\r\n")],
	["breaks at once", "calendar.unreachable", ({ socket }) => void socket.destroy()],
	...[500, 502, 503, 429, 408].map((status): [string, string, Answer] => [
		`answers ${status}`,
		"calendar.unreachable",
		(_, response) => void response.writeHead(status).end(server.text),
	]),
	...[400, 401, 403, 404, 410].map((status): [string, string, Answer] => [
		`answers ${status}`,
		"calendar.denied",
		(_, response) => void response.writeHead(status).end(server.text),
	]),
	...[204, 206, 304].map((status): [string, string, Answer] => [
		`answers ${status}, unasked`,
		"calendar.unreadable",
		(_, response) => void response.writeHead(status).end(),
	]),
	["leads nowhere", "calendar.denied", (_, response) => void response.writeHead(302).end()],
	[
		"leads in a circle",
		"calendar.denied",
		(request, response) => void response.writeHead(302, { location: request.url ?? "" }).end(),
	],
	[
		"sends a page to sign in",
		"calendar.unreadable",
		(_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>"),
	],
	[
		"packs it, unasked",
		"calendar.unreadable",
		(_, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(server.text)),
	],
	[
		"sends two megabytes",
		"calendar.unreadable",
		(_, response) => void response.end(ics(nine, [`X-FILL:${"x".repeat(2_000_000)}`])),
	],
	[
		"sends without end",
		"calendar.unreadable",
		(_, response) => {
			const more = (): void => {
				while (!response.destroyed && response.write("x".repeat(50_000)));
			};
			response.on("drain", more);
			more();
		},
	],
];

describe("a server that", () => {
	test.each(faults)("%s: %s, and the last good day stays", async (...fault) => {
		const [name, code, answer, late] = fault;
		const { source, readings } = follow();
		server.answer = answer;
		const started = source.start();
		await expect.poll(() => server.asked.length).toBeGreaterThan(0);
		if (late) clock.advance(30_000);
		await started;
		await expect.poll(() => readings).toEqual([{ entries: [], failure: code }]);
		server.answer = null;
		await nextLook(1);
		await expect.poll(() => readings.at(-1)).toMatchObject({ failure: null, entries: [{ link: LINK }] });
		const good = readings.at(-1);
		server.answer = answer;
		const before = server.asked.length;
		await nextLook(2);
		await expect.poll(() => server.asked.length).toBeGreaterThan(before);
		if (late) clock.advance(30_000);
		await expect.poll(() => clock.pauses.length).toBe(3);
		// rightly "as before", now that there is a before
		const now = name.startsWith("answers 304") ? null : code;
		expect(readings.at(-1)).toEqual({ ...good, failure: now });
		expect(lines.join("")).toContain(code);
		expect(lines.join("") + JSON.stringify(readings)).not.toContain(CalendarServer.TOKEN);
	});

	test.each(faults)("%s: the error says nothing of the address", async (...[, code, answer, late]) => {
		server.answer = answer;
		const signal = new AbortController().signal;
		const login = { user: "raum", password: CalendarServer.TOKEN };
		const fetching = fetchCalendar({ url: new URL(server.url), login, known: null, clock, signal });
		const error = fetching.catch((thrown: unknown) => thrown);
		await expect.poll(() => server.asked.length).toBeGreaterThan(0);
		if (late) clock.advance(30_000);
		const thrown = await error;
		// a text is refused by its reader only
		const text = code === "calendar.unreadable" && !(thrown instanceof RoomError);
		expect(thrown).toMatchObject(text ? { text: expect.any(String) } : { code });
		expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain(CalendarServer.TOKEN);
	});

	test("leads to another server: that one never hears of it", async () => {
		const other = await CalendarServer.start();
		other.text = ics(nine);
		server.answer = (_, response) => void response.writeHead(302, { location: other.url }).end();
		const { source, readings } = follow({ login: { user: "raum", password: "geheim" } });
		await source.start();
		await other.stop();
		expect(readings).toEqual([{ entries: [], failure: "calendar.denied" }]);
		expect(other.asked).toEqual([]);
	});

	test("is gone is asked more and more seldom, and each minute again when it is back", async () => {
		const { source, readings } = follow({ random: () => 1 });
		await source.start();
		const { port } = server;
		await server.stop();
		for (let nth = 1; nth <= 9; nth++) await nextLook(nth);
		await expect.poll(() => clock.pauses.length).toBe(10);
		expect(clock.pauses.map((ms) => ms / 1000)).toEqual([75, 5, 10, 20, 40, 80, 160, 320, 600, 600]);
		expect(readings.at(-1)).toEqual({ ...readings[0], failure: "calendar.unreachable" });
		server = await CalendarServer.start(null, port);
		server.text = ics(nine);
		await nextLook(10);
		await expect.poll(() => clock.pauses.at(-1)).toBe(75_000);
		expect(readings.at(-1)).toEqual(readings[0]);
		expect(lines.join("")).not.toContain(CalendarServer.TOKEN);
	});

	test.each([
		["120", 120],
		["Mon, 23 Nov 2026 11:02:00 GMT", 120],
		["1", 5],
		["999999999", 600],
		["Mon, 23 Nov 2099 11:02:00 GMT", 600],
		["Mon, 23 Nov 1999 11:02:00 GMT", 5],
		["-7", 5],
		["soon", 5],
	])("wants to be left alone for %s is, within reason", async (said, seconds) => {
		server.answer = (_, response) => void response.writeHead(503, { "retry-after": said }).end();
		const { source } = follow({ random: () => 0 });
		await source.start();
		await expect.poll(() => clock.pauses).toEqual([seconds * 1000]);
	});

	test("is silent at the start is not waited for: soon the room is called free no longer", async () => {
		let answer = (): void => {};
		server.answer = (_, response) => {
			answer = () => void response.end(server.text);
		};
		const { source, readings } = follow();
		const started = source.start();
		await expect.poll(() => server.asked.length).toBe(1);
		clock.advance(3_000);
		await started;
		expect(readings).toEqual([{ entries: [], failure: "calendar.unreachable" }]);
		answer();
		await expect.poll(() => readings.at(-1)).toMatchObject({ failure: null, entries: [{ link: LINK }] });
	});

	test("is just being asked is let go when the room stops, and nothing is said any more", async () => {
		server.answer = (_, response) => void response.write("BEGIN:VCALENDAR\r\n");
		const { source, readings } = follow();
		void source.start();
		await expect.poll(() => server.asked.length).toBe(1);
		await source.stop();
		await expect.poll(() => server.broken).toBe(1);
		clock.advance(60 * MINUTE);
		expect([readings, lines, server.asked.length]).toEqual([[], [], 1]);
	});
});

describe("over TLS", () => {
	const usual = getCACertificates();
	let ours: PrivateAuthority;
	beforeAll(async () => {
		ours = await PrivateAuthority.found();
		setDefaultCACertificates([...usual, ours.certificate]);
	});
	afterAll(() => setDefaultCACertificates(usual));

	test.each([
		["of an authority that this device trusts", null, () => ours.server()],
		["of a stranger", "calendar.untrusted", async () => (await PrivateAuthority.found()).server()],
		["of another server", "calendar.untrusted", () => ours.server("127.0.0.2")],
	])("a certificate %s: %s", async (_, failure, certificate) => {
		await server.stop();
		server = await CalendarServer.start(await certificate());
		server.text = ics(nine);
		const { source, readings } = follow();
		await source.start();
		expect(readings).toMatchObject([{ failure }]);
		expect(server.asked).toHaveLength(failure === null ? 1 : 0);
		expect(lines.join("")).not.toMatch(new RegExp(`${CalendarServer.TOKEN}|${SECRET}|geheim`));
	});
});
