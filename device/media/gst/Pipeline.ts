import { Bin } from "./Bin.ts";
import { wrapElementKind } from "./Element.ts";
import { type Handle, native } from "./native.ts";
import type { BusMessage, Disconnect, StateChangeResult } from "./values.ts";

/** Pipelines that somebody listens to: they stay, though nobody else may hold them. */
const listenedTo = new Set<Pipeline>();

/** A GstPipeline; gst-kit's `Pipeline` and more. Call `dispose()` at its end: one that is only forgotten ends when it is collected. */
export class Pipeline extends Bin {
	readonly #listeners = new Map<
		object,
		{ types: readonly string[] | null; quiet: readonly string[]; listener: (message: BusMessage) => void }
	>();
	readonly #pops: ((message: BusMessage | null) => void)[] = [];
	#disposal: Promise<void> | undefined;

	/**
	 * @param description A launch line; a single element is put into a pipeline. A handle only from within this folder.
	 * @throws RoomError `media.gst_parse` with GStreamer's words, `media.gst_element_missing` when an element is not installed.
	 */
	constructor(description: string | Handle) {
		const fresh = typeof description === "string";
		super(fresh ? native().parsePipeline(description) : description);
		if (fresh) this.#openBus();
	}

	/** A pipeline without elements. */
	static empty(name?: string): Pipeline {
		const pipeline = new Pipeline(native().emptyPipeline(name));
		pipeline.#openBus();
		return pipeline;
	}

	/** Whether a factory of this name is installed. */
	static elementExists(factory: string): boolean {
		return native().elementExists(factory);
	}

	play(timeoutMs?: number): Promise<StateChangeResult> {
		return this.setState("playing", timeoutMs);
	}

	pause(timeoutMs?: number): Promise<StateChangeResult> {
		return this.setState("paused", timeoutMs);
	}

	stop(timeoutMs?: number): Promise<StateChangeResult> {
		return this.setState("null", timeoutMs);
	}

	/** Playing, or on its way there. */
	playing(): boolean {
		const { state, pending } = this.state();
		return state === 4 ? pending === 0 || pending === 4 : pending === 4;
	}

	/** Seconds; -1 when unknown. */
	queryPosition(): number {
		return native().queryTime(this.handle, "position");
	}

	/** Seconds; -1 when unknown. */
	queryDuration(): number {
		return native().queryTime(this.handle, "duration");
	}

	/** Flushing seek to a position in seconds; false when the pipeline cannot seek. */
	seek(positionSeconds: number): boolean {
		return native().seek(this.handle, positionSeconds);
	}

	/** Sends EOS into the sources; the bus tells `eos` once all sinks have it. */
	endOfStream(): boolean {
		return native().sendEos(this.handle);
	}

	/**
	 * The next bus message, or null after `timeoutMs` (negative: waits for ever). Waits on no thread. Without a listener up to 1024
	 * messages are kept, the oldest go first; with `onMessage` nothing is kept.
	 */
	busPop(timeoutMs = 1000): Promise<BusMessage | null> {
		const ready = native().busPop(this.handle);
		if (ready !== null || timeoutMs === 0) return Promise.resolve(ready);
		this.#updateFilter(true);
		return new Promise((resolve) => {
			// Keeps the process up while somebody waits, also without end.
			const timer = timeoutMs < 0 ? setInterval(() => undefined, 2 ** 31 - 1) : setTimeout(() => take(null), timeoutMs);
			const take = (message: BusMessage | null): void => {
				clearTimeout(timer);
				const index = this.#pops.indexOf(take);
				if (index >= 0) this.#pops.splice(index, 1);
				this.#hold();
				resolve(message);
			};
			this.#pops.push(take);
			this.#hold();
		});
	}

	/**
	 * Calls back for every bus message, or only for the named types (others are dropped natively).
	 * @param quiet Of the named types, those that come often and can wait: they are kept until another message comes or
	 * `takeMessages` is called, so that none of them wakes JavaScript.
	 */
	onMessage(
		listener: (message: BusMessage) => void,
		types: readonly string[] | null = null,
		quiet: readonly string[] = [],
	): Disconnect {
		const key = {};
		this.#listeners.set(key, { types, quiet, listener });
		this.#hold();
		this.#updateFilter(this.#pops.length > 0);
		this.#drain();
		return () => {
			this.#listeners.delete(key);
			this.#hold();
			if (!this.disposed) this.#updateFilter(this.#pops.length > 0);
		};
	}

	/** Calls the listeners now for what waits, quiet messages too. */
	takeMessages(): void {
		this.#drain();
	}

	/**
	 * Brings the pipeline to NULL on a thread of its own (after state changes already asked for), then drops it and every wrapper,
	 * connection, probe and counter of what is in it. Usable no more from this call on. Idempotent; the promise resolves when all is gone.
	 */
	override dispose(): Promise<void> {
		if (this.#disposal) return this.#disposal;
		this.#listeners.clear();
		for (const take of this.#pops.splice(0)) take(null);
		this.#disposal = native().disposePipeline(this.handle);
		this.#hold();
		return this.#disposal;
	}

	#openBus(): void {
		native().busOpen(this.handle, Pipeline.#drainLater(new WeakRef(this)));
	}

	/** A function that does not hold the pipeline. */
	static #drainLater(pipeline: WeakRef<Pipeline>): () => void {
		return () => {
			const held = pipeline.deref();
			if (held) held.#drain();
		};
	}

	/** Held while somebody listens or waits. */
	#hold(): void {
		if (!this.disposed && (this.#listeners.size > 0 || this.#pops.length > 0)) listenedTo.add(this);
		else listenedTo.delete(this);
	}

	#updateFilter(all: boolean): void {
		const listeners = [...this.#listeners.values()];
		const everything = all || listeners.length === 0 || listeners.some(({ types }) => types === null);
		const loud = new Set(listeners.flatMap(({ types, quiet }) => types?.filter((type) => !quiet.includes(type)) ?? []));
		native().busFilter(
			this.handle,
			everything ? null : listeners.flatMap(({ types }) => types ?? []),
			everything ? [] : listeners.flatMap(({ quiet }) => quiet.filter((type) => !loud.has(type))),
		);
	}

	#drain(): void {
		for (let taken = 0; !this.disposed && (this.#pops.length > 0 || this.#listeners.size > 0); taken++) {
			if (taken === 256) {
				// A flood of messages must not keep everything else from running.
				setImmediate(() => this.#drain());
				return;
			}
			const message = native().busPop(this.handle);
			if (message === null) return;
			this.#pops[0]?.(message);
			for (const { types, listener } of [...this.#listeners.values()]) {
				if (types === null || types.includes(message.type)) listener(message);
			}
		}
	}
}

wrapElementKind("pipeline", (handle) => new Pipeline(handle));
