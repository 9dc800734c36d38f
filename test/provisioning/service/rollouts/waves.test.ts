import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type JobState, jobCanReach, jobState, jobSteps } from "../../../../provisioning/contract/jobs.ts";
import { judge, planWaves, type Standing } from "../../../../provisioning/service/rollouts/waves.ts";

const thresholds = { advancePercent: 95, pausePercent: 2, pauseCount: 3 };
const stand = (standing: Partial<Standing>) =>
	judge({ size: 100, counts: {}, failures: 0, accepted: 0, ...standing }, thresholds);

describe("waves", () => {
	test("are one, then to 1, 10, 50 and 100 per cent", () => {
		expect(planWaves(5000)).toEqual([1, 49, 450, 2000, 2500]);
		expect(planWaves(12)).toEqual([1, 1, 4, 6]);
		expect(planWaves(1)).toEqual([1]);
		expect(planWaves(0)).toEqual([]);
	});
	test("ask every room once, and none is empty", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 30_000 }), (devices) => {
				const sizes = planWaves(devices);
				expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(devices);
				expect(sizes.every((size) => size > 0)).toBe(true);
			}),
		);
	});
});

describe("a wave", () => {
	const counts = fc.dictionary(fc.constantFrom(...jobState.options), fc.integer({ min: 0, max: 60 })) as fc.Arbitrary<
		Partial<Record<JobState, number>>
	>;

	test("never goes on with too many failures, nor without a single success, whatever else it holds", () => {
		fc.assert(
			fc.property(counts, (counts) => {
				const size = Object.values(counts).reduce((sum, count) => sum + count, 0);
				const failures = (counts.FAILED ?? 0) + (counts.ROLLED_BACK ?? 0) + (counts.REJECTED ?? 0);
				const verdict = judge({ size, counts, failures, accepted: 0 }, thresholds);
				if (failures >= 3 || failures > size * 0.02) expect(verdict).toBe("too_many_failures");
				if (size > 0 && !counts.SUCCEEDED) expect(verdict).not.toBe("advance");
			}),
		);
	});
	test.each<[string, Partial<Standing>, string]>([
		["installed is not succeeded", { counts: { REBOOTING: 50, PROBATION: 50 } }, "wait"],
		["at 95 per cent it goes on", { counts: { SUCCEEDED: 95, WAITING: 5 } }, "advance"],
		["below it waits", { counts: { SUCCEEDED: 94, WAITING: 6 } }, "wait"],
		["two in a hundred may fail", { counts: { SUCCEEDED: 95, FAILED: 2, WAITING: 3 }, failures: 2 }, "advance"],
		["three may not", { counts: { SUCCEEDED: 97, ROLLED_BACK: 3 }, failures: 3 }, "too_many_failures"],
		[
			"a single one that fails stops the first wave",
			{ size: 1, counts: { FAILED: 1 }, failures: 1 },
			"too_many_failures",
		],
		["who sleeps neither proves nor disproves", { counts: { SUCCEEDED: 40, EXPIRED: 60 } }, "advance"],
		["but somebody must have", { counts: { EXPIRED: 100 } }, "unproved"],
		[
			"a late failure of an earlier wave counts",
			{ counts: { SUCCEEDED: 99, QUEUED: 1 }, failures: 3 },
			"too_many_failures",
		],
		[
			"accepted failures don't count again",
			{ counts: { SUCCEEDED: 90, FAILED: 10 }, failures: 10, accepted: 10 },
			"advance",
		],
		["further ones do", { counts: { SUCCEEDED: 87, FAILED: 13 }, failures: 13, accepted: 10 }, "too_many_failures"],
		[
			"a person may go on after the first failed",
			{ size: 1, counts: { FAILED: 1 }, failures: 1, accepted: 1 },
			"advance",
		],
		["a wave that nobody is left of is over", { size: 0 }, "advance"],
	])("%s", (_, standing, verdict) => expect(stand(standing)).toBe(verdict));
});

describe("a job", () => {
	test("ends in exactly one of its ends, and from none goes on", () => {
		for (const state of jobState.options) {
			for (const next of jobSteps[state]) expect(jobCanReach(state, next)).toBe(true);
			if (jobSteps[state].length === 0)
				for (const other of jobState.options) expect(jobCanReach(state, other)).toBe(false);
		}
	});
	test("that is being written can't be called back", () => {
		for (const state of ["INSTALLING", "REBOOTING", "PROBATION"] as const) {
			expect(jobSteps[state]).not.toContain("CANCELLED");
			expect(jobSteps[state]).not.toContain("EXPIRED");
		}
	});
});
