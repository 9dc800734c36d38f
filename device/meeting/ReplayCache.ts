import type { Clock } from "../core/clock.ts";

/**
 * Remembers which offers were seen, for as long as their time stamp would still be accepted. One for the whole room program, so that
 * an offer of an earlier call is refused in the next one too. Bounded: beyond `most` the oldest is forgotten.
 */
export class ReplayCache {
	readonly #seen = new Map<string, number>();
	readonly #clock: Clock;
	readonly #windowMs: number;
	readonly #most: number;

	constructor(options: { clock: Clock; windowMs?: number; most?: number }) {
		this.#clock = options.clock;
		// Twice the window of `iat`: five minutes into the future and five into the past.
		this.#windowMs = options.windowMs ?? 10 * 60_000;
		this.#most = options.most ?? 1024;
	}

	/** Notes an id; true where it was seen before. */
	seen(id: string): boolean {
		const now = this.#clock.now();
		for (const [other, at] of this.#seen) {
			// A clock that was set back must not keep entries for ever, nor drop them all.
			if (now - at <= this.#windowMs && this.#seen.size <= this.#most) break;
			this.#seen.delete(other);
		}
		if (this.#seen.has(id)) return true;
		this.#seen.set(id, now);
		return false;
	}
}
