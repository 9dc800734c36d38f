import ICAL from "ical.js";
import { BoundedIterator, type StepBudget } from "./BoundedIterator.ts";

/** A moment by the clock on the wall, month 1–12. */
export interface WallTime {
	year: number;
	month: number;
	day: number;
	hour: number;
	minute: number;
	second: number;
}

/** Turns a wall time into epoch milliseconds. In the hour that a spring skips, the later; in the hour that an autumn repeats, the first. */
export type Zone = (wall: WallTime) => number;

export const utc: Zone = ({ year, month, day, hour, minute, second }) =>
	Date.UTC(year, month - 1, day, hour, minute, second);

export function ianaZone(timeZone: string): Zone {
	return (wall) =>
		Temporal.ZonedDateTime.from({ ...wall, timeZone }, { disambiguation: "compatible" }).epochMilliseconds;
}

/** Onsets of a zone's offsets are looked for from this year's rules on to so many years ahead. */
const YEARS_AHEAD = 2;

/**
 * The time zones that one calendar file speaks of. A TZID that names a zone of the IANA data base means that zone, whatever definition
 * comes along; another one (Outlook writes "W. Europe Standard Time", some programs a name of their own) is taken from the file's
 * VTIMEZONE (RFC 5545 §3.6.5); failing both, the time is read as the room's.
 */
export class ZoneTable {
	readonly #known = new Map<string, Zone>();
	readonly #definitions = new Map<string, ICAL.Component>();
	readonly #room: Zone;
	readonly #budget: StepBudget;
	readonly #untilYear: number;

	constructor(options: { room: Zone; budget: StepBudget; now: number }) {
		this.#room = options.room;
		this.#budget = options.budget;
		this.#untilYear = new Date(options.now).getUTCFullYear() + YEARS_AHEAD;
	}

	/** Takes a VTIMEZONE of the file; it is evaluated only if something needs it. */
	define(zone: ICAL.Component): void {
		const id = zone.getFirstPropertyValue("tzid");
		if (typeof id === "string") this.#definitions.set(id, zone);
	}

	/** The zone of a property; without a TZID the time is floating, and in a room that means the room's. */
	of(property: ICAL.Property): Zone {
		const id = property.getFirstParameter("tzid");
		if (typeof id !== "string" || id === "") return this.#room;
		const known = this.#known.get(id) ?? this.#find(id);
		this.#known.set(id, known);
		return known;
	}

	#find(id: string): Zone {
		// Some programs put a path before the name: `/mozilla.org/20050126_1/Europe/Berlin`.
		const parts = id.split("/");
		for (const name of [id, parts.slice(-3).join("/"), parts.slice(-2).join("/")]) {
			if (/^[A-Za-z]/.test(name) && isIana(name)) return ianaZone(name);
		}
		const definition = this.#definitions.get(id);
		return (definition && this.#defined(definition)) ?? this.#room;
	}

	/** Reads a VTIMEZONE into a list of onsets by wall time; null if there is nothing usable in it. */
	#defined(definition: ICAL.Component): Zone | null {
		const onsets: { wall: number; offsetMs: number }[] = [];
		for (const part of [
			...definition.getAllSubcomponents("standard"),
			...definition.getAllSubcomponents("daylight"),
		].slice(0, 64)) {
			const dtstart = part.getFirstPropertyValue("dtstart");
			const to = part.getFirstPropertyValue("tzoffsetto");
			const rule = part.getFirstPropertyValue("rrule");
			if (!(dtstart instanceof ICAL.Time) || !(to instanceof ICAL.UtcOffset)) continue;
			const offsetMs = to.toSeconds() * 1000;
			onsets.push({ wall: utc(dtstart), offsetMs });
			// Summer time begins and ends once a year; what claims more is no time zone.
			if (!(rule instanceof ICAL.Recur) || rule.freq !== "YEARLY") continue;
			const iterator = new BoundedIterator({ rule, dtstart, budget: this.#budget });
			for (let onset = iterator.next(); onset && onset.year <= this.#untilYear; onset = iterator.next()) {
				onsets.push({ wall: utc(onset), offsetMs });
			}
		}
		if (onsets.length === 0) return null;
		onsets.sort((a, b) => a.wall - b.wall);
		return (wall) => {
			const at = utc(wall);
			const current = onsets.findLast((onset) => onset.wall <= at) ?? onsets[0];
			return at - (current?.offsetMs ?? 0);
		};
	}
}

function isIana(name: string): boolean {
	try {
		new Intl.DateTimeFormat("en", { timeZone: name });
		return true;
	} catch {
		return false;
	}
}
