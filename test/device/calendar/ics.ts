/** Writes a calendar as a program would: CRLF, and folded lines (RFC 5545 §3.1). */
export function ics(...parts: (string | string[])[]): string {
	const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", ...parts.flat(), "END:VCALENDAR", ""];
	return lines.map((line) => line.replaceAll(/(.{70})(?=.)/g, "$1\r\n ")).join("\r\n");
}

export function event(...lines: string[]): string[] {
	const uid = lines.some((line) => line.startsWith("UID:")) ? [] : ["UID:one@example.invalid"];
	return ["BEGIN:VEVENT", ...uid, "DTSTAMP:20261101T000000Z", ...lines, "END:VEVENT"];
}

export const SECRET = "s".repeat(43);
export const LINK = `https://meet.example.org/j/${"m".repeat(22)}#1.${SECRET}.${"p".repeat(43)}`;
