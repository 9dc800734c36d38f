import type { Peripheral } from "../../provisioning/contract/peripherals.ts";
import { type RoomStatus, roundToFiveMinutes } from "../../provisioning/contract/twin.ts";
import type { Snapshot } from "../contract/snapshot.ts";

type Agenda = Snapshot["agenda"];

/** Whether somebody is in a call here, on the way to one, or asked to one: nothing that can wait may happen now. */
export function isOccupied({ screen }: Snapshot): boolean {
	return ["joining", "alone", "ringing-in", "ringing-out", "call"].includes(screen.name);
}

/** What the fleet is told of a room: what it does, when it is taken (to five minutes), and what is missing. Nothing of whom or why. */
export function roomStatus(snapshot: Snapshot, now: number): RoomStatus {
	const { screen, missing } = snapshot;
	const { busyUntil, nextBusyAt } = occupancy(snapshot.agenda, now);
	const times = {
		busyUntil: busyUntil === null ? null : roundToFiveMinutes(busyUntil, "up"),
		nextBusyAt: nextBusyAt === null ? null : roundToFiveMinutes(nextBusyAt, "down"),
	};
	const trouble = screen.name === "trouble" ? screen.failure : null;
	const peripherals = toldPeripherals(snapshot);
	return {
		...{ activity: activity(snapshot, busyUntil !== null), trouble, ...times, missing: [...missing] },
		...(peripherals.length > 0 ? { peripherals } : {}),
	};
}

/** How the room's equipment is, by the names of its configuration: not what a device says of itself, nor where it is connected. */
export function toldPeripherals({ peripherals }: Snapshot): Peripheral[] {
	return peripherals.devices.map(({ id, kind, state, failure }) => ({ id, kind, state, failure }));
}

function activity(snapshot: Snapshot, busy: boolean): RoomStatus["activity"] {
	if (snapshot.screen.name === "trouble") return "trouble";
	if (isOccupied(snapshot)) return "in_call";
	if (snapshot.missing.includes("engine")) return "starting";
	return busy ? "busy" : "free";
}

/** Meetings that follow each other without a gap are one. Nothing is said of a calendar that can't be read. */
function occupancy({ entries, failure }: Agenda, now: number): { busyUntil: number | null; nextBusyAt: number | null } {
	if (failure !== null) return { busyUntil: null, nextBusyAt: null };
	let busyUntil: number | null = null;
	for (const { start, end } of taken(entries, now)) {
		if (start > (busyUntil ?? now)) return { busyUntil, nextBusyAt: start };
		busyUntil = Math.max(busyUntil ?? 0, end);
	}
	return { busyUntil, nextBusyAt: null };
}

const taken = (entries: Agenda["entries"], now: number) =>
	entries.filter(({ why, end }) => why !== "cancelled" && end > now).sort((a, b) => a.start - b.start);

/** When time alone changes the status next; null: nothing more is known of today. */
export function nextChange({ agenda }: Snapshot, now: number): number | null {
	const times = taken(agenda.entries, now).flatMap(({ start, end }) => [start, end]);
	const next = Math.min(...times.filter((time) => time > now));
	return Number.isFinite(next) ? next : null;
}
