import type { Rollout } from "../../contract/http/shapes.ts";
import { isJobOver, type JobState } from "../../contract/jobs.ts";
import type { Db } from "../db/Database.ts";
import type { Row } from "../db/Schema.ts";

/** Rollouts as the API tells them, in the order given. */
export async function describeRollouts(db: Db, rollouts: readonly Row<"rollouts">[]): Promise<Rollout[]> {
	if (rollouts.length === 0) return [];
	const rows = await db
		.selectFrom("jobs")
		.select(({ fn }) => ["rollout_id", "wave", "state", fn.countAll<number>().as("count")])
		.where(
			"rollout_id",
			"in",
			rollouts.map(({ id }) => id),
		)
		.groupBy(["rollout_id", "wave", "state"])
		.execute();
	return rollouts.map((rollout) => {
		const waves = rollout.waves.map((size, index) => {
			const counts: Partial<Record<JobState, number>> = {};
			for (const row of rows) {
				if (row.rollout_id === rollout.id && row.wave === index) counts[row.state] = Number(row.count);
			}
			const open = Object.keys(counts).some((state) => !isJobOver(state as JobState));
			const state = index > rollout.current_wave ? "waiting" : open ? "running" : "done";
			return { size, counts, state } as const;
		});
		return {
			id: rollout.id,
			name: rollout.name,
			spec: rollout.spec,
			state: rollout.state,
			reason: rollout.pause_reason,
			createdAt: rollout.created_at.toISOString(),
			size: rollout.waves.reduce((sum, size) => sum + size, 0),
			wave: rollout.current_wave,
			waves,
		};
	});
}
