import type { Intent } from "../../../device/contract/intents.ts";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import type { Levels, PanelPort } from "../../../device/panel/PanelPort.ts";
import { atRest } from "./scenes.ts";

/** A grey picture of 16×9 pixels. */
export const greyJpeg = Buffer.from(
	"/9j/4AAQSkZJRgABAQAAAQABAAD/4gHYSUNDX1BST0ZJTEUAAQEAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADb/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAAJABADASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAAAP/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AIgAf//Z",
	"base64",
);

/** A room program for the panel server that does what a test says: it shows scenes, remembers touches, and decides nothing. */
export class ScriptedRoom implements PanelPort {
	readonly intents: Intent[] = [];
	/** What every touch is answered with. */
	answer: "ack" | "panel.not_now" = "ack";
	/** What a touch does to the room, beside being remembered. */
	react: (intent: Intent) => void = () => {};
	waitsFor: string | null = null;
	picture: Uint8Array = greyJpeg;
	readonly watched = { tv: 0, self: 0 };
	/** By number and version: `3 abc`. */
	readonly presetPictures = new Map<string, Uint8Array>();
	#snapshot: Snapshot = atRest();
	#rev = 1;
	readonly #snapshotListeners = new Set<() => void>();
	readonly #levelListeners = new Set<(levels: Levels) => void>();
	readonly #pictureListeners = new Set<(jpeg: Uint8Array) => void>();

	show(snapshot: Snapshot): void {
		this.#rev += 1;
		this.#snapshot = { ...snapshot, rev: this.#rev };
		for (const listener of this.#snapshotListeners) listener();
	}

	hear(levels: Levels): void {
		for (const listener of this.#levelListeners) listener(levels);
	}

	/** Another picture of every view that somebody looks at. */
	film(): void {
		for (const listener of this.#pictureListeners) listener(this.picture);
	}

	snapshot(): Snapshot {
		return this.#snapshot;
	}

	onSnapshot(callback: () => void): () => void {
		this.#snapshotListeners.add(callback);
		return () => this.#snapshotListeners.delete(callback);
	}

	onLevels(callback: (levels: Levels) => void): () => void {
		this.#levelListeners.add(callback);
		return () => this.#levelListeners.delete(callback);
	}

	intent(intent: Intent): "ack" | "panel.not_now" {
		this.intents.push(intent);
		if (this.answer === "ack") this.react(intent);
		return this.answer;
	}

	preview(view: "tv" | "self", onJpeg: (jpeg: Uint8Array) => void): () => void {
		this.watched[view] += 1;
		this.#pictureListeners.add(onJpeg);
		onJpeg(this.picture);
		return () => {
			this.watched[view] -= 1;
			this.#pictureListeners.delete(onJpeg);
		};
	}

	async presetPicture(number: number, version: string): Promise<Uint8Array | null> {
		return this.presetPictures.get(`${number} ${version}`) ?? null;
	}

	notReady(): string | null {
		return this.waitsFor;
	}
}
