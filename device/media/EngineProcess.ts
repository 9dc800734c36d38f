import { type ChildProcess, fork } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Clock } from "../core/clock.ts";
import type { LogEvents, LogLevel } from "../core/log.ts";
import { nodeFlags } from "../core/nodeFlags.ts";
import { RoomError } from "../core/RoomError.ts";
import { type EngineMethod, type EngineMethods, type FromEngine, fromWire } from "./protocol.ts";

export interface EngineProcessOptions {
	env: Record<string, string>;
	clock: Clock;
	onMessage: (message: FromEngine) => void;
	onLogLine: <E extends EngineLogEvent>(event: E, level: LogLevel, fields: LogEvents[E]) => void;
	onExit: (code: number | null, signal: string | null) => void;
	/** What else is written to its standard error: for a developer's terminal, never for a log. */
	onNoise?: ((line: string) => void) | undefined;
}

type EngineLogEvent = "engine.warning" | "device.changed" | "error.unexpected";

/** A request that takes longer than opening the slowest camera is not going to be answered. */
const requestTimeoutMs = 15_000;
const stopTimeoutMs = 3_000;
/** From a cold disk, with GStreamer's registry of plugins to be made anew, an engine is there in a few seconds; one that isn't by now never will be. */
const readyTimeoutMs = 30_000;

/** What the engine inherits of our environment: what GStreamer, sound and display servers need, and none of the room program's secrets. */
const inherited =
	/^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|XDG_.*|DBUS_SESSION_BUS_ADDRESS|WAYLAND_DISPLAY|DISPLAY|PULSE_.*|PIPEWIRE_.*|ALSA_.*|GST_.*|LIBVA_.*|INCAMERA_NATIVE|ASAN_OPTIONS|UBSAN_OPTIONS|LSAN_OPTIONS|LD_PRELOAD|FONTCONFIG_.*)$/;

/**
 * glibc's allocator (mallopt(3)) for a process that lives for months with some thirty threads that come and go with each call: by default
 * each thread may get an arena that never shrinks, and the size from which memory is given back at once grows with use. One arena, because
 * malloc_trim(3) leaves the ends of all others as they are (11 MB of pictures for many calls), and its lock is no bottleneck: small pieces
 * come from the threads' own caches. And fixed sizes: 4 MiB is above a 1080p picture, and what is free at the end stays up to 32 MiB. With
 * less, a picture that is let go is given back to the kernel and the next one is 340 page faults: a tenth of what a call costs. The end of
 * a call gives it all back.
 */
const allocator = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "4194304", MALLOC_TRIM_THRESHOLD_: "33554432" };

/** One engine process: from fork to exit. Ends with the room program, whatever happens to that. */
export class EngineProcess {
	/** Resolves when the engine answers; rejects with its own error when it cannot work, `media.engine_timeout` when it hangs: then it is killed. */
	readonly ready: Promise<void>;
	readonly #child: ChildProcess;
	readonly #waiting = new Map<
		number,
		{ resolve: (value: never) => void; reject: (error: RoomError) => void; timer: NodeJS.Timeout }
	>();
	readonly #exited: Promise<void>;
	#nextId = 1;

	constructor(options: EngineProcessOptions) {
		const child = fork(fileURLToPath(new URL("./engine.ts", import.meta.url)), [], {
			serialization: "advanced",
			execPath: process.execPath,
			execArgv: [...nodeFlags],
			stdio: ["ignore", "ignore", "pipe", "ipc"],
			// System errors in English: a busy or forbidden device is known by its words.
			env: { ...allocator, ...environment(), ...options.env, LC_ALL: "C.UTF-8" },
		});
		this.#child = child;
		const ready = Promise.withResolvers<void>();
		const exited = Promise.withResolvers<void>();
		this.ready = ready.promise;
		this.#exited = exited.promise;
		const cancelTimeout = options.clock.after(readyTimeoutMs, () => {
			ready.reject(new RoomError("media.engine_timeout", "The media engine does not start."));
			this.kill();
		});
		this.ready.catch(() => undefined).finally(cancelTimeout);
		child.on("message", (message: FromEngine) => {
			if (message.t === "ready") ready.resolve();
			else if (message.t === "fatal") ready.reject(fromWire(message.error));
			else if (message.t === "result") this.#settle(message.id)?.resolve(message.value as never);
			else if (message.t === "error") this.#settle(message.id)?.reject(fromWire(message.error));
			else options.onMessage(message);
		});
		let over = false;
		const end = (code: number | null, signal: string | null): void => {
			if (over) return;
			over = true;
			const gone = new RoomError("media.engine_failed", "The media engine ended.", { context: { code: code ?? -1 } });
			ready.reject(gone);
			for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(gone);
			exited.resolve();
			options.onExit(code, signal);
		};
		child.on("error", () => end(null, null));
		child.on("exit", end);
		if (child.stderr)
			createInterface({ input: child.stderr }).on("line", (line) => {
				if (!forwardLogLine(line, options.onLogLine)) options.onNoise?.(line);
			});
	}

	get pid(): number {
		return this.#child.pid ?? -1;
	}

	request<M extends EngineMethod>(
		method: M,
		argument: EngineMethods[M]["argument"],
	): Promise<EngineMethods[M]["result"]> {
		const id = this.#nextId++;
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				this.#settle(id)?.reject(
					new RoomError("media.engine_timeout", "The media engine does not answer.", { context: { method } }),
				);
			}, requestTimeoutMs);
			timer.unref();
			this.#waiting.set(id, { resolve, reject, timer });
			this.#child.send({ t: "request", id, method, argument }, (error) => {
				if (error)
					this.#settle(id)?.reject(new RoomError("media.engine_failed", "The media engine is gone.", { cause: error }));
			});
		});
	}

	/** Asks it to end, then makes it. */
	async stop(): Promise<void> {
		if (this.#child.connected) this.#child.disconnect();
		const timer = setTimeout(() => this.kill(), stopTimeoutMs);
		await this.#exited;
		clearTimeout(timer);
	}

	kill(): void {
		this.#child.kill("SIGKILL");
	}

	#settle(id: number): { resolve: (value: never) => void; reject: (error: RoomError) => void } | undefined {
		const entry = this.#waiting.get(id);
		this.#waiting.delete(id);
		clearTimeout(entry?.timer);
		return entry;
	}
}

function environment(): Record<string, string> {
	const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && inherited.test(name));
	return Object.fromEntries(kept) as Record<string, string>;
}

const levels: readonly string[] = ["debug", "info", "warn", "error"];

/**
 * The engine's own log lines go on into ours, field by field; anything else on its standard error (GStreamer, drivers) is dropped,
 * because free text may hold what no log of ours holds.
 * @returns Whether it was a log line.
 */
export function forwardLogLine(line: string, write: EngineProcessOptions["onLogLine"]): boolean {
	let entry: Record<string, unknown>;
	try {
		entry = JSON.parse(line) as Record<string, unknown>;
	} catch {
		return false;
	}
	if (typeof entry !== "object" || entry === null || !levels.includes(String(entry["level"]))) return false;
	const level = entry["level"] as LogLevel;
	const text = (key: string): string => (typeof entry[key] === "string" ? (entry[key] as string).slice(0, 64) : "");
	if (entry["event"] === "engine.warning")
		write("engine.warning", level, {
			code: text("code"),
			element: text("element"),
			...(Number.isSafeInteger(entry["repeated"]) ? { repeated: Number(entry["repeated"]) } : {}),
		});
	else if (entry["event"] === "device.changed") {
		write("device.changed", level, { kind: text("kind"), present: entry["present"] === true });
	} else if (entry["event"] === "error.unexpected") write("error.unexpected", level, { code: text("code") });
	else return false;
	return true;
}
