import type { Locale } from "../../../device/contract/snapshot.ts";
import type { DeviceSummary } from "../../../provisioning/contract/http/shapes.ts";
import { type Condition, conditionOf } from "../model/Rooms.ts";
import type { ConsoleWords } from "../words/ConsoleWords.ts";

const tags: Record<Locale, string> = { de: "de-DE", en: "en-GB" };

/** Costly to make, and a page of events needs some hundred: each is made once. */
function format(options: Intl.DateTimeFormatOptions): (ms: number, locale: Locale) => string {
	const made = new Map<Locale, Intl.DateTimeFormat>();
	return (ms, locale) => {
		const formatter = made.get(locale) ?? new Intl.DateTimeFormat(tags[locale], { hourCycle: "h23", ...options });
		made.set(locale, formatter);
		return formatter.format(ms);
	};
}
const asMoment = format({ dateStyle: "medium", timeStyle: "medium" });
const asTime = format({ timeStyle: "medium" });
const asDay = format({ dateStyle: "full" });
const asShortDay = format({ day: "numeric", month: "short" });
const asDate = format({ dateStyle: "medium" });

/** `10:30` by the clock of whoever looks. */
export const clock = format({ hour: "2-digit", minute: "2-digit" });

/** `23.11.2026, 10:30:05`. */
export const moment = (iso: string, locale: Locale): string => asMoment(Date.parse(iso), locale);

/** `10:30:05`. */
export const timeOfDay = (iso: string, locale: Locale): string => asTime(Date.parse(iso), locale);

/** `Montag, 23. November 2026`. */
export const dayOf = (iso: string, locale: Locale): string => asDay(Date.parse(iso), locale);

/** `23.11.2026`. */
export const date = (iso: string, locale: Locale): string => asDate(Date.parse(iso), locale);

/** As short as it can be told: `10:30` today, else `23. Nov.`. */
export function shortMoment(iso: string, locale: Locale, nowMs = Date.now()): string {
	const ms = Date.parse(iso);
	return new Date(ms).toDateString() === new Date(nowMs).toDateString() ? clock(ms, locale) : asShortDay(ms, locale);
}

/** `312 MB`. */
export const megabytes = (bytes: number, locale: Locale): string =>
	new Intl.NumberFormat(tags[locale], { style: "unit", unit: "megabyte", maximumFractionDigits: 1 }).format(
		bytes / 1e6,
	);

/** The colour of a condition. */
export const toneOf: Record<Condition, "calm" | "care" | "alarm" | "plain"> = {
	trouble: "alarm",
	offline: "alarm",
	updating: "care",
	in_call: "care",
	busy: "care",
	free: "calm",
	gone: "plain",
};

/** The second line of a room's card: what it does, and until when. */
export function nowOf(room: DeviceSummary, say: ConsoleWords): string {
	const { status, job, lastSeenAt } = room;
	const locale = say.locale;
	const condition = conditionOf(room);
	switch (condition) {
		case "trouble":
			return status?.trouble ?? status?.missing.map((what) => say.missing[what]).join(", ") ?? say.conditions.trouble;
		case "offline":
			return lastSeenAt ? say.rooms.lastSeen(shortMoment(lastSeenAt, locale)) : say.rooms.neverSeen;
		case "updating":
			return job?.pct == null ? say.conditions.updating : `${say.conditions.updating} · ${Math.round(job.pct)} %`;
		case "free":
			return status?.nextBusyAt ? say.rooms.freeUntil(clock(status.nextBusyAt, locale)) : say.conditions.free;
		case "in_call":
		case "busy":
			return status?.busyUntil
				? `${say.conditions[condition]}\u00a0· ${say.rooms.until(clock(status.busyUntil, locale))}`
				: say.conditions[condition];
		default:
			return say.deviceStates[room.state];
	}
}
