import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { LevelMeter } from "./LevelMeter.ts";
import { audioConstraints, videoConstraints } from "./mediaProfile.ts";

/**
 * `closed`: not asked for yet, the device is not held. `off`: muted or switched off by the person. `on`: heard or seen by the far end
 * once a call is there. The rest says why there is nothing.
 */
export type SourceState = "closed" | "starting" | "on" | "off" | "absent" | "busy" | "denied";
export type SourceKind = "microphone" | "camera";

const trackKind = { microphone: "audio", camera: "video" } as const;
const deviceKind = { microphone: "audioinput", camera: "videoinput" } as const;

export interface DeviceList {
	microphone: MediaDeviceInfo[];
	camera: MediaDeviceInfo[];
	speaker: MediaDeviceInfo[];
}

/** Which device was chosen, by its id; empty means the browser's own choice. */
export type Chosen = Record<SourceKind | "speaker", string>;

/**
 * Camera and microphone of this browser. Nothing here opens a device but the methods that a touch leads to (`open`, `set`, `choose`);
 * a device that comes back after it was unplugged stays off until a touch.
 *
 * A camera that is switched off is released, so that its light goes out. A muted microphone stays held and delivers silence, so that
 * unmuting is immediate; it is released when the call ends.
 */
export class LocalMedia {
	readonly microphone: Signal<SourceState> = signal("closed");
	readonly camera: Signal<SourceState> = signal("closed");
	/** The own picture, for the self view; null while the camera is not open. */
	readonly picture: Signal<MediaStream | null> = signal(null);
	readonly devices: Signal<DeviceList> = signal({ microphone: [], camera: [], speaker: [] });
	readonly chosen: Signal<Chosen> = signal({ microphone: "", camera: "", speaker: "" });
	readonly #tracks: Record<SourceKind, MediaStreamTrack | null> = { microphone: null, camera: null };
	/** Grows with each request for a device, so that an answer which was overtaken is dropped. */
	readonly #asked: Record<SourceKind, number> = { microphone: 0, camera: 0 };
	readonly #meter = new LevelMeter();
	readonly #onTrack: (kind: "audio" | "video", track: MediaStreamTrack | null) => void;

	/** `onTrack` hears of every track that comes or goes. */
	constructor(onTrack: (kind: "audio" | "video", track: MediaStreamTrack | null) => void) {
		this.#onTrack = onTrack;
		navigator.mediaDevices.addEventListener("devicechange", () => void this.#listDevices());
	}

	/** How loud the microphone hears, 0–1; 0 while muted. */
	get level(): ReadonlySignal<number> {
		return this.#meter.level;
	}

	track(kind: "audio" | "video"): MediaStreamTrack | null {
		return this.#tracks[kind === "audio" ? "microphone" : "camera"];
	}

	/** Asks for both at once, so that the browser asks the person once; if that fails, for each alone: one may be missing. */
	async open(): Promise<void> {
		const asked = [++this.#asked.microphone, ++this.#asked.camera] as const;
		this.microphone.value = "starting";
		this.camera.value = "starting";
		try {
			const stream = await navigator.mediaDevices.getUserMedia({
				audio: this.#constraints("microphone"),
				video: this.#constraints("camera"),
			});
			const audio = stream.getAudioTracks()[0] ?? null;
			const video = stream.getVideoTracks()[0] ?? null;
			if (asked[0] === this.#asked.microphone) this.#use("microphone", audio);
			else audio?.stop();
			if (asked[1] === this.#asked.camera) this.#use("camera", video);
			else video?.stop();
			await this.#listDevices();
		} catch (error) {
			if (refusedByPerson(error)) {
				if (asked[0] === this.#asked.microphone) this.#fail("microphone", error);
				if (asked[1] === this.#asked.camera) this.#fail("camera", error);
				return;
			}
			if (asked[0] === this.#asked.microphone) await this.#start("microphone");
			if (asked[1] === this.#asked.camera) await this.#start("camera");
		}
	}

	/** Switches a source on or off. */
	async set(kind: SourceKind, on: boolean): Promise<void> {
		const track = this.#tracks[kind];
		if (kind === "microphone" && track) {
			track.enabled = on;
			this.#meter.listen(on ? track : null);
			this.microphone.value = on ? "on" : "off";
			return;
		}
		if (on) {
			if (track === null) await this.#start(kind);
			return;
		}
		this.#asked[kind] += 1;
		this.#drop(kind);
		this[kind].value = "off";
	}

	/** Takes another device; a source that is off stays off, and opens the chosen one when it is switched on. */
	async choose(kind: SourceKind | "speaker", deviceId: string): Promise<void> {
		this.chosen.value = { ...this.chosen.value, [kind]: deviceId };
		if (kind === "speaker" || this.#tracks[kind] === null) return;
		const muted = this[kind].value === "off";
		await this.#start(kind);
		if (muted) await this.set(kind, false);
	}

	/** Releases both devices. */
	close(): void {
		for (const kind of ["microphone", "camera"] as const) {
			this.#asked[kind] += 1;
			this.#drop(kind);
			this[kind].value = "closed";
		}
	}

	async #start(kind: SourceKind): Promise<void> {
		const asked = ++this.#asked[kind];
		// Some phones can't open a second camera while the first is held.
		this.#drop(kind);
		this[kind].value = "starting";
		try {
			const stream = await navigator.mediaDevices.getUserMedia({ [trackKind[kind]]: this.#constraints(kind) });
			const track = stream.getTracks()[0] ?? null;
			if (asked !== this.#asked[kind]) return track?.stop();
			this.#use(kind, track);
			await this.#listDevices();
		} catch (error) {
			if (asked === this.#asked[kind]) this.#fail(kind, error);
		}
	}

	#constraints(kind: SourceKind): MediaTrackConstraints {
		const base = kind === "microphone" ? audioConstraints : videoConstraints;
		const deviceId = this.chosen.value[kind];
		return deviceId ? { ...base, deviceId: { exact: deviceId } } : base;
	}

	#use(kind: SourceKind, track: MediaStreamTrack | null): void {
		this.#tracks[kind] = track;
		if (track === null) {
			this[kind].value = "absent";
			return;
		}
		track.contentHint = kind === "camera" ? "motion" : "speech";
		track.addEventListener("ended", () => {
			// Unplugged, or taken back in the browser's own controls: only a touch opens it again.
			if (this.#tracks[kind] !== track) return;
			this.#drop(kind);
			this[kind].value = "absent";
		});
		if (kind === "microphone") this.#meter.listen(track);
		else this.picture.value = new MediaStream([track]);
		this[kind].value = "on";
		this.#onTrack(trackKind[kind], track);
	}

	#drop(kind: SourceKind): void {
		const track = this.#tracks[kind];
		this.#tracks[kind] = null;
		if (kind === "microphone") this.#meter.listen(null);
		else this.picture.value = null;
		if (!track) return;
		this.#onTrack(trackKind[kind], null);
		track.stop();
	}

	#fail(kind: SourceKind, error: unknown): void {
		this[kind].value = refusedByPerson(error) ? "denied" : errorName(error) === "NotReadableError" ? "busy" : "absent";
	}

	async #listDevices(): Promise<void> {
		// Before permission the list holds entries without id and label: nothing to choose from.
		const all = (await navigator.mediaDevices.enumerateDevices().catch(() => [])).filter(({ deviceId }) => deviceId);
		this.devices.value = {
			microphone: all.filter(({ kind }) => kind === deviceKind.microphone),
			camera: all.filter(({ kind }) => kind === deviceKind.camera),
			speaker: all.filter(({ kind }) => kind === "audiooutput"),
		};
	}
}

function errorName(error: unknown): string {
	return error instanceof Error ? error.name : "";
}

function refusedByPerson(error: unknown): boolean {
	return errorName(error) === "NotAllowedError" || errorName(error) === "SecurityError";
}
