import { Element, wrapElementKind } from "./Element.ts";
import { type Handle, native } from "./native.ts";
import type { Disconnect, GstSample } from "./values.ts";

/** An `appsink`. No thread waits for it: the sink wakes JavaScript, which pulls. Bound its queue with `max-buffers` and `drop`. */
export class AppSink extends Element<"app-sink-element"> {
	/** Each tries to take one sample; false when there is none yet. */
	readonly #waiting = new Set<() => boolean>();
	readonly #listeners = new Set<(sample: GstSample) => void>();
	#open = false;

	constructor(handle: Handle) {
		super(handle, "app-sink-element");
	}

	/** The next sample; null at the end of the stream, when the sink is not started, or after `timeoutMs` (negative: waits for ever). */
	async getSample(timeoutMs = 1000): Promise<GstSample | null> {
		this.#ensureOpen();
		const ready = native().sinkPull(this.handle);
		if (ready !== null || native().sinkEnded(this.handle) || timeoutMs === 0) return ready;
		return new Promise((resolve) => {
			// Keeps the process up while somebody waits, also without end.
			const timer = timeoutMs < 0 ? setInterval(() => undefined, 2 ** 31 - 1) : setTimeout(() => settle(null), timeoutMs);
			const settle = (sample: GstSample | null): void => {
				clearTimeout(timer);
				this.#waiting.delete(attempt);
				resolve(sample);
			};
			const attempt = (): boolean => {
				const sample = this.disposed ? null : native().sinkPull(this.handle);
				if (sample === null && !this.disposed && !native().sinkEnded(this.handle)) return false;
				settle(sample);
				return sample !== null;
			};
			this.#waiting.add(attempt);
		});
	}

	/** Hands every sample to the callback. */
	onSample(callback: (sample: GstSample) => void): Disconnect {
		this.#listeners.add(callback);
		this.#ensureOpen();
		this.#wake();
		return () => this.#listeners.delete(callback);
	}

	#ensureOpen(): void {
		if (this.#open) return;
		native().sinkOpen(this.handle, () => this.#wake());
		this.#open = true;
	}

	#wake(): void {
		for (const attempt of [...this.#waiting]) if (!attempt()) break;
		while (this.#listeners.size > 0 && !this.disposed) {
			const sample = native().sinkPull(this.handle);
			if (sample === null) return;
			for (const listener of [...this.#listeners]) listener(sample);
		}
	}
}

wrapElementKind("app-sink", (handle) => new AppSink(handle));
