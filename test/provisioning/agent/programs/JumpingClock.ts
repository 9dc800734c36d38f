import type { Clock } from "../../../../device/core/clock.ts";

/** The system's clock, and time can be made to have passed: what is due in it happens at once, in order. */
export class JumpingClock implements Clock {
	#aheadMs = 0;
	readonly #due = new Set<{ at: number; callback: () => void; timer: NodeJS.Timeout }>();

	now(): number {
		return Date.now() + this.#aheadMs;
	}

	after(ms: number, callback: () => void): () => void {
		const run = (): void => {
			this.#due.delete(entry);
			callback();
		};
		const entry = { at: this.now() + ms, callback: run, timer: setTimeout(run, ms) };
		this.#due.add(entry);
		return () => {
			clearTimeout(entry.timer);
			this.#due.delete(entry);
		};
	}

	/** As if so much time had passed. */
	jump(ms: number): void {
		const end = this.now() + ms;
		for (;;) {
			const next = [...this.#due].sort((a, b) => a.at - b.at)[0];
			if (!next || next.at > end) break;
			this.#aheadMs += Math.max(0, next.at - this.now());
			clearTimeout(next.timer);
			next.callback();
		}
		this.#aheadMs += Math.max(0, end - this.now());
		for (const entry of this.#due) {
			clearTimeout(entry.timer);
			entry.timer = setTimeout(entry.callback, entry.at - this.now());
		}
	}
}
