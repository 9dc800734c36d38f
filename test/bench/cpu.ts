/**
 * Processor time of one media engine in a call of two: 720p30 H.264 and Opus both ways, nobody looks at the TV. Against bare pipelines of
 * the same elements at the same bit rate, and against one Chromium, all its processes, in a call between two Chromiums that is held to
 * 720p30 and draws nothing either.
 */
import type { Browser } from "playwright-core";
import { startBarePair } from "./barePipeline.ts";
import { EngineRoom } from "./EngineRoom.ts";
import { MeetingPlace } from "./MeetingPlace.ts";
import {
	countersOf,
	drawNothing,
	frameAfter,
	holdTo720p30,
	launchGuestBrowser,
	markOf,
	pressJoin,
	probedGuest,
	waitingGuest,
} from "./pageProbe.ts";
import { cpuSecondsOf, treeOf, withPid } from "./processes.ts";
import { against, median, type Row } from "./report.ts";
import { pause } from "./waitFor.ts";

/** Encoders have found their rate and everything that is made once is made. */
const settleMs = 5_000;

async function secondsOver(spanMs: number, pids: () => number[]): Promise<number> {
	await pause(settleMs);
	const before = pids();
	const [startMs, start] = [performance.now(), cpuSecondsOf(before)];
	await pause(spanMs);
	const used = cpuSecondsOf(before) - start;
	// for exactly the span, whenever the timer fired
	return (used * spanMs) / (performance.now() - startMs);
}

/** What one end spent, and what its encoder was asked for meanwhile (bit/s). */
interface Spent {
	seconds: number;
	bitrate: number;
}

async function engine(rooms: [EngineRoom, EngineRoom], link: string, spanMs: number): Promise<Spent> {
	const joins = rooms.map((room) => room.join(link));
	await Promise.all(joins);
	const pids = rooms.map(({ engine }) => engine.pid ?? -1);
	const rates: number[] = [];
	const timer = setInterval(() => {
		for (const room of rooms)
			void room.stats().then(
				({ sender }) => rates.push(sender.bitrate),
				() => undefined,
			);
	}, 2_000);
	try {
		const seconds = await secondsOver(spanMs, () => pids);
		// not before encoders and rates have settled
		const settled = rates.slice(Math.floor((rates.length * settleMs) / (settleMs + spanMs)));
		return { seconds: seconds / 2, bitrate: settled.reduce((sum, rate) => sum + rate, 0) / settled.length };
	} finally {
		clearInterval(timer);
		await Promise.all(rooms.map((room) => room.leave()));
	}
}

async function bare(bitrate: number, spanMs: number): Promise<number> {
	const pair = await startBarePair({ bitrate: Math.round(bitrate), path: "call" });
	try {
		return (await secondsOver(spanMs, () => pair.pids)) / 2;
	} finally {
		await pair.stop();
	}
}

/** What Chromium spent, and what it really sent meanwhile. */
interface Held {
	seconds: number;
	fps: number;
	height: number;
}

async function chromium(link: string, spanMs: number): Promise<Held> {
	const fake = ["--use-fake-device-for-media-stream=fps=30"];
	const browsers: Browser[] = [];
	try {
		const { value: measured, pid } = await withPid(() => launchGuestBrowser(fake));
		browsers.push(measured);
		const other = await launchGuestBrowser(fake);
		browsers.push(other);
		const guest = await waitingGuest(other, link);
		const joiner = await probedGuest(measured);
		await joiner.open(link);
		await joiner.turnOn();
		await pressJoin(joiner.page);
		await frameAfter(joiner.page, await markOf(joiner.page, "join"));
		for (const { page } of [guest, joiner]) {
			await holdTo720p30(page);
			await drawNothing(page);
		}
		const before = await countersOf(joiner.page);
		const startMs = performance.now();
		const seconds = await secondsOver(spanMs, () => treeOf(pid));
		const { sent } = await countersOf(joiner.page);
		const fps = ((sent.frames - before.sent.frames) * 1_000) / (performance.now() - startMs);
		return { seconds, fps, height: sent.height };
	} finally {
		await Promise.allSettled(browsers.map((browser) => browser.close()));
	}
}

export async function bench({ quick }: { quick: boolean }): Promise<Row[]> {
	const [rounds, spanMs] = quick ? [1, 5_000] : [3, 20_000];
	const place = await MeetingPlace.start();
	const rooms: EngineRoom[] = [];
	try {
		for (const roomName of ["Berlin", "München"]) rooms.push(await EngineRoom.start({ roomName }));
		const ours: Spent[] = [];
		const pipelines: number[] = [];
		const browsers: Held[] = [];
		for (let round = 0; round < rounds; round++) {
			const spent = await engine(rooms as [EngineRoom, EngineRoom], place.link(), spanMs);
			ours.push(spent);
			pipelines.push(await bare(spent.bitrate, spanMs));
			browsers.push(await chromium(place.link(), spanMs));
		}
		const seconds = ours.map((spent) => spent.seconds);
		const kilobits = Math.round(median(ours.map(({ bitrate }) => bitrate)) / 1_000);
		// A browser that fell below 720p30 spent less than it should have: the figure says so itself.
		const height = Math.min(...browsers.map((held) => held.height));
		const fps = Math.round(median(browsers.map((held) => held.fps)));
		const name = { bench: "cpu", unit: `s in ${spanMs / 1_000} s` };
		return [
			against({ ...name, metric: `engine / bare gst-launch-1.0 (both ${kilobits} kbit/s)` }, seconds, pipelines, 1.05),
			against(
				{ ...name, metric: `engine / Chromium (sent ${height}p at ${fps} frames a second)` },
				seconds,
				browsers.map((held) => held.seconds),
				1,
			),
		];
	} finally {
		await Promise.allSettled(rooms.map((room) => room.stop()));
		await place.stop();
	}
}
