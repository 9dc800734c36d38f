import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { RoomStatus, TwinDoc } from "../../../provisioning/contract/twin.ts";
import { type Db, json } from "../../../provisioning/service/db/Database.ts";

const rivers =
	"Alster Bode Dahme Donau Elbe Emscher Fulda Havel Iller Isar Jagst Kocher Lahn Lech Leine Main Mosel Neckar Neiße Oder Ruhr Saale Spree Werra".split(
		" ",
	);

/** So many different names. */
export const roomNames = (count: number): string[] =>
	Array.from({ length: count }, (_, index) => {
		const river = rivers[index % rivers.length] as string;
		return index < rivers.length ? river : `${river} ${1 + Math.floor(index / rivers.length)}`;
	});

export function twinDocOf(name: string): TwinDoc {
	return {
		room: { name, seats: 8, locale: "de", timeZone: "Europe/Berlin" },
		directory: [],
		rendezvous: null,
		showTitles: false,
		update: { window: { days: ["sat", "sun"], from: "22:00", to: "05:00" } },
	};
}

/** Some of each kind, always the same ones. */
function statusOf(index: number, nowMs: number): RoomStatus {
	const hour = (hours: number) => Math.ceil(nowMs / 1_800_000) * 1_800_000 + hours * 3_600_000;
	const plain = { trouble: null, busyUntil: null, nextBusyAt: null, missing: [] };
	if (index % 11 === 5) return { ...plain, activity: "trouble", missing: ["camera"] };
	if (index % 4 === 1) return { ...plain, activity: "in_call", busyUntil: hour((index % 3) / 2) };
	if (index % 9 === 7) return { ...plain, activity: "busy", busyUntil: hour(1) };
	return { ...plain, activity: "free", nextBusyAt: index % 3 ? hour(1 + (index % 4)) : null };
}

/** Rooms as they would stand in the database after some weeks, named after rivers. Returns their ids. */
export async function seedRooms(db: Db, count: number, nowMs = Date.now()): Promise<string[]> {
	const rooms = roomNames(count).map((name, index) => {
		return {
			id: `dev-${String(index).padStart(6, "0")}`,
			name,
			online: index % 17 !== 12,
			status: statusOf(index, nowMs),
			doc: twinDocOf(name),
		};
	});
	const at = (days: number) => new Date(nowMs - days * 86_400_000);
	await sql`
		insert into devices (id, state, serial_number, model, firmware, label, online, presence_epoch, last_seen_at, created_at, activated_at)
		select id, 'active', 'S' || id, 'InCamera One', '1.4.2', label, online, 1, ${at(0.1)}, ${at(40)}, ${at(40)}
		from unnest(${rooms.map(({ id }) => id)}::text[], ${rooms.map(({ name }) => name)}::text[], ${rooms.map(({ online }) => online)}::boolean[])
			as room (id, label, online)`.execute(db);
	await sql`
		insert into twins (device_id, desired_rev, desired, reported_rev, applied_rev, reported, status, reported_at)
		select id, 3, doc, 7, 3, doc, status, ${at(0.1)}
		from unnest(${rooms.map(({ id }) => id)}::text[], ${rooms.map(({ doc }) => json(doc))}::jsonb[], ${rooms.map(({ status }) => json(status))}::jsonb[])
			as twin (id, doc, status)`.execute(db);
	await sql`
		insert into certificates (serial, device_id, state, not_before, not_after, confirmed_at)
		select serial, id, 'active', ${at(20)}, ${at(-40)}, ${at(20)}
		from unnest(${rooms.map(() => randomBytes(16).toString("hex"))}::text[], ${rooms.map(({ id }) => id)}::text[]) as made (serial, id)`.execute(
		db,
	);
	return rooms.map(({ id }) => id);
}
