import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type Clock, ManualClock, systemClock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { Agent } from "../../../provisioning/agent/Agent.ts";
import type { AgentConfig } from "../../../provisioning/agent/AgentConfig.ts";
import type { ScriptedFleet } from "./ScriptedFleet.ts";
import { TestRoom } from "./TestRoom.ts";

export interface TestAgentOptions {
	bootstrapUrl: string;
	clock?: Clock;
	config?: Partial<AgentConfig>;
	/** Of its waits: 0 is at once. */
	random?: () => number;
}

/** An agent in this process, with a room program's end of its socket. */
export class TestAgent {
	readonly folder: string;
	readonly config: AgentConfig;
	readonly room: TestRoom;
	readonly logged: { event: string; [field: string]: unknown }[] = [];
	readonly #options: TestAgentOptions;
	#agent: Agent | null = null;

	private constructor(folder: string, options: TestAgentOptions) {
		this.folder = folder;
		this.#options = options;
		this.config = {
			stateFolder: join(folder, "state"),
			socket: join(folder, "agent.sock"),
			bootstrap: { url: options.bootstrapUrl },
			facts: { model: "Test box", serial: `SN-${folder.slice(-6)}` },
			...options.config,
		};
		this.room = new TestRoom(this.config.socket);
	}

	/** With a room program; `room: false`: nobody has connected yet. */
	static async start(options: TestAgentOptions & { room?: boolean }): Promise<TestAgent> {
		const agent = new TestAgent(await mkdtemp(join(tmpdir(), "incamera-agent-test-")), options);
		await agent.start();
		if (options.room !== false) {
			agent.room.open();
			await expect.poll(() => agent.room.claim).not.toBeNull();
		}
		return agent;
	}

	/** A device of the fleet, with its first twin in force and reported. */
	static async claimed(fleet: ScriptedFleet, options: Partial<TestAgentOptions> = {}): Promise<TestAgent> {
		const agent = await TestAgent.start({ bootstrapUrl: fleet.broker.bootstrapUrl as string, ...options });
		agent.room.enrol(fleet.code());
		await expect.poll(() => agent.room.deviceId).not.toBeNull();
		await agent.reported(fleet, 1);
		return agent;
	}

	/** Resolves when this revision is in force and reported; lets time pass for it, if it is ours to move. */
	async reported(fleet: ScriptedFleet, rev: number): Promise<void> {
		const appliedRev = () => {
			// reports come once a second at most, and the first a little later
			if (this.clock instanceof ManualClock) this.clock.advance(100);
			return fleet.reportOf(this.id)?.appliedRev;
		};
		await expect.poll(appliedRev).toBe(rev);
	}

	/** Id of the device; it has to be claimed. */
	get id(): string {
		return this.room.deviceId as string;
	}

	async start(): Promise<void> {
		const { clock = systemClock, random = () => 0 } = this.#options;
		const log: Log = {
			write: (_level, event, fields) => this.logged.push({ ...fields, event }),
		};
		this.#agent = await Agent.start({
			config: this.config,
			log,
			clock,
			random,
			broken: (code) => this.logged.push({ event: "broken", code }),
			restart: () => this.logged.push({ event: "restart" }),
		});
	}

	/** In order, as by SIGTERM. */
	async stop(): Promise<void> {
		await this.#agent?.close();
		this.#agent = null;
	}

	/** Reasons of what came over the bus and was not heeded. */
	get refused(): string[] {
		return this.logged.filter(({ event }) => event === "bus.refused").map(({ kind, reason }) => `${kind}.${reason}`);
	}

	get clock(): Clock {
		return this.#options.clock ?? systemClock;
	}

	/** What stands on the disk of whose the device is. */
	async claimFile(): Promise<unknown> {
		return JSON.parse(await readFile(join(this.config.stateFolder, "claim.json"), "utf8"));
	}

	get isWell(): boolean {
		return this.#agent?.isWell === true && !this.logged.some(({ event }) => event === "broken");
	}

	async remove(): Promise<void> {
		this.room.close();
		await this.stop();
		await rm(this.folder, { recursive: true, force: true });
	}
}
