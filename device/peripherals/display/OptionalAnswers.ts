import { RoomError } from "../../core/RoomError.ts";

/** So often nothing is answered to a question before it is left out: a single answer may be lost. */
const MOST_SILENCES = 3;

/**
 * Questions that a display may or may not be able to answer. One that it said no to is not asked again, nor one that it never answers
 * while it answers others: some displays are silent on what they don't know.
 */
export class OptionalAnswers {
	readonly #unanswerable = new Set<string>();
	readonly #silences = new Map<string, number>();

	/** Null: it can't be told, or not now. @throws RoomError what has to do with the line or the display as a whole. */
	async ask<T>(name: string, ask: () => Promise<T>): Promise<T | null> {
		if (this.#unanswerable.has(name)) return null;
		try {
			const answer = await ask();
			this.#silences.delete(name);
			return answer;
		} catch (error) {
			const { code } = RoomError.from(error, "peripheral.fault");
			if (code === "peripheral.timeout") this.#silent(name);
			else if (code === "peripheral.not_supported") this.#unanswerable.add(name);
			else if (code !== "peripheral.not_now" && code !== "peripheral.refused") throw error;
			return null;
		}
	}

	/** Another display may be at the end of the line. */
	reset(): void {
		this.#unanswerable.clear();
		this.#silences.clear();
	}

	#silent(name: string): void {
		const silences = (this.#silences.get(name) ?? 0) + 1;
		this.#silences.set(name, silences);
		if (silences >= MOST_SILENCES) this.#unanswerable.add(name);
	}
}
