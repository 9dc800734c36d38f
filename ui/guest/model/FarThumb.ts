import { type ReadonlySignal, signal } from "@preact/signals";
import type { TurnWish } from "../../../device/meeting/turning.ts";
import { type Aim, isSameAim, still, type Thumb, thumbMark } from "../../kit/thumb/Thumb.ts";

/** Between two aims of one hold, at least: the room takes fifteen wishes a second. */
const LEAST_MS = 100;
/** An aim that stays is said again: a hold that is not heard of for a second has ended. */
const REPEAT_MS = 250;

/** This guest's thumb on the far end's camera. What it says is signed and sealed on its way; the room decides whether it heeds it. */
export class FarThumb implements Thumb {
	readonly #say: (wish: TurnWish) => void;
	readonly #hold = signal<string | null>(null);
	readonly #mark = thumbMark();
	#holds = 0;
	#wanted: Aim = still;
	#said: Aim = still;
	#saidAt = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;

	readonly hold: ReadonlySignal<string | null> = this.#hold;

	constructor(say: (wish: TurnWish) => void) {
		this.#say = say;
	}

	begin(aim: Aim): string | null {
		if (this.#hold.peek() !== null) return null;
		this.#holds += 1;
		const hold = `${this.#mark}-${this.#holds}`;
		this.#hold.value = hold;
		this.#wanted = aim;
		this.#move();
		return hold;
	}

	aim(hold: string, aim: Aim): void {
		if (hold !== this.#hold.peek()) return;
		this.#wanted = aim;
		if (isSameAim(aim, this.#said)) return;
		clearTimeout(this.#timer);
		const wait = this.#saidAt + LEAST_MS - performance.now();
		if (wait <= 0) this.#move();
		else this.#timer = setTimeout(() => this.#move(), wait);
	}

	end(hold: string | null = this.#hold.peek()): void {
		if (hold === null || hold !== this.#hold.peek()) return;
		clearTimeout(this.#timer);
		this.#hold.value = null;
		this.#say({ do: "stop", hold });
	}

	#move(): void {
		const hold = this.#hold.peek();
		if (hold === null) return;
		this.#said = this.#wanted;
		this.#saidAt = performance.now();
		this.#say({ do: "move", hold, ...this.#wanted });
		this.#timer = setTimeout(() => this.#move(), REPEAT_MS);
	}
}
