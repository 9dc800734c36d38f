import { type Actor, createActor, fromPromise } from "xstate";
import * as z from "zod/mini";
import type { Clock } from "../../../device/core/clock.ts";
import { Emitter } from "../../../device/core/Emitter.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { xstateClock } from "../../../device/core/xstateClock.ts";
import { decodePayload, encodePayload } from "../../contract/envelope.ts";
import { deviceEvent } from "../../contract/events.ts";
import { firmwareVersion, jobNext, jobStatus } from "../../contract/jobs.ts";
import { type FirmwareShown, firmwareShown } from "../../contract/local.ts";
import { topics } from "../../contract/topics.ts";
import { compareVersions } from "../../contract/versions.ts";
import type { Release } from "../../trust/metadata.ts";
import { envelopeOf } from "../envelope.ts";
import type { RoomLink } from "../local/RoomLink.ts";
import type { RoomState } from "../local/RoomState.ts";
import { localTime } from "../localTime.ts";
import type { Refusals } from "../Refusals.ts";
import type { AgentStore } from "../store/AgentStore.ts";
import type { Outbox } from "../store/Outbox.ts";
import type { UpdateTrust } from "../trust/UpdateTrust.ts";
import type { Twin } from "../twin/Twin.ts";
import type { FirmwareExecutor } from "./FirmwareExecutor.ts";
import { type WaitsFor, waitsFor } from "./guard.ts";
import { jobMachine } from "./jobMachine.ts";
import { type Job, type JobRecord, jobRecord } from "./jobRecord.ts";
import type { JobContext, Report, Verdict } from "./jobSetup.ts";
import { isWell, judgeProbation } from "./probation.ts";
import { isFromStick, stickJob } from "./stickJob.ts";
import { updateShown } from "./updateShown.ts";

export interface JobDeskOptions {
	self: string;
	executor: FirmwareExecutor;
	/** Whether a bundle may be installed here; null: whoever simulates firmware asks nobody. */
	trust: UpdateTrust | null;
	link: RoomLink;
	room: RoomState;
	twin: Twin;
	outbox: Outbox;
	store: AgentStore;
	clock: Clock;
	log: Log;
	refusals: Refusals;
	/** The machine has ended in an error: only an agent that starts anew goes on, from the record. */
	broken(code: string): void;
}

type LastUpdate = NonNullable<FirmwareShown["last"]>;
const lastUpdate = firmwareShown.shape.last.def.innerType;
const outcomes: Partial<Record<Report["state"], LastUpdate["outcome"]>> = {
	SUCCEEDED: "succeeded",
	ROLLED_BACK: "rolled_back",
	FAILED: "failed",
	REJECTED: "rejected",
};

/** The guard is asked again so often, besides whenever the room says something new. */
const LOOK_MS = 30_000;
const WELL_MS = 5000;
/** A person who said "now" means now. */
const CONSENT_MS = 30 * 60_000;
/** "Later", when there is no deadline. */
const POSTPONED_MS = 24 * 3_600_000;

/** Firmware jobs of this device: gives the machine its effects, keeps its record, and lets the room see it. */
export class JobDesk {
	/** `changed`: another state; progress is none. */
	readonly events = new Emitter<{ changed: undefined }>();
	readonly #options: JobDeskOptions;
	readonly #actor: Actor<typeof jobMachine>;
	readonly #stops: (() => void)[];
	#brokerReached = false;
	#state: unknown = null;
	#consentUntil: number | null = null;
	#notBefore: number | null = null;
	/** Whether the disk has taken the last word. */
	#kept = true;
	#cancelLook: () => void = () => {};
	/** What a job waits for, as it was last said, and when. */
	#saidToWait: { reason: WaitsFor | null; at: number } = { reason: null, at: 0 };

	constructor(options: JobDeskOptions) {
		const { store, clock, link, room, twin } = options;
		this.#options = options;
		const record = store.get("job", jobRecord);
		const lastSeq = store.get("job.seq", z.number()) ?? 0;
		this.#actor = createActor(this.#machine(), { input: { record, lastSeq }, clock: xstateClock(clock) });
		this.#actor.subscribe({
			next: ({ value }) => {
				this.#show();
				if (value !== this.#state) this.events.emit("changed", undefined);
				this.#state = value;
			},
			error: () => options.broken("agent.job_machine"),
		});
		this.#stops = [
			link.events.on("arrived", () => this.#show()),
			link.events.on("update", ({ now }) => this.#person(now)),
			room.events.on("changed", () => this.#look()),
			twin.events.on("applied", () => this.#look()),
		];
	}

	start(): void {
		this.#actor.start();
		this.#lookAgain();
	}

	/** What became of the last update; null: there was none. */
	get last(): LastUpdate | null {
		return this.#options.store.get("update.last", lastUpdate);
	}

	/** A person at the panel wants the bundle of a stick, now. False while there is something else to do. */
	install(path: string, release: Release): boolean {
		const { value, context } = this.#actor.getSnapshot();
		if (value !== "idle") return false;
		const now = this.#options.clock.now();
		this.#consentUntil = now + CONSENT_MS;
		this.#notBefore = null;
		this.#actor.send({ type: "job.stick", job: stickJob(path, release, { seq: context.lastSeq, now }) });
		return true;
	}

	/** What came on `job/next`; empty: nothing to do. */
	received(payload: Uint8Array): void {
		if (payload.byteLength === 0) {
			this.#actor.send({ type: "job.gone" });
			return;
		}
		const decoded = decodePayload(jobNext, payload);
		if (decoded.ok) {
			const { jobId, seq, spec, director, exp } = decoded.value;
			this.#actor.send({ type: "job.next", job: { jobId, seq, spec, director, exp } });
		} else this.#options.refusals.note(`job.${decoded.reason}`);
	}

	/** The broker was reached. */
	opened(): void {
		this.#brokerReached = true;
	}

	close(): void {
		this.#cancelLook();
		for (const stop of this.#stops.splice(0)) stop();
		this.events.clear();
		this.#actor.stop();
	}

	#machine() {
		const { executor, trust, clock, room } = this.#options;
		// an executor may go on after we have ended
		const progress = (pct: number): void => {
			if (this.#actor.getSnapshot().status === "active") this.#actor.send({ type: "job.progress", pct });
		};
		return jobMachine.provide({
			actors: {
				booted: fromPromise(() => executor.booted()),
				judge: fromPromise<Verdict, Job>(({ input }) => this.#judge(input)),
				download: fromPromise<void, Job>(async ({ input, signal }) => {
					const { jobId, seq, spec, director = null } = input;
					await trust?.approve({ jobId, seq, spec, director }, signal);
					await executor.download(spec, { signal, progress });
				}),
				install: fromPromise<void, Job>(({ input }) => executor.install(input.spec, { progress })),
				reboot: fromPromise(() => executor.reboot()),
				probation: fromPromise<string | null>(({ signal }) => this.#probation(signal)),
				markGood: fromPromise(async () => {
					await executor.markGood();
					return executor.booted();
				}),
				fallBack: fromPromise(() => executor.fallBack()),
				discard: fromPromise(() => executor.discard()),
			},
			guards: {
				clear: () => this.#waitsFor() === null,
				otherReason: () => {
					const { reason, at } = this.#saidToWait;
					// a sensor may change its mind each second
					return this.#waitsFor() !== reason && clock.now() - at >= LOOK_MS;
				},
				noCall: () => !room.inCall,
				expired: ({ context }) => (context.record?.job.exp ?? Number.POSITIVE_INFINITY) <= clock.now(),
			},
			actions: {
				keep: ({ context }, { report, over }) => this.#keep(context, report, over),
				tellRolledBack: ({ context }) => this.#tellRolledBack(context),
			},
		});
	}

	async #judge(next: Job): Promise<Verdict> {
		const { executor, clock, room } = this.#options;
		if (next.exp <= clock.now()) return { do: "ignore" };
		const { slot, bootId, version } = await executor.booted();
		const before = { slot, bootId, missing: room.said?.status.missing ?? null };
		if (!executor.supported) return { do: "reject", before, err: "update.not_supported" };
		// whatever the version of now is called, a newer one is needed: RAUC itself has no floor (fleet.md)
		const newer = !firmwareVersion.safeParse(version).success || compareVersions(next.spec.version, version) > 0;
		return newer ? { do: "accept", before } : { do: "reject", before, err: "update.not_newer" };
	}

	/** Null: well. Asked of the room, as long as it takes. */
	#probation(signal: AbortSignal): Promise<string | null> {
		const { clock, room } = this.#options;
		const startedAt = clock.now();
		let wellSince: number | null = null;
		return new Promise((resolve, reject) => {
			const look = (): void => {
				const before = this.#actor.getSnapshot().context.record?.before.missing ?? null;
				const well = isWell({
					before,
					now: room.said?.status.missing ?? null,
					// where the broker could not be reached before, a stick's firmware is not given up for it
					brokerReached: this.#brokerReached || (this.#ofStick() && before?.includes("broker") === true),
				});
				const now = clock.now();
				wellSince = well ? (wellSince ?? now) : null;
				const judged = judgeProbation({ now, startedAt, wellSince });
				if (judged === "goes on") cancel = clock.after(WELL_MS, look);
				else resolve(judged === "passed" ? null : "update.probation_failed");
			};
			let cancel = clock.after(0, look);
			signal.addEventListener("abort", () => {
				cancel();
				reject(new RoomError("update.cancelled", "cancelled"));
			});
		});
	}

	#ofStick(): boolean {
		const { record } = this.#actor.getSnapshot().context;
		return record !== null && isFromStick(record.job);
	}

	#waitsFor(): WaitsFor | null {
		const { twin, room, clock, executor } = this.#options;
		if (!this.#kept) return "update.disk_full";
		const said = room.said;
		return waitsFor({
			now: clock.now(),
			window: twin.doc?.update.window ?? null,
			local: localTime(clock.now(), twin.doc?.room.timeZone ?? "UTC"),
			room: said && {
				idleSince: said.idleSince,
				inCall: room.inCall,
				busyUntil: said.status.busyUntil,
				busy: said.status.activity === "busy",
				nextBusyAt: said.status.nextBusyAt,
				occupied: said.occupied,
			},
			absentSince: room.absentSince,
			worstCaseMs: executor.worstCaseMs,
			consentUntil: this.#consentUntil,
			notBefore: this.#notBefore,
		});
	}

	#person(now: boolean): void {
		const { clock } = this.#options;
		const deadline = this.#actor.getSnapshot().context.record?.job.spec.deadline ?? null;
		this.#consentUntil = now ? clock.now() + CONSENT_MS : null;
		this.#notBefore = now ? null : (deadline ?? clock.now() + POSTPONED_MS);
		this.#look();
	}

	#look(): void {
		const { record } = this.#actor.getSnapshot().context;
		if (!this.#kept && record) this.#store(record);
		this.#actor.send({ type: "job.look" });
		this.#show();
	}

	#lookAgain(): void {
		this.#cancelLook = this.#options.clock.after(LOOK_MS, () => {
			this.#look();
			this.#lookAgain();
		});
	}

	#keep({ record, lastSeq }: JobContext, report: Report | null, over: boolean): void {
		const { self, clock, outbox, store, log } = this.#options;
		if (!record) return;
		const write = (): void => {
			if (over) store.delete("job");
			else store.set("job", record);
			store.set("job.seq", lastSeq);
			const outcome = over && report ? outcomes[report.state] : undefined;
			if (outcome === undefined) return;
			const { version } = record.job.spec;
			const by = isFromStick(record.job) ? "stick" : "fleet";
			store.set("update.last", {
				version,
				outcome,
				code: report?.err ?? null,
				at: clock.now(),
				by,
			} satisfies LastUpdate);
		};
		if (over) {
			this.#consentUntil = null;
			this.#notBefore = null;
		}
		if (!report) {
			this.#kept = this.#tryTo(write);
			return;
		}
		const waiting = report.state === "WAITING" ? this.#waitsFor() : null;
		if (report.state === "WAITING") this.#saidToWait = { reason: waiting, at: clock.now() };
		const said = { ...report, ...(waiting ? { err: waiting } : {}) };
		log.write("info", "job.state", { state: said.state, code: said.err ?? "" });
		// the fleet knows nothing of it, and hears by the device's facts what runs
		if (isFromStick(record.job)) {
			this.#kept = this.#tryTo(write);
			return;
		}
		const envelope = envelopeOf(clock);
		const payload = encodePayload(jobStatus, { ...envelope, seq: record.statusSeq, ...said });
		this.#kept = outbox.add({ mid: envelope.mid, topic: topics.jobStatus(self, record.job.jobId), payload }, write);
	}

	#store(record: JobRecord): void {
		this.#kept = this.#tryTo(() => this.#options.store.set("job", record));
	}

	#tryTo(write: () => void): boolean {
		try {
			write();
			return true;
		} catch {
			return false;
		}
	}

	#tellRolledBack({ record }: JobContext): void {
		const { clock, outbox, self } = this.#options;
		if (!record) return;
		const envelope = envelopeOf(clock);
		const data = { version: record.job.spec.version, reason: record.reason ?? "update.fell_back" };
		const payload = encodePayload(deviceEvent("update.rolled_back"), { ...envelope, data });
		outbox.add({ mid: envelope.mid, topic: topics.event(self, "update.rolled_back"), payload });
	}

	/** What the panel says of it. */
	#show(): void {
		const { value, context } = this.#actor.getSnapshot();
		this.#options.link.send({
			t: "update",
			update: updateShown(value, context, { now: this.#options.clock.now(), waitsFor: () => this.#waitsFor() }),
		});
	}
}
