import type { RoomStatus, TwinDoc } from "../../../provisioning/contract/twin.ts";

/** A room as its fleet wants it. */
export const amber: TwinDoc = {
	room: { name: "Amber", locale: "de", timeZone: "Europe/Berlin" },
	directory: [],
	rendezvous: null,
	showTitles: false,
	update: { window: { days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from: "00:00", to: "00:00" } },
};

export const calm: RoomStatus = { activity: "free", trouble: null, busyUntil: null, nextBusyAt: null, missing: [] };
