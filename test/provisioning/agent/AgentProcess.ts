import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AgentConfig } from "../../../provisioning/agent/AgentConfig.ts";

const main = fileURLToPath(new URL("../../../provisioning/agent/main.ts", import.meta.url));

/** The agent as a process of its own, that can be killed like a machine whose plug is pulled, and started again on what it left. */
export class AgentProcess {
	readonly folder: string;
	readonly config: AgentConfig;
	/** Its log, and what it has to say of errors. */
	output = "";
	#child: ChildProcess | null = null;

	private constructor(folder: string, config: AgentConfig) {
		this.folder = folder;
		this.config = config;
	}

	/** Makes a device; `start` starts its agent. */
	static async create(bootstrapUrl: string, over: Partial<AgentConfig> = {}): Promise<AgentProcess> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-agent-test-"));
		const config: AgentConfig = {
			stateFolder: join(folder, "state"),
			socket: join(folder, "agent.sock"),
			bootstrap: { url: bootstrapUrl },
			facts: { model: "Test box", serial: `SN-${folder.slice(-6)}` },
			...over,
		};
		await writeFile(join(folder, "agent.yaml"), JSON.stringify(config));
		return new AgentProcess(folder, config);
	}

	get pid(): number | null {
		return this.#child?.pid ?? null;
	}

	/** Resolves when it is ready. */
	async start(options: { entry?: string; execArgv?: string[]; env?: NodeJS.ProcessEnv } = {}): Promise<void> {
		const child = fork(options.entry ?? main, ["--config", join(this.folder, "agent.yaml")], {
			execArgv: options.execArgv ?? [],
			stdio: ["ignore", "pipe", "pipe", "ipc"],
			env: { ...process.env, INCAMERA_LOG: "debug", ...options.env },
		});
		this.#child = child;
		for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (this.output += String(chunk)));
		child.once("exit", () => {
			if (this.#child === child) this.#child = null;
		});
		const [said] = (await Promise.race([
			once(child, "message"),
			once(child, "exit").then(([code]) => [{ failed: { code: `exit ${code}`, message: this.output } }]),
		])) as [{ ready?: true; failed?: { code: string; message: string } }];
		if (!said.ready) throw new Error(`the agent did not start: ${said.failed?.code} ${said.failed?.message}`);
	}

	/** Lets time pass, if its entry is `programs/jumpingAgent.ts`; while none runs nothing happens. */
	jump(ms: number): void {
		if (this.#child?.connected) this.#child.send({ jumpMs: ms }, () => {});
	}

	/** As a power cut. */
	async kill(): Promise<void> {
		await this.#end("SIGKILL");
	}

	async stop(): Promise<void> {
		await this.#end("SIGTERM");
	}

	/** Resolves when it has ended by itself. */
	async ended(): Promise<void> {
		const child = this.#child;
		if (child && child.exitCode === null && child.signalCode === null) await once(child, "exit");
	}

	/** A file of its state; null if there is none. */
	state(name: string): Promise<string | null> {
		return readFile(join(this.config.stateFolder, name), "utf8").catch(() => null);
	}

	/** What `claim.json` says. */
	async claim(): Promise<{ state: string; deviceId?: string; generation?: number; candidate?: number | null }> {
		return JSON.parse((await this.state("claim.json")) ?? `{"state":"none"}`);
	}

	async remove(): Promise<void> {
		await this.kill();
		await rm(this.folder, { recursive: true, force: true });
	}

	async #end(signal: NodeJS.Signals): Promise<void> {
		const child = this.#child;
		this.#child = null;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const gone = once(child, "exit");
		child.kill(signal);
		await gone;
	}
}
