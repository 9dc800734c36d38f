import { amplification, farAudioBetween, meter } from "./audio.ts";
import { DeviceWatch } from "./devices.ts";
import { findDisplay, watchDisplay } from "./display.ts";
import { readFarTimecodes } from "./FarTimecode.ts";
import { GstPeer } from "./GstPeer.ts";
import { type BusMessage, Pipeline, releaseMemory } from "./gst/index.ts";
import { Hub } from "./Hub.ts";
import type { MediaDevice, TvScene } from "./MediaEngine.ts";
import type { EngineEvents, EngineMethods, EngineOptions, FromEngine, View } from "./protocol.ts";
import { SourceSlot } from "./SourceSlot.ts";
import { Speaker } from "./Speaker.ts";
import { Views } from "./Views.ts";
import { type Warning, WarningLimit } from "./WarningLimit.ts";

/** The same warning of the same element is logged once in this time. */
const sameWarningMs = 60_000;
/** So long after a call its memory goes back. */
const restMs = 300;

/**
 * Everything of GStreamer in one pipeline that runs from start to end: sources, the far end's picture and sound, calls and the TV come
 * and go as bins. Its clock is the system's, so all of them share one time.
 */
export class Room {
	readonly #options: EngineOptions;
	readonly #send: (message: FromEngine) => void;
	readonly #warn: (code: string, element: string) => void;
	readonly #pipeline: Pipeline;
	readonly #hubs: { camera: Hub; microphone: Hub; farVideo: Hub; farAudio: Hub };
	readonly #watch: DeviceWatch;
	readonly #slots: { camera: SourceSlot; microphone: SourceSlot };
	readonly #peers = new Map<number, GstPeer>();
	readonly #speaker: Speaker;
	readonly #views: Views;
	readonly #levels = { microphone: { value: 0, atMs: 0 }, far: { value: 0, atMs: 0 } };
	#ticking: NodeJS.Timeout | null = null;
	#releasing: NodeJS.Timeout | undefined;
	#unwatchDisplay = (): void => {};
	#lastSources = "";

	constructor(options: EngineOptions, send: (message: FromEngine) => void, warn: (warning: Warning) => void) {
		this.#options = options;
		this.#send = send;
		const limit = new WarningLimit(sameWarningMs);
		this.#warn = (code, element) => {
			const warning = limit.take(code, element, performance.now());
			if (warning) warn(warning);
		};
		this.#pipeline = new Pipeline(
			[
				Hub.description("camera"),
				Hub.description("microphone"),
				Hub.description("far-video"),
				Hub.description("far-audio", farAudioBetween),
			].join("  "),
		);
		const hub = (name: string): Hub => new Hub(this.#pipeline, name);
		this.#hubs = {
			camera: hub("camera"),
			microphone: hub("microphone"),
			farVideo: hub("far-video"),
			farAudio: hub("far-audio"),
		};
		this.#pipeline.onMessage(
			(message) => this.#busMessage(message),
			["error", "warning", "element", "latency"],
			["element"],
		);
		this.#watch = new DeviceWatch(Pipeline.elementExists, () => void this.#devicesChanged());
		this.#speaker = new Speaker(this.#pipeline, this.#hubs.farAudio, {
			setting: options.speaker,
			devices: () => (this.#watch.known ? this.#watch.list() : null),
			onWarning: this.#warn,
		});
		this.#views = new Views({
			pipeline: this.#pipeline,
			hubs: this.#hubs,
			options,
			onPicture: (view, jpeg) => this.#send({ t: "picture", view, jpeg }),
		});
		const slot = (kind: "camera" | "microphone"): SourceSlot =>
			new SourceSlot(kind, {
				pipeline: this.#pipeline,
				hub: this.#hubs[kind],
				options,
				devices: () => this.#watch.list(),
				speaker: () => this.#speaker.playing,
				onChange: () => this.#tellSources(),
				onWarning: this.#warn,
			});
		this.#slots = { camera: slot("camera"), microphone: slot("microphone") };
	}

	async start(): Promise<void> {
		await this.#pipeline.play(0);
		if (this.#options.farTimecode) {
			readFarTimecodes(this.#pipeline, this.#hubs.farVideo, (picture) => this.#emit("farTimecode", picture));
		}
		if (this.#options.display === "auto") {
			this.#unwatchDisplay = watchDisplay(
				() => findDisplay(process.env, Pipeline.elementExists),
				(display) => void this.#views.showOn(display),
			);
		}
		this.#tellSources();
		this.#emit("devices", this.devices());
	}

	/** Closes everything; resolves when every device is released. */
	async stop(): Promise<void> {
		if (this.#ticking) clearInterval(this.#ticking);
		clearTimeout(this.#releasing);
		this.#unwatchDisplay();
		this.#watch.dispose();
		await Promise.all([...this.#peers.values()].map((peer) => peer.close()));
		await this.#pipeline.dispose();
	}

	devices(): MediaDevice[] {
		const found = this.#watch.list().map(({ id, label, kind, api }): MediaDevice => ({ id, label, kind, api }));
		const absent = (["microphone", "camera"] as const).filter((kind) => !found.some((device) => device.kind === kind));
		return [...found, ...absent.map((kind): MediaDevice => ({ id: "synthetic", label: "", kind, api: "synthetic" }))];
	}

	async setSources(open: EngineMethods["setSources"]["argument"]): Promise<void> {
		if (open.microphone || open.camera) await this.#speaker.open();
		this.#tick(open.microphone || open.camera);
		await Promise.all([this.#slots.microphone.setOpen(open.microphone), this.#slots.camera.setOpen(open.camera)]);
		if (!open.microphone && !open.camera) await this.#speaker.close();
	}

	async setMuted(muted: EngineMethods["setMuted"]["argument"]): Promise<void> {
		await Promise.all([this.#slots.microphone.setMuted(muted.microphone), this.#slots.camera.setMuted(muted.camera)]);
	}

	setVolume(level: number): void {
		const volume = this.#pipeline.getElementByName("speaker-volume");
		volume?.set("volume", amplification(level));
		volume?.dispose();
	}

	setTv(scene: TvScene): void {
		this.#views.show(scene, this.#camera);
	}

	/** Whether the room's own picture is there to be shown, or about to be. */
	get #camera(): boolean {
		return this.#slots.camera.status.state === "open";
	}

	setPreview(view: View, on: boolean): Promise<void> {
		return this.#views.look(view, on);
	}

	createPeer(id: number, iceServers: EngineMethods["peer.create"]["argument"]["iceServers"]): GstPeer {
		const peer = new GstPeer({
			pipeline: this.#pipeline,
			hubs: this.#hubs,
			iceServers,
			onFarPicture: (picture) => this.#emit("farPicture", picture),
		});
		for (const event of ["candidate", "connected", "lost", "refused"] as const) {
			peer.events.on(event, (payload) => this.#send({ t: "peer", peer: id, event, payload } as FromEngine));
		}
		this.#peers.set(id, peer);
		return peer;
	}

	peer(id: number): GstPeer | undefined {
		return this.#peers.get(id);
	}

	async closePeer(id: number): Promise<void> {
		const peer = this.#peers.get(id);
		this.#peers.delete(id);
		await peer?.close();
		this.#releaseAtRest();
	}

	/** After a call: it may be hours until the next, and what one takes is half of what the engine has. */
	#releaseAtRest(): void {
		clearTimeout(this.#releasing);
		// Threads that end free their last pictures a moment after they said so.
		this.#releasing = setTimeout(() => {
			if (this.#peers.size === 0 && !this.#ticking) void releaseMemory();
		}, restMs);
		this.#releasing.unref();
	}

	async #devicesChanged(): Promise<void> {
		const devices = this.devices();
		this.#emit("devices", devices);
		await this.#speaker.devicesChanged();
		if (this.#slots.microphone.running || this.#slots.camera.running) await this.#speaker.open();
		await Promise.all([this.#slots.microphone.devicesChanged(), this.#slots.camera.devicesChanged()]);
		this.#tellSources();
	}

	#busMessage(message: BusMessage): void {
		if (message.type === "latency") {
			this.#pipeline.recalculateLatency();
			return;
		}
		if (message.type === "element") {
			const name =
				message.srcElementName === "microphone-level"
					? "microphone"
					: message.srcElementName === "far-level"
						? "far"
						: null;
			if (name) this.#levels[name] = { value: meter(message.structure?.["rms"]), atMs: performance.now() };
			return;
		}
		const element = message.srcElementName ?? "";
		if (message.type === "warning") {
			this.#warn("media.warning", element);
			return;
		}
		if (this.#slots.camera.handleError(message) || this.#slots.microphone.handleError(message)) return;
		if (element === "speaker-device") void this.#speaker.fail().then(() => this.#tellSources());
		else if (!this.#views.handleError(element))
			for (const peer of this.#peers.values()) if (peer.handleError(element)) break;
		this.#warn("media.element_failed", element);
	}

	/** Ten times a second while sources are open: meters, the indicator. */
	#tick(on: boolean): void {
		if (!on || this.#ticking) return;
		this.#ticking = setInterval(() => {
			// the meters' messages
			this.#pipeline.takeMessages();
			const now = performance.now();
			const changes = [this.#slots.camera.measure(now), this.#slots.microphone.measure(now)];
			if (changes.includes(true)) this.#tellSources();
			const level = ({ value, atMs }: { value: number; atMs: number }): number => (now - atMs < 300 ? value : 0);
			this.#emit("levels", { microphone: level(this.#levels.microphone), far: level(this.#levels.far) });
			const quiet = [this.#slots.camera, this.#slots.microphone].every(
				({ status, running }) => status.state === "closed" && !status.flowing && !running,
			);
			if (quiet && this.#ticking) {
				clearInterval(this.#ticking);
				this.#ticking = null;
				this.#releaseAtRest();
			}
		}, 100);
	}

	#tellSources(): void {
		const { microphone, camera } = this.#slots;
		const sources = { microphone: microphone.status, camera: camera.status, speaker: !this.#speaker.missing };
		const text = JSON.stringify(sources);
		if (text === this.#lastSources) return;
		this.#lastSources = text;
		this.#views.show(null, this.#camera);
		this.#emit("sources", sources);
	}

	#emit<E extends keyof EngineEvents>(event: E, payload: EngineEvents[E]): void {
		this.#send({ t: "event", event, payload } as FromEngine);
	}
}
