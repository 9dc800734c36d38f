import type { Clock } from "../core/clock.ts";
import { Emitter } from "../core/Emitter.ts";
import type { Log } from "../core/log.ts";
import { RoomError } from "../core/RoomError.ts";
import { type CalendarEntry, type CalendarFailure, type CalendarReading, calendarFailures } from "./CalendarSource.ts";
import { dayWindow } from "./dayWindow.ts";
import { readAgendaAside } from "./readAgendaAside.ts";

export interface DayOptions {
	/** The room's IANA zone. */
	timeZone: string;
	showTitles: boolean;
	clock: Clock;
	log: Log;
	/** Milliseconds that reading may take in its thread. */
	deadlineMs?: number;
}

/** Bytes: what is larger is no calendar of a room. */
export const MOST_BYTES = 1024 * 1024;
const DEADLINE_MS = 10_000;

/**
 * What every source of iCalendar text makes of it: today's meetings. While nothing good comes the last good day stays, and the reading says what
 * failed: a wrong list that looks right is worse than one that admits it.
 */
export class LastGoodDay {
	readonly events = new Emitter<{ changed: CalendarReading }>();
	readonly #options: DayOptions;
	#last: CalendarReading | null = null;
	/** The last text that was a calendar, and what it says of the day that begins at `from`; tomorrow's meetings are in it too. */
	#good: { text: string; from: number; entries: readonly CalendarEntry[] } | null = null;
	#reading: Promise<unknown> = Promise.resolve();
	#stopped = false;

	constructor(options: DayOptions) {
		this.#options = options;
	}

	/**
	 * Reads what `bring` resolves to, after whatever is being read: a text, or null where it is the last good one still.
	 * Resolves to what went wrong, and tells it as `calendar.unreadable` where it is no failure of a calendar.
	 */
	read(bring: () => Promise<string | null>): Promise<RoomError | null> {
		const reading = this.#reading.then(() => this.#read(bring));
		this.#reading = reading;
		return reading;
	}

	/** Says that nothing could be read so far, unless something was. */
	nothingYet(failure: CalendarFailure): void {
		if (this.#last === null) this.#tell({ entries: [], failure });
	}

	/** Resolves when nothing is read any more. */
	async stop(): Promise<void> {
		this.#stopped = true;
		await this.#reading;
	}

	async #read(bring: () => Promise<string | null>): Promise<RoomError | null> {
		if (this.#stopped) return null;
		try {
			const text = (await bring()) ?? this.#good?.text;
			if (text === undefined) throw new RoomError("calendar.unreadable", "nothing is as it was: there was nothing");
			this.#tell({ entries: await this.#entriesOf(text), failure: null });
			return null;
		} catch (thrown) {
			const error = RoomError.from(thrown, "calendar.unreadable");
			if (this.#stopped) return error;
			this.#refuse(error.code, 0);
			let entries = this.#last?.entries ?? [];
			// The day may have turned since the last good reading.
			if (this.#good !== null) entries = await this.#entriesOf(this.#good.text).catch(() => entries);
			this.#tell({ entries, failure: calendarFailures.find((one) => one === error.code) ?? "calendar.unreadable" });
			return error;
		}
	}

	async #entriesOf(text: string): Promise<readonly CalendarEntry[]> {
		const { clock, timeZone, showTitles, deadlineMs = DEADLINE_MS } = this.#options;
		const day = dayWindow(clock.now(), timeZone);
		// A thread costs more than a look: nothing is read twice for the same day.
		if (this.#good?.text === text && this.#good.from === day.from) return this.#good.entries;
		const { entries, skipped } = await readAgendaAside(text, { ...day, timeZone, showTitles }, deadlineMs);
		if (skipped > 0) this.#refuse("calendar.event_skipped", skipped);
		this.#good = { text, from: day.from, entries };
		return entries;
	}

	#refuse(code: string, skipped: number): void {
		this.#options.log.write("warn", "calendar.refused", { code, skipped });
	}

	#tell(reading: CalendarReading): void {
		if (this.#stopped || JSON.stringify(reading) === JSON.stringify(this.#last)) return;
		this.#last = reading;
		this.events.emit("changed", reading);
	}
}
