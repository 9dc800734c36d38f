/** A typed list of listeners: small, portable between Node and the browser, and each listener's removal is a function. */
export class Emitter<Events extends object> {
	readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>();

	/** Adds a listener; the returned function removes it. */
	on<E extends keyof Events>(event: E, listener: (payload: Events[E]) => void): () => void {
		const set = this.#listeners.get(event) ?? new Set();
		this.#listeners.set(event, set);
		set.add(listener as (payload: never) => void);
		return () => set.delete(listener as (payload: never) => void);
	}

	emit<E extends keyof Events>(event: E, payload: Events[E]): void {
		for (const listener of [...(this.#listeners.get(event) ?? [])]) (listener as (payload: Events[E]) => void)(payload);
	}

	clear(): void {
		this.#listeners.clear();
	}
}
