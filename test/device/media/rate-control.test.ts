import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	ladder,
	limits,
	nextRate,
	type RateState,
	type SendReport,
	startRate,
	targetOf,
} from "../../../device/media/rate-control.ts";

const quiet: Omit<SendReport, "atMs" | "sentBitrate"> = {
	receivedBitrate: null,
	loss: 0,
	delayGrowthUs: 0,
	roundTripMs: 20,
};

/** Feeds the same report every half second. */
function run(state: RateState, seconds: number, report: Partial<SendReport>, fromMs = state.lastMs): RateState {
	let now = state;
	for (let step = 1; step <= seconds * 2; step++) {
		now = nextRate(now, { ...quiet, sentBitrate: now.bitrate, ...report, atMs: fromMs + step * 500 });
	}
	return now;
}

/** A path of fixed capacity: what exceeds it fills a queue, which delays and then loses. */
function bottleneck(state: RateState, seconds: number, capacity: number): RateState {
	let now = state;
	const fromMs = state.lastMs;
	for (let step = 1; step <= seconds * 2; step++) {
		const over = now.bitrate > capacity;
		now = nextRate(now, {
			atMs: fromMs + step * 500,
			sentBitrate: now.bitrate,
			receivedBitrate: Math.min(now.bitrate, capacity),
			delayGrowthUs: over ? 5_000 : 0,
			loss: over ? 0.05 : 0,
			roundTripMs: 20,
		});
	}
	return now;
}

describe("rate control", () => {
	it("starts with the full picture and climbs to the maximum on a clean path", () => {
		const start = startRate(0);
		expect(targetOf(start)).toEqual({ width: 1280, height: 720, fps: 30, bitrate: limits.startBitrate });
		expect(targetOf(run(start, 60, {})).bitrate).toBe(limits.maxBitrate);
	});

	it("steps bit rate, then size, then frame rate, and climbs back the same way", () => {
		let state = startRate(0);
		const seen: string[] = [];
		const note = (): void => {
			const { width, fps } = targetOf(state);
			const text = `${width}@${fps}`;
			if (seen.at(-1) !== text) seen.push(text);
		};
		note();
		expect(targetOf(nextRate(state, { ...quiet, loss: 0.2, sentBitrate: state.bitrate, atMs: 500 })).width).toBe(1280);
		for (let step = 1; step <= 80; step++) {
			state = nextRate(state, {
				...quiet,
				sentBitrate: state.bitrate,
				receivedBitrate: state.bitrate * 0.95,
				delayGrowthUs: 9_000,
				atMs: step * 500,
			});
			note();
		}
		expect(seen).toEqual(["1280@30", "960@30", "640@30", "480@30", "480@15", "480@8"]);
		for (let step = 0; step < 400 && state.step > 0; step++) {
			state = run(state, 0.5, {});
			note();
		}
		expect(seen.slice(6)).toEqual(["480@15", "480@30", "640@30", "960@30", "1280@30"]);
	});

	it("settles under a bottleneck and comes back when it is gone", () => {
		const squeezed = bottleneck(startRate(0), 60, 500_000);
		expect(squeezed.bitrate).toBeLessThan(600_000);
		expect(squeezed.bitrate).toBeGreaterThan(250_000);
		expect(run(squeezed, 120, {}).bitrate).toBe(limits.maxBitrate);
	});

	it("never goes below the floor for loss that comes without delay", () => {
		expect(run(startRate(0), 60, { loss: 0.3 }).bitrate).toBe(limits.lossFloor);
	});

	it("works from receiver reports alone: a growing round trip means a queue", () => {
		const warm = run(startRate(0), 3, { delayGrowthUs: null });
		const after = run(warm, 3, { delayGrowthUs: null, roundTripMs: 900 });
		expect(after.bitrate).toBeLessThan(warm.bitrate * 0.9);
	});

	it("does not grow without any feedback", () => {
		const state = run(startRate(0), 20, { loss: null, delayGrowthUs: null, roundTripMs: null });
		expect(state.bitrate).toBe(limits.startBitrate);
	});

	it("does not grow beyond what is really sent: silence proves nothing about the path", () => {
		const state = run(startRate(0), 60, { sentBitrate: 100_000 });
		expect(state.bitrate).toBe(limits.startBitrate);
	});

	it("waits longer each time a climb was too early", () => {
		let state = bottleneck(startRate(0), 20, 450_000);
		const waits = [state.climbAfterMs];
		for (let round = 0; round < 3; round++) {
			const step = state.step;
			for (let tries = 0; tries < 400 && state.step >= step; tries++) state = run(state, 0.5, {});
			for (let tries = 0; tries < 40 && state.step < step; tries++) {
				state = run(state, 0.5, { delayGrowthUs: 9_000, receivedBitrate: 300_000 });
			}
			waits.push(state.climbAfterMs);
		}
		expect(waits.at(-1)).toBeGreaterThan(waits[0] as number);
	});

	const anyNumber = fc.oneof(
		fc.double({ min: -1e9, max: 1e9 }),
		fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
	);
	const anyReport = fc.record({
		gapMs: fc.integer({ min: 0, max: 10_000 }),
		sentBitrate: fc.double({ min: 0, max: 1e8, noNaN: true }),
		receivedBitrate: fc.option(anyNumber),
		loss: fc.option(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), anyNumber)),
		delayGrowthUs: fc.option(anyNumber),
		roundTripMs: fc.option(anyNumber),
	});

	it("stays within its limits and on the ladder, one step up at a time, whatever is reported", () => {
		fc.assert(
			fc.property(fc.array(anyReport, { maxLength: 200 }), (reports) => {
				let state = startRate(0);
				let atMs = 0;
				for (const { gapMs, ...report } of reports) {
					atMs += gapMs;
					const next = nextRate(state, { ...report, atMs });
					expect(Number.isInteger(next.bitrate)).toBe(true);
					expect(next.bitrate).toBeGreaterThanOrEqual(limits.minBitrate);
					expect(next.bitrate).toBeLessThanOrEqual(limits.maxBitrate);
					expect(ladder[next.step]).toBeDefined();
					expect(next.step).toBeGreaterThanOrEqual(state.step - 1);
					// A smaller picture never follows from better feedback, nor a larger one from worse.
					if (next.bitrate > state.bitrate) expect(next.step).toBeLessThanOrEqual(state.step);
					if (next.bitrate < state.bitrate) expect(next.step).toBeGreaterThanOrEqual(state.step);
					state = next;
				}
			}),
		);
	});

	it("is a function: the same reports give the same rate, and the state handed in is not changed", () => {
		fc.assert(
			fc.property(anyReport, ({ gapMs, ...report }) => {
				const state = Object.freeze(startRate(0));
				expect(nextRate(state, { ...report, atMs: gapMs })).toEqual(nextRate(state, { ...report, atMs: gapMs }));
			}),
		);
	});
});
