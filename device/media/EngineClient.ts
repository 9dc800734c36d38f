import { Backoff } from "../core/backoff.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { Emitter } from "../core/Emitter.ts";
import { type Log, silentLog } from "../core/log.ts";
import { RoomError } from "../core/RoomError.ts";
import type { IceServer, Peer } from "../meeting/Peer.ts";
import { EngineProcess } from "./EngineProcess.ts";
import type { MediaDevice, MediaEngine, MediaEngineEvents, TvScene } from "./MediaEngine.ts";
import {
	defaultEngineOptions,
	type EngineMethod,
	type EngineMethods,
	type EngineOptions,
	type FromEngine,
	type View,
	views,
} from "./protocol.ts";
import { RemotePeer } from "./RemotePeer.ts";

export interface EngineClientOptions extends Partial<EngineOptions> {
	log?: Log;
	clock?: Clock;
	/** Delay before a crashed engine is started again: 0–`baseMs` the first time, doubling up to `capMs`. */
	backoff?: Backoff;
	/** Variables for the engine beyond the few that it inherits (see EngineProcess). */
	env?: Record<string, string>;
	/** What GStreamer and drivers write to the engine's standard error: for a developer's terminal, never for a log. */
	onNoise?: (line: string) => void;
}

/** An engine that stayed up this long is taken for sound: the next crash starts anew with a short delay. */
const soundAfterMs = 60_000;
const heartbeatMs = 2_000;
/** GStreamer work runs on other threads; an event loop that does not answer for this long is stuck. */
const heartbeatLostMs = 6_000;

/**
 * The media engine as the room program sees it: starts the process, speaks with it, and starts it again when it dies.
 *
 * A new engine comes up with everything closed. Mute, volume, scene and previews are handed to it again, because they only
 * restrict or show; sources are not: only a touch in this room opens them.
 */
export class EngineClient implements MediaEngine {
	readonly events = new Emitter<MediaEngineEvents>();
	readonly #options: EngineOptions;
	readonly #log: Log;
	readonly #clock: Clock;
	readonly #backoff: Backoff;
	readonly #env: Record<string, string>;
	readonly #onNoise: ((line: string) => void) | undefined;
	readonly #peers = new Map<number, RemotePeer>();
	readonly #viewers: Record<View, Set<(jpeg: Uint8Array) => void>> = {
		tv: new Set(),
		self: new Set(),
		small: new Set(),
	};
	#process: EngineProcess | null = null;
	#up = false;
	#stopped = true;
	#attempt = 0;
	#nextPeer = 1;
	#muted = { microphone: false, camera: false };
	#volume: number | null = null;
	#scene: TvScene | null = null;
	readonly #timers = new Map<string, () => void>();

	constructor(options: EngineClientOptions = {}) {
		const { log, clock, backoff, env, onNoise, ...engine } = options;
		this.#options = { ...defaultEngineOptions, ...engine };
		this.#log = log ?? silentLog;
		this.#clock = clock ?? systemClock;
		this.#backoff = backoff ?? new Backoff({ baseMs: 200, capMs: 30_000 });
		this.#env = env ?? {};
		this.#onNoise = onNoise;
	}

	/** The engine's process id, null while none runs. */
	get pid(): number | null {
		return this.#process?.pid ?? null;
	}

	/** @throws RoomError with the engine's own code when the first start fails: then there is nothing to retry (a missing plugin, say). */
	async start(): Promise<void> {
		if (!this.#stopped) return;
		this.#stopped = false;
		try {
			await this.#launch();
		} catch (error) {
			await this.stop();
			throw RoomError.from(error, "media.engine_failed");
		}
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		this.#clearTimers();
		const running = this.#process;
		this.#process = null;
		this.#losePeers();
		this.#up = false;
		await running?.stop();
	}

	/**
	 * Ends the engine for a new one: at once where it was waiting to be started again. For a source that would not close, and for a
	 * person who asks to try again. Safe at any time; without effect before `start()` and after `stop()`.
	 */
	restart(): void {
		if (this.#stopped) return;
		if (this.#process) this.#process.kill();
		else this.#relaunch(0);
	}

	setSources(open: { microphone: boolean; camera: boolean }): Promise<void> {
		return this.#request("setSources", { ...open });
	}

	/** Remembered while the engine is down: the next one has it before any source can be opened. */
	async setMuted(muted: { microphone: boolean; camera: boolean }): Promise<void> {
		this.#muted = { ...muted };
		if (this.#up) await this.#request("setMuted", this.#muted);
	}

	async setVolume(level: number): Promise<void> {
		if (!(level >= 0 && level <= 100)) throw new RoomError("media.argument", "A volume is from 0 to 100.");
		this.#volume = level;
		if (this.#up) await this.#request("setVolume", level);
	}

	async setTv(scene: TvScene): Promise<void> {
		this.#scene = { ...scene };
		if (this.#up) await this.#request("setTv", this.#scene);
	}

	/** What the engine found, present and synthetic. */
	devices(): Promise<MediaDevice[]> {
		return this.#request("devices", undefined);
	}

	preview(view: View, onPicture: (jpeg: Uint8Array) => void): () => void {
		const viewers = this.#viewers[view];
		const viewer = (jpeg: Uint8Array): void => onPicture(jpeg);
		viewers.add(viewer);
		if (viewers.size === 1) this.#tellPreview(view, true);
		return () => {
			if (viewers.delete(viewer) && viewers.size === 0) this.#tellPreview(view, false);
		};
	}

	readonly createPeer = async (options: { iceServers: IceServer[] }): Promise<RemotePeer> => {
		const id = this.#nextPeer++;
		const peer = new RemotePeer(
			id,
			(method, argument) => this.#request(method, argument),
			() => this.#peers.delete(id),
		);
		this.#peers.set(id, peer);
		try {
			await this.#request("peer.create", { peer: id, iceServers: options.iceServers });
		} catch (error) {
			this.#peers.delete(id);
			throw error;
		}
		return peer satisfies Peer;
	};

	async #launch(): Promise<void> {
		this.#attempt += 1;
		const engine = new EngineProcess({
			env: this.#env,
			clock: this.#clock,
			onMessage: (message) => {
				if (this.#process === engine) this.#received(message);
			},
			onLogLine: (event, level, fields) => this.#log.write(level, event, fields),
			onExit: (code, signal) => this.#exited(engine, code, signal),
			onNoise: this.#onNoise,
		});
		this.#process = engine;
		await engine.ready;
		await engine.request("configure", this.#options);
		if (this.#process !== engine)
			throw new RoomError("media.engine_failed", "The engine was stopped while it started.");
		// From here on requests go straight to it, in this order: what restricts comes before anything that could open a source.
		this.#up = true;
		await Promise.all([
			engine.request("setMuted", this.#muted),
			this.#volume === null ? undefined : engine.request("setVolume", this.#volume),
			this.#scene === null ? undefined : engine.request("setTv", this.#scene),
			...views.map((view) =>
				this.#viewers[view].size > 0 ? engine.request("preview", { view, on: true }) : undefined,
			),
		]);
		this.#log.write("info", "engine.started", { pid: engine.pid, attempt: this.#attempt });
		this.#later("sound", soundAfterMs, () => this.#backoff.reset());
		this.#heartbeat(engine);
		this.events.emit("up", { pid: engine.pid });
	}

	/** A process that lives but does not answer holds camera and microphone: it is ended, and its exit starts the next one. */
	#heartbeat(engine: EngineProcess): void {
		let answered = true;
		let silentSince = this.#clock.now();
		const beat = (): void => {
			if (answered) {
				answered = false;
				silentSince = this.#clock.now();
				engine.request("ping", undefined).then(
					() => (answered = true),
					() => undefined,
				);
			} else if (this.#clock.now() - silentSince >= heartbeatLostMs) {
				this.#log.write("error", "engine.warning", { code: "media.engine_stuck", element: "" });
				engine.kill();
				return;
			}
			this.#later("beat", heartbeatMs, beat);
		};
		beat();
	}

	#exited(engine: EngineProcess, code: number | null, signal: string | null): void {
		if (this.#process !== engine) return;
		this.#process = null;
		this.#clearTimers();
		const wasUp = this.#up;
		this.#up = false;
		this.#log.write("error", "engine.exited", { code: code ?? -1, signal: signal ?? "", inCall: this.#peers.size > 0 });
		this.#losePeers();
		if (this.#stopped || (!wasUp && this.#attempt === 1)) return;
		const retryMs = this.#backoff.nextMs();
		this.events.emit("down", { retryMs });
		this.#relaunch(retryMs);
	}

	/** A failed launch ends in another exit, which plans the next one. */
	#relaunch(afterMs: number): void {
		this.#later("retry", afterMs, () => {
			this.#launch().catch((error: unknown) => {
				this.#log.write("error", "engine.warning", {
					code: RoomError.from(error, "media.engine_failed").code,
					element: "",
				});
				this.#process?.kill();
			});
		});
	}

	#received(message: FromEngine): void {
		switch (message.t) {
			case "event":
				this.events.emit(message.event, message.payload as never);
				return;
			case "peer":
				this.#peers.get(message.peer)?.events.emit(message.event, message.payload as never);
				return;
			case "picture":
				for (const viewer of [...this.#viewers[message.view]]) viewer(message.jpeg);
		}
	}

	#request<M extends EngineMethod>(
		method: M,
		argument: EngineMethods[M]["argument"],
	): Promise<EngineMethods[M]["result"]> {
		if (!this.#process || !this.#up) {
			return Promise.reject(new RoomError("media.engine_failed", "The media engine is not running."));
		}
		return this.#process.request(method, argument);
	}

	#tellPreview(view: View, on: boolean): void {
		if (!this.#up) return;
		this.#request("preview", { view, on }).catch((error: unknown) => {
			this.#log.write("warn", "engine.warning", {
				code: RoomError.from(error, "media.engine_failed").code,
				element: "",
			});
		});
	}

	#losePeers(): void {
		const lost = [...this.#peers.values()];
		this.#peers.clear();
		for (const peer of lost) peer.engineGone();
	}

	#later(name: "beat" | "sound" | "retry", ms: number, run: () => void): void {
		this.#timers.get(name)?.();
		this.#timers.set(name, this.#clock.after(ms, run));
	}

	#clearTimers(): void {
		for (const cancel of this.#timers.values()) cancel();
		this.#timers.clear();
	}
}
