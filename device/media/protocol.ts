import { RoomError } from "../core/RoomError.ts";
import type { Candidate, IceServer, PeerEvents } from "../meeting/Peer.ts";
import type { MediaDevice, MediaEngineEvents, TvScene } from "./MediaEngine.ts";
import type { PeerStats } from "./stats.ts";

/**
 * Where the engine takes pictures and sound from and shows them. Every field is chosen by the room's configuration.
 *
 * Sources: `auto` (the best device that is there, else a synthetic one), `device:<id>` (that one, else absent), `synthetic` or
 * `synthetic:<pattern>` (see `syntheticCameras`, `syntheticMicrophones`), `file:<path>` (played in a loop, or a still picture), `none`;
 * for a camera in development `virtual:<folder>` (see `VirtualCamera`).
 */
export interface EngineOptions {
	camera: string;
	microphone: string;
	/** `auto`, `device:<id>` or `none`. */
	speaker: string;
	/** `auto` looks for a Wayland or KMS display; `none` draws only for preview viewers. */
	display: "auto" | "none";
	/** Written into the synthetic picture. */
	roomName: string;
	/** What the camera is opened with and the encoder starts from. */
	picture: { width: number; height: number; fps: number };
	/** Frames a second of the preview pictures. */
	previewFps: number;
	/** Reads the moment out of each decoded far-end picture (`timecode.ts`) and tells it: for benches, no configuration sets it. */
	farTimecode: boolean;
}

export const defaultEngineOptions: EngineOptions = {
	camera: "auto",
	microphone: "auto",
	speaker: "auto",
	display: "auto",
	roomName: "",
	picture: { width: 1280, height: 720, fps: 30 },
	previewFps: 12,
	farTimecode: false,
};

/** What can be looked at: the TV's picture, the room's own, and that one small, for who keeps a single picture of it. */
export const views = ["tv", "self", "small"] as const;
export type View = (typeof views)[number];

/** What the room program asks of the engine: argument and result of each method. */
export interface EngineMethods {
	configure: { argument: EngineOptions; result: undefined };
	ping: { argument: undefined; result: undefined };
	devices: { argument: undefined; result: MediaDevice[] };
	setSources: { argument: { microphone: boolean; camera: boolean }; result: undefined };
	setMuted: { argument: { microphone: boolean; camera: boolean }; result: undefined };
	setVolume: { argument: number; result: undefined };
	setTv: { argument: TvScene; result: undefined };
	preview: { argument: { view: View; on: boolean }; result: undefined };
	"peer.create": { argument: { peer: number; iceServers: IceServer[] }; result: undefined };
	"peer.createOffer": { argument: { peer: number }; result: string };
	"peer.acceptOffer": { argument: { peer: number; sdp: string; fingerprint: Uint8Array }; result: string };
	"peer.acceptAnswer": { argument: { peer: number; sdp: string; fingerprint: Uint8Array }; result: undefined };
	"peer.addCandidate": { argument: { peer: number; candidate: Candidate }; result: undefined };
	"peer.release": { argument: { peer: number }; result: undefined };
	"peer.close": { argument: { peer: number }; result: undefined };
	"peer.stats": { argument: { peer: number }; result: PeerStats };
}
export type EngineMethod = keyof EngineMethods;

/** An error on its way between the processes: code and context survive, the cause stays in the engine. */
export interface WireError {
	code: string;
	message: string;
	context: Record<string, string | number | boolean>;
}

export type ToEngine = {
	[M in EngineMethod]: { t: "request"; id: number; method: M; argument: EngineMethods[M]["argument"] };
}[EngineMethod];

export type EngineEvents = Omit<MediaEngineEvents, "up" | "down">;

export type FromEngine =
	| { t: "ready" }
	/** The engine cannot work at all; it ends after this. */
	| { t: "fatal"; error: WireError }
	| { t: "result"; id: number; value: unknown }
	| { t: "error"; id: number; error: WireError }
	| { [E in keyof EngineEvents]: { t: "event"; event: E; payload: EngineEvents[E] } }[keyof EngineEvents]
	| { [E in keyof PeerEvents]: { t: "peer"; peer: number; event: E; payload: PeerEvents[E] } }[keyof PeerEvents]
	| { t: "picture"; view: View; jpeg: Uint8Array };

export function toWire(thrown: unknown): WireError {
	const error = RoomError.from(thrown, "media.engine_failed");
	return { code: error.code, message: error.message, context: { ...error.context } };
}

export function fromWire({ code, message, context }: WireError): RoomError {
	return new RoomError(code, message, { context });
}
