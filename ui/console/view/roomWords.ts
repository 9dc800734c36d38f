import type { Locale } from "../../../device/contract/snapshot.ts";
import type { DeviceSummary } from "../../../provisioning/contract/http/shapes.ts";
import { type Condition, conditionOf } from "../model/Rooms.ts";
import type { ConsoleWords } from "../words/ConsoleWords.ts";

const tags: Record<Locale, string> = { de: "de-DE", en: "en-GB" };

/** `10:30` by the clock of whoever looks. */
export const clock = (ms: number, locale: Locale): string =>
	new Intl.DateTimeFormat(tags[locale], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(ms);

/** `23.11.2026, 10:30:05`. */
export const moment = (iso: string, locale: Locale): string =>
	new Intl.DateTimeFormat(tags[locale], { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" }).format(
		Date.parse(iso),
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
			return lastSeenAt ? say.rooms.lastSeen(moment(lastSeenAt, locale)) : say.rooms.neverSeen;
		case "updating":
			return job?.pct == null ? say.conditions.updating : `${say.conditions.updating} · ${Math.round(job.pct)} %`;
		case "free":
			return status?.nextBusyAt ? say.rooms.freeUntil(clock(status.nextBusyAt, locale)) : say.conditions.free;
		case "in_call":
		case "busy":
			return status?.busyUntil
				? `${say.conditions[condition]} · ${say.rooms.until(clock(status.busyUntil, locale))}`
				: say.conditions[condition];
		default:
			return say.deviceStates[room.state];
	}
}
