import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { encodePayload, PAYLOAD_VERSION } from "../../contract/envelope.ts";
import { isJobOver, type JobState, type JobStatus, jobCanReach, jobNext } from "../../contract/jobs.ts";
import { topics } from "../../contract/topics.ts";
import type { Db } from "../db/Database.ts";
import { enqueue } from "../db/Outbound.ts";
import { announce } from "../fleet/announcements.ts";

/**
 * Offers its oldest waiting job to each room that has none: as the retained `job/next`. Jobs of rollouts that are paused wait.
 * Call it after whatever may have left a room without one.
 */
export async function offerWaiting(trx: Db, nowMs: number): Promise<number> {
	const { rows } = await sql<Offered>`
		update jobs set offered_at = ${new Date(nowMs)}
		where id in (
			select distinct on (waiting.device_id) waiting.id
			from jobs waiting left join rollouts on rollouts.id = waiting.rollout_id
			where waiting.ended_at is null and waiting.offered_at is null
				and (rollouts.id is null or rollouts.state = 'running')
				and not exists (
					select 1 from jobs offered
					where offered.device_id = waiting.device_id and offered.offered_at is not null and offered.ended_at is null
				)
			order by waiting.device_id, waiting.seq
		)
		returning id, device_id, seq, spec, expires_at`.execute(trx);
	await enqueue(
		trx,
		rows.map((row) => offer(row, nowMs)),
	);
	await announce(trx, { devices: rows.map(({ device_id }) => device_id) });
	return rows.length;
}

/** Publishes again what is offered: for a broker that has lost what it kept. */
export async function offerAgain(trx: Db, nowMs: number): Promise<number> {
	const rows = await trx
		.selectFrom("jobs")
		.select(["id", "device_id", "seq", "spec", "expires_at"])
		.where("offered_at", "is not", null)
		.where("ended_at", "is", null)
		// Not between somebody's ending it and clearing its topic.
		.forShare()
		.execute();
	await enqueue(
		trx,
		rows.map((row) => offer(row, nowMs)),
	);
	return rows.length;
}

interface Offered {
	id: string;
	device_id: string;
	seq: number;
	spec: unknown;
	expires_at: Date;
}

const offer = ({ id, device_id, seq, spec, expires_at }: Offered, nowMs: number) => ({
	topic: topics.jobNext(device_id),
	payload: encodePayload(jobNext, {
		v: PAYLOAD_VERSION,
		mid: randomBytes(16).toString("base64url"),
		ts: nowMs,
		jobId: id,
		seq,
		type: "firmware",
		spec: spec as JobNextSpec,
		exp: expires_at.getTime(),
	}),
	retain: true,
	bulk: true,
});
type JobNextSpec = Parameters<typeof encodePayload<typeof jobNext>>[1]["spec"];

/** Takes jobs in these states back from their rooms; `end` null: they wait to be offered again. */
export async function callBack(
	trx: Db,
	which: { rollout: string; states: readonly JobState[]; end: { state: "CANCELLED" | "EXPIRED"; at: Date } | null },
): Promise<void> {
	const { end } = which;
	const rooms = await trx
		.updateTable("jobs")
		.set(end ? { state: end.state, ended_at: end.at, changed_at: end.at } : { offered_at: null })
		.where("rollout_id", "=", which.rollout)
		.where("state", "in", which.states)
		.where("ended_at", "is", null)
		.returning(["device_id"])
		.execute();
	await clearOffers(
		trx,
		rooms.map(({ device_id }) => device_id),
	);
}

/** An empty retained message takes the last one away (MQTT 5, section 3.3.1.3). */
async function clearOffers(trx: Db, devices: readonly string[]): Promise<void> {
	await announce(trx, { devices });
	const messages = devices.map((device) => ({
		topic: topics.jobNext(device),
		payload: new Uint8Array(),
		retain: true,
		bulk: true,
	}));
	await enqueue(trx, messages);
}

/** `heeded`; else why not: an old or doubled report, a job of another device or of none, a step that can't be. */
export type Intake = "heeded" | "stale" | "unknown" | "impossible";

/**
 * Takes a device's report of its job. A success counts only with the digest that was asked for: the device may have booted something else.
 */
export async function takeJobStatus(
	db: Db,
	report: { device: string; job: string; status: JobStatus },
	nowMs: number,
): Promise<Intake> {
	const { device, status } = report;
	return db.transaction().execute(async (trx) => {
		const job = await trx
			.selectFrom("jobs")
			.select(["id", "state", "report_seq", "spec", "rollout_id"])
			.where("id", "=", report.job)
			.where("device_id", "=", device)
			.forUpdate()
			.executeTakeFirst();
		if (!job) return "unknown";
		if (status.seq <= job.report_seq) return "stale";
		if (status.state !== job.state && !jobCanReach(job.state, status.state)) return "impossible";
		const forged = status.state === "SUCCEEDED" && status.digest !== job.spec.digest;
		const state: JobState = forged ? "FAILED" : status.state;
		const at = new Date(nowMs);
		await trx
			.updateTable("jobs")
			.set({
				state,
				report_seq: status.seq,
				pct: status.pct ?? null,
				...(status.slot ? { slot: status.slot } : {}),
				...(status.digest ? { digest: status.digest } : {}),
				error: forged ? "job.digest_wrong" : (status.err ?? null),
				changed_at: at,
				ended_at: isJobOver(state) ? at : null,
			})
			.where("id", "=", job.id)
			.execute();
		await announce(trx, { devices: [device], rollouts: job.rollout_id ? [job.rollout_id] : [] });
		if (isJobOver(state)) {
			await clearOffers(trx, [device]);
			await offerWaiting(trx, nowMs);
		}
		return "heeded";
	});
}

/** Ends what no room has begun to write in time. Returns how many. */
export async function expireJobs(trx: Db, nowMs: number): Promise<number> {
	const at = new Date(nowMs);
	const rooms = await trx
		.updateTable("jobs")
		.set({ state: "EXPIRED", ended_at: at, changed_at: at })
		.where("expires_at", "<=", at)
		.where("state", "in", ["QUEUED", "ACCEPTED", "DOWNLOADING", "STAGED", "WAITING"])
		.returning(["device_id", "offered_at"])
		.execute();
	await clearOffers(
		trx,
		rooms.filter(({ offered_at }) => offered_at !== null).map(({ device_id }) => device_id),
	);
	return rooms.length;
}
