import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../../../device/core/clock.ts";
import { Download, GIVE_UP_MS, type Wanted } from "../../../../../provisioning/agent/jobs/download/Download.ts";
import { FileServer } from "../../../../sim/network/FileServer.ts";

const MB = 1024 ** 2;
const bundle = randomBytes(2 * MB);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let folder: string;
let server: FileServer;
let clock: ManualClock;
let rate: number;
let seen: number[];
let abort: AbortController;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-download-"));
	server = await FileServer.start();
	server.put(bundle);
	[clock, rate, seen, abort] = [new ManualClock(Date.UTC(2026, 0, 1)), 1000 * MB, [], new AbortController()];
});
afterEach(async () => {
	abort.abort();
	await server.stop();
	await rm(folder, { recursive: true, force: true });
});

const wanted = (over: Partial<Wanted> = {}): Wanted => ({
	url: server.url(),
	digest: sha256(bundle),
	bytes: bundle.byteLength,
	...over,
});
/** Another one each time, as after a start of the program. */
const download = (): Download =>
	new Download({ folder: join(folder, "update"), clock, rate: () => rate, random: () => 1 });
const options = () => ({ signal: abort.signal, progress: (pct: number) => void seen.push(pct) });
const part = (): string => join(folder, "update", `${wanted().digest}.part`);

/** The outcome, while time passes; so slowly that a real connection keeps up with it, where nothing else is said. */
async function outcome(of: Wanted, stepMs = 20): Promise<string> {
	let over: string | null = null;
	download()
		.fetch(of, options())
		.then(
			async (path) => {
				over = sha256(await readFile(path));
			},
			(error: { code: string }) => {
				over = error.code;
			},
		);
	await passing(() => over !== null, stepMs);
	return over as unknown as string;
}
/** Time passes until something is so. */
async function passing(so: () => boolean | Promise<boolean>, stepMs = 1000): Promise<void> {
	await expect
		.poll(
			() => {
				clock.advance(stepMs);
				return so();
			},
			{ interval: 2 },
		)
		.toBe(true);
}
/** Sends so much of the file from where it was asked, and breaks off. */
function breakOff(afterBytes: number) {
	return (request: IncomingMessage, response: ServerResponse): boolean => {
		const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
		const length = bundle.byteLength - from;
		const ranged = from > 0 ? { "content-range": `bytes ${from}-${bundle.byteLength - 1}/${bundle.byteLength}` } : {};
		response.writeHead(from > 0 ? 206 : 200, { "content-length": length, etag: server.etag ?? "", ...ranged });
		response.write(bundle.subarray(from, from + afterBytes), () => setImmediate(() => response.destroy()));
		return true;
	};
}

describe("a download", () => {
	test("brings the bundle, tells its progress, and is not done twice", async () => {
		expect(await outcome(wanted())).toBe(wanted().digest);
		expect(seen.at(-1)).toBe(100);
		expect([...seen].sort((a, b) => a - b)).toEqual(seen);
		expect(await readdir(join(folder, "update"))).toEqual([`${wanted().digest}.raucb`]);
		expect((await stat(download().pathOf(wanted()))).mode & 0o077).toBe(0);
		expect(await outcome(wanted())).toBe(wanted().digest);
		expect(server.asked).toHaveLength(1);
		await download().discard();
		expect(existsSync(join(folder, "update"))).toBe(false);
	});

	test("goes on where the network broke off, by the same tag", async () => {
		server.misbehave = (request, response, turn) => turn < 3 && breakOff(400_000)(request, response);
		expect(await outcome(wanted())).toBe(wanted().digest);
		expect(server.asked).toHaveLength(4);
		const begins = server.asked.map(({ range }) => Number(/\d+/.exec(range ?? "0")?.[0]));
		expect(begins).toEqual([...begins].sort((a, b) => a - b));
		expect(new Set(begins).size).toBe(4);
		expect(server.asked.slice(1).every(({ ifRange }) => ifRange === '"first"')).toBe(true);
	});

	test("goes on after the program's end", async () => {
		const ended = new AbortController();
		server.misbehave = (_request, response, turn) => {
			if (turn > 0) return false;
			response.writeHead(200, { "content-length": bundle.byteLength, etag: '"first"' });
			return response.write(bundle.subarray(0, bundle.byteLength / 2)) || true;
		};
		const first = download().fetch(wanted(), { ...options(), signal: ended.signal });
		const failed = expect(first).rejects.toMatchObject({ code: "update.cancelled" });
		await passing(async () => existsSync(part()) && (await stat(part())).size === bundle.byteLength / 2, 10);
		ended.abort();
		await failed;
		expect(await outcome(wanted())).toBe(wanted().digest);
		expect(server.asked.map(({ range }) => range)).toEqual([null, `bytes=${bundle.byteLength / 2}-`]);
	});

	test("begins anew where the file has become another one, or the server knows no ranges", async () => {
		server.misbehave = (request, response, turn) => {
			if (turn > 0) return false;
			breakOff(500_000)(request, response);
			server.etag = '"second"';
			return true;
		};
		expect(await outcome(wanted())).toBe(wanted().digest);
		expect(server.asked.at(-1)).toMatchObject({ ifRange: '"first"' });
		await download().discard();
		server.asked.length = 0;
		server.misbehave = (request, response, turn) => {
			if (turn > 0) response.writeHead(200, { "content-length": bundle.byteLength }).end(bundle);
			else breakOff(500_000)(request, response);
			return true;
		};
		expect(await outcome(wanted())).toBe(wanted().digest);
		expect(server.asked[1]?.range).toMatch(/^bytes=[1-9]/);
	});

	test("whose pieces do not fit together is begun anew once, in one piece", async () => {
		await mkdir(join(folder, "update"), { recursive: true });
		// half of it is what a power cut left: zeros
		await writeFile(part(), Buffer.alloc(MB));
		expect(await outcome(wanted())).toBe(wanted().digest);
		expect(server.asked.map(({ range }) => range)).toEqual([`bytes=${MB}-`, null]);
	});

	test("takes no more bytes a second than it is told", async () => {
		rate = MB;
		const began = clock.now();
		expect(await outcome(wanted(), 10)).toBe(wanted().digest);
		// what a pause has earned is a quarter of a second; the last piece is paid for when it is there
		expect(clock.now() - began).toBeGreaterThan(1600);
	});

	test("that has no room on the disk is not begun", async () => {
		expect(await outcome(wanted({ bytes: 2 ** 50 }))).toBe("update.no_space");
		expect(server.asked).toEqual([]);
	});

	test("that is called off leaves at once", async () => {
		server.misbehave = (_request, response) => {
			response.writeHead(200, { "content-length": bundle.byteLength }).write(bundle.subarray(0, 1000));
			return true;
		};
		const fetched = expect(download().fetch(wanted(), options())).rejects.toMatchObject({ code: "update.cancelled" });
		await expect.poll(() => server.asked.length).toBe(1);
		abort.abort();
		await fetched;
	});

	test("removes what is left of another one", async () => {
		await outcome(wanted());
		const other = randomBytes(1000);
		server.put(other, "other.raucb");
		const next = { url: server.url("other.raucb"), digest: sha256(other), bytes: 1000 };
		expect(await outcome(next)).toBe(next.digest);
		expect(await readdir(join(folder, "update"))).toEqual([`${next.digest}.raucb`]);
	});

	test("is looked at once more on the disk before it is used", async () => {
		await outcome(wanted());
		const path = download().pathOf(wanted());
		expect(await download().verify(wanted())).toBe(path);
		const bytes = await readFile(path);
		bytes[1234] = (bytes[1234] as number) ^ 1;
		await writeFile(path, bytes);
		await expect(download().verify(wanted())).rejects.toMatchObject({ code: "update.digest_wrong" });
		await rm(path);
		await expect(download().verify(wanted())).rejects.toMatchObject({ code: "update.digest_wrong" });
	});
});

describe("a server that", () => {
	test("has other bytes is found out, and nothing is kept", async () => {
		const flipped = Buffer.from(bundle);
		flipped[77] = (flipped[77] as number) ^ 1;
		server.put(flipped);
		expect(await outcome(wanted())).toBe("update.digest_wrong");
		expect(await readdir(join(folder, "update"))).toEqual([]);
		expect(server.asked).toHaveLength(1);
	});

	test("has a file of another size is refused before a byte is taken", async () => {
		server.put(bundle.subarray(0, MB));
		expect(await outcome(wanted())).toBe("update.size_wrong");
		server.put(Buffer.concat([bundle, Buffer.from("x")]));
		expect(await outcome(wanted())).toBe("update.size_wrong");
		expect(existsSync(part())).toBe(false);
	});

	test("never stops is left at the promised size", async () => {
		let sent = 0;
		server.misbehave = (_request, response) => {
			response.writeHead(200);
			const more = (): void => {
				while (!response.destroyed && response.write(bundle.subarray(0, 65_536))) sent += 65_536;
				if (!response.destroyed) response.once("drain", more);
			};
			more();
			return true;
		};
		expect(await outcome(wanted())).toBe("update.size_wrong");
		expect(existsSync(part())).toBe(false);
		expect(sent).toBeLessThan(100 * MB);
	});

	test("sends other bytes than were asked for is asked for all of them", async () => {
		server.misbehave = (request, response, turn) => {
			if (turn === 0) return breakOff(300_000)(request, response);
			if (turn > 1) return false;
			const said = `bytes 0-${bundle.byteLength - 1}/${bundle.byteLength}`;
			response.writeHead(206, { "content-range": said }).end(bundle);
			return true;
		};
		expect(await outcome(wanted())).toBe(wanted().digest);
		expect(server.asked.at(-1)?.range).toBeNull();
	});

	test.each([
		[
			"a range that nobody asked for",
			206,
			{ "content-range": `bytes 5-${bundle.byteLength - 1}/${bundle.byteLength}` },
		],
		["no range at all", 206, {}],
		["a range of another file", 206, { "content-range": "bytes 0-9/10" }],
		["bytes in another form", 200, { "content-encoding": "gzip" }],
		["a way elsewhere", 302, { location: "http://127.0.0.1:1/elsewhere" }],
		["a way elsewhere, for good", 308, { location: "https://elsewhere.example/" }],
		["no file", 404, {}],
		["no right", 403, {}],
		["nothing", 204, {}],
		["a tag that is a header of its own", 200, { etag: '"a", "b"', "content-length": "7" }],
	])("answers with %s is refused", async (_what, status, headers) => {
		server.misbehave = (_request, response) => {
			response.writeHead(status, headers as Record<string, string>).end(status === 204 ? undefined : "whatever");
			return true;
		};
		expect(await outcome(wanted())).toMatch(/^update\.(server_refused|size_wrong)$/);
		expect(server.asked).toHaveLength(1);
	});

	test.each([500, 503, 429])("answers with %d is asked again", async (status) => {
		server.misbehave = (_request, response, turn) => {
			if (turn > 2) return false;
			response.writeHead(status).end();
			return true;
		};
		expect(await outcome(wanted())).toBe(wanted().digest);
		expect(server.asked).toHaveLength(4);
	});

	test("drips is left, and asked again", async () => {
		const timers: NodeJS.Timeout[] = [];
		server.misbehave = (_request, response, turn) => {
			if (turn > 0) return false;
			response.writeHead(200, { "content-length": bundle.byteLength });
			timers.push(setInterval(() => response.write("x"), 5));
			return true;
		};
		expect(await outcome(wanted(), 2000)).toBe(wanted().digest);
		for (const timer of timers) clearInterval(timer);
		expect(server.asked.length).toBeGreaterThan(1);
	});

	test("says nothing, or sends the same beginning for ever, is given up after hours", async () => {
		server.misbehave = () => true;
		const began = clock.now();
		expect(await outcome(wanted(), 60_000)).toBe("update.unreachable");
		expect(clock.now() - began).toBeGreaterThanOrEqual(GIVE_UP_MS);
		server.misbehave = (_request, response) => {
			response.writeHead(200, { "content-length": bundle.byteLength });
			response.write(bundle.subarray(0, 200_000), () => setImmediate(() => response.destroy()));
			return true;
		};
		expect(await outcome(wanted(), 60_000)).toBe("update.unreachable");
	});

	test("is not there is waited for", async () => {
		const gone = wanted();
		await server.stop();
		expect(await outcome(gone, 60_000)).toBe("update.unreachable");
	});
});
