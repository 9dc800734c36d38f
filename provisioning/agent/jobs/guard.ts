import type { UpdateWindow } from "../../contract/twin.ts";
import type { LocalTime } from "../localTime.ts";

/** So long nobody may have used the room, and so long before a meeting it has to be ready. */
export const QUIET_MS = 15 * 60_000;

/** All that decides whether a room may be taken away now. Times in milliseconds since the epoch. */
export interface GuardView {
	now: number;
	/** Null: not known yet. */
	window: UpdateWindow | null;
	local: LocalTime;
	/** As the room program says; null: it is not there. */
	room: {
		/** Null in a call. */
		idleSince: number | null;
		inCall: boolean;
		/** By the calendar, at the latest. */
		busyUntil: number | null;
		busy: boolean;
		/** By the calendar, at the earliest. */
		nextBusyAt: number | null;
		/** Null: no sensor. */
		occupied: boolean | null;
	} | null;
	/** Since when the room program is not there; null: it is. */
	absentSince: number | null;
	worstCaseMs: number;
	/** A person in the room said "now", and that holds until then. */
	consentUntil: number | null;
	/** A person in the room said "later". */
	notBefore: number | null;
}

export type WaitsFor =
	| "update.in_call"
	| "update.meeting"
	| "update.postponed"
	| "update.window"
	| "update.in_use"
	| "update.occupied"
	| "update.room_unknown"
	| "update.disk_full";

/**
 * Whether an update may take the room away now: null, or what it waits for. Inside the window, idle for a quarter of an hour, no meeting within the
 * worst case and a quarter of an hour, nobody there. A person at the panel may waive window, idleness and presence, but neither
 * a call nor a meeting. A room program that is gone for long holds no call: an update may be what it needs.
 */
export function waitsFor(view: GuardView): WaitsFor | null {
	const { now, room } = view;
	if (room) {
		if (room.inCall || room.idleSince === null) return "update.in_call";
		if (room.busy || (room.busyUntil !== null && room.busyUntil > now)) return "update.meeting";
		if (room.nextBusyAt !== null && room.nextBusyAt < now + view.worstCaseMs + QUIET_MS) return "update.meeting";
	} else if (view.absentSince === null || now - view.absentSince < QUIET_MS) return "update.room_unknown";
	if (view.consentUntil !== null && now < view.consentUntil) return null;
	if (view.notBefore !== null && now < view.notBefore) return "update.postponed";
	if (!view.window || !isInside(view.window, view.local)) return "update.window";
	if (!room) return null;
	if (room.idleSince === null || now - room.idleSince < QUIET_MS) return "update.in_use";
	return room.occupied ? "update.occupied" : null;
}

const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** Whether a moment is inside of an update window. A window over midnight belongs to the day it begins on. */
export function isInside({ days: on, from, to }: UpdateWindow, { day, time }: LocalTime): boolean {
	const [today, yesterday] = [days[day % 7], days[(day + 6) % 7]].map((name) => on.some((one) => one === name));
	if (from < to) return today === true && time >= from && time < to;
	// over midnight; a window that ends when it begins lasts a day
	return (today === true && time >= from) || (yesterday === true && time < to);
}
