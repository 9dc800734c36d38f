import { createHash } from "node:crypto";
import ICAL from "ical.js";
import { RoomError } from "../core/RoomError.ts";
import type { CalendarEntry } from "./CalendarSource.ts";
import { findJoinLink } from "./joinLink.ts";
import { DAY_MS, epoch, type Moment, moment, shifted } from "./Moment.ts";
import type { ZoneTable } from "./ZoneTable.ts";

const TITLE_LIMIT = 200;

/** One VEVENT, read as far as the agenda needs it; its texts are looked at only if it is of today. */
export class Meeting {
	readonly component: ICAL.Component;
	readonly uid: string;
	readonly sequence: number;
	readonly start: Moment;
	/** Length in milliseconds; for an event of whole days about that, `lengthDays` is what counts. */
	readonly lengthMs: number;
	readonly lengthDays: number | null;

	/** @throws RoomError `calendar.event_invalid` */
	constructor(component: ICAL.Component, zones: ZoneTable) {
		this.component = component;
		this.uid = this.#text("uid");
		this.sequence = Number(this.#text("sequence")) || 0;
		const dtstart = component.getFirstProperty("dtstart");
		if (!dtstart) throw new RoomError("calendar.event_invalid", "an event has no start");
		this.start = moment(dtstart, zones);
		const dtend = component.getFirstProperty("dtend");
		const end = dtend ? moment(dtend, zones) : null;
		const duration = component.getFirstPropertyValue("duration");
		const given = duration instanceof ICAL.Duration ? duration.toSeconds() * 1000 : null;
		if (this.start.time.isDate) {
			const days = (end ? end.time.subtractDate(this.start.time).toSeconds() * 1000 : (given ?? DAY_MS)) / DAY_MS;
			this.lengthDays = Math.max(1, Math.round(days));
			this.lengthMs = this.lengthDays * DAY_MS;
		} else {
			this.lengthDays = null;
			this.lengthMs = end ? epoch(end) - epoch(this.start) : (given ?? 0);
		}
		if (!(this.lengthMs >= 0)) throw new RoomError("calendar.event_invalid", "an event ends before it starts");
	}

	/** Epoch milliseconds at which an occurrence that starts at `start` ends: a whole day may have 23 or 25 hours. */
	end(start: Moment): number {
		if (this.lengthDays === null) return epoch(start) + this.lengthMs;
		const time = shifted(start.time, ICAL.Duration.fromData({ days: this.lengthDays }));
		return epoch({ time, zone: start.zone });
	}

	/**
	 * What the room keeps of an occurrence; null for what occupies nobody (a birthday, a holiday) and has nothing to join.
	 * `occurrence` is the start that the series gives it, which stays when it is moved.
	 */
	entry(start: Moment, occurrence: number, showTitles: boolean): CalendarEntry | null {
		const cancelled = this.#text("status").toUpperCase() === "CANCELLED";
		const { link, why, service } = findJoinLink(this.#texts());
		if (this.#text("transp").toUpperCase() === "TRANSPARENT" && why === "no_link" && !cancelled) return null;
		return {
			id: createHash("sha256").update(`${this.uid}\n${occurrence}`).digest("base64url").slice(0, 22),
			title: showTitles ? this.#text("summary").slice(0, TITLE_LIMIT) : null,
			start: epoch(start),
			end: this.end(start),
			link: cancelled ? null : link,
			why: cancelled ? "cancelled" : why,
			service: cancelled ? null : service,
		};
	}

	#text(name: string): string {
		return String(this.component.getFirstPropertyValue(name) ?? "");
	}

	/** Where a link may stand, the most explicit first: URL, CONFERENCE (RFC 7986 §5.11), what programs add, place, text. */
	#texts(): string[] {
		const rank = (name: string) => {
			const at = ["url", "conference", "x-", "location", "description", "comment"].findIndex((one) =>
				name.startsWith(one),
			);
			return at < 0 ? Number.POSITIVE_INFINITY : at;
		};
		return this.component
			.getAllProperties()
			.map((property) => ({ at: rank(property.name), values: property.getValues() as unknown[] }))
			.filter(({ at }) => Number.isFinite(at))
			.sort((a, b) => a.at - b.at)
			.slice(0, 64)
			.flatMap(({ values }) => values.filter((value) => typeof value === "string"));
	}
}
