import type { LiveChange } from "../../../contract/http/shapes.ts";
import { isMuch } from "./liveNews.ts";

export interface LiveWatcherOptions {
	actor: string;
	signal: AbortSignal;
	/** Asked when somebody's rights changed; false ends it. */
	stillAllowed: () => Promise<boolean>;
	/** Called once. */
	onEnd: (watcher: LiveWatcher) => void;
}

const EVERYTHING: LiveChange = { devices: [], all: true, rollouts: [], enrolments: true, events: true };

/** One who watches. What was not fetched yet is one change, however slow the line: newer summaries take the older ones' places. */
export class LiveWatcher implements AsyncIterableIterator<LiveChange, undefined, undefined> {
	readonly actor: string;
	readonly #options: LiveWatcherOptions;
	#change: LiveChange | null = EVERYTHING;
	#ended = false;
	#wake: () => void = () => {};
	readonly #end = () => this.end();

	constructor(options: LiveWatcherOptions) {
		this.actor = options.actor;
		this.#options = options;
		options.signal.addEventListener("abort", this.#end, { once: true });
		if (options.signal.aborted) queueMicrotask(this.#end);
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<LiveChange, undefined>> {
		while (!this.#change && !this.#ended) {
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
		const change = this.#change;
		this.#change = null;
		return this.#ended || !change ? { done: true, value: undefined } : { done: false, value: change };
	}

	async return(): Promise<IteratorResult<LiveChange, undefined>> {
		this.end();
		return { done: true, value: undefined };
	}

	tell(change: LiveChange): void {
		this.#change = this.#change ? merge(this.#change, change) : change;
		this.#wake();
	}

	end(): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#options.signal.removeEventListener("abort", this.#end);
		this.#options.onEnd(this);
		this.#wake();
	}

	async recheck(): Promise<void> {
		// The database away: the heartbeat asks again.
		if (!(await this.#options.stillAllowed().catch(() => true))) this.end();
	}
}

function merge(older: LiveChange, newer: LiveChange): LiveChange {
	const devices = new Map([...older.devices, ...newer.devices].map((device) => [device.id, device]));
	const all = older.all || newer.all || isMuch(new Set(devices.keys()));
	return {
		devices: all ? [] : [...devices.values()],
		all,
		rollouts: [...new Set([...older.rollouts, ...newer.rollouts])],
		enrolments: older.enrolments || newer.enrolments,
		events: older.events || newer.events,
	};
}
