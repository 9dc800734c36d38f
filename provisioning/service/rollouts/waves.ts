import type { JobState } from "../../contract/jobs.ts";

/** How much of a fleet has been asked by the end of each wave, after a first wave of one device (fleet.md). */
const shares = [0.01, 0.1, 0.5, 1];

/** Sizes of the waves for so many devices: one, then to 1 %, 10 %, 50 %, 100 % of them; waves that would be empty are left out. */
export function planWaves(devices: number): number[] {
	if (devices === 0) return [];
	const sizes = [1];
	let asked = 1;
	for (const share of shares) {
		const until = Math.ceil(devices * share);
		if (until > asked) sizes.push(until - asked);
		asked = Math.max(asked, until);
	}
	return sizes;
}

export interface Thresholds {
	/** A wave is good at so many per cent of successes among the devices that gave an answer. */
	advancePercent: number;
	/** It is bad above so many per cent of failures of its size … */
	pausePercent: number;
	/** … or at so many. */
	pauseCount: number;
}

export interface Standing {
	/** Rooms of the present wave. */
	size: number;
	/** Their jobs. */
	counts: Readonly<Partial<Record<JobState, number>>>;
	/** Failures of all waves so far: a late one of an earlier wave tells as much. */
	failures: number;
	/** So many of them a person has seen, and went on. */
	accepted: number;
}

/** `unproved`: the wave is over and nobody succeeded, so nothing is known of the firmware. */
export type Verdict = "wait" | "advance" | "too_many_failures" | "unproved";

export const failed: readonly JobState[] = ["FAILED", "ROLLED_BACK", "REJECTED"];
/** Rooms that never gave an answer: asleep, or called back. They neither prove nor disprove. */
const silent: readonly JobState[] = ["EXPIRED", "CANCELLED"];

/**
 * What is to be done with a rollout, by its present wave. An installed firmware is no success: only `SUCCEEDED` is, which a device reports
 * after it booted the other slot and passed its probation (hawkBit counted the installation, and went on over devices that had fallen back).
 */
export function judge({ size, counts, failures, accepted }: Standing, thresholds: Thresholds): Verdict {
	const sum = (states: readonly JobState[]) => states.reduce((total, state) => total + (counts[state] ?? 0), 0);
	const fresh = failures - accepted;
	if (fresh >= thresholds.pauseCount || fresh * 100 > thresholds.pausePercent * size) return "too_many_failures";
	const succeeded = counts.SUCCEEDED ?? 0;
	const asked = size - sum(silent);
	if (succeeded > 0 && succeeded * 100 >= thresholds.advancePercent * asked) return "advance";
	if (succeeded + sum(failed) < asked) return "wait";
	return succeeded > 0 || accepted > 0 || size === 0 ? "advance" : "unproved";
}
