import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Backoff } from "../../../device/core/backoff.ts";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Account } from "./unprivileged.ts";

export interface DaemonOptions {
	/** The program's short name: `broker`, `turn`; its errors are `<name>.…`. */
	name: string;
	command: string;
	args: readonly string[];
	/** The account to run as; null: our own. */
	account: Account | null;
	/** Resolves true once the program answers as itself. Asked again and again until then. */
	ready: (signal: AbortSignal) => Promise<boolean>;
	/** How long it may take to become ready, milliseconds. */
	readyMs?: number;
	/** What asks it to end (SIGTERM), and how long it may take about it (five seconds) before it is killed. */
	stopSignal?: NodeJS.Signals;
	stopMs?: number;
	/** What the kernel sends it when we die, as setpriv spells it: `KILL` unless it knows a better way to end at once. */
	deathSignal?: string;
	/** Files and sockets that it may have open at once, if that is to be fewer than we may. */
	maxFiles?: number;
	clock?: Clock;
}

const STOP_MS = 5000;
const POLL_MS = 25;
/** A program that lived so long did not die of how it was started. */
const HEALTHY_MS = 60_000;
/** setpriv's exit code for a program that is not there. */
const NOT_FOUND = 127;

/**
 * A program from Debian as our child: started, waited for, started again when it dies, and stopped with us.
 *
 * `setpriv` lets the kernel kill it when we die in any way, and drops root before the program's first instruction. It has a
 * process group of its own, so that Ctrl-C reaches it through us, in order.
 */
export class Daemon {
	readonly #options: DaemonOptions;
	readonly #clock: Clock;
	readonly #backoff = new Backoff({ baseMs: 100, capMs: 10_000 });
	#child: ChildProcess | null = null;
	#wanted = false;
	#cancelRestart: () => void = () => {};

	constructor(options: DaemonOptions) {
		this.#options = options;
		this.#clock = options.clock ?? systemClock;
	}

	/** The running program's process id, null between two lives. */
	get pid(): number | null {
		return this.#child?.pid ?? null;
	}

	/** Errors: `<name>.not_installed`, `<name>.start_failed` (it ended; context: its exit code), `<name>.not_ready`. */
	async start(): Promise<void> {
		this.#wanted = true;
		try {
			await this.#launch();
		} catch (error) {
			this.#wanted = false;
			throw error;
		}
	}

	/** Asks the program to read its files again (SIGHUP). */
	reload(): void {
		this.#child?.kill("SIGHUP");
	}

	/** Ends the program and starts it again. Errors: those of `start`; it is tried on. */
	async restart(): Promise<void> {
		if (!this.#wanted) return;
		this.#cancelRestart();
		await this.#end();
		try {
			await this.#launch();
		} catch (error) {
			this.#relaunchLater();
			throw error;
		}
	}

	/** Ends the program: its stop signal, then SIGKILL after `stopMs`; resolves when it is gone. */
	async stop(): Promise<void> {
		this.#wanted = false;
		this.#cancelRestart();
		await this.#end();
	}

	async #launch(): Promise<void> {
		const { name } = this.#options;
		const child = this.#spawn();
		const abort = new AbortController();
		const timer = setTimeout(() => abort.abort(), this.#options.readyMs ?? 10_000);
		try {
			const exited = once(child, "exit", { signal: abort.signal }).then(
				() => true,
				() => true,
			);
			for (;;) {
				const ready = await Promise.race([exited.then(() => false), this.#options.ready(abort.signal)]);
				if (child.pid === undefined || child.exitCode === NOT_FOUND) {
					throw new RoomError(`${name}.not_installed`, "the program can't be run");
				}
				if (hasEnded(child)) {
					const context = { code: child.exitCode ?? -1, signal: child.signalCode ?? "" };
					const how = child.signalCode ?? `exit code ${child.exitCode}`;
					throw new RoomError(`${name}.start_failed`, `the program ended at once (${how})`, { context });
				}
				if (ready) break;
				if (abort.signal.aborted) throw new RoomError(`${name}.not_ready`, "the program does not answer");
				await new Promise((resolve) => setTimeout(resolve, POLL_MS));
			}
		} catch (error) {
			await this.#end();
			throw RoomError.from(error, `${name}.start_failed`);
		} finally {
			clearTimeout(timer);
			abort.abort();
		}
		const since = this.#clock.now();
		child.once("exit", () => {
			if (this.#child !== child) return;
			this.#child = null;
			if (this.#clock.now() - since >= HEALTHY_MS) this.#backoff.reset();
			this.#relaunchLater();
		});
	}

	#relaunchLater(): void {
		if (!this.#wanted) return;
		this.#cancelRestart = this.#clock.after(this.#backoff.nextMs(), () => {
			this.#launch().catch(() => this.#relaunchLater());
		});
	}

	#spawn(): ChildProcess {
		const { account, command, args, maxFiles } = this.#options;
		const drop = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"] : [];
		const death = `--pdeathsig=${this.#options.deathSignal ?? "KILL"}`;
		const limit = maxFiles ? ["prlimit", `--nofile=${maxFiles}:${maxFiles}`] : [];
		const [first, ...rest] = [...limit, "setpriv", ...drop, "--no-new-privs", death, "--", command, ...args];
		const child = spawn(first as string, rest, {
			stdio: "ignore",
			detached: true,
			cwd: "/",
			env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C" },
		});
		// Without setpriv there is no pid; #launch looks at that.
		child.on("error", () => {});
		this.#child = child;
		return child;
	}

	async #end(): Promise<void> {
		const child = this.#child;
		this.#child = null;
		if (!child || child.pid === undefined || hasEnded(child)) return;
		const gone = once(child, "exit");
		child.kill(this.#options.stopSignal ?? "SIGTERM");
		const cancelKill = this.#clock.after(this.#options.stopMs ?? STOP_MS, () => child.kill("SIGKILL"));
		await gone;
		cancelKill();
	}
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
