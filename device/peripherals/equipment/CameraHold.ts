import type { Clock } from "../../core/clock.ts";
import type { CameraMotion } from "../model/PtzCamera.ts";

/** A thumb that is down says so at least each 300 ms (`panel.camera_move`): one that is silent for so long has let go. */
export const HOLD_MS = 1000;
/** Thumbs on all panels of a room; the oldest goes. */
const MOST_HOLDS = 8;
/** Holds that are over, to know a move that comes after its stop: panels reconnect, and what they said before may come late. */
const MOST_OVER = 64;
const still: CameraMotion = { pan: 0, tilt: 0, zoom: 0 };

/**
 * The thumbs that hold the camera. The newest one owns it: others are heard and don't move it until that one lets go. Whoever lets go
 * while he owns it stops it; whoever doesn't own it stops nothing.
 */
export class CameraHold {
	readonly #move: (motion: CameraMotion) => void;
	readonly #clock: Clock;
	/** Oldest first. */
	#holds: { readonly id: string; cancel: () => void }[] = [];
	readonly #over = new Set<string>();

	/** @param move as `PtzCamera.move`: never waits, the newest motion counts. */
	constructor(options: { move: (motion: CameraMotion) => void; clock: Clock }) {
		this.#move = options.move;
		this.#clock = options.clock;
	}

	/** Whether somebody holds the camera. */
	get held(): boolean {
		return this.#holds.length > 0;
	}

	move(id: string, motion: CameraMotion): void {
		if (this.#over.has(id)) return;
		const hold = this.#holds.find((one) => one.id === id) ?? this.#begin(id);
		hold.cancel();
		hold.cancel = this.#clock.after(HOLD_MS, () => this.#end(id));
		if (hold === this.#holds.at(-1)) this.#move(motion);
	}

	/** The thumb let go. */
	stop(id: string): void {
		this.#over.add(id);
		if (this.#over.size > MOST_OVER) this.#over.delete(this.#over.values().next().value as string);
		this.#end(id);
	}

	/** All thumbs count as lifted, those that are down still too: they are to be put down anew. */
	releaseAll(): void {
		for (const { id } of [...this.#holds]) this.stop(id);
	}

	#begin(id: string): { readonly id: string; cancel: () => void } {
		const hold = { id, cancel: () => {} };
		this.#holds.push(hold);
		if (this.#holds.length > MOST_HOLDS) this.#holds.shift()?.cancel();
		return hold;
	}

	#end(id: string): void {
		const place = this.#holds.findIndex((one) => one.id === id);
		if (place === -1) return;
		const owned = place === this.#holds.length - 1;
		this.#holds[place]?.cancel();
		this.#holds.splice(place, 1);
		if (owned) this.#move(still);
	}
}
