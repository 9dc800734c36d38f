import type { Clock } from "../../../device/core/clock.ts";

/** Token bucket: `burst` at once, `perSecond` for ever. */
export class TokenBucket {
	readonly #burst: number;
	readonly #perSecond: number;
	readonly #clock: Clock;
	#tokens: number;
	#at: number;

	constructor(options: { burst: number; perSecond: number; clock: Clock }) {
		this.#burst = options.burst;
		this.#perSecond = options.perSecond;
		this.#clock = options.clock;
		this.#tokens = options.burst;
		this.#at = options.clock.now();
	}

	/** Takes one token; false when there is none. A clock that is set back gives nothing and takes nothing. */
	take(): boolean {
		const now = this.#clock.now();
		const seconds = Math.max(0, now - this.#at) / 1000;
		this.#at = now;
		this.#tokens = Math.min(this.#burst, this.#tokens + seconds * this.#perSecond);
		if (this.#tokens < 1) return false;
		this.#tokens -= 1;
		return true;
	}
}
