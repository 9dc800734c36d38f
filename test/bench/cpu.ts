/**
 * Processor time of one media engine in a call from room to room: 720p30 H.264 and Opus both ways, nobody looks at the TV. Against bare
 * pipelines of the same elements, and against one Chromium, all its processes, in a call between two Chromiums that is held to 720p30
 * and draws nothing either.
 */
import type { Browser } from "playwright-core";
import { BenchBuilding } from "./BenchBuilding.ts";
import { startBarePair } from "./barePipeline.ts";
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

async function engine(building: BenchBuilding, spanMs: number): Promise<number> {
	const panels = [await building.panel("berlin"), await building.panel("muenchen")] as const;
	await building.callRoomToRoom(...panels);
	const seconds = await secondsOver(spanMs, () => [building.enginePid("berlin")]);
	for (const panel of panels) {
		await panel.rest();
		panel.close();
	}
	return seconds;
}

async function bare(spanMs: number): Promise<number> {
	const pair = await startBarePair();
	try {
		return await secondsOver(spanMs, () => [pair.pids[0]]);
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
	const building = await BenchBuilding.start();
	try {
		const ours: number[] = [];
		const pipelines: number[] = [];
		const browsers: Held[] = [];
		for (let round = 0; round < rounds; round++) {
			ours.push(await engine(building, spanMs));
			pipelines.push(await bare(spanMs));
			browsers.push(await chromium(building.running.guestLink, spanMs));
		}
		// A browser that fell below 720p30 spent less than it should have: the figure says so itself.
		const height = Math.min(...browsers.map((held) => held.height));
		const fps = Math.round(median(browsers.map((held) => held.fps)));
		const name = { bench: "cpu", unit: `s in ${spanMs / 1_000} s` };
		return [
			against({ ...name, metric: "engine / bare gst-launch-1.0" }, ours, pipelines, 1.05),
			against(
				{ ...name, metric: `engine / Chromium (sent ${height}p at ${fps} frames a second)` },
				ours,
				browsers.map((held) => held.seconds),
				1,
			),
		];
	} finally {
		await building.stop();
	}
}
