import type { Clock } from "../core/clock.ts";

/** Named one-shot timers: setting one again replaces it, and all end together. */
export class Timers<Name extends string> {
	readonly #clock: Clock;
	readonly #cancels = new Map<Name, () => void>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	has(name: Name): boolean {
		return this.#cancels.has(name);
	}

	set(name: Name, ms: number, callback: () => void): void {
		this.clear(name);
		const cancel = this.#clock.after(ms, () => {
			this.#cancels.delete(name);
			callback();
		});
		this.#cancels.set(name, cancel);
	}

	clear(name: Name): void {
		this.#cancels.get(name)?.();
		this.#cancels.delete(name);
	}

	clearAll(): void {
		for (const cancel of this.#cancels.values()) cancel();
		this.#cancels.clear();
	}
}
