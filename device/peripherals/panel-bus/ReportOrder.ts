import type { HardwareState } from "./messages.ts";

/** A counter and the state that it counts. */
export interface Counted {
	readonly counter: number;
	readonly state: HardwareState;
}

/** How far `counter` is ahead of another one; both go round at 2³². */
const ahead = (counter: number, of: number): number => (counter - of) | 0;

/**
 * Brings what a device reports into the order in which it happened: each state once. What came twice or too late is dropped; where one is
 * missing, nothing is handed on until the device has told it again, or can't.
 */
export class ReportOrder {
	/** Of the last state that was handed on. */
	#counter: number | null = null;
	#newest: Counted | null = null;
	/** States that came again, or too late. */
	repeated = 0;
	/** States that nobody will ever hear of: more were missed than the device remembers. */
	skipped = 0;

	/** The first counter that is to be told again; null when nothing is missing. */
	get missing(): number | null {
		if (this.#counter === null || this.#newest === null || this.#newest.counter === this.#counter) return null;
		return (this.#counter + 1) >>> 0;
	}

	/** Takes one report; gives what is to be handed on. A device repeats its last report while nothing happens. */
	report(report: Counted): HardwareState[] {
		if (this.#counter === null) {
			this.#counter = report.counter;
			this.#newest = report;
			return [report.state];
		}
		const steps = ahead(report.counter, this.#counter);
		if (steps <= 0) {
			if (steps < 0) this.repeated += 1;
			return [];
		}
		if (this.#newest === null || ahead(report.counter, this.#newest.counter) > 0) this.#newest = report;
		if (steps > 1) return [];
		return this.#handOn([report]);
	}

	/** Takes what the device told again: the states from `counter` on, one each. */
	history(counter: number, states: readonly HardwareState[]): HardwareState[] {
		const told = states.map((state, index) => ({ counter: (counter + index) >>> 0, state }));
		const { missing } = this;
		// A history of anything else than what is missing would be a step back, or from another life of the device.
		if (missing === null || told.length === 0 || ahead(counter, missing) < 0) return [];
		const last = told.at(-1) as Counted;
		if (this.#newest && ahead(last.counter, this.#newest.counter) > 0) this.#newest = last;
		return this.#handOn(told);
	}

	/** The device can't tell it again: on with the newest. */
	giveUp(): HardwareState[] {
		return this.missing === null || this.#newest === null ? [] : this.#handOn([this.#newest]);
	}

	#handOn(counted: readonly Counted[]): HardwareState[] {
		const states: HardwareState[] = [];
		for (const { counter, state } of counted) {
			const steps = this.#counter === null ? 1 : ahead(counter, this.#counter);
			if (steps <= 0) continue;
			this.skipped += steps - 1;
			this.#counter = counter;
			states.push(state);
		}
		return states;
	}
}
