import type { Booted } from "./FirmwareExecutor.ts";
import type { Found, Job, JobPhase } from "./jobRecord.ts";
import { codeOf, type JobContext, jobSetup, type Report, type Verdict } from "./jobSetup.ts";

type Judged = Verdict & { do: "accept" | "reject" };

const told = (report: Report) => ({ type: "keep", params: { report, over: false } }) as const;
const toldLast = (report: Report) => ({ type: "keep", params: { report, over: true } }) as const;
const progressed = (state: "DOWNLOADING" | "INSTALLING") =>
	({
		type: "keep",
		params: ({ context }: { context: JobContext }) => ({ report: { state, pct: context.pct ?? 0 }, over: false }),
	}) as const;
const unsaid = { type: "keep", params: { report: null, over: false } } as const;
const gone = { type: "keep", params: { report: null, over: true } } as const;
const phase = (params: JobPhase) => ({ type: "phase", params }) as const;
const failed = {
	type: "keep",
	params: ({ event }: { event: { error: unknown } }) => ({
		report: { state: "FAILED" as const, err: codeOf(event.error, "update.failed") },
		over: true,
	}),
} as const;
const begin = { type: "begin", params: ({ event }: { event: { output: Verdict } }) => event.output as Judged } as const;
const found = (as: Found) =>
	({ type: "found", params: ({ event }: { event: { output: Booted } }) => ({ booted: event.output, as }) }) as const;
const becauseOf = {
	type: "becauseOf",
	params: ({ event }: { event: { output: Booted } }) => event.output.failure,
} as const;
const booted = ({ event }: { event: { output: Booted } }) => event.output;
const rolledBack = [
	"number",
	{
		type: "keep",
		params: ({ context }: { context: JobContext }) => ({
			report: { state: "ROLLED_BACK" as const, err: context.record?.reason ?? "update.fell_back" },
			over: true,
		}),
	},
	"tellRolledBack",
	"end",
] as const;
const waitsForOther = { guard: "otherReason", actions: ["number", told({ state: "WAITING" })] } as const;
const jobOf = ({ context }: { context: JobContext }): Job => (context.record as NonNullable<JobContext["record"]>).job;

/**
 * One firmware job, from the word of the fleet to a slot that has proved itself (contract/jobs.ts). Decisions only: `keep` writes record
 * and report to the disk before the effect of a state begins, so that after a power cut the machine goes on from there.
 */
export const jobMachine = jobSetup.createMachine({
	id: "job",
	initial: "resuming",
	context: ({ input }) => ({ record: input.record, lastSeq: input.lastSeq, next: null, pct: null }),
	on: {
		// one job after the other; the newest that was seen follows
		"job.next": { guard: "newer", actions: "takeNext" },
		"job.gone": { actions: "dropNext" },
		"job.progress": { actions: "progress" },
	},
	states: {
		resuming: {
			always: [
				{ guard: { type: "in", params: "downloading" }, target: "downloading" },
				{ guard: "busy", target: "examining" },
				{ target: "idle" },
			],
		},
		idle: {
			always: { guard: "hasNext", target: "judging" },
			on: { "job.stick": { target: "judging", actions: "takeNext" } },
		},

		judging: {
			invoke: {
				src: "judge",
				input: ({ context }) => context.next as Job,
				onDone: [
					{
						guard: { type: "accepts", params: ({ event }) => event.output },
						target: "downloading",
						actions: [begin, "number", told({ state: "ACCEPTED" })],
					},
					{
						guard: { type: "rejects", params: ({ event }) => event.output },
						target: "idle",
						actions: [
							begin,
							"number",
							{
								type: "keep",
								params: ({ event }) => ({
									report: { state: "REJECTED", err: (event.output as Verdict & { do: "reject" }).err },
									over: true,
								}),
							},
							"end",
						],
					},
					{ target: "idle", actions: "dropNext" },
				],
				// who can't say what it runs can't be updated now; the fleet says the job again at the next connection
				onError: { target: "idle", actions: "dropNext" },
			},
		},

		downloading: {
			entry: [phase("downloading"), "number", told({ state: "DOWNLOADING" })],
			invoke: {
				src: "download",
				input: jobOf,
				onDone: [
					{ guard: "clear", target: "installing", actions: ["number", told({ state: "STAGED" })] },
					{ target: "waiting", actions: ["number", told({ state: "STAGED" })] },
				],
				onError: { target: "discarding", actions: ["number", failed, "end"] },
			},
			on: {
				"job.progress": { guard: "tenth", actions: ["progress", "number", progressed("DOWNLOADING")] },
				"job.next": { guard: "replaces", target: "discarding", actions: ["takeNext", gone, "end"] },
				"job.gone": { guard: "ofFleet", target: "discarding", actions: ["dropNext", gone, "end"] },
				"job.look": { guard: "expired", target: "discarding", actions: [gone, "end"] },
			},
		},

		waiting: {
			entry: [phase("waiting"), "number", told({ state: "WAITING" })],
			on: {
				"job.next": { guard: "replaces", target: "discarding", actions: ["takeNext", gone, "end"] },
				"job.gone": { guard: "ofFleet", target: "discarding", actions: ["dropNext", gone, "end"] },
				"job.look": [
					{ guard: "expired", target: "discarding", actions: [gone, "end"] },
					{ guard: "clear", target: "installing" },
					waitsForOther,
				],
			},
		},

		/** Bytes are written: nothing but the outcome can follow. */
		installing: {
			entry: [phase("installing"), "countInstall", "number", told({ state: "INSTALLING" })],
			invoke: {
				src: "install",
				input: jobOf,
				onDone: [
					{
						guard: "clear",
						target: "rebooting",
						actions: [phase("rebooting"), "number", told({ state: "REBOOTING" })],
					},
					{ target: "holding" },
				],
				onError: { target: "discarding", actions: ["number", failed, "end"] },
			},
			on: { "job.progress": { guard: "tenth", actions: ["progress", "number", progressed("INSTALLING")] } },
		},

		/** Written, and the room is needed after all. The machine starts from the old slot until it is told otherwise. */
		holding: {
			entry: [phase("holding"), "number", told({ state: "WAITING" })],
			on: {
				"job.next": { guard: "replaces", target: "discarding", actions: ["takeNext", gone, "end"] },
				"job.gone": { guard: "ofFleet", target: "discarding", actions: ["dropNext", gone, "end"] },
				"job.look": [
					{ guard: "expired", target: "discarding", actions: [gone, "end"] },
					{
						guard: "clear",
						target: "rebooting",
						actions: [
							"number",
							told({ state: "INSTALLING", pct: 100 }),
							phase("rebooting"),
							"number",
							told({ state: "REBOOTING" }),
						],
					},
					waitsForOther,
				],
			},
		},

		rebooting: {
			invoke: {
				src: "reboot",
				onError: { target: "discarding", actions: ["number", failed, "end"] },
			},
		},

		/** The agent ended before the machine did, and the room may have been taken meanwhile. */
		rebootHeld: { on: { "job.look": { guard: "clear", target: "rebooting" } } },

		/** Started again: by whom, and from which slot? */
		examining: {
			invoke: {
				src: "booted",
				onDone: [
					{ guard: found("waiting"), target: "waiting" },
					{ guard: found("holding"), target: "holding" },
					{ guard: found("not rebooted"), target: "rebootHeld" },
					{ guard: found("new"), target: "probation" },
					{ guard: found("giving up"), target: "fallingBack" },
					{ guard: found("old"), target: "discarding", actions: [becauseOf, ...rolledBack] },
					{
						guard: found("interrupted"),
						target: "discarding",
						actions: ["number", toldLast({ state: "FAILED", err: "update.install_interrupted" }), "end"],
					},
					{
						target: "discarding",
						actions: ["number", toldLast({ state: "FAILED", err: "update.digest_wrong" }), "end"],
					},
				],
				onError: "examineAgain",
			},
		},
		examineAgain: { after: { again: "examining" } },

		probation: {
			entry: [phase("probation"), "number", told({ state: "PROBATION" })],
			invoke: {
				src: "probation",
				onDone: [
					{ guard: { type: "proved", params: ({ event }) => event.output }, target: "marking" },
					{
						target: "fallingBack",
						actions: { type: "because", params: ({ event }) => event.output ?? "update.probation_failed" },
					},
				],
				onError: { target: "fallingBack", actions: { type: "because", params: "update.probation_failed" } },
			},
		},

		/** Success is said of what runs, after it was made to stay. */
		marking: {
			invoke: {
				src: "markGood",
				onDone: [
					{
						guard: { type: "rightDigest", params: booted },
						target: "discarding",
						actions: [
							"number",
							{
								type: "keep",
								params: ({ event: { output } }) => ({
									report: { state: "SUCCEEDED", slot: output.slot, digest: output.digest },
									over: true,
								}),
							},
							"end",
						],
					},
					{ target: "fallingBack", actions: { type: "because", params: "update.digest_wrong" } },
				],
				onError: { target: "fallingBack", actions: { type: "because", params: "update.mark_failed" } },
			},
		},

		/** Also a room that is worse than before is not taken away from a call. */
		fallingBack: {
			entry: [phase("fallingBack"), unsaid],
			always: { guard: "noCall", target: "reverting" },
			on: { "job.look": { guard: "noCall", target: "reverting" } },
		},
		reverting: {
			invoke: { src: "fallBack", onError: { target: "discarding", actions: ["number", failed, "end"] } },
		},

		discarding: { invoke: { src: "discard", onDone: "idle", onError: "idle" } },
	},
});
