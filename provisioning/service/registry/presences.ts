import { sql } from "kysely";
import type { FrameOf } from "../bus/readFrame.ts";
import type { Db } from "../db/Database.ts";
import { announce } from "../fleet/announcements.ts";

type Heard = { epoch: number; online: boolean };

/**
 * Whether `b` is later than `a`. Each connection of a device has a higher epoch than the one before; within one, being gone is the last
 * that is heard of it. So the order in which workers take presences in does not matter.
 */
export const isLater = (a: Heard, b: Heard): boolean =>
	b.epoch > a.epoch || (b.epoch === a.epoch && (a.online || !b.online));

/**
 * Takes in who is there. A device counts as seen at the moment at which we hear that it is online: the broker says so only while its connection
 * lasts. Nothing is heeded of devices that are not in the fleet.
 */
export async function takePresences(db: Db, frames: readonly FrameOf<"presence">[], now: number): Promise<void> {
	const latest = new Map<string, Heard>();
	for (const { id, message } of frames) {
		const other = latest.get(id);
		if (!other || isLater(other, message)) latest.set(id, message);
	}
	const ids = [...latest.keys()];
	const heard = [...latest.values()];
	await db.transaction().execute(async (trx) => {
		await sql`select id from devices where id = any(${ids}) order by id for no key update`.execute(trx);
		const { rows } = await sql<{ id: string; turned: boolean }>`
			update devices set
				online = heard.online,
				presence_epoch = heard.epoch,
				last_seen_at = case when heard.online then ${new Date(now)} else devices.last_seen_at end
			from unnest(${ids}::text[], ${heard.map(({ epoch }) => epoch)}::bigint[], ${heard.map(({ online }) => online)}::boolean[])
				as heard (id, epoch, online)
			join devices as before on before.id = heard.id
			where devices.id = heard.id and devices.state in ('pending', 'active')
				and (heard.epoch > devices.presence_epoch
					or (heard.epoch = devices.presence_epoch and (devices.online or not heard.online)))
			returning devices.id, before.online is distinct from heard.online as turned`.execute(trx);
		await announce(trx, { devices: rows.filter(({ turned }) => turned).map(({ id }) => id) });
	});
}

/**
 * Marks devices as gone of which nothing was heard since `since`: after the broker was asked for all that are there, and those that lost
 * it had the time to come back. Returns how many.
 */
export async function sweepAbsent(db: Db, since: Date): Promise<number> {
	return db.transaction().execute(async (trx) => {
		const { rows } = await sql<{ id: string }>`
			with gone as (
				select id from devices where online and (last_seen_at is null or last_seen_at < ${since})
				order by id for no key update
			)
			update devices set online = false from gone where devices.id = gone.id
			returning devices.id`.execute(trx);
		await announce(trx, { devices: rows.map(({ id }) => id) });
		return rows.length;
	});
}
