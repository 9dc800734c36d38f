import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A moment by a room's own clock. */
export interface LocalTime {
	/** 0: Sunday. */
	day: number;
	/** `HH:MM`. */
	time: string;
}

const ZONES = "/usr/share/zoneinfo";
/** RFC 8536 section 3.1. */
const MAGIC = Buffer.from("TZif");

/**
 * A moment in a time zone (IANA name). By the process's own zone, which is the room's: `Intl.DateTimeFormat` would say the same, for 8 MB of
 * memory that the agent does not have.
 */
export function localTime(ms: number, timeZone: string): LocalTime {
	if (process.env["TZ"] !== timeZone) process.env["TZ"] = timeZone;
	const date = new Date(ms);
	const two = (value: number): string => String(value).padStart(2, "0");
	return { day: date.getDay(), time: `${two(date.getHours())}:${two(date.getMinutes())}` };
}

/** Whether there is such a zone. */
export function isTimeZone(name: string): boolean {
	try {
		// the contract's form has no dots, so no path leads out of the folder
		return readFileSync(join(ZONES, name)).subarray(0, 4).equals(MAGIC);
	} catch {
		return !existsSync(ZONES) && isKnownToIcu(name);
	}
}

function isKnownToIcu(name: string): boolean {
	try {
		new Intl.DateTimeFormat("en", { timeZone: name });
		return true;
	} catch {
		return false;
	}
}
