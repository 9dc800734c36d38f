import type { Clock } from "../../core/clock.ts";
import type { LineEntry, LineTap } from "../link/LineTap.ts";
import { entryLine, headingLine } from "./recording.ts";

export interface LineRecorderOptions {
	tap: LineTap;
	/** What the configuration calls the device. */
	device: string;
	clock: Clock;
	/** Takes a line with its line feed; false: there is no room for it now, and it is left out. */
	write: (line: string) => boolean;
	/** Bytes of the whole recording. */
	mostBytes: number;
	/** The recording is as long as it may be, and over. */
	onFull?: () => void;
}

/** Room for the line that says that it is full. */
const FULL_BYTES = 64;

/** Writes down what happens on a line, from now on until it is stopped or the recording is as long as it may be. */
export class LineRecorder {
	readonly #options: LineRecorderOptions;
	readonly #unlisten: () => void;
	#bytesLeft: number;
	/** Entries that were left out since the last that was written. */
	#missed = 0;

	constructor(options: LineRecorderOptions) {
		this.#options = options;
		this.#bytesLeft = options.mostBytes - FULL_BYTES;
		this.#unlisten = options.tap.listen((entry) => this.#record(entry));
		this.#write(headingLine(options.device, options.clock.now()));
	}

	stop(): void {
		this.#unlisten();
	}

	#record(entry: LineEntry): void {
		const { at } = entry;
		const missed = this.#missed;
		if (missed > 0 && this.#write(entryLine({ at, is: "missed", entries: missed }))) this.#missed = 0;
		if (this.#missed > 0 || !this.#write(entryLine(entry))) this.#missed += 1;
	}

	/** False: it was left out. */
	#write(line: string): boolean {
		const { clock, write, onFull } = this.#options;
		if (line.length > this.#bytesLeft) {
			this.stop();
			write(entryLine({ at: clock.now(), is: "full" }));
			onFull?.();
			return true;
		}
		if (!write(line)) return false;
		this.#bytesLeft -= line.length;
		return true;
	}
}
