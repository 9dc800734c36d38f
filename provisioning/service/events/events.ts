import { sql } from "kysely";
import type { FrameOf } from "../bus/readFrame.ts";
import type { Db } from "../db/Database.ts";
import { announce } from "../fleet/announcements.ts";

/** How long events are kept. */
export const EVENT_DAYS = 30;
const DAY_MS = 86_400_000;
/** Rows of one statement when old ones are deleted. */
const PURGE = 5000;

/**
 * Stores what devices told. The same event twice is once; of devices that are not in the fleet none. Says so to whoever watches. Returns how many
 * were new.
 */
export async function storeEvents(db: Db, frames: readonly FrameOf<"event">[], now: number): Promise<number> {
	const { rows } = await sql<{ stored: number }>`
		with stored as (
			insert into events (device_id, mid, type, ts, received_at, data)
			select told.device_id, told.mid, told.type, told.ts, ${new Date(now)}, told.data
			from unnest(
				${frames.map(({ id }) => id)}::text[], ${frames.map(({ message }) => message.mid)}::text[],
				${frames.map(({ type }) => type)}::text[], ${frames.map(({ message }) => timeOf(message.ts))}::timestamptz[],
				${frames.map(({ message }) => JSON.stringify(message.data))}::jsonb[]
			) as told (device_id, mid, type, ts, data)
			join devices on devices.id = told.device_id and devices.state in ('pending', 'active')
			on conflict (device_id, mid) do nothing
			returning 1
		)
		select count(*)::int as stored from stored`.execute(db);
	const stored = rows[0]?.stored ?? 0;
	if (stored > 0) await announce(db, { events: true });
	return stored;
}

/** What a device's clock says may be beyond what PostgreSQL has a date for. */
const LAST = Date.UTC(9999, 11, 31);
const timeOf = (ts: number): Date => new Date(Math.min(ts, LAST));

/** Deletes what is older than 30 days by our clock, in portions. Returns how many. */
export async function purgeEvents(db: Db, now: number): Promise<number> {
	const before = new Date(now - EVENT_DAYS * DAY_MS);
	let count = 0;
	for (;;) {
		const { numAffectedRows = 0n } = await sql`
			delete from events where id in (select id from events where received_at < ${before} limit ${PURGE})`.execute(db);
		count += Number(numAffectedRows);
		if (numAffectedRows < BigInt(PURGE)) return count;
	}
}
