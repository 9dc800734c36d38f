import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { FromSimulator, SimulatedIdentity, SimulatorNews, ToSimulator } from "./simulatorProtocol.ts";

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
	readonly #online = new Set<string>();
	readonly #applied = new Set<string>();
	readonly #waiting = new Set<() => void>();
	#told = 0;
	#died = false;
	#closing = false;
	/** Called with whatever becomes of a device. */
	onNews: (news: SimulatorNews) => void = () => {};

	private constructor(workers: ChildProcess[]) {
		this.#workers = workers;
		for (const worker of workers) {
			worker.on("message", (message: FromSimulator) => this.#take(message));
			worker.once("exit", () => {
				this.#died = !this.#closing;
				this.#wake();
			});
		}
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
		return this.#online.size;
	}

	/** Devices that have put a twin in force. */
	get claimed(): number {
		return this.#applied.size;
	}

	/** Resolves when this holds; looked at with each change. Error: `simulate.died` (one of its processes ended). */
	async until(holds: (simulator: this) => boolean, signal?: AbortSignal): Promise<void> {
		const wake = () => this.#wake();
		signal?.addEventListener("abort", wake, { once: true });
		try {
			while (!holds(this)) {
				signal?.throwIfAborted();
				if (this.#died) throw new RoomError("simulate.died", "a process of the simulator ended");
				await new Promise<void>((resolve) => this.#waiting.add(resolve));
			}
		} finally {
			signal?.removeEventListener("abort", wake);
		}
	}

	/** Lets each device tell so many events, as fast as the broker takes them; resolves when it has them all. */
	async tell(each: number, signal?: AbortSignal): Promise<void> {
		this.#told = 0;
		for (const worker of this.#workers) this.#send(worker, { t: "tell", each });
		await this.until(() => this.#told === this.#workers.length, signal);
	}

	async close(): Promise<void> {
		this.#closing = true;
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

	#take(message: FromSimulator): void {
		if (message.t === "told") this.#told++;
		else {
			for (const news of message.news) {
				if (news.is === "online") this.#online.add(news.device);
				else if (news.is === "lost") this.#online.delete(news.device);
				else this.#applied.add(news.device);
				this.onNews(news);
			}
		}
		this.#wake();
	}

	#wake(): void {
		const waiting = [...this.#waiting];
		this.#waiting.clear();
		for (const wake of waiting) wake();
	}
}
