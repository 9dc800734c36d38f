import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as z from "zod/mini";
import { Backoff } from "../../../device/core/backoff.ts";
import { RoomError } from "../../../device/core/RoomError.ts";

const rate = z.object({ burst: z.number(), perSecond: z.number() });

/** What a worker in a process of its own has to know; it comes as the first message, since an address may have a password in it. */
export const workerSettings = z.object({
	number: z.number(),
	databaseUrl: z.string(),
	stateFolder: z.string(),
	url: z.string(),
	serviceUrl: z.string(),
	bootstrapUrl: z.nullable(z.string()),
	brokers: z.array(z.string()),
	rendezvous: z.string(),
	limits: z.optional(z.object({ client: z.optional(rate), beginnings: z.optional(rate) })),
});
export type WorkerSettings = z.infer<typeof workerSettings>;

/** What it says: it works; what it has counted, each second. */
export const fromWorker = z.discriminatedUnion("t", [
	z.object({ t: z.literal("started") }),
	z.object({ t: z.literal("failed"), code: z.string() }),
]);

const STOP_MS = 10_000;

/** A worker of the fleet in a process of its own, started again when it dies. */
export class WorkerProcess {
	readonly #settings: unknown;
	readonly #backoff = new Backoff({ baseMs: 500, capMs: 30_000 });
	#child: ChildProcess | null = null;
	#timer: NodeJS.Timeout | null = null;
	#closed = false;

	private constructor(settings: unknown) {
		this.#settings = settings;
	}

	/** Errors: the worker's own, and `fleet.worker_died`. */
	static async start(
		settings: Omit<WorkerSettings, "brokers" | "limits"> & { brokers: readonly string[]; limits?: object },
	): Promise<WorkerProcess> {
		const worker = new WorkerProcess(settings);
		await worker.#launch();
		return worker;
	}

	/** Process id, null between two lives. */
	get pid(): number | null {
		return this.#child?.pid ?? null;
	}

	async close(): Promise<void> {
		this.#closed = true;
		if (this.#timer) clearTimeout(this.#timer);
		const child = this.#child;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const gone = once(child, "exit");
		child.kill("SIGTERM");
		const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
		await gone;
		clearTimeout(timer);
	}

	async #launch(): Promise<void> {
		const child = fork(join(import.meta.dirname, "workerMain.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
		this.#child = child;
		child.send(this.#settings as object);
		const said = await Promise.race([
			once(child, "message").then(([message]) => fromWorker.parse(message)),
			once(child, "exit").then(() => ({ t: "failed", code: "fleet.worker_died" }) as const),
		]);
		if (said.t === "failed") {
			child.kill("SIGKILL");
			throw new RoomError(said.code, "a worker can't start");
		}
		this.#backoff.reset();
		child.once("exit", () => this.#again());
	}

	#again(): void {
		if (this.#closed) return;
		this.#child = null;
		this.#timer = setTimeout(() => this.#launch().catch(() => this.#again()), this.#backoff.nextMs());
	}
}
