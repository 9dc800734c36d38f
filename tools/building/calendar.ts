/** Today's calendar of a demonstration room (iCalendar, RFC 5545): a meeting due now, then what a real day has. */
import { randomUUID } from "node:crypto";

const stamp = (ms: number) => new Date(ms).toISOString().replaceAll(/[-:]/g, "").replace(/\.\d+/, "");

/** RFC 5545 §3.1: lines longer than 75 octets are folded. */
function fold(line: string): string {
	const parts: string[] = [];
	let rest = line;
	while (Buffer.byteLength(rest) > 74) {
		let cut = 74;
		while (Buffer.byteLength(rest.slice(0, cut)) > 74) cut -= 1;
		parts.push(rest.slice(0, cut));
		rest = rest.slice(cut);
	}
	return [...parts, rest].join("\r\n ");
}

function event(start: number, minutes: number, title: string, fields: string[]): string[] {
	return [
		"BEGIN:VEVENT",
		`UID:${randomUUID()}@incamera.invalid`,
		`DTSTAMP:${stamp(start)}`,
		`DTSTART:${stamp(start)}`,
		`DTEND:${stamp(start + minutes * 60_000)}`,
		`SUMMARY:${title}`,
		...fields,
		"END:VEVENT",
	];
}

/** `now` in epoch milliseconds; `link` is the meeting due in three minutes. */
export function demonstrationCalendar(now: number, link: string): string {
	const quarter = 15 * 60_000;
	const hour = 4 * quarter;
	const first = now + 3 * 60_000;
	const next = Math.ceil((first + hour) / quarter) * quarter;
	return [
		"BEGIN:VCALENDAR",
		"VERSION:2.0",
		"PRODID:-//InCamera//Demonstration//EN",
		...event(first, 45, "Jour fixe", [`URL:${link}`]),
		...event(next, 30, "Budget", [`DESCRIPTION:Join: ${link.replace(/#.*/, "")}`]),
		...event(next + hour, 30, "Kundin", ["LOCATION:https://teams.microsoft.com/l/meetup-join/19%3ameeting_demo"]),
		...event(next + 2 * hour, 60, "Team", []),
		"END:VCALENDAR",
		"",
	]
		.map(fold)
		.join("\r\n");
}
