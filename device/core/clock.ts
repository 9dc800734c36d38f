/** Time as an argument: what waits or compares times takes a Clock, so that tests can move it. */
export interface Clock {
	/** Milliseconds since the Unix epoch; may jump when the machine's clock is set. */
	now(): number;
	/** Calls back once after `ms` milliseconds; the returned function cancels. */
	after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
	now: () => Date.now(),
	after(ms, callback) {
		const timer = setTimeout(callback, ms);
		return () => clearTimeout(timer);
	},
};

/** A clock that stands still until it is told to move. Callbacks run in order of their due time. */
export class ManualClock implements Clock {
	#now: number;
	#due: { at: number; callback: () => void }[] = [];

	constructor(startMs = 0) {
		this.#now = startMs;
	}

	now(): number {
		return this.#now;
	}

	after(ms: number, callback: () => void): () => void {
		const entry = { at: this.#now + Math.max(0, ms), callback };
		this.#due.push(entry);
		return () => {
			this.#due = this.#due.filter((other) => other !== entry);
		};
	}

	/** Moves on by `ms`, running what falls due on the way, including what those callbacks schedule. */
	advance(ms: number): void {
		const end = this.#now + ms;
		for (;;) {
			const next = this.#due.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
			if (!next) break;
			this.#due = this.#due.filter((entry) => entry !== next);
			this.#now = next.at;
			next.callback();
		}
		this.#now = end;
	}
}
