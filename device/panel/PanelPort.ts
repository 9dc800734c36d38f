import type { Intent } from "../contract/intents.ts";
import type { Snapshot } from "../contract/snapshot.ts";

/** Loudness of this room's microphone and of the far end, 0–1. */
export interface Levels {
	microphone: number;
	far: number;
}

/** What the panel server asks of the room program. Every subscription's return value ends it. */
export interface PanelPort {
	snapshot(): Snapshot;
	/** Calls back when `snapshot()` would give something new; may be called often, the server sends once a tick. */
	onSnapshot(callback: () => void): () => void;
	onLevels(callback: (levels: Levels) => void): () => void;
	/** Takes a touch: `ack` if it will be acted on, `panel.not_now` if the room's state doesn't allow it. Never throws. */
	intent(intent: Intent): "ack" | "panel.not_now";
	/** JPEG pictures of the TV or the self view while somebody looks. */
	preview(view: "tv" | "self", onJpeg: (jpeg: Uint8Array) => void): () => void;
	/** What the camera saw when this preset was stored, a JPEG; null: no such picture, or another one by now. Never rejects. */
	presetPicture(number: number, version: string): Promise<Uint8Array | null>;
	/** Null once the room is usable; before, a code of what it waits for. */
	notReady(): string | null;
}
