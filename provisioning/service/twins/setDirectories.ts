import { sql } from "kysely";
import type { TwinDoc } from "../../contract/twin.ts";
import type { Db } from "../db/Database.ts";
import { enqueue } from "../db/Outbound.ts";
import { announce } from "../fleet/announcements.ts";
import { desiredMessage } from "./desired.ts";

/** Gives these rooms another directory, in a new revision each; those that have it already are left alone. */
export async function setDirectories(
	trx: Db,
	directories: ReadonlyMap<string, TwinDoc["directory"]>,
	now: number,
): Promise<string[]> {
	const ids = [...directories.keys()];
	await sql`
		select id from devices where id = any(${ids}) and state = 'active' order by id for no key update`.execute(trx);
	const { rows } = await sql<{ id: string; rev: number; doc: TwinDoc }>`
		update twins set
			desired_rev = desired_rev + 1,
			desired = jsonb_set(desired, '{directory}', wanted.directory),
			desired_at = ${new Date(now)},
			desired_by = 'service'
		from unnest(${ids}::text[], ${ids.map((id) => JSON.stringify(directories.get(id)))}::jsonb[]) as wanted (id, directory)
		join devices on devices.id = wanted.id and devices.state = 'active'
		where twins.device_id = wanted.id and twins.desired -> 'directory' is distinct from wanted.directory
		returning twins.device_id as id, twins.desired_rev as rev, twins.desired as doc`.execute(trx);
	await enqueue(
		trx,
		rows.map((row) => desiredMessage(row, now, true)),
	);
	await announce(trx, { devices: rows.map(({ id }) => id) });
	return rows.map(({ id }) => id);
}
