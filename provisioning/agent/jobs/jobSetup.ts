import { assign, fromPromise, type NonReducibleUnknown, setup } from "xstate";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { JobStatus } from "../../contract/jobs.ts";
import type { Booted } from "./FirmwareExecutor.ts";
import { afterStart, type Found, type Job, type JobPhase, type JobRecord } from "./jobRecord.ts";
import { isFromStick } from "./stickJob.ts";

export interface JobContext {
	record: JobRecord | null;
	/** The newest job that was seen: an older one is ignored. */
	lastSeq: number;
	/** Comes after this one. */
	next: Job | null;
	pct: number | null;
}

export type JobEvent =
	| { type: "job.next"; job: Job }
	/** A person at the panel wants what is on a stick; heeded while there is nothing else to do. */
	| { type: "job.stick"; job: Job }
	/** The fleet has nothing to do for this device, or takes back what it had. */
	| { type: "job.gone" }
	| { type: "job.progress"; pct: number }
	/** Something that the guard looks at may have changed. */
	| { type: "job.look" };

/** What becomes of a new job. */
export type Verdict =
	| { do: "accept"; before: JobRecord["before"] }
	| { do: "reject"; before: JobRecord["before"]; err: string }
	| { do: "ignore" };

export type Report = Pick<JobStatus, "state"> & Partial<Pick<JobStatus, "pct" | "slot" | "digest" | "err">>;

const isStickRecord = (record: JobRecord | null): boolean => record !== null && isFromStick(record.job);

function unprovided(): never {
	throw new RoomError("agent.unexpected", "an effect of the job machine was not provided");
}
const unprovidedPromise = <Out, In extends NonReducibleUnknown = NonReducibleUnknown>() =>
	fromPromise<Out, In>(async () => unprovided());
/** A code that the fleet may be told. */
export const codeOf = (error: unknown, otherwise: string): string => {
	const { code } = RoomError.from(error, otherwise);
	return /^[a-z]+\.[a-z_]+$/.test(code) ? code : otherwise;
};

/** Types, effects by name, guards and the small steps of a job; the states are in `jobMachine`. */
export const jobSetup = setup({
	types: {
		context: {} as JobContext,
		events: {} as JobEvent,
		input: {} as { record: JobRecord | null; lastSeq: number },
	},
	actors: {
		booted: unprovidedPromise<Booted>(),
		judge: unprovidedPromise<Verdict, Job>(),
		download: unprovidedPromise<void, Job>(),
		install: unprovidedPromise<void, Job>(),
		reboot: unprovidedPromise<void>(),
		/** Resolves to a code if the new slot does not prove itself, null if it does. */
		probation: unprovidedPromise<string | null>(),
		/** Resolves to what was marked. */
		markGood: unprovidedPromise<Booted>(),
		fallBack: unprovidedPromise<void>(),
		discard: unprovidedPromise<void>(),
	},
	delays: { again: 60_000 },
	guards: {
		/** The room may be taken away now. */
		clear: () => unprovided(),
		/** It waits for something else than was said last. */
		otherReason: () => unprovided(),
		/** Nobody is in a call. */
		noCall: () => unprovided(),
		expired: (): boolean => unprovided(),
		accepts: (_, verdict: Verdict) => verdict.do === "accept",
		rejects: (_, verdict: Verdict) => verdict.do === "reject",
		proved: (_, failure: string | null) => failure === null,
		newer: ({ context, event }) => event.type === "job.next" && event.job.seq > context.lastSeq,
		/** What a person in the room has begun the fleet neither replaces nor takes back. */
		replaces: ({ context, event }) =>
			event.type === "job.next" && event.job.seq > context.lastSeq && !isStickRecord(context.record),
		ofFleet: ({ context }) => !isStickRecord(context.record),
		hasNext: ({ context }) => context.next !== null && context.next.seq > context.lastSeq,
		/** Each tenth is told. */
		tenth: ({ context, event }) =>
			event.type === "job.progress" && Math.floor(event.pct / 10) > Math.floor((context.pct ?? 0) / 10),
		busy: ({ context }) => context.record !== null,
		in: ({ context }, phase: JobPhase) => context.record?.phase === phase,
		found: ({ context }, { booted, as }: { booted: Booted; as: Found }) =>
			context.record !== null && afterStart(context.record, booted) === as,
		rightDigest: ({ context }, booted: Booted) => booted.digest === context.record?.job.spec.digest,
	},
	actions: {
		/** Writes the record, with a report for the fleet if there is one; a job that is over leaves none. */
		keep: (_, _params: { report: Report | null; over: boolean }) => unprovided(),
		/** The job was rolled back: an event for the fleet. */
		tellRolledBack: () => unprovided(),

		takeNext: assign({
			next: ({ context, event }) =>
				event.type === "job.next" || event.type === "job.stick" ? event.job : context.next,
		}),
		dropNext: assign({ next: null }),
		begin: assign(({ context }, { before }: Verdict & { do: "accept" | "reject" }) => {
			const { next } = context;
			if (!next) return {};
			const fresh = { phase: "downloading" as const, statusSeq: 0, installs: 0, reason: null };
			return {
				next: null,
				lastSeq: Math.max(context.lastSeq, next.seq),
				record: { job: next, before, ...fresh },
				pct: null,
			};
		}),
		number: assign(({ context: { record } }) => ({
			record: record && { ...record, statusSeq: record.statusSeq + 1 },
		})),
		phase: assign(({ context: { record } }, phase: JobPhase) => ({
			record: record && { ...record, phase },
			pct: null,
		})),
		countInstall: assign(({ context: { record } }) => ({
			record: record && { ...record, installs: record.installs + 1 },
		})),
		/** Of a start that failed; what probation said before goes first. */
		becauseOf: assign(({ context: { record } }, failure: string | null) => ({
			record: record && { ...record, reason: record.reason ?? failure },
		})),
		because: assign(({ context: { record } }, reason: string) => ({ record: record && { ...record, reason } })),
		progress: assign(({ context, event }) =>
			event.type === "job.progress" ? { pct: event.pct } : { pct: context.pct },
		),
		end: assign({ record: null, pct: null }),
	},
});
