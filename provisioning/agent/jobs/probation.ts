import type { RoomStatus } from "../../contract/twin.ts";

export const PROBATION_MS = 10 * 60_000;
/** Whoever is not well by then is not going to be. */
export const MOST_PROBATION_MS = 20 * 60_000;
/** At the end of probation all has to have been well for so long. */
export const STEADY_MS = 60_000;

type Missing = RoomStatus["missing"][number];

export interface ProbationView {
	now: number;
	startedAt: number;
	/** Since when all is well, without a break; null: it isn't. */
	wellSince: number | null;
}

/** Whether a new firmware has proved itself. */
export function judgeProbation({ now, startedAt, wellSince }: ProbationView): "passed" | "failed" | "goes on" {
	const steady = wellSince !== null && now - wellSince >= STEADY_MS;
	if (now - startedAt >= PROBATION_MS && steady) return "passed";
	return now - startedAt >= MOST_PROBATION_MS ? "failed" : "goes on";
}

/**
 * Whether a room is well on new firmware: its program is there and misses nothing that it had before. A camera that was unplugged before is no
 * fault of the firmware's. `before` and `now` null: the room program is not there. `brokerReached`: since the start.
 */
export function isWell(of: {
	before: readonly Missing[] | null;
	now: readonly Missing[] | null;
	brokerReached: boolean;
}): boolean {
	if (!of.brokerReached || of.now === null) return false;
	// what lies outside of the device proves nothing about its firmware
	const outside: readonly Missing[] = ["broker", "rendezvous", "calendar"];
	return of.now.every((part) => outside.includes(part) || of.before?.includes(part) === true);
}
