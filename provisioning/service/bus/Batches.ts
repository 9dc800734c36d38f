import { Backoff } from "../../../device/core/backoff.ts";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { isCollision } from "../db/databaseErrors.ts";

export interface BatchesOptions<T> {
	/** Items of one batch at most. */
	most: number;
	/** Works on a batch, or throws; what it has seen it may be given again. Items come in the order in which they were added. */
	work: (batch: readonly T[]) => Promise<void>;
	/** An item that can't be worked on, whatever else is in its batch. */
	failed: (item: T, error: unknown) => void;
	clock: Clock;
}

/** A login that is not taken says nothing about the messages either: somebody changes the password at this moment. */
const isAway = (error: unknown): boolean =>
	error instanceof RoomError && (error.code === "database.unavailable" || error.code === "database.refused");

/**
 * Work that goes through the database in batches: one at a time, with what came while the one before was under way. While the database
 * is away the same batch is tried again and again. If a batch fails otherwise, its items are tried one by one, so that a bad one takes
 * none with it.
 */
export class Batches<T> {
	readonly #options: BatchesOptions<T>;
	readonly #queue: { item: T; done: () => void }[] = [];
	readonly #backoff = new Backoff({ baseMs: 50, capMs: 2000 });
	#running: Promise<void> | null = null;
	#closed = false;
	#wake: () => void = () => {};

	constructor(options: BatchesOptions<T>) {
		this.#options = options;
	}

	/** `done` is called when the item was worked on or has failed; never, if `close` was over before or the database away. */
	add(item: T, done: () => void): void {
		if (this.#closed && !this.#running) return;
		this.#queue.push({ item, done });
		this.#running ??= this.#run();
	}

	/** Works off what has come, and what comes meanwhile; drops it if the database is away. */
	async close(): Promise<void> {
		this.#closed = true;
		this.#wake();
		await this.#running;
	}

	async #run(): Promise<void> {
		// Let what arrived in the same moment come along.
		await new Promise<void>((resolve) => setImmediate(resolve));
		while (this.#queue.length > 0) {
			const batch = this.#queue.splice(0, this.#options.most);
			if (!(await this.#workOff(batch))) this.#queue.length = 0;
		}
		this.#running = null;
	}

	/** False: it was given up, since the database is away and nobody wants to wait any more. */
	async #workOff(batch: readonly { item: T; done: () => void }[]): Promise<boolean> {
		for (;;) {
			try {
				await this.#options.work(batch.map(({ item }) => item));
				this.#backoff.reset();
				break;
			} catch (error) {
				const away = isAway(error);
				if (away || isCollision(error)) {
					if (away && this.#closed) return false;
					await this.#pause();
					if (away && this.#closed) return false;
				} else if (batch.length > 1) {
					for (const entry of batch) if (!(await this.#workOff([entry]))) return false;
					return true;
				} else {
					for (const { item } of batch) this.#options.failed(item, error);
					break;
				}
			}
		}
		for (const { done } of batch) done();
		return true;
	}

	#pause(): Promise<void> {
		return new Promise((resolve) => {
			const cancel = this.#options.clock.after(this.#backoff.nextMs(), resolve);
			this.#wake = () => {
				cancel();
				resolve();
			};
		});
	}
}
