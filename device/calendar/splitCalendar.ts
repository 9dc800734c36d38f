import { RoomError } from "../core/RoomError.ts";

/** The components of a calendar file that matter here, each as text of its own. */
export interface CalendarParts {
	events: string[];
	zones: string[];
}

/**
 * Cuts an iCalendar file (RFC 5545 §3.4) into its components before anything in them is understood, so that one that makes no sense,
 * say by a hostile invitation, can't take the others with it. To-dos, journals and the like are left out.
 *
 * @throws RoomError `calendar.unreadable` if it is none, or if its end is missing: a file that is still being written
 */
export function splitCalendar(text: string): CalendarParts {
	const parts: CalendarParts = { events: [], zones: [] };
	const open: string[] = [];
	let calendars = 0;
	let lines: string[] = [];
	for (const line of text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/)) {
		const [, word, name] = /^(BEGIN|END):([A-Z0-9-]{1,40})[ \t]*$/i.exec(line) ?? [];
		const component = name?.toUpperCase() ?? "";
		if (open.length === 0 && line.trim() !== "" && !(word && component === "VCALENDAR")) throw unreadable();
		if (word?.toUpperCase() === "BEGIN") {
			open.push(component);
			if (open.length === 2) lines = [];
		}
		if (open.length >= 2) lines.push(line);
		if (word?.toUpperCase() === "END") {
			if (open.pop() !== component) throw unreadable();
			if (open.length === 0) calendars += 1;
			if (open.length === 1 && component === "VEVENT") parts.events.push(lines.join("\r\n"));
			if (open.length === 1 && component === "VTIMEZONE") parts.zones.push(lines.join("\r\n"));
		}
	}
	if (open.length > 0 || calendars === 0) throw unreadable();
	return parts;
}

function unreadable(): RoomError {
	return new RoomError("calendar.unreadable", "the file is no whole iCalendar");
}
