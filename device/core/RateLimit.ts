import type { Clock } from "./clock.ts";

/** A token bucket: `burst` at once, `perSecond` when steady. */
export class RateLimit {
	readonly #clock: Clock;
	readonly #burst: number;
	readonly #perSecond: number;
	#tokens: number;
	#at: number;

	constructor(clock: Clock, limits: { burst: number; perSecond: number }) {
		this.#clock = clock;
		this.#burst = limits.burst;
		this.#perSecond = limits.perSecond;
		this.#tokens = limits.burst;
		this.#at = clock.now();
	}

	/** Takes one; false if there is none. */
	take(): boolean {
		const now = this.#clock.now();
		// A clock that was set back gives nothing and takes nothing.
		const earned = (Math.max(0, now - this.#at) / 1000) * this.#perSecond;
		this.#tokens = Math.min(this.#burst, this.#tokens + earned);
		this.#at = now;
		if (this.#tokens < 1) return false;
		this.#tokens -= 1;
		return true;
	}
}
