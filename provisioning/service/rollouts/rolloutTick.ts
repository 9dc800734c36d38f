import type { JobState } from "../../contract/jobs.ts";
import { type Db, tryLock } from "../db/Database.ts";
import type { Row } from "../db/Schema.ts";
import type { Director } from "./Director.ts";
import { expireJobs, type Offering, offerWaiting } from "./jobs.ts";
import { beginWave, failuresOf, setState } from "./Rollouts.ts";
import { judge } from "./waves.ts";

/**
 * One look at all rollouts that run: waves that are good are followed by the next, bad ones pause the rollout. Any worker may call it at any time
 * (after a job ended, and now and then); one at a time does it. Returns whether this call did.
 */
export async function rolloutTick(db: Db, nowMs: number, director: Director | null = null): Promise<boolean> {
	const at = { nowMs, director };
	return db.transaction().execute(async (trx) => {
		if (!(await tryLock(trx, "rollout-tick"))) return false;
		if ((await expireJobs(trx, nowMs)) > 0) await offerWaiting(trx, at);
		const running = await trx
			.selectFrom("rollouts")
			.selectAll()
			.where("state", "=", "running")
			.forUpdate()
			.skipLocked()
			.execute();
		for (const rollout of running) await advance(trx, rollout, at);
		return true;
	});
}

async function advance(trx: Db, rollout: Row<"rollouts">, offering: Offering): Promise<void> {
	const counts = await trx
		.selectFrom("jobs")
		.select(({ fn }) => ["state", fn.countAll<number>().as("count")])
		.where("rollout_id", "=", rollout.id)
		.where("wave", "=", rollout.current_wave)
		.groupBy("state")
		.execute();
	const byState: Partial<Record<JobState, number>> = {};
	for (const { state, count } of counts) byState[state] = Number(count);
	const verdict = judge(
		{
			// rooms that left the fleet before their wave have no job
			size: Object.values(byState).reduce((sum, count) => sum + count, 0),
			counts: byState,
			failures: await failuresOf(trx, rollout.id),
			accepted: rollout.accepted_failures,
		},
		{
			advancePercent: rollout.advance_percent,
			pausePercent: rollout.pause_percent,
			pauseCount: rollout.pause_count,
		},
	);
	if (verdict === "wait") return;
	const at = new Date(offering.nowMs);
	const change = (values: Parameters<typeof setState>[2]) => setState(trx, rollout.id, values, at);
	if (verdict !== "advance") {
		await change({ state: "paused", pause_reason: `rollout.${verdict}` });
		return;
	}
	const next = rollout.current_wave + 1;
	if (next < rollout.waves.length) {
		await change({ current_wave: next });
		await beginWave(trx, rollout.id, next, offering);
		return;
	}
	// Stragglers of earlier waves belong to it too.
	const open = await trx
		.selectFrom("jobs")
		.select("id")
		.where("rollout_id", "=", rollout.id)
		.where("ended_at", "is", null)
		.limit(1)
		.executeTakeFirst();
	if (!open) await change({ state: "done", ended_at: at });
}
