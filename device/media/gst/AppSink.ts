import { Element, wrapElementKind } from "./Element.ts";
import { type Handle, native } from "./native.ts";
import type { Disconnect, GstSample } from "./values.ts";

/** Sinks that somebody listens to or waits for: they stay, though nobody else may hold them. */
const listenedTo = new Set<AppSink>();

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
			const timer =
				timeoutMs < 0 ? setInterval(() => undefined, 2 ** 31 - 1) : setTimeout(() => settle(null), timeoutMs);
			const settle = (sample: GstSample | null): void => {
				clearTimeout(timer);
				this.#waiting.delete(attempt);
				this.#hold();
				resolve(sample);
			};
			const attempt = (): boolean => {
				const sample = this.disposed ? null : native().sinkPull(this.handle);
				if (sample === null && !this.disposed && !native().sinkEnded(this.handle)) return false;
				settle(sample);
				return sample !== null;
			};
			this.#waiting.add(attempt);
			this.#hold();
		});
	}

	/** Hands every sample to the callback. */
	onSample(callback: (sample: GstSample) => void): Disconnect {
		this.#listeners.add(callback);
		this.#ensureOpen();
		this.#hold();
		this.#wake();
		return () => {
			this.#listeners.delete(callback);
			this.#hold();
		};
	}

	#ensureOpen(): void {
		if (this.#open) return;
		native().sinkOpen(this.handle, AppSink.#wakeLater(new WeakRef(this)));
		this.#open = true;
	}

	/** A function that does not hold the sink. */
	static #wakeLater(sink: WeakRef<AppSink>): () => void {
		return () => {
			const held = sink.deref();
			if (held) held.#wake();
		};
	}

	#hold(): void {
		if (!this.disposed && (this.#listeners.size > 0 || this.#waiting.size > 0)) listenedTo.add(this);
		else listenedTo.delete(this);
	}

	#wake(): void {
		if (this.disposed) this.#listeners.clear();
		for (const attempt of [...this.#waiting]) if (!attempt()) break;
		while (this.#listeners.size > 0 && !this.disposed) {
			const sample = native().sinkPull(this.handle);
			if (sample === null) return;
			for (const listener of [...this.#listeners]) listener(sample);
		}
		this.#hold();
	}
}

wrapElementKind("app-sink", (handle) => new AppSink(handle));
