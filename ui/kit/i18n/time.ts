import type { Locale } from "../../../device/contract/snapshot.ts";

/** Times and dates as people of a locale write them, in a room's time zone. Formatters are costly to make, so each is made once. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/** German of Germany and English of Britain: both write 24 hours on a wall clock, and a building has one way to write a time. */
const tags: Record<Locale, string> = { de: "de-DE", en: "en-GB" };

function formatter(locale: Locale, timeZone: string, kind: "time" | "date" | "iso-day"): Intl.DateTimeFormat {
	const key = `${locale} ${timeZone} ${kind}`;
	let found = formatters.get(key);
	if (!found) {
		const options: Record<typeof kind, Intl.DateTimeFormatOptions> = {
			time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
			date: { weekday: "long", day: "numeric", month: "long" },
			"iso-day": { year: "numeric", month: "2-digit", day: "2-digit" },
		};
		found = new Intl.DateTimeFormat(tags[locale], { ...options[kind], timeZone });
		formatters.set(key, found);
	}
	return found;
}

/**
 * The first formatter of a page takes tens of milliseconds, whatever it is for; all others are cheap. So it is made while the page waits for
 * something else.
 */
export function warmUpTime(): void {
	new Intl.DateTimeFormat();
}

/** `09:57`. */
export function timeOfDay(ms: number, locale: Locale, timeZone: string): string {
	return formatter(locale, timeZone, "time").format(ms);
}

/** `Montag, 23. November`. */
export function dateOfDay(ms: number, locale: Locale, timeZone: string): string {
	return formatter(locale, timeZone, "date").format(ms);
}

/** Whether both moments fall on the same day in the room's time zone. */
export function sameDay(a: number, b: number, timeZone: string): boolean {
	const day = formatter("de", timeZone, "iso-day");
	return day.format(a) === day.format(b);
}

/** The hour (0–23) in the room's time zone. */
export function hourOfDay(ms: number, timeZone: string): number {
	return Number(timeOfDay(ms, "de", timeZone).slice(0, 2));
}

/** A duration as a clock shows it: `0:07`, `12:41`, `1:02:03`. Takes seconds. */
export function duration(seconds: number): string {
	const whole = Math.max(0, Math.floor(seconds));
	const two = (n: number) => String(n).padStart(2, "0");
	const hours = Math.floor(whole / 3600);
	const minutes = Math.floor((whole % 3600) / 60);
	return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
