import type { Locale } from "../../../device/contract/snapshot.ts";
import type { EventData } from "../../../provisioning/contract/events.ts";
import type { DeviceSummary, Event } from "../../../provisioning/contract/http/shapes.ts";
import { duration } from "../../kit/i18n/time.ts";
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

/** As short as it can be told: `10:30` today, else `23. Nov.`. */
export function shortMoment(iso: string, locale: Locale, nowMs = Date.now()): string {
	const ms = Date.parse(iso);
	if (new Date(ms).toDateString() === new Date(nowMs).toDateString()) return clock(ms, locale);
	return new Intl.DateTimeFormat(tags[locale], { day: "numeric", month: "short" }).format(ms);
}

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
				? `${say.conditions[condition]} · ${say.rooms.until(clock(status.busyUntil, locale))}`
				: say.conditions[condition];
		default:
			return say.deviceStates[room.state];
	}
}

/** What an event says beside its name. */
export function eventText({ type, data }: Event, say: ConsoleWords): string {
	switch (type) {
		case "program.started": {
			const { program, version } = data as EventData[typeof type];
			return `${program} ${version}`;
		}
		case "call.ended": {
			const { seconds, reason } = data as EventData[typeof type];
			return `${duration(seconds)} · ${reason}`;
		}
		case "device.changed": {
			const { kind, present } = data as EventData[typeof type];
			return `${say.room.devices[kind]} ${present ? say.room.came : say.room.went}`;
		}
		case "peripheral.changed": {
			const { id, kind, state, failure } = data as EventData[typeof type];
			return [`${say.room.peripherals[kind]} ${id}`, say.room.peripheralStates[state], failure]
				.filter(Boolean)
				.join(" · ");
		}
		case "trouble": {
			const { code, over } = data as EventData[typeof type];
			return over ? `${code} · ${say.room.over}` : code;
		}
		case "engine.failed":
			return (data as EventData[typeof type]).code;
		case "update.rolled_back": {
			const { version, reason } = data as EventData[typeof type];
			return `${version} · ${reason}`;
		}
	}
}
