export interface Warning {
	code: string;
	element: string;
	/** How many of the same were left out since the last one. */
	repeated: number;
}

/** Elements of one kind are numbered as they are made; their warnings are the same. */
const mostKinds = 200;

/** Lets the same warning of the same element through once in a while, with the number of those that it stands for: some come with every frame. */
export class WarningLimit {
	readonly #everyMs: number;
	readonly #last = new Map<string, { atMs: number; repeated: number }>();

	constructor(everyMs: number) {
		this.#everyMs = everyMs;
	}

	/** @returns What to log; null when nothing. */
	take(code: string, element: string, nowMs: number): Warning | null {
		const kind = `${code} ${element.replace(/\d+$/, "")}`;
		const last = this.#last.get(kind);
		if (last && nowMs - last.atMs < this.#everyMs) {
			last.repeated += 1;
			return null;
		}
		if (!last && this.#last.size >= mostKinds) this.#last.clear();
		this.#last.set(kind, { atMs: nowMs, repeated: 0 });
		return { code, element, repeated: last?.repeated ?? 0 };
	}
}
