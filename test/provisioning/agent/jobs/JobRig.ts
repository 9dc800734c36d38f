import { expect } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { silentLog } from "../../../../device/core/log.ts";
import type { StateFiles } from "../../../../provisioning/agent/identity/StateFiles.ts";
import type { FirmwareExecutor } from "../../../../provisioning/agent/jobs/FirmwareExecutor.ts";
import { JobDesk } from "../../../../provisioning/agent/jobs/JobDesk.ts";
import {
	SimulatedFirmware,
	type SimulatedFirmwareOptions,
} from "../../../../provisioning/agent/jobs/SimulatedFirmware.ts";
import { RoomLink } from "../../../../provisioning/agent/local/RoomLink.ts";
import { RoomState } from "../../../../provisioning/agent/local/RoomState.ts";
import { Refusals } from "../../../../provisioning/agent/Refusals.ts";
import { AgentStore } from "../../../../provisioning/agent/store/AgentStore.ts";
import { Outbox } from "../../../../provisioning/agent/store/Outbox.ts";
import type { UpdateTrust } from "../../../../provisioning/agent/trust/UpdateTrust.ts";
import { Twin } from "../../../../provisioning/agent/twin/Twin.ts";
import { decodePayload, encodePayload } from "../../../../provisioning/contract/envelope.ts";
import {
	type JobNext,
	type JobStatus,
	jobCanReach,
	jobNext,
	jobStatus,
} from "../../../../provisioning/contract/jobs.ts";
import { parseTopic } from "../../../../provisioning/contract/topics.ts";
import type { RoomStatus, TwinDoc } from "../../../../provisioning/contract/twin.ts";
import { amber, calm } from "../samples.ts";

export const self = "dev-00000001";
export const begin = Date.UTC(2026, 5, 3, 1);
export const jobId = "J".repeat(22);

export const spec = (over: Partial<JobNext["spec"]> = {}): JobNext["spec"] => ({
	version: "2.0.0",
	digest: "ab".repeat(32),
	bytes: 1000,
	url: "https://updates.example/2.raucb",
	deadline: null,
	...over,
});

/** Files that are there as long as the test. */
function memoryFiles(): StateFiles {
	const files = new Map<string, string>();
	return {
		read: async (path) => files.get(path) ?? null,
		write: async (path, data) => void files.set(path, data),
		makeFolder: async () => {},
		remove: async (path) => void files.delete(path),
		list: async () => [],
	};
}

/** A device with simulated firmware, whose machine and agent may end at any moment; all that it reports is checked against the contract. */
export class JobRig {
	readonly clock = new ManualClock(begin);
	readonly store = new AgentStore(":memory:", silentLog);
	readonly outbox = new Outbox(this.store, silentLog);
	readonly faults: NonNullable<SimulatedFirmwareOptions["faults"]> = {};
	readonly #files = memoryFiles();
	link = new RoomLink({ path: "/nowhere", clock: this.clock, log: silentLog });
	room = new RoomState({ link: this.link, clock: this.clock });
	/** Outlives the agent, as a bootloader does. */
	readonly firmware = this.#firmware();
	/** Around the executor: tests look at what is asked of it. */
	wrap: (firmware: FirmwareExecutor) => FirmwareExecutor = (firmware) => firmware;
	trust: UpdateTrust | null = null;
	desk: JobDesk | null = null;
	/** What nothing went on from. */
	readonly broken: string[] = [];
	/** How often the machine was started anew. */
	restarts = 0;
	reached = true;
	#twin: Twin | null = null;
	/** Of the agent's process: what it was doing ends with it. */
	#life = { over: false };
	/** What the broker has for us, and gives at each connection. */
	#retained: Uint8Array | null = null;

	constructor(doc: TwinDoc = amber) {
		this.store.set("twin.applied", { rev: 1, doc });
		this.says({});
	}

	/** The agent starts. */
	start(): void {
		const executor = this.wrap(this.#firmware(this.#life));
		const { clock, store, outbox, link, room } = this;
		const refusals = new Refusals({ log: silentLog, clock });
		this.#twin = new Twin({ store, link, log: silentLog, refusals });
		const parts = { self, executor, trust: this.trust, link, room, twin: this.#twin, outbox, store, clock, refusals };
		this.desk = new JobDesk({ ...parts, log: silentLog, broken: (code) => this.broken.push(code) });
		if (this.reached) this.desk.opened();
		this.desk.start();
		if (this.#retained) this.desk.received(this.#retained);
	}

	/** The agent ends, as it were by a power cut: nothing of what is under way has an effect any more. */
	end(): void {
		this.#life.over = true;
		this.#life = { over: false };
		this.desk?.close();
		this.desk = null;
		this.#twin?.close();
	}

	/** What the room program says of itself. */
	says(said: { status?: Partial<RoomStatus>; idleSince?: number | null; occupied?: boolean | null }): void {
		const { status = {}, idleSince = begin - 3_600_000, occupied = null } = said;
		this.link.events.emit("status", { t: "status", status: { ...calm, ...status }, idleSince, occupied });
	}

	roomLeaves(): void {
		this.link.events.emit("left", undefined);
	}

	person(now: boolean): void {
		this.link.events.emit("update", { t: "update", now });
	}

	job(over: Partial<Omit<JobNext, "v" | "mid" | "ts">> = {}): void {
		const job = { jobId, seq: 1, type: "firmware" as const, spec: spec(), exp: begin + 7 * 86_400_000, ...over };
		this.#retained = encodePayload(jobNext, { v: 1, mid: "A".repeat(22), ts: begin, ...job });
		this.desk?.received(this.#retained);
	}

	jobGone(): void {
		this.#retained = null;
		this.desk?.received(new Uint8Array());
	}

	/** What was reported of jobs, in order. */
	get statuses(): JobStatus[] {
		return this.outbox.oldest(1000, new Set()).flatMap(({ topic, payload }) => {
			const decoded = decodePayload(jobStatus, payload);
			return parseTopic(topic)?.kind === "jobStatus" && decoded.ok ? [decoded.value] : [];
		});
	}

	get events(): unknown[] {
		return this.outbox.oldest(1000, new Set()).flatMap(({ topic, payload }) => {
			return parseTopic(topic)?.kind === "event" ? [JSON.parse(String(Buffer.from(payload))).data] : [];
		});
	}

	/** States in order, progress left out. */
	get states(): string[] {
		const states: string[] = this.statuses.map(({ state }) => state);
		return states.filter((state, at) => state !== states[at - 1]);
	}

	get last(): JobStatus | undefined {
		return this.statuses.at(-1);
	}

	/** Lets time pass until something is so. */
	async until(what: () => boolean, stepMs = 5000): Promise<void> {
		for (let turn = 0; turn < 5000; turn++) {
			await this.breathe();
			if (what()) return;
			this.clock.advance(stepMs);
		}
		expect(`${this.states.join(" ")} ${this.last?.err ?? ""}`).toBe("something else, in all this time");
	}

	/** Lets so much time pass, and all that is due happen. */
	async pass(ms: number, stepMs = 5000): Promise<void> {
		for (let passed = 0; passed < ms; passed += stepMs) {
			await this.breathe();
			this.clock.advance(Math.min(stepMs, ms - passed));
		}
		await this.breathe();
	}

	async breathe(): Promise<void> {
		for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
	}

	/** Reports are numbered, and each state can follow the one before. */
	check(): void {
		const { statuses } = this;
		for (const [at, status] of statuses.entries()) {
			const before = statuses[at - 1];
			if (!before) continue;
			expect(status.seq).toBeGreaterThan(before.seq);
			if (status.state !== before.state) {
				expect(jobCanReach(before.state, status.state), `${before.state} → ${status.state}`).toBe(true);
			}
		}
	}

	#firmware(life = { over: false }): SimulatedFirmware {
		const after: ManualClock["after"] = (ms, callback) => this.clock.after(ms, () => life.over || callback());
		return new SimulatedFirmware({
			path: "firmware",
			files: this.#files,
			clock: { now: () => this.clock.now(), after },
			version: "1.0.0",
			faults: this.faults,
			restart: () => {
				this.restarts += 1;
				this.end();
				this.start();
			},
		});
	}
}
