/** What a worker counts: every name with the labels that it has. No label ever holds an id. */
export interface CounterLabels {
	/** Frames that came over the bus, by the kind of their topic. */
	frames: { kind: string };
	/** Frames that were not heeded: not ours, too large, malformed, of another version … */
	frames_refused: { kind: string; reason: string };
	/** Frames that were understood and could not be worked on; context is in the log. */
	frames_failed: { kind: string };
	/** Messages of the outbound table that the broker has, and that it refused for good. */
	outbound_published: Record<never, never>;
	outbound_refused: Record<never, never>;
	/** Events that were new; what came twice is not counted. */
	events_stored: Record<never, never>;
	/** Ends of enrolments: `confirmed`, or the code of the refusal. */
	enrolments: { outcome: string };
	/** Proofs of a code that were computed. */
	enrolment_proofs: Record<never, never>;
}

export interface Count {
	name: keyof CounterLabels;
	labels: Readonly<Record<string, string>>;
	value: number;
}

/** Counters of one worker, for its metrics: they only grow, and begin at zero with the process. */
export class Counters {
	readonly #counts = new Map<string, Count>();

	add<N extends keyof CounterLabels>(name: N, labels: CounterLabels[N], by = 1): void {
		const key = JSON.stringify([name, labels]);
		const count = this.#counts.get(key);
		if (count) count.value += by;
		else this.#counts.set(key, { name, labels: { ...labels }, value: by });
	}

	/** Sum of a counter over those of its labels that are not given. */
	sum<N extends keyof CounterLabels>(name: N, labels: Partial<CounterLabels[N]> = {}): number {
		let sum = 0;
		for (const count of this.read()) {
			if (count.name !== name) continue;
			if (Object.entries(labels).every(([label, value]) => count.labels[label] === value)) sum += count.value;
		}
		return sum;
	}

	read(): Count[] {
		return [...this.#counts.values()];
	}
}
