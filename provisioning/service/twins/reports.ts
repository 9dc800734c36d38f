import { sql } from "kysely";
import type { FrameOf } from "../bus/readFrame.ts";
import type { Db } from "../db/Database.ts";
import { announce } from "../fleet/announcements.ts";

/**
 * Takes in what devices report of themselves: document in force, errors, status, facts. Of several of one device the one with the highest number
 * counts, in whichever order they come; of devices that are not in the fleet none.
 */
export async function takeReports(db: Db, frames: readonly FrameOf<"twinReported">[], now: number): Promise<void> {
	const newest = new Map<string, FrameOf<"twinReported">["message"]>();
	for (const { id, message } of frames) {
		const other = newest.get(id);
		if (!other || message.seq > other.seq) newest.set(id, message);
	}
	const ids = [...newest.keys()].sort();
	const of = <T>(value: (report: FrameOf<"twinReported">["message"]) => T): T[] =>
		ids.map((id) => value(newest.get(id) as FrameOf<"twinReported">["message"]));
	const at = new Date(now);
	await db.transaction().execute(async (trx) => {
		// In one order everywhere, and before the rest is read: see `Twins`.
		await sql`select id from devices where id = any(${ids}) order by id for no key update`.execute(trx);
		const { rows } = await sql<{ id: string }>`
			with report as (
				select * from unnest(
					${ids}::text[], ${of(({ seq }) => seq)}::bigint[], ${of(({ appliedRev }) => appliedRev)}::bigint[],
					${of(({ doc }) => (doc === null ? null : JSON.stringify(doc)))}::jsonb[],
					${of(({ errors }) => JSON.stringify(errors))}::jsonb[],
					${of(({ status }) => JSON.stringify(status))}::jsonb[],
					${of(({ facts }) => facts.model)}::text[], ${of(({ facts }) => facts.firmware)}::text[],
					${of(({ facts }) => facts.slot)}::text[]
				) as r (id, seq, applied_rev, doc, errors, status, model, firmware, slot)
			), mine as (
				select report.* from report
				join devices on devices.id = report.id and devices.state in ('pending', 'active')
				join twins on twins.device_id = report.id and twins.reported_rev < report.seq
			), facts as (
				update devices set model = mine.model, firmware = mine.firmware, slot = mine.slot
				from mine where devices.id = mine.id
					and (devices.model, devices.firmware, devices.slot) is distinct from (mine.model, mine.firmware, mine.slot)
			)
			update twins set
				reported_rev = mine.seq, applied_rev = mine.applied_rev, reported = mine.doc, errors = mine.errors,
				status = mine.status, reported_at = ${at}
			from mine where twins.device_id = mine.id
			returning twins.device_id as id`.execute(trx);
		await announce(trx, { devices: rows.map(({ id }) => id) });
	});
}
