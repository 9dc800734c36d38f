import { createHash } from "node:crypto";
import { Backoff } from "../../../device/core/backoff.ts";
import type { Clock } from "../../../device/core/clock.ts";
import type { TwinDoc } from "../../contract/twin.ts";
import type { Database } from "../db/Database.ts";
import { directoryOf } from "./directory.ts";
import { activeRooms, ROOMS } from "./rooms.ts";
import { setDirectories } from "./setDirectories.ts";

const CHUNK = 50;

/**
 * Waits a little before it looks, the longer the larger the fleet: while a building is being enrolled each room would change the directories of all
 * that are there.
 */
export const delayOf = (rooms: number): number => Math.min(15_000, 100 + rooms * 20);

/** Keeps every room's directory of rooms as the fleet is. One worker does it: the leader. */
export class DirectoryKeeper {
	readonly #database: Database;
	readonly #clock: Clock;
	readonly #backoff = new Backoff({ baseMs: 500, capMs: 10_000 });
	/** What was written last, by room: so that one that came changes its neighbours only. */
	readonly #written = new Map<string, string>();
	#rooms = 0;
	#endListening: () => void = () => {};
	#cancel: (() => void) | null = null;
	#running: Promise<void> | null = null;
	#closed = false;

	constructor(options: { database: Database; clock: Clock }) {
		this.#database = options.database;
		this.#clock = options.clock;
	}

	/** Looks at all once, and then whenever rooms changed. */
	start(): void {
		this.#endListening = this.#database.listen(ROOMS, () => this.#soon(delayOf(this.#rooms)));
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#endListening();
		this.#cancel?.();
		await this.#running;
	}

	#soon(ms: number): void {
		if (this.#closed) return;
		this.#cancel ??= this.#clock.after(ms, () => {
			this.#cancel = null;
			if (this.#running) {
				this.#soon(delayOf(this.#rooms));
				return;
			}
			this.#running = this.update()
				.then(
					() => this.#backoff.reset(),
					() => this.#soon(500 + this.#backoff.nextMs()),
				)
				.finally(() => {
					this.#running = null;
				});
		});
	}

	/** Brings all directories up to date. Error: `database.unavailable`. */
	async update(): Promise<void> {
		const rooms = await activeRooms(this.#database.db);
		this.#rooms = rooms.length;
		const changed = new Map<string, TwinDoc["directory"]>();
		const gone = new Set(this.#written.keys());
		for (const [index, { id }] of rooms.entries()) {
			gone.delete(id);
			const directory = directoryOf(rooms, index);
			const text = fingerprint(directory);
			if (this.#written.get(id) === text) continue;
			changed.set(id, directory);
			if (changed.size === CHUNK) await this.#write(changed);
			if (this.#closed) return;
		}
		await this.#write(changed);
		for (const id of gone) this.#written.delete(id);
	}

	async #write(changed: Map<string, TwinDoc["directory"]>): Promise<void> {
		if (changed.size === 0) return;
		await this.#database.db.transaction().execute((trx) => setDirectories(trx, changed, this.#clock.now()));
		for (const [id, directory] of changed) this.#written.set(id, fingerprint(directory));
		changed.clear();
	}
}

const fingerprint = (directory: TwinDoc["directory"]): string =>
	createHash("sha256").update(JSON.stringify(directory)).digest("base64");
