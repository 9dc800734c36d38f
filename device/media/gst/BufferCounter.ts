import type { BufferCounts } from "./values.ts";

/** A native probe that counts buffers; read it as often as you like. */
export class BufferCounter {
	readonly #native: { counts(): BufferCounts; dispose(): void };

	constructor(counter: { counts(): BufferCounts; dispose(): void }) {
		this.#native = counter;
	}

	/** Still readable after `dispose()`; then it no longer changes. */
	read(): BufferCounts {
		return this.#native.counts();
	}

	/** Removes the probe. Idempotent. */
	dispose(): void {
		this.#native.dispose();
	}
}
