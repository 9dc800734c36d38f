import * as z from "zod/mini";
import { jobNext } from "../../contract/jobs.ts";
import { roomStatus } from "../../contract/twin.ts";
import type { Booted } from "./FirmwareExecutor.ts";

const counter = z.number().check(z.int(), z.gte(0));

/** A job, without its envelope. */
export const job = z.object({
	jobId: jobNext.shape.jobId,
	/** Of a stick's job: that of the last one of the fleet, 0 if there was none. */
	seq: counter,
	/** `url`: `file:` of a stick, which no fleet can name. */
	spec: z.extend(jobNext.shape.spec, { url: z.string().check(z.maxLength(2048)) }),
	director: jobNext.shape.director,
	exp: jobNext.shape.exp,
});
export type Job = z.infer<typeof job>;

/** What is kept of a job on the disk. */
export const jobRecord = z.object({
	job,
	/** Where it goes on after a restart of the agent or of the machine. */
	phase: z.enum(["downloading", "waiting", "installing", "holding", "rebooting", "probation", "fallingBack"]),
	/** Number of the last report. */
	statusSeq: counter,
	/** What ran, and what was amiss with the room, before anything was changed. */
	before: z.object({
		slot: z.enum(["A", "B"]),
		bootId: z.string(),
		missing: z.nullable(roomStatus.shape.missing),
	}),
	/** How often it was begun to write the slot. */
	installs: counter,
	/** Why it falls back: a code. */
	reason: z.nullable(z.string()),
});
export type JobRecord = z.infer<typeof jobRecord>;
export type JobPhase = JobRecord["phase"];

/** A slot that was begun to be written so often and never finished is not written again. */
export const MOST_INSTALLS = 3;

/** How a job is found after a start of the agent. */
export type Found =
	| "waiting"
	| "holding"
	/** Half-written, too often. */
	| "interrupted"
	/** The agent ended before the machine did. */
	| "not rebooted"
	/** The new slot runs. */
	| "new"
	/** The new slot runs, and is given up. */
	| "giving up"
	/** The old slot runs again. */
	| "old"
	/** Something else was installed by somebody else. */
	| "foreign";

/** What the disk remembers, against what runs. */
export function afterStart({ phase, before, job, installs }: JobRecord, booted: Booted): Found {
	if (booted.slot !== before.slot) {
		if (booted.digest !== job.spec.digest) return "foreign";
		return phase === "fallingBack" ? "giving up" : "new";
	}
	if (phase === "downloading" || phase === "waiting") return "waiting";
	if (phase === "holding") return "holding";
	if (phase === "installing") return installs >= MOST_INSTALLS ? "interrupted" : "waiting";
	return phase === "rebooting" && booted.bootId === before.bootId ? "not rebooted" : "old";
}
