/**
 * A bounded queue whose items are handled one after the other, in order. What doesn't fit is dropped and counted: a burst costs
 * the sender its messages, never this end its memory.
 */
export class Inbox<Item> {
	#dropped = 0;
	#running = false;
	#stopped = false;
	readonly #items: Item[] = [];
	readonly #most: number;
	readonly #handle: (item: Item) => Promise<void>;

	constructor(options: { most: number; handle: (item: Item) => Promise<void> }) {
		this.#most = options.most;
		this.#handle = options.handle;
	}

	get dropped(): number {
		return this.#dropped;
	}

	/** False where the item was dropped. */
	push(item: Item): boolean {
		if (this.#stopped) return false;
		if (this.#items.length >= this.#most) {
			this.#dropped += 1;
			return false;
		}
		this.#items.push(item);
		if (!this.#running) void this.#run();
		return true;
	}

	/** Forgets what waits; nothing more is handled. */
	stop(): void {
		this.#stopped = true;
		this.#items.length = 0;
	}

	async #run(): Promise<void> {
		this.#running = true;
		for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
			try {
				await this.#handle(item);
			} catch (error) {
				// A fault of ours: reported as uncaught, without leaving the queue deaf.
				queueMicrotask(() => {
					throw error;
				});
			}
		}
		this.#running = false;
	}
}
