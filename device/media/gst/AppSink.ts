import { Element, wrapElementKind } from "./Element.ts";
import { type Handle, native } from "./native.ts";
import type { Disconnect, GstSample } from "./values.ts";

/** An `appsink`. No thread waits for it: the sink wakes JavaScript, which pulls. Bound its queue with `max-buffers` and `drop`. */
export class AppSink extends Element<"app-sink-element"> {
	readonly #waiting = new Set<() => void>();
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
		const expired = Symbol();
		let wake: () => void = () => undefined;
		let timer: NodeJS.Timeout | undefined;
		const deadline = timeoutMs < 0 ? [] : [new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs, expired)))];
		try {
			for (;;) {
				const woken = new Promise<void>((resolve) => (wake = resolve));
				this.#waiting.add(wake);
				const outcome = await Promise.race([woken, ...deadline]);
				if (this.disposed) return null;
				const sample = native().sinkPull(this.handle);
				if (sample !== null || outcome === expired || native().sinkEnded(this.handle)) return sample;
			}
		} finally {
			clearTimeout(timer);
			this.#waiting.delete(wake);
		}
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
		for (const wake of [...this.#waiting]) {
			this.#waiting.delete(wake);
			wake();
		}
		while (this.#listeners.size > 0 && !this.disposed) {
			const sample = native().sinkPull(this.handle);
			if (sample === null) return;
			for (const listener of [...this.#listeners]) listener(sample);
		}
	}
}

wrapElementKind("app-sink", (handle) => new AppSink(handle));
