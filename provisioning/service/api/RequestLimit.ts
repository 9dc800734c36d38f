import type { Clock } from "../../../device/core/clock.ts";

const WINDOW_MS = 60_000;
/** Keys of one window. Beyond that we are under attack from everywhere, and counting on would only cost memory. */
const KEYS = 100_000;

/**
 * So many requests a minute and key. A key may be an address, so all are forgotten when the minute is over: nothing is known of a
 * visitor longer than it is counted. (The LRU of @fastify/rate-limit keeps them until others push them out.)
 */
export class RequestLimit {
	readonly #clock: Clock;
	readonly #perMinute: number;
	readonly #counts = new Map<string, number>();
	#endsAt = 0;
	#cancel: () => void = () => {};

	constructor(options: { clock: Clock; perMinute: number }) {
		this.#clock = options.clock;
		this.#perMinute = options.perMinute;
	}

	/** Counts one. Resolves to 0, or to the milliseconds after which it may be tried again. */
	take(key: string): number {
		const now = this.#clock.now();
		if (this.#counts.size === 0 || now >= this.#endsAt || now < this.#endsAt - WINDOW_MS) this.#begin(now);
		const count = (this.#counts.get(key) ?? 0) + 1;
		if (this.#counts.size < KEYS || count > 1) this.#counts.set(key, count);
		return count > this.#perMinute ? this.#endsAt - now : 0;
	}

	close(): void {
		this.#cancel();
		this.#counts.clear();
	}

	#begin(now: number): void {
		this.#cancel();
		this.#counts.clear();
		this.#endsAt = now + WINDOW_MS;
		this.#cancel = this.#clock.after(WINDOW_MS, () => this.#counts.clear());
	}
}
