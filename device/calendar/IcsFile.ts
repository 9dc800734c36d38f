import { constants, type FSWatcher, watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Clock } from "../core/clock.ts";
import { Emitter } from "../core/Emitter.ts";
import type { Log } from "../core/log.ts";
import { RoomError } from "../core/RoomError.ts";
import type { CalendarReading, CalendarSource } from "./CalendarSource.ts";
import { dayWindow } from "./dayWindow.ts";
import { readAgendaAside } from "./readAgendaAside.ts";

/** Bytes: a larger file is no calendar of a room. */
const SIZE_LIMIT = 1024 * 1024;
/** Programs write a file in several steps; it is read when it has been quiet for so long. */
const QUIET_MS = 150;
/** Read anew anyway: another day begins, and not every file system tells of changes. */
const REREAD_MS = 10 * 60_000;
const DEADLINE_MS = 10_000;

export interface IcsFileOptions {
	path: string;
	/** The room's IANA zone. */
	timeZone: string;
	showTitles: boolean;
	clock: Clock;
	log: Log;
	/** Milliseconds that reading may take in its thread. */
	deadlineMs?: number;
}

/**
 * Today's meetings from an `.ics` file, read again whenever it changes. While the file can't be read the last good day stays, and the
 * reading says `calendar.unreadable`: a wrong list that looks right is worse than one that admits it.
 */
export class IcsFile implements CalendarSource {
	readonly events = new Emitter<{ changed: CalendarReading }>();
	readonly #options: IcsFileOptions;
	#last: CalendarReading | null = null;
	/** The last text that was a calendar: tomorrow's meetings are in it too. */
	#goodText: string | null = null;
	#watcher: FSWatcher | null = null;
	#cancelTimers: (() => void)[] = [];
	#reading: Promise<void> = Promise.resolve();
	#stopped = false;

	constructor(options: IcsFileOptions) {
		this.#options = options;
	}

	async start(): Promise<void> {
		this.#watch();
		await this.#readAfterThis();
		this.#plan(REREAD_MS, () => this.#periodically());
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		for (const cancel of this.#cancelTimers) cancel();
		this.#watcher?.close();
		this.#watcher = null;
		await this.#reading;
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
		this.#quiet = this.#plan(QUIET_MS, () => void this.#readAfterThis());
	}

	#periodically(): void {
		this.#watch();
		void this.#readAfterThis();
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

	#readAfterThis(): Promise<void> {
		this.#reading = this.#reading.then(() => this.#read());
		return this.#reading;
	}

	async #read(): Promise<void> {
		if (this.#stopped) return;
		try {
			const text = await readBounded(this.#options.path);
			this.#tell({ entries: await this.#entriesOf(text), failure: null });
			this.#goodText = text;
		} catch (thrown) {
			this.#refuse(RoomError.from(thrown, "calendar.unreadable").code, 0);
			let entries = this.#last?.entries ?? [];
			// The day may have turned since the last good reading.
			if (this.#goodText !== null) entries = await this.#entriesOf(this.#goodText).catch(() => entries);
			this.#tell({ entries, failure: "calendar.unreadable" });
		}
	}

	async #entriesOf(text: string): Promise<CalendarReading["entries"]> {
		const { clock, timeZone, showTitles, deadlineMs = DEADLINE_MS } = this.#options;
		const options = { ...dayWindow(clock.now(), timeZone), timeZone, showTitles };
		const { entries, skipped } = await readAgendaAside(text, options, deadlineMs);
		if (skipped > 0) this.#refuse("calendar.event_skipped", skipped);
		return entries;
	}

	#refuse(code: string, skipped: number): void {
		this.#options.log.write("warn", "calendar.refused", { code, skipped });
	}

	#tell(reading: CalendarReading): void {
		if (this.#stopped || JSON.stringify(reading) === JSON.stringify(this.#last)) return;
		this.#last = reading;
		this.events.emit("changed", reading);
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
		if (about.size > SIZE_LIMIT) throw new RoomError("calendar.unreadable", "the calendar is too large");
		const bytes = Buffer.alloc(SIZE_LIMIT + 1);
		let length = 0;
		for (;;) {
			const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
			length += bytesRead;
			if (length > SIZE_LIMIT) throw new RoomError("calendar.unreadable", "the calendar is too large");
			if (bytesRead === 0) return bytes.toString("utf8", 0, length);
		}
	} catch (thrown) {
		if (thrown instanceof RoomError) throw thrown;
		throw new RoomError("calendar.unreadable", "the calendar can't be read", { cause: thrown });
	} finally {
		await file?.close();
	}
}
