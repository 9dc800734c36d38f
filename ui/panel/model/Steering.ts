import { type ReadonlySignal, signal } from "@preact/signals";
import type { Intent } from "../../../device/contract/intents.ts";
import { type Aim, isSameAim, still, type Thumb, thumbMark } from "../../kit/thumb/Thumb.ts";

/** Between two aims of one hold, at least: 20 a second, which the device takes for ever. */
const LEAST_MS = 50;
/** An aim that stays is said again, well within the 300 ms of the contract. */
const REPEAT_MS = 250;
/** A stop that the device refused is said again, until it would have ended the hold by itself. */
const AGAIN_MS = 100;
const MOST_TRIES = 10;

/**
 * The thumb on the camera. One hold at a time: who touches first owns it, whatever else is touched. The newest aim counts, and a stop is
 * said until the device has heard it, also over the next connection.
 */
export class Steering implements Thumb {
	readonly #say: (intent: Intent) => number | null;
	readonly #hold = signal<string | null>(null);
	/** The thumb's own mark among the room's panels. */
	readonly #mark = thumbMark();
	readonly #asked = new Map<number, { hold: string; stop: boolean }>();
	/** Holds whose stop nobody has acknowledged, and how often it was said. */
	readonly #unheard = new Map<string, number>();
	#holds = 0;
	#wanted: Aim = still;
	#said: Aim = still;
	#saidAt = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** The hold that the camera follows now. */
	readonly hold: ReadonlySignal<string | null> = this.#hold;

	/** `say` sends an intent and returns its id; null where there is no connection. */
	constructor(say: (intent: Intent) => number | null) {
		this.#say = say;
	}

	/** A thumb comes down. Null while another holds, and while there is nobody to say it to. */
	begin(aim: Aim): string | null {
		if (this.#hold.peek() !== null) return null;
		this.#holds += 1;
		const hold = `${this.#mark}-${this.#holds}`;
		this.#hold.value = hold;
		this.#wanted = aim;
		this.#move();
		return this.#hold.peek();
	}

	aim(hold: string, aim: Aim): void {
		if (hold !== this.#hold.peek()) return;
		this.#wanted = aim;
		if (isSameAim(aim, this.#said)) return;
		const wait = this.#saidAt + LEAST_MS - performance.now();
		clearTimeout(this.#timer);
		if (wait <= 0) this.#move();
		else this.#timer = setTimeout(() => this.#move(), wait);
	}

	/** The thumb let go, or whoever holds is made to. */
	end(hold: string | null = this.#hold.peek()): void {
		if (hold === null || hold !== this.#hold.peek()) return;
		clearTimeout(this.#timer);
		this.#hold.value = null;
		this.#unheard.set(hold, 0);
		this.#stop(hold);
	}

	/** Takes the device's answer if it is to one of this thumb's intents. A move that is refused ends its hold; false: say so. */
	answered(id: number, acked: boolean): boolean {
		const asked = this.#asked.get(id);
		if (!asked) return false;
		this.#asked.delete(id);
		if (asked.stop) this.#stopAnswered(asked.hold, acked);
		else if (!acked) this.end(asked.hold);
		return asked.stop || acked;
	}

	/** A new connection: what was asked on the older one has no answer to come, and a stop may have been lost with it. */
	connected(): void {
		this.#asked.clear();
		for (const hold of this.#unheard.keys()) this.#stop(hold);
		this.end();
	}

	#move(): void {
		const hold = this.#hold.peek();
		if (hold === null) return;
		const id = this.#say({ type: "panel.camera_move", hold, ...this.#wanted });
		if (id === null) {
			this.end();
			return;
		}
		this.#asked.set(id, { hold, stop: false });
		this.#said = this.#wanted;
		this.#saidAt = performance.now();
		this.#timer = setTimeout(() => this.#move(), REPEAT_MS);
	}

	#stop(hold: string): void {
		const id = this.#say({ type: "panel.camera_stop", hold });
		if (id !== null) this.#asked.set(id, { hold, stop: true });
	}

	#stopAnswered(hold: string, acked: boolean): void {
		const tries = (this.#unheard.get(hold) ?? MOST_TRIES) + 1;
		if (acked || tries >= MOST_TRIES) this.#unheard.delete(hold);
		else {
			this.#unheard.set(hold, tries);
			setTimeout(() => this.#stop(hold), AGAIN_MS);
		}
	}
}
