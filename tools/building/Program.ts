import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Clock, systemClock } from "../../device/core/clock.ts";
import { nodeFlags } from "../../device/core/nodeFlags.ts";
import { RoomError } from "../../device/core/RoomError.ts";

const root = join(import.meta.dirname, "..", "..");
/** The room program's exit code when it was asked to begin anew. */
const RESTART = 3;
/** Longer than a program takes to end in order. */
const MOST_STOP_MS = 9000;
/** Longer than a program takes to start its engine for the first time, on a machine that starts a whole building meanwhile. */
const MOST_START_MS = 60_000;

export interface ProgramOptions {
	/** Its entry, from the project's root. */
	entry: "device/main.ts" | "provisioning/agent/main.ts";
	config: string;
	/** The device's own folder. */
	folder: string;
	/** Where its log goes: nowhere, our stderr from warnings on (default) or whole. */
	log?: "quiet" | "all" | undefined;
	/** Gets its log's lines of level info and above instead. */
	onLogLine?: ((line: string) => void) | undefined;
	/** It ended, and nobody told it to. */
	onGone: () => void;
	clock?: Clock | undefined;
}

/** One of a device's two programs, as its unit would run it: started again when it asks for that, and for nothing else. */
export class Program {
	readonly #options: ProgramOptions;
	#child: ChildProcess | null = null;
	#stopped = false;

	constructor(options: ProgramOptions) {
		this.#options = options;
	}

	/** -1 while none runs. */
	get pid(): number {
		return this.#child?.pid ?? -1;
	}

	/**
	 * Resolves when it says that it is ready. @throws RoomError with the program's own code, `start.program_failed` (it ended), `start.program_silent`
	 * (it says nothing, and is killed) or `start.stopped`.
	 */
	async start(): Promise<void> {
		const { entry, config, folder, log, onLogLine, onGone, clock = systemClock } = this.#options;
		if (this.#stopped) throw new RoomError("start.stopped", `${entry} was told to end before it began`);
		const child = fork(join(root, entry), ["--config", config], {
			execArgv: [...nodeFlags],
			stdio: ["ignore", "inherit", onLogLine ? "pipe" : log === "quiet" ? "ignore" : "inherit", "ipc"],
			env: {
				...process.env,
				// sound servers' libraries put their sockets here, else into /tmp, where nobody removes them
				XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"] ?? folder,
				INCAMERA_LOG: onLogLine ? "info" : (process.env["INCAMERA_LOG"] ?? (log === "all" ? "info" : "warn")),
			},
			// a terminal's Ctrl-C reaches the whole group: the programs end when we say so, in order
			detached: true,
		});
		this.#child = child;
		if (onLogLine && child.stderr) createInterface({ input: child.stderr }).on("line", onLogLine);
		await new Promise<void>((resolve, reject) => {
			const cancel = clock.after(MOST_START_MS, () => {
				reject(new RoomError("start.program_silent", `${entry} doesn't say that it is ready`));
				child.kill("SIGKILL");
			});
			child.once("message", (message: { ready: true } | { failed: { code: string; message: string } }) => {
				cancel();
				if ("ready" in message) resolve();
				else reject(new RoomError(message.failed.code, message.failed.message));
			});
			child.once("exit", () => {
				cancel();
				reject(new RoomError("start.program_failed", `${entry} ended before it was ready`));
			});
		});
		child.once("exit", (code) => {
			if (this.#stopped) return;
			if (code === RESTART) this.start().catch(onGone);
			else onGone();
		});
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		const child = this.#child;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
		child.kill("SIGTERM");
		const impatient = setTimeout(() => child.kill("SIGKILL"), MOST_STOP_MS);
		await ended;
		clearTimeout(impatient);
	}
}
