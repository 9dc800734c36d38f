/**
 * Exponential backoff with full jitter: the n-th delay is uniform in [0, min(cap, base·2ⁿ)] milliseconds.
 * Full jitter spreads a building's rooms after a power cut better than equal or no jitter.
 */
export class Backoff {
	#attempt = 0;
	readonly #baseMs: number;
	readonly #capMs: number;
	readonly #random: () => number;

	constructor(options: { baseMs: number; capMs: number; random?: () => number }) {
		this.#baseMs = options.baseMs;
		this.#capMs = options.capMs;
		this.#random = options.random ?? Math.random;
	}

	get attempt(): number {
		return this.#attempt;
	}

	nextMs(): number {
		const ceiling = Math.min(this.#capMs, this.#baseMs * 2 ** Math.min(this.#attempt, 30));
		this.#attempt += 1;
		return Math.round(this.#random() * ceiling);
	}

	reset(): void {
		this.#attempt = 0;
	}
}
