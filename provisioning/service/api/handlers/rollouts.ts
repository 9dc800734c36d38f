import { sql } from "kysely";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { Rollout, RolloutDevice } from "../../../contract/http/shapes.ts";
import type { JobState } from "../../../contract/jobs.ts";
import type { Db } from "../../db/Database.ts";
import { describeRollouts } from "../../rollouts/describeRollout.ts";
import type { FleetDuties } from "../FleetDuties.ts";
import { notFound } from "../failures.ts";
import type { HandlersOf } from "../Handlers.ts";
import { limitOf } from "../pages.ts";
import { isUuid } from "../signIn/secrets.ts";

const ROLLOUTS = 200;

export function rolloutHandlers(options: { db: Db; rollouts: FleetDuties["rollouts"] }): HandlersOf<"rollouts"> {
	const { db, rollouts } = options;
	const change = (verb: "pause" | "resume" | "cancel") => async (call: { params: { id: string }; actor: string }) => {
		if (!isUuid(call.params.id)) throw notFound("rollout");
		await rollouts[verb](call.params.id, call.actor);
		return getRollout(db, call.params.id);
	};
	return {
		"rollouts.list": async () => {
			const rows = await db.selectFrom("rollouts").selectAll().orderBy("created_at", "desc").limit(ROLLOUTS).execute();
			return { items: await describeRollouts(db, rows), next: null };
		},
		"rollouts.create": async ({ body, actor }) => {
			return getRollout(db, await rollouts.create(body, actor));
		},
		"rollouts.get": ({ params }) => getRollout(db, params.id),
		"rollouts.devices": async ({ params, query }) => {
			const limit = limitOf(query.limit);
			const items = await rolloutDevices(db, params.id, place(query.after), limit);
			const last = items.length === limit ? items.at(-1) : undefined;
			return { items, next: last ? `${rank(last.state)}-${last.device}` : null };
		},
		"rollouts.pause": change("pause"),
		"rollouts.resume": change("resume"),
		"rollouts.cancel": change("cancel"),
	};
}

async function getRollout(db: Db, id: string): Promise<Rollout> {
	const row = isUuid(id) && (await db.selectFrom("rollouts").selectAll().where("id", "=", id).executeTakeFirst());
	const [rollout] = row ? await describeRollouts(db, [row]) : [];
	if (!rollout) throw notFound("rollout");
	return rollout;
}

/** In which order a rollout's rooms are shown: what a person has to look at, what is under way, what waits, what is done. */
const ranks: Record<JobState, number> = {
	ROLLED_BACK: 0,
	FAILED: 1,
	REJECTED: 2,
	EXPIRED: 3,
	PROBATION: 4,
	REBOOTING: 5,
	INSTALLING: 6,
	WAITING: 7,
	STAGED: 8,
	DOWNLOADING: 9,
	ACCEPTED: 10,
	QUEUED: 11,
	SUCCEEDED: 12,
	CANCELLED: 13,
};
const rank = (state: JobState): number => ranks[state];

function place(after: string | undefined): { rank: number; device: string } | null {
	if (after === undefined) return null;
	const [, at, device] = /^(\d{1,2})-([a-z0-9-]{8,40})$/.exec(after) ?? [];
	if (!at || !device) {
		throw new RoomError("api.malformed", "`after` is a `next` that an earlier answer gave", {
			context: { key: "query.after" },
		});
	}
	return { rank: Number(at), device };
}

async function rolloutDevices(
	db: Db,
	id: string,
	after: { rank: number; device: string } | null,
	limit: number,
): Promise<RolloutDevice[]> {
	await getRollout(db, id);
	const inOrder = Object.keys(ranks).sort((a, b) => rank(a as JobState) - rank(b as JobState));
	const { rows } = await sql<{
		device_id: string;
		label: string;
		wave: number;
		state: JobState;
		pct: number | null;
		error: string | null;
		at: Date;
	}>`
		select * from (
			select rd.device_id, d.label, rd.wave, coalesce(j.state, 'QUEUED') as state, j.pct, j.error,
				coalesce(j.changed_at, r.created_at) as at, array_position(${inOrder}::text[], coalesce(j.state, 'QUEUED')) - 1 as rank
			from rollout_devices rd
			join rollouts r on r.id = rd.rollout_id
			join devices d on d.id = rd.device_id
			left join jobs j on j.rollout_id = rd.rollout_id and j.device_id = rd.device_id
			where rd.rollout_id = ${id}
		) all_of_it
		where ${after ? sql`(rank, device_id) > (${after.rank}, ${after.device})` : sql`true`}
		order by rank, device_id limit ${limit}`.execute(db);
	return rows.map((row) => ({
		device: row.device_id,
		name: row.label || row.device_id,
		wave: row.wave,
		state: row.state,
		pct: row.pct,
		error: row.error,
		updatedAt: row.at.toISOString(),
	}));
}
