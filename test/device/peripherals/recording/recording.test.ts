import { mkdtemp, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock, systemClock } from "../../../../device/core/clock.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { delimiterSplitter } from "../../../../device/peripherals/link/delimiterSplitter.ts";
import type { LineEvents, OpenLine } from "../../../../device/peripherals/link/Line.ts";
import { LineLink } from "../../../../device/peripherals/link/LineLink.ts";
import { LineTap } from "../../../../device/peripherals/link/LineTap.ts";
import { RequestQueue } from "../../../../device/peripherals/link/RequestQueue.ts";
import { askRecording } from "../../../../device/peripherals/recording/askRecording.ts";
import { LineRecorder } from "../../../../device/peripherals/recording/LineRecorder.ts";
import { RecordingDoor } from "../../../../device/peripherals/recording/RecordingDoor.ts";
import { parseRecording } from "../../../../device/peripherals/recording/recording.ts";
import { replayLine } from "../../../../device/peripherals/recording/replayLine.ts";

const latin = (text: string) => Buffer.from(text, "latin1");
const hex = (text: string) => latin(text).toString("hex");
const splitter = () => delimiterSplitter({ end: 0x0a, most: 64 });

/** A device at a line in memory: answers each line in two pieces, with garbage before, after 30 ms. */
function device(clock: ManualClock) {
	let events: LineEvents | null = null;
	let absent = false;
	const open: OpenLine = async (told) => {
		if (absent) throw new RoomError("link.absent", "unplugged");
		events = told;
		return {
			async write(bytes) {
				clock.after(30, () => {
					told.bytes(Buffer.concat([latin("??\n"), bytes.subarray(0, 1)]));
					told.bytes(latin(Buffer.from(bytes.subarray(1)).toString().toUpperCase()));
				});
			},
			async close() {},
		};
	};
	return {
		open,
		unplug() {
			absent = true;
			events?.ended("link.lost");
		},
		replug() {
			absent = false;
		},
	};
}

/** Asks for two words, the line breaking between them, and tells what came of it. */
async function converse(link: LineLink, clock: ManualClock, between: () => Promise<void>): Promise<string[]> {
	const heard: string[] = [];
	const queue = new RequestQueue(link, { clock, onUnclaimed: (frame) => heard.push(`stray ${latin(String(frame))}`) });
	const ask = (word: string) =>
		queue
			.ask({
				frame: () => latin(`${word}\n`),
				judge: (frame) => (frame[0] === 0x3f ? { is: "other" } : { is: "done", value: Buffer.from(frame).toString() }),
			})
			.then((answer) => heard.push(answer.trim()));
	const up = async (times: number) => {
		await expect
			.poll(() => {
				clock.advance(50);
				return [link.state.name, link.counters.opened];
			})
			.toEqual(["up", times]);
	};
	await up(1);
	const one = ask("one");
	clock.advance(30);
	await one;
	await between();
	await up(2);
	const two = ask("two");
	clock.advance(30);
	await two;
	await link.close();
	return heard;
}

describe("a recording", () => {
	it("played back, gives the driver what it was given when it was recorded", async () => {
		const clock = new ManualClock(1_700_000_000_000);
		const real = device(clock);
		const tap = new LineTap();
		let text = "";
		const write = (line: string) => {
			text += line;
			return true;
		};
		const recorder = new LineRecorder({ tap, device: "camera", clock, write, mostBytes: 10_000 });
		const link = new LineLink({ open: tap.around(real.open, clock), splitter, clock, random: () => 0 });
		const states: string[] = [];
		link.onState(({ failure }) => states.push(String(failure)));
		const lived = await converse(link, clock, async () => {
			real.unplug();
			await expect
				.poll(() => {
					clock.advance(50);
					return states;
				})
				.toContain("link.absent");
			real.replug();
		});
		recorder.stop();
		expect(lived.filter((word) => !word.startsWith("stray"))).toEqual(["oNE", "tWO"]);

		const recording = parseRecording(latin(text));
		expect(recording.device).toBe("camera");
		expect(recording.entries.map((entry) => entry.is).filter((is) => is !== "not_opened")).toEqual([
			...["opened", "out", "in", "in", "ended"],
			...["opened", "out", "in", "in", "ended"],
		]);
		const again = new ManualClock();
		const replay = replayLine(recording, again);
		const played = new LineLink({ open: replay.open, splitter, clock: again, random: () => 0 });
		expect(await converse(played, again, async () => {})).toEqual(lived);
		expect([played.counters.badBytes, played.counters.framesIn]).toEqual([
			link.counters.badBytes,
			link.counters.framesIn,
		]);
		expect([replay.difference, replay.left]).toEqual([null, 0]);
	});

	it("ends the line where something else is written, and says where", async () => {
		const clock = new ManualClock();
		const entries = [
			{ at: 0, is: "opened" as const },
			{ at: 0, is: "out" as const, hex: hex("one\n") },
		];
		const replay = replayLine({ device: "x", entries }, clock);
		const link = new LineLink({ open: replay.open, splitter, clock });
		await expect.poll(() => link.state.name).toBe("up");
		await link.send(latin("two\n")).catch(() => {});
		expect(link.state).toMatchObject({ name: "down", failure: "link.lost" });
		expect(replay.difference).toEqual({ entry: 1, expected: hex("one\n"), written: hex("two\n") });
		await link.close();
	});

	it("is no longer than it may be, and says so", async () => {
		const clock = new ManualClock();
		const tap = new LineTap();
		let events: LineEvents | undefined;
		const open = tap.around(async (told) => {
			events = told;
			return { async write() {}, async close() {} };
		}, clock);
		await open({ bytes() {}, ended() {} }, new AbortController().signal);
		let text = "";
		let full = 0;
		new LineRecorder({
			tap,
			device: "x",
			clock,
			mostBytes: 1000,
			write(line) {
				text += line;
				return true;
			},
			onFull() {
				full += 1;
			},
		});
		for (let i = 0; i < 100; i += 1) events?.bytes(latin("0123456789"));
		expect(text.length).toBeLessThanOrEqual(1000);
		expect(full).toBe(1);
		expect(parseRecording(latin(text)).entries.at(-1)).toEqual({ at: 0, is: "full" });
	});

	it("anything else is refused with its line, and never with anything but a RoomError", () => {
		const head = '{"v":1,"device":"x","at":0}\n';
		for (const [text, line] of [
			["", 1],
			['{"v":2,"device":"x","at":0}\n', 1],
			[`${head}{"at":0,"is":"in","hex":"123"}\n`, 2],
			[`${head}{"at":0,"is":"opened"}\nno json\n`, 3],
		] as const) {
			expect(() => parseRecording(latin(text))).toThrow(
				expect.objectContaining({ code: "recording.malformed", context: { line } }),
			);
		}
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
				try {
					parseRecording(Buffer.concat([latin(head), bytes]));
				} catch (error) {
					expect(error).toBeInstanceOf(RoomError);
				}
			}),
		);
	});
});

describe("the door for recordings", () => {
	let folder: string;
	let path: string;
	let door: RecordingDoor;
	let tap: LineTap;
	let events: LineEvents;

	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "incamera-door-"));
		path = join(folder, "recording.sock");
		tap = new LineTap();
		door = new RecordingDoor({ taps: () => new Map([["camera", tap]]), clock: systemClock });
		await door.listen(path);
		const open = tap.around(async (told) => {
			events = told;
			return { async write() {}, async close() {} };
		}, systemClock);
		await open({ bytes() {}, ended() {} }, new AbortController().signal);
	});
	afterEach(async () => {
		await door.close();
		await rm(folder, { recursive: true, force: true });
	});

	it("gives whoever asks what passes from then on, until it goes", async () => {
		const abort = new AbortController();
		const lines: string[] = [];
		const recording = askRecording(
			path,
			{ device: "camera", mostBytes: 10_000 },
			(line) => lines.push(line),
			abort.signal,
		);
		await expect.poll(() => lines).toHaveLength(1);
		events.bytes(latin("hello"));
		await expect.poll(() => lines).toHaveLength(2);
		expect(parseRecording(latin(lines.join(""))).entries).toMatchObject([{ is: "in", hex: hex("hello") }]);
		abort.abort();
		await recording;
	});

	it("ends it when it is full", async () => {
		const lines: string[] = [];
		const signal = new AbortController().signal;
		const recording = askRecording(path, { device: "camera", mostBytes: 1024 }, (line) => lines.push(line), signal);
		await expect.poll(() => lines).toHaveLength(1);
		for (let i = 0; i < 100; i += 1) events.bytes(latin("0123456789"));
		await recording;
		expect(parseRecording(latin(lines.join(""))).entries.at(-1)?.is).toBe("full");
	});

	it("is for its own account only", async () => {
		expect((await stat(path)).mode & 0o777).toBe(0o600);
	});

	it("names the devices that there are to who asks for another", async () => {
		const signal = new AbortController().signal;
		await expect(askRecording(path, { device: "tv", mostBytes: 1024 }, () => {}, signal)).rejects.toMatchObject({
			code: "recording.no_such_device",
			message: expect.stringContaining("camera"),
		});
	});

	it("counts what a reader who reads nothing has missed, and keeps little for it", async () => {
		const socket = connect(path);
		socket.write('{"record":"camera","mostBytes":1000000000}\n');
		await new Promise((resolve) => socket.once("data", resolve));
		socket.pause();
		for (let i = 0; i < 20_000; i += 1) {
			events.bytes(Buffer.alloc(64));
			if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		let read = "";
		socket.on("data", (chunk) => {
			read += chunk;
		});
		socket.resume();
		await expect
			.poll(() => {
				events.bytes(latin("!"));
				return read;
			})
			.toMatch(/"is":"missed","entries":\d{3,}\}\n.*"hex":"21"\}\n$/s);
		socket.destroy();
	});

	it.each(["nonsense\n", '{"record":7}\n', "x".repeat(5000), '{"record":"camera","mostBytes":2000}\n{"again":1}\n'])(
		"shows out who says %j",
		async (said) => {
			const socket = connect(path);
			socket.on("error", () => {});
			const closed = new Promise((resolve) => socket.once("close", resolve));
			socket.resume();
			for (const line of said.split(/(?<=\n)/)) {
				socket.write(line);
				await new Promise((resolve) => setImmediate(resolve));
			}
			await closed;
		},
	);

	it("says that no program runs where there is none", async () => {
		await door.close();
		const signal = new AbortController().signal;
		await expect(askRecording(path, { device: "camera", mostBytes: 1024 }, () => {}, signal)).rejects.toMatchObject({
			code: "recording.no_program",
		});
	});
});
