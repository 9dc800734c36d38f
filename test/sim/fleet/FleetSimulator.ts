import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { FromSimulator, SimulatedIdentity, ToSimulator } from "./simulatorProtocol.ts";

export interface FleetSimulatorOptions {
	/** The devices to be; each is enrolled already. */
	identities: readonly SimulatedIdentity[];
	/** Processes to spread them over. */
	workers?: number;
	/** Devices that begin to connect a second, of all; absent: as fast as they can. */
	perSecond?: number;
}

/**
 * Many devices that speak real MQTT over real mTLS, each with its own certificate, spread over forked processes: for benches, and for people who plan a
 * roll-out (`incamera fleet simulate`). They take twins, answer commands, and walk through jobs.
 */
export class FleetSimulator {
	readonly #workers: ChildProcess[];
	readonly #online = new Map<ChildProcess, number>();
	readonly #applied = new Map<ChildProcess, number>();
	#wake: () => void = () => {};
	/** Called with each device's answer to a twin: its id, the revision, and when it had it in force (epoch milliseconds). */
	onApplied: (device: string, rev: number, atMs: number) => void = () => {};
	/** Called when a device's connection ends. */
	onLost: (device: string, atMs: number) => void = () => {};

	private constructor(workers: ChildProcess[]) {
		this.#workers = workers;
		for (const worker of workers) worker.on("message", (message: FromSimulator) => this.#take(worker, message));
	}

	static async start(options: FleetSimulatorOptions): Promise<FleetSimulator> {
		const { identities, workers = 2, perSecond } = options;
		const children = Array.from({ length: Math.max(1, Math.min(workers, identities.length)) }, () =>
			fork(fileURLToPath(new URL("./simulatorWorker.ts", import.meta.url)), [], {
				serialization: "advanced",
				stdio: ["ignore", "ignore", "inherit", "ipc"],
			}),
		);
		const simulator = new FleetSimulator(children);
		for (const [index, child] of children.entries()) {
			simulator.#send(child, {
				t: "start",
				identities: identities.filter((_, i) => i % children.length === index),
				everyMs: perSecond ? (1000 * children.length) / perSecond : 0,
			});
		}
		return simulator;
	}

	/** Devices that are connected, subscribed and have said so. */
	get online(): number {
		return [...this.#online.values()].reduce((sum, count) => sum + count, 0);
	}

	/** Devices that have put a twin in force. */
	get claimed(): number {
		return [...this.#applied.values()].reduce((sum, count) => sum + count, 0);
	}

	/** Resolves when this holds; looked at with each change. */
	async until(holds: (simulator: this) => boolean, signal?: AbortSignal): Promise<void> {
		while (!holds(this)) {
			signal?.throwIfAborted();
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
				signal?.addEventListener("abort", () => resolve(), { once: true });
			});
		}
	}

	/** Lets each device tell so many events, as fast as the broker takes them. */
	tell(each: number): void {
		for (const worker of this.#workers) this.#send(worker, { t: "tell", each });
	}

	async close(): Promise<void> {
		await Promise.all(
			this.#workers.map(async (worker) => {
				if (worker.exitCode !== null || worker.signalCode !== null) return;
				worker.disconnect();
				await once(worker, "exit");
			}),
		);
	}

	#send(worker: ChildProcess, message: ToSimulator): void {
		worker.send(message);
	}

	#take(worker: ChildProcess, message: FromSimulator): void {
		if (message.t === "counts") {
			this.#online.set(worker, message.online);
			this.#applied.set(worker, message.applied);
		} else if (message.t === "applied") this.onApplied(message.device, message.rev, message.atMs);
		else this.onLost(message.device, message.atMs);
		this.#wake();
	}
}
