import { constants, type FSWatcher, watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { RoomError } from "../core/RoomError.ts";
import type { CalendarSource } from "./CalendarSource.ts";
import { type DayOptions, LastGoodDay, MOST_BYTES } from "./LastGoodDay.ts";

/** Programs write a file in several steps; it is read when it has been quiet for so long. */
const QUIET_MS = 150;
/** Read anew anyway: another day begins, and not every file system tells of changes. */
const REREAD_MS = 10 * 60_000;

export interface IcsFileOptions extends DayOptions {
	path: string;
}

/** Today's meetings from an `.ics` file, read again whenever it changes. */
export class IcsFile implements CalendarSource {
	readonly #day: LastGoodDay;
	readonly events: LastGoodDay["events"];
	readonly #options: IcsFileOptions;
	#watcher: FSWatcher | null = null;
	#cancelTimers: (() => void)[] = [];
	#stopped = false;

	constructor(options: IcsFileOptions) {
		this.#options = options;
		this.#day = new LastGoodDay(options);
		this.events = this.#day.events;
	}

	async start(): Promise<void> {
		this.#watch();
		await this.#read();
		this.#plan(REREAD_MS, () => this.#periodically());
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		for (const cancel of this.#cancelTimers) cancel();
		this.#watcher?.close();
		this.#watcher = null;
		await this.#day.stop();
	}

	/** Watches the folder, not the file: a program that writes safely puts a new file in the old one's place. */
	#watch(): void {
		if (this.#stopped || this.#watcher) return;
		const name = basename(this.#options.path);
		try {
			this.#watcher = watch(dirname(this.#options.path), { persistent: false }, (_, changed) => {
				if (changed === null || changed === name) this.#afterQuiet();
			});
			this.#watcher.on("error", () => {
				this.#watcher?.close();
				this.#watcher = null;
			});
		} catch {
			// No such folder yet, or no more watches: reading at intervals finds the file, and tries to watch again.
		}
	}

	#quiet: () => void = () => {};
	#afterQuiet(): void {
		this.#quiet();
		this.#quiet = this.#plan(QUIET_MS, () => void this.#read());
	}

	#periodically(): void {
		this.#watch();
		void this.#read();
		this.#plan(REREAD_MS, () => this.#periodically());
	}

	#plan(ms: number, callback: () => void): () => void {
		const cancel = this.#options.clock.after(ms, () => {
			this.#cancelTimers = this.#cancelTimers.filter((one) => one !== cancel);
			if (!this.#stopped) callback();
		});
		this.#cancelTimers.push(cancel);
		return cancel;
	}

	async #read(): Promise<void> {
		await this.#day.read(() => readBounded(this.#options.path));
	}
}

/** @throws RoomError `calendar.unreadable` for what is no file, is too large, or can't be read */
async function readBounded(path: string): Promise<string> {
	let file: FileHandle | undefined;
	try {
		// Not waiting for a writer, should somebody have put a pipe there.
		file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
		const about = await file.stat();
		if (!about.isFile()) throw new RoomError("calendar.unreadable", "the calendar is no file");
		if (about.size > MOST_BYTES) throw new RoomError("calendar.unreadable", "the calendar is too large");
		const bytes = Buffer.alloc(MOST_BYTES + 1);
		let length = 0;
		for (;;) {
			const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
			length += bytesRead;
			if (length > MOST_BYTES) throw new RoomError("calendar.unreadable", "the calendar is too large");
			if (bytesRead === 0) return bytes.toString("utf8", 0, length);
		}
	} catch (thrown) {
		if (thrown instanceof RoomError) throw thrown;
		throw new RoomError("calendar.unreadable", "the calendar can't be read", { cause: thrown });
	} finally {
		await file?.close();
	}
}
