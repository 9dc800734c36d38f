import type { Emitter } from "../core/Emitter.ts";

/** What stands against joining an entry, whatever the time of day. */
export type JoinObstacle = "no_link" | "unknown_service" | "link_stripped" | "cancelled";

/** One meeting of the day as the room needs it. People, text and attachments of the event are not kept. */
export interface CalendarEntry {
	/** Stable for one occurrence of one event across readings; says nothing about it. */
	id: string;
	/** Null unless the source was asked to keep titles. */
	title: string | null;
	/** Epoch milliseconds. */
	start: number;
	end: number;
	/** A whole meeting link. A secret: it goes to the session, and nowhere else. */
	link: string | null;
	why: JoinObstacle | null;
	/** Name of the foreign service for `unknown_service`. */
	service: string | null;
}

export const calendarFailures = [
	/** There is something, and it is no calendar. */
	"calendar.unreadable",
	/** Its server does not answer, or not now. */
	"calendar.unreachable",
	/** Somebody answers whose certificate this device doesn't trust. */
	"calendar.untrusted",
	/** Its server gives nothing out by this address and these credentials. */
	"calendar.denied",
] as const;
export type CalendarFailure = (typeof calendarFailures)[number];

/** The day as last read. With a failure the entries are those of the last good reading. */
export interface CalendarReading {
	entries: readonly CalendarEntry[];
	failure: CalendarFailure | null;
}

/** Where meetings come from. Each source reads on its own account and says when something changed. */
export interface CalendarSource {
	readonly events: Emitter<{ changed: CalendarReading }>;
	/** Resolves after the first reading, good or bad, or when it takes too long to be waited for. */
	start(): Promise<void>;
	stop(): Promise<void>;
}
