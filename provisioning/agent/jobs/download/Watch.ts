import type { Clock } from "../../../../device/core/clock.ts";

const WINDOW_MS = 60_000;
/** A server that sends less than this in a minute is left, and asked again. */
export const LEAST_BYTES = 16 * 1024;

/** Breaks a connection off that brings next to nothing. */
export class Watch {
	/** Aborts with the given one, too. */
	readonly signal: AbortSignal;
	readonly #abort = new AbortController();
	readonly #clock: Clock;
	#bytes = 0;
	#cancel: () => void = () => {};

	constructor(clock: Clock, signal: AbortSignal) {
		this.#clock = clock;
		this.signal = AbortSignal.any([signal, this.#abort.signal]);
		this.#look();
	}

	got(bytes: number): void {
		this.#bytes += bytes;
	}

	end(): void {
		this.#cancel();
	}

	#look(): void {
		this.#cancel = this.#clock.after(WINDOW_MS, () => {
			if (this.#bytes < LEAST_BYTES) this.#abort.abort();
			this.#bytes = 0;
			this.#look();
		});
	}
}
