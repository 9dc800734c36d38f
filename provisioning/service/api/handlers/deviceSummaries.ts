import { type RawBuilder, sql } from "kysely";
import type { DeviceSummary } from "../../../contract/http/shapes.ts";
import type { JobState } from "../../../contract/jobs.ts";
import { roomStatus } from "../../../contract/twin.ts";
import type { Db } from "../../db/Database.ts";
import type { NamePlace } from "../pages.ts";

export type Show = "online" | "offline" | "trouble" | "in_call" | "updating" | "twin_differs";

export interface DeviceQuery {
	/** In name or id. */
	q?: string | undefined;
	/** Absent: those that are in the fleet, pending or active. */
	state?: DeviceSummary["state"] | undefined;
	show?: Show | undefined;
	after: NamePlace | null;
	limit: number;
}

interface SummaryRow {
	id: string;
	label: string;
	state: DeviceSummary["state"];
	online: boolean;
	last_seen_at: Date | null;
	status: unknown;
	firmware: string;
	twin: DeviceSummary["twin"];
	job_state: JobState | null;
	job_pct: number | null;
	job_error: string | null;
}

/** People's order: 2 before 10, Ä with A. Made by migration 0002; an index on it is what pages are read by. */
const byName: RawBuilder<string> = sql`d.label collate room_names`;

const twinState = sql<string>`case
	when t.errors <> '[]' and t.reported_rev >= t.desired_rev then 'refused'
	when t.applied_rev <> t.desired_rev then 'pending'
	else 'in_sync' end`;

/** The job under way: the one that was offered, else the first that waits. */
const joined = sql`
	left join twins t on t.device_id = d.id
	left join lateral (
		select state, pct, error from jobs where device_id = d.id and ended_at is null order by offered_at nulls last, seq limit 1
	) j on true`;

const isUpdating = sql<boolean>`coalesce(j.state in ('INSTALLING', 'REBOOTING', 'PROBATION'), false)
	or (d.online and coalesce(t.status ->> 'activity' = 'updating', false))`;
/** What an absent room said last is not what it does. */
const does = (activity: string) => sql<boolean>`(d.online and coalesce(t.status ->> 'activity' = ${activity}, false))`;

/** What can be said without looking at twin and jobs. */
const shownOfDevice = {
	online: sql<boolean>`d.online`,
	offline: sql<boolean>`(not d.online and d.state = 'active')`,
};
const shown: Record<Show, RawBuilder<boolean>> = {
	...shownOfDevice,
	trouble: does("trouble"),
	in_call: does("in_call"),
	updating: sql`(${isUpdating})`,
	twin_differs: sql`(d.state = 'active' and ${twinState} <> 'in_sync')`,
};

const select = sql`select d.id, d.label, d.state, d.online, d.last_seen_at, t.status, d.firmware,
	${twinState} as twin, j.state as job_state, j.pct as job_pct, j.error as job_error`;

/** A page of rooms by name. */
export async function listDevices(db: Db, query: DeviceQuery): Promise<DeviceSummary[]> {
	const { rows } = await devicesQuery(query).execute(db);
	return rows.map(summary);
}

/**
 * Its statement, for a test of how the database goes about it: first which rooms, then what there is to say of these few, so that a
 * planner without good statistics can't look at everything there is of every room.
 */
export function devicesQuery({ q, state, show, after, limit }: DeviceQuery): RawBuilder<SummaryRow> {
	const where: RawBuilder<unknown>[] = [state ? sql`d.state = ${state}` : sql`d.state in ('pending', 'active')`];
	if (show) where.push(shown[show]);
	if (q) {
		const like = `%${q.replaceAll(/[\\%_]/g, "\\$&")}%`;
		where.push(sql`(d.label ilike ${like} or d.id ilike ${like})`);
	}
	if (after) where.push(sql`(${byName}, d.id) > (${after.name}, ${after.id})`);
	const needed = show && !(show in shownOfDevice) ? joined : sql``;
	return sql`${select} from (
		select d.* from devices d ${needed} where ${sql.join(where, sql` and `)} order by ${byName}, d.id limit ${limit}
	) d ${joined} order by ${byName}, d.id`;
}

/** Those of these devices that are there. */
export async function summariesOf(db: Db, ids: readonly string[]): Promise<DeviceSummary[]> {
	const { rows } = await sql<SummaryRow>`${select} from devices d ${joined} where d.id = any(${ids})`.execute(db);
	return rows.map(summary);
}

export interface DeviceCounts {
	total: number;
	online: number;
	inCall: number;
	trouble: number;
	updating: number;
	twinDiffers: number;
	firmware: { version: string; devices: number }[];
}

/** Of those that are in the fleet, pending or active. */
export async function countDevices(db: Db): Promise<DeviceCounts> {
	const { rows } = await sql<Omit<DeviceCounts, "firmware">>`
		select count(*) as total, count(*) filter (where ${shown.online}) as online,
			count(*) filter (where ${shown.in_call}) as "inCall", count(*) filter (where ${shown.trouble}) as trouble,
			count(*) filter (where ${shown.updating}) as updating, count(*) filter (where ${shown.twin_differs}) as "twinDiffers"
		from devices d ${joined} where d.state in ('pending', 'active')`.execute(db);
	const firmware = await sql<{ version: string; devices: number }>`
		select firmware as version, count(*) as devices from devices where state in ('pending', 'active')
		group by firmware order by count(*) desc, firmware limit 100`.execute(db);
	const [counts] = rows;
	return {
		total: 0,
		online: 0,
		inCall: 0,
		trouble: 0,
		updating: 0,
		twinDiffers: 0,
		...counts,
		firmware: firmware.rows,
	};
}

const summary = (row: SummaryRow): DeviceSummary => ({
	id: row.id,
	name: row.label || row.id,
	state: row.state,
	online: row.online,
	lastSeenAt: row.last_seen_at?.toISOString() ?? null,
	// What a room said before the contract changed is no reason to show nobody.
	status: roomStatus.safeParse(row.status).data ?? null,
	firmware: row.firmware || null,
	twin: row.twin,
	job: row.job_state && { state: row.job_state, pct: row.job_pct, reason: row.job_error },
});
