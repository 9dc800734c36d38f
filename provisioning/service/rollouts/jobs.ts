import { randomBytes } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import { encodePayload, PAYLOAD_VERSION } from "../../contract/envelope.ts";
import { type FirmwareSpec, type JobState, jobNext } from "../../contract/jobs.ts";
import { topics } from "../../contract/topics.ts";
import type { Db } from "../db/Database.ts";
import { enqueue } from "../db/Outbound.ts";
import { announce } from "../fleet/announcements.ts";
import type { Director } from "./Director.ts";

/**
 * Offers its oldest waiting job to each room that has none: as the retained `job/next`. Jobs of rollouts that are paused wait. Call it after
 * whatever may have left a room without one. `devices`: only these; absent: all. Returns which rooms were offered one.
 */
export async function offerWaiting(trx: Db, at: Offering, devices?: readonly string[]): Promise<string[]> {
	const { nowMs } = at;
	const only = devices ? sql`and waiting.device_id = any(${[...devices]})` : sql``;
	const { rows } = await sql<Offered>`
		with next as (
			select distinct on (waiting.device_id) waiting.id
			from jobs waiting left join rollouts on rollouts.id = waiting.rollout_id
			where waiting.ended_at is null and waiting.offered_at is null ${only}
				and (rollouts.id is null or rollouts.state = 'running')
				and not exists (
					select 1 from jobs offered
					where offered.device_id = waiting.device_id and offered.offered_at is not null and offered.ended_at is null
				)
			order by waiting.device_id, waiting.seq
		), mine as (${inOrder(sql`id in (select id from next) and offered_at is null and ended_at is null`)})
		update jobs set offered_at = ${new Date(nowMs)} from mine where jobs.id = mine.id
		returning jobs.id, device_id, seq, spec, expires_at`.execute(trx);
	await enqueue(
		trx,
		rows.map((row) => offer(row, at)),
	);
	const offered = rows.map(({ device_id }) => device_id);
	await announce(trx, { devices: offered });
	return offered;
}

/** Who writes several jobs takes their rows in one order everywhere, so that no two transactions wait for one another. */
const inOrder = (which: RawBuilder<unknown>) => sql`select id from jobs where ${which} order by id for update`;

/** Publishes again what is offered: for a broker that has lost what it kept. */
export async function offerAgain(trx: Db, at: Offering): Promise<number> {
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
		rows.map((row) => offer(row, at)),
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

/** When jobs are offered, and by whose word; null: nobody's, and devices that ask for one refuse them. */
export interface Offering {
	nowMs: number;
	director: Director | null;
}

function offer({ id, device_id: device, seq, spec: stored, expires_at }: Offered, { nowMs, director }: Offering) {
	const job = { jobId: id, seq, spec: stored as FirmwareSpec, exp: expires_at.getTime() };
	const directed = director ? { director: director.direct({ device, ...job }) } : {};
	const mid = randomBytes(16).toString("base64url");
	return {
		topic: topics.jobNext(device),
		payload: encodePayload(jobNext, { v: PAYLOAD_VERSION, mid, ts: nowMs, type: "firmware", ...job, ...directed }),
		retain: true,
		bulk: true,
	};
}

/** States in which nothing was written yet, so that a job can still be called back. */
export const callable: readonly JobState[] = ["QUEUED", "ACCEPTED", "DOWNLOADING", "STAGED", "WAITING"];

/** Takes jobs in these states back from their rooms; `end` null: they wait to be offered again. */
export async function callBack(
	trx: Db,
	which: { rollout: string; states: readonly JobState[]; end: { state: "CANCELLED" | "EXPIRED"; at: Date } | null },
): Promise<void> {
	const { rollout, states, end } = which;
	const change = end ? sql`state = ${end.state}, ended_at = ${end.at}, changed_at = ${end.at}` : sql`offered_at = null`;
	const { rows } = await sql<{ device_id: string }>`
		with mine as (${inOrder(sql`rollout_id = ${rollout} and state = any(${[...states]}) and ended_at is null`)})
		update jobs set ${change} from mine where jobs.id = mine.id
		returning device_id`.execute(trx);
	await clearOffers(
		trx,
		rows.map(({ device_id }) => device_id),
	);
}

/** An empty retained message takes the last one away (MQTT 5, section 3.3.1.3). */
export async function clearOffers(trx: Db, devices: readonly string[]): Promise<void> {
	await announce(trx, { devices });
	const messages = devices.map((device) => ({
		topic: topics.jobNext(device),
		payload: new Uint8Array(),
		retain: true,
		bulk: true,
	}));
	await enqueue(trx, messages);
}

/** Ends what no room has begun to write in time. Returns how many. */
export async function expireJobs(trx: Db, nowMs: number): Promise<number> {
	const at = new Date(nowMs);
	const { rows } = await sql<{ device_id: string; offered_at: Date | null }>`
		with mine as (${inOrder(sql`expires_at <= ${at} and state = any(${[...callable]})`)})
		update jobs set state = 'EXPIRED', ended_at = ${at}, changed_at = ${at} from mine where jobs.id = mine.id
		returning device_id, offered_at`.execute(trx);
	await clearOffers(
		trx,
		rows.filter(({ offered_at }) => offered_at !== null).map(({ device_id }) => device_id),
	);
	return rows.length;
}
