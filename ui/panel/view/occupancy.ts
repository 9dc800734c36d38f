import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { sameDay } from "../../kit/i18n/time.ts";

export interface Occupancy {
	/** `unknown` while the calendar can't be read: a room of which nothing is known isn't called free. */
	now: "free" | "busy" | "unknown";
	/** Until when; null if nothing more happens today. */
	until: number | null;
}

/** Whether the calendar says that the room is in use, and until when that holds. Meetings that follow each other are one. */
export function occupancy(agenda: Snapshot["agenda"], now: number, timeZone: string): Occupancy {
	if (agenda.failure !== null) return { now: "unknown", until: null };
	const entries = agenda.entries
		.filter((entry) => entry.why !== "cancelled" && entry.end > now && sameDay(entry.start, now, timeZone))
		.sort((a, b) => a.start - b.start);
	let end: number | null = null;
	for (const entry of entries) {
		if (entry.start > (end ?? now))
			return end === null ? { now: "free", until: entry.start } : { now: "busy", until: end };
		end = Math.max(end ?? 0, entry.end);
	}
	return end === null ? { now: "free", until: null } : { now: "busy", until: end };
}
