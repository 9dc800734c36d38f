import type { Clock } from "../../../../device/core/clock.ts";
import { pause } from "../../pause.ts";

/** What may be taken at once after a pause, in milliseconds of the rate. */
const BURST_MS = 250;

/** A token bucket of bytes: lets through `rate()` bytes a second, which may be another one each time. */
export class Throttle {
	readonly #clock: Clock;
	readonly #rate: () => number;
	#tokens = 0;
	#at: number;

	constructor(options: { clock: Clock; rate: () => number }) {
		this.#clock = options.clock;
		this.#rate = options.rate;
		this.#at = options.clock.now();
	}

	/** Resolves when so many bytes have been paid for. Error: `update.cancelled`. */
	async take(bytes: number, signal: AbortSignal): Promise<void> {
		const now = this.#clock.now();
		const rate = this.#rate();
		// a clock that is set back gives nothing and takes nothing
		const earned = (Math.max(0, now - this.#at) * rate) / 1000;
		this.#at = now;
		this.#tokens = Math.min(this.#tokens + earned, (BURST_MS * rate) / 1000) - bytes;
		if (this.#tokens < 0) await pause(this.#clock, (-this.#tokens * 1000) / rate, signal);
	}
}
