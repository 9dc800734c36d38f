import { sql } from "kysely";
import { isJobOver, type JobState, type JobStatus, jobCanReach } from "../../contract/jobs.ts";
import type { Db } from "../db/Database.ts";
import type { Row } from "../db/Schema.ts";
import { announce } from "../fleet/announcements.ts";
import type { Director } from "./Director.ts";
import { clearOffers, type Offering, offerWaiting } from "./jobs.ts";

/** What a device says of a job; `device` is the topic's, which the broker vouches for. */
export interface JobReport {
	device: string;
	job: string;
	status: JobStatus;
}

/** `heeded`; else why not: an old or doubled report, a job of another device or of none, a step that can't be. */
export type Intake = "heeded" | "stale" | "unknown" | "impossible";

const kept = [
	"id",
	"device_id",
	"rollout_id",
	"spec",
	"state",
	"report_seq",
	"pct",
	"slot",
	"digest",
	"error",
] as const;
type Job = Pick<Row<"jobs">, (typeof kept)[number]>;

/**
 * Takes in what devices report of their jobs, in this order, and says what became of each. All in one go: while a wave runs, some thousand rooms
 * report every step of theirs.
 */
export async function takeJobReports(
	db: Db,
	reports: readonly JobReport[],
	nowMs: number,
	director: Director | null = null,
): Promise<Intake[]> {
	return db.transaction().execute(async (trx) => {
		const rows = await trx
			.selectFrom("jobs")
			.select(kept)
			.where(sql<boolean>`id = any(${[...new Set(reports.map(({ job }) => job))]})`)
			.orderBy("id")
			.forUpdate()
			.execute();
		const jobs = new Map<string, Job>(rows.map((job) => [job.id, job]));
		const changed = new Set<string>();
		const intakes = reports.map(({ device, job: id, status }) => {
			const job = jobs.get(id);
			if (job?.device_id !== device) return "unknown";
			const next = step(job, status);
			if (typeof next === "string") return next;
			jobs.set(id, next);
			changed.add(id);
			return "heeded";
		});
		await write(
			trx,
			[...changed].map((id) => jobs.get(id) as Job),
			{ nowMs, director },
		);
		return intakes;
	});
}

/** The job after this report. A success counts only with the digest that was asked for: the device may have booted something else. */
function step(job: Job, { seq, state: said, pct, slot, digest, err }: JobStatus): Job | "stale" | "impossible" {
	if (seq <= job.report_seq) return "stale";
	if (said !== job.state && !jobCanReach(job.state, said)) return "impossible";
	const forged = said === "SUCCEEDED" && digest !== job.spec.digest;
	const state: JobState = forged ? "FAILED" : said;
	return {
		...job,
		state,
		report_seq: seq,
		pct: pct ?? null,
		slot: slot ?? job.slot,
		digest: digest ?? job.digest,
		error: forged ? "job.digest_wrong" : (err ?? null),
	};
}

async function write(trx: Db, jobs: readonly Job[], offering: Offering): Promise<void> {
	if (jobs.length === 0) return;
	const at = new Date(offering.nowMs);
	const of = <K extends keyof Job>(key: K): Job[K][] => jobs.map((job) => job[key]);
	await sql`
		update jobs set
			state = told.state, report_seq = told.seq, pct = told.pct, slot = told.slot, digest = told.digest, error = told.error,
			changed_at = ${at}, ended_at = case when told.over then ${at}::timestamptz end
		from unnest(
			${of("id")}::text[], ${of("state")}::text[], ${of("report_seq")}::bigint[], ${of("pct")}::real[], ${of("slot")}::text[],
			${of("digest")}::text[], ${of("error")}::text[], ${jobs.map(({ state }) => isJobOver(state))}::boolean[]
		) as told (id, state, seq, pct, slot, digest, error, over)
		where jobs.id = told.id`.execute(trx);
	const rollouts = new Set(of("rollout_id").filter((id) => id !== null));
	await announce(trx, { devices: of("device_id"), rollouts: [...rollouts] });
	const over = jobs.filter(({ state }) => isJobOver(state)).map(({ device_id }) => device_id);
	if (over.length === 0) return;
	const offered = new Set(await offerWaiting(trx, offering, over));
	await clearOffers(
		trx,
		over.filter((device) => !offered.has(device)),
	);
}
