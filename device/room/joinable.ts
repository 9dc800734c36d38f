import type { RoomEntry } from "./ports.ts";

/** People come early: Join is there from ten minutes before the start. */
export const EARLY_MS = 10 * 60_000;

/** Why an entry can't be joined at `now`, null when it can. What no waiting will mend comes before "early". */
export function obstacle(entry: RoomEntry, now: number): "early" | "over" | NonNullable<RoomEntry["why"]> | null {
	if (now >= entry.end) return "over";
	if (entry.why !== null) return entry.why;
	if (entry.link === null) return "no_link";
	return now < entry.start - EARLY_MS ? "early" : null;
}
