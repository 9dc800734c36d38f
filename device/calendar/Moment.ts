import ICAL from "ical.js";
import { RoomError } from "../core/RoomError.ts";
import { utc, type Zone, type ZoneTable } from "./ZoneTable.ts";

export const DAY_MS = 86_400_000;

/** A time of the file, by the wall of its zone. A date without time is the midnight that begins it in the room. */
export interface Moment {
	time: ICAL.Time;
	zone: Zone;
}

/** Reads the values of a DTSTART, DTEND, RECURRENCE-ID, RDATE or EXDATE. @throws RoomError `calendar.event_invalid` */
export function moments(property: ICAL.Property, zones: ZoneTable): Moment[] {
	return property.getValues().map((value: unknown) => {
		const time = value instanceof ICAL.Period ? value.start : value;
		if (!(time instanceof ICAL.Time)) throw new RoomError("calendar.event_invalid", "a time is none");
		return { time, zone: time.zone === ICAL.Timezone.utcTimezone ? utc : zones.of(property) };
	});
}

export function moment(property: ICAL.Property, zones: ZoneTable): Moment {
	const [first] = moments(property, zones);
	if (!first) throw new RoomError("calendar.event_invalid", "a time is missing");
	return first;
}

/** Epoch milliseconds. */
export function epoch({ time, zone }: Moment): number {
	const { year, month, day, hour, minute, second } = time;
	return zone({ year, month, day, hour, minute, second });
}

/** The wall time as if it were UTC: at most a day off the truth, and cheap. */
export function roughly({ time }: Moment): number {
	return Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second);
}

/** A wall time so much later or earlier. Made anew: the library's own clone of a time that was just shifted is not normalised. */
export function shifted(time: ICAL.Time, by: ICAL.Duration): ICAL.Time {
	const moved = time.clone();
	moved.addDuration(by);
	const { year, month, day, hour, minute, second, isDate } = moved;
	return new ICAL.Time({ year, month, day, hour, minute, second, isDate }, time.zone);
}
