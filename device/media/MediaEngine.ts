import type { Emitter } from "../core/Emitter.ts";
import type { PeerFactory } from "../meeting/Peer.ts";

export type SourceKind = "microphone" | "camera";

/** A source as the engine sees it; `flowing` counts buffers that left the source in the last 500 ms. */
export interface SourceStatus {
	state: "closed" | "open" | "off" | "absent" | "busy" | "denied";
	flowing: boolean;
	device: string | null;
}

export interface MediaDevice {
	id: string;
	label: string;
	kind: SourceKind | "speaker" | "display";
	/** `synthetic` where no real device is there: a test picture with a clock, a tone. */
	api: "v4l2" | "pipewire" | "alsa" | "pulse" | "file" | "synthetic";
}

/** What the TV shows over the picture; plain text, drawn by the engine. */
export interface TvScene {
	layout: "resting" | "joining" | "alone" | "call";
	/** The room's name at rest, the far end's in a call. */
	name: string;
	/** One line beside the name: the badge's words in a call, "joining" before. */
	status: string;
	locked: boolean;
	/** Whether codes were compared: the lock is calm; else it has the colour of care. */
	verified?: boolean;
	selfView: boolean;
	/** The date's language; English where it is not told. */
	locale?: "de" | "en";
}

export interface MediaEngineEvents {
	/** `speaker`: false where a loudspeaker should be and is not. */
	sources: { microphone: SourceStatus; camera: SourceStatus; speaker: boolean };
	devices: MediaDevice[];
	/** 0–1, ten a second while sources are open. */
	levels: { microphone: number; far: number };
	/** First decoded frame of the far end in this call: epoch milliseconds. */
	farPicture: { atMs: number; width: number; height: number };
	/** With `EngineOptions.farTimecode`: a decoded picture was there at `atMs` (epoch); `code`: see `readTimecode`. */
	farTimecode: { atMs: number; code: number | null };
	/** The process is up (again). Sources are closed, whatever was open before. */
	up: { pid: number };
	/** The process is gone; a new one is coming after `retryMs`. Every peer has emitted `lost`. */
	down: { retryMs: number };
}

/** The room program's view of the media engine, a forked process that may crash and is started again. */
export interface MediaEngine {
	readonly events: Emitter<MediaEngineEvents>;
	/** Starts the process; resolves once it answers. */
	start(): Promise<void>;
	/** Opens (or releases) the sources. Only a touch in this room may lead here with `true`; a restarted engine comes up closed. */
	setSources(open: { microphone: boolean; camera: boolean }): Promise<void>;
	/** Mute and camera-off inside a call: at the source, before the encoder. */
	setMuted(muted: { microphone: boolean; camera: boolean }): Promise<void>;
	/** 0–100. */
	setVolume(level: number): Promise<void>;
	setTv(scene: TvScene): Promise<void>;
	/** JPEG pictures of the TV or of the self view, while somebody looks; the returned function stops. Loopback only. */
	preview(view: "tv" | "self" | "small", onPicture: (jpeg: Uint8Array) => void): () => void;
	readonly createPeer: PeerFactory;
	stop(): Promise<void>;
}
