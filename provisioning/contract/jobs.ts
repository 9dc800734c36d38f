import * as z from "zod/mini";
import { envelope, timestamp } from "./envelope.ts";
import { jobId } from "./topics.ts";

/** `SUCCEEDED` means: booted from the other slot, of this digest, and through probation. Installed is not succeeded. */
export const jobState = z.enum([
	"QUEUED",
	"ACCEPTED",
	"DOWNLOADING",
	"STAGED",
	"WAITING",
	"INSTALLING",
	"REBOOTING",
	"PROBATION",
	"SUCCEEDED",
	"ROLLED_BACK",
	"FAILED",
	"REJECTED",
	"EXPIRED",
	"CANCELLED",
]);
export type JobState = z.infer<typeof jobState>;

/**
 * From each state, those that may follow. The service says `QUEUED`, `EXPIRED` and `CANCELLED`, the device the rest. Once bytes are being
 * written (`INSTALLING`) nothing but the outcome can follow: an update can't be called back halfway.
 */
export const jobSteps: Readonly<Record<JobState, readonly JobState[]>> = {
	QUEUED: ["ACCEPTED", "REJECTED", "EXPIRED", "CANCELLED"],
	ACCEPTED: ["DOWNLOADING", "FAILED", "EXPIRED", "CANCELLED"],
	DOWNLOADING: ["STAGED", "FAILED", "REJECTED", "EXPIRED", "CANCELLED"],
	STAGED: ["WAITING", "INSTALLING", "FAILED", "EXPIRED", "CANCELLED"],
	WAITING: ["INSTALLING", "FAILED", "EXPIRED", "CANCELLED"],
	INSTALLING: ["WAITING", "REBOOTING", "FAILED"],
	REBOOTING: ["PROBATION", "ROLLED_BACK", "FAILED"],
	PROBATION: ["SUCCEEDED", "ROLLED_BACK", "FAILED"],
	SUCCEEDED: [],
	ROLLED_BACK: [],
	FAILED: [],
	REJECTED: [],
	EXPIRED: [],
	CANCELLED: [],
};
export const isJobOver = (state: JobState): boolean => jobSteps[state].length === 0;

/**
 * Whether a device in `from` can be in `to` now, with steps between that were not heard (a report can be lost to a full disk, never
 * invented): `to` is reachable.
 */
export function jobCanReach(from: JobState, to: JobState): boolean {
	const seen = new Set<JobState>([from]);
	const open = [from];
	for (let state = open.pop(); state; state = open.pop()) {
		for (const next of jobSteps[state]) {
			if (next === to) return true;
			if (!seen.has(next)) {
				seen.add(next);
				open.push(next);
			}
		}
	}
	return false;
}

/** `major.minor.patch` (Semantic Versioning 2.0.0), optionally with a pre-release. */
export const firmwareVersion = z.string().check(z.regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}(-[0-9A-Za-z.-]{1,40})?$/));

export const firmwareSpec = z.object({
	version: firmwareVersion,
	/** SHA-256 of the bundle, hex. */
	digest: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
	/** Bytes of the bundle. */
	bytes: z.number().check(z.int(), z.gte(1), z.lte(8 * 1024 ** 3)),
	url: z.string().check(z.regex(/^https?:\/\//), z.maxLength(1024)),
	/** From then on the panel asks people to let the update happen; it never cuts a call. */
	deadline: z.nullable(timestamp),
});
export type FirmwareSpec = z.infer<typeof firmwareSpec>;

/** What the fleet's director says of a job, signed (docs/adr/0010). */
export const directive = z.object({
	/** Of the director, by the fleet's authority; PEM. */
	certificate: z.string().check(z.maxLength(4096)),
	/** Targets metadata of The Update Framework, JSON: this device is to install this bundle. */
	targets: z.string().check(z.maxLength(8192)),
});
export type Directive = z.infer<typeof directive>;

/** Retained; empty payload: nothing to do. */
export const jobNext = z.object({
	...envelope,
	jobId,
	/** Grows with each job of a device; an older one than seen is ignored. */
	seq: z.number().check(z.int(), z.gte(1)),
	type: z.literal("firmware"),
	spec: firmwareSpec,
	/** Absent: whoever asks for the director's word refuses the job. */
	director: z.optional(directive),
	/** Not begun by then: `EXPIRED`. */
	exp: timestamp,
});
export type JobNext = z.infer<typeof jobNext>;

export const jobStatus = z.object({
	...envelope,
	/** Grows with each report of a job; an older one than seen is ignored. */
	seq: z.number().check(z.int(), z.gte(1)),
	state: jobState,
	/** Per cent of the state's own work. */
	pct: z.optional(z.number().check(z.gte(0), z.lte(100))),
	slot: z.optional(z.enum(["A", "B"])),
	/** SHA-256 of what is booted, hex; with `SUCCEEDED`. */
	digest: z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
	/** A code; with `ROLLED_BACK`, `FAILED`, `REJECTED`, and with `WAITING` what it waits for. */
	err: z.optional(z.string().check(z.regex(/^[a-z]+\.[a-z_]+$/), z.maxLength(80))),
});
export type JobStatus = z.infer<typeof jobStatus>;
