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

/**
 * Why a job waits, failed, was refused or rolled back, as today's devices say it; a test finds them in the agent and the image. Whoever shows
 * them has words for each, and shows the code of one that a newer device says.
 */
export const jobReasons = [
	// waits
	"update.in_call",
	"update.meeting",
	"update.postponed",
	"update.window",
	"update.in_use",
	"update.occupied",
	"update.room_unknown",
	"update.disk_full",
	// was refused
	"update.not_supported",
	"update.not_newer",
	"update.director_missing",
	"update.director_refused",
	"update.director_disagrees",
	"update.not_published",
	"update.metadata_forged",
	"update.metadata_rolled_back",
	"update.metadata_expired",
	// failed while it was fetched or written
	"update.unreachable",
	"update.stick_gone",
	"update.no_metadata",
	"update.server_refused",
	"update.range_wrong",
	"update.size_wrong",
	"update.digest_wrong",
	"update.no_space",
	"update.disk_failed",
	"update.bundle_refused",
	"update.incompatible",
	"update.version_wrong",
	"update.install_failed",
	"update.install_interrupted",
	"update.installer_failed",
	"update.slots_unknown",
	"update.version_unknown",
	"update.restart_failed",
	"update.cancelled",
	"update.failed",
	// rolled back
	"update.fell_back",
	"update.kernel_panic",
	"update.kernel_hung",
	"update.no_root",
	"update.slot_corrupted",
	"update.room_not_ready",
	"update.panel_not_painted",
	"update.media_broken",
	"update.probation_failed",
	"update.mark_failed",
] as const;
export type JobReason = (typeof jobReasons)[number];

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
	/** A code, `jobReasons` and newer ones; with `ROLLED_BACK`, `FAILED`, `REJECTED`, and with `WAITING` what it waits for. */
	err: z.optional(z.string().check(z.regex(/^[a-z]+\.[a-z_]+$/), z.maxLength(80))),
});
export type JobStatus = z.infer<typeof jobStatus>;
