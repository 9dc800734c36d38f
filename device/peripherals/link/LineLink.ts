import { Backoff } from "../../core/backoff.ts";
import type { Clock } from "../../core/clock.ts";
import { Emitter } from "../../core/Emitter.ts";
import { RoomError } from "../../core/RoomError.ts";
import {
	type FrameLink,
	type FrameSplitter,
	failureOf,
	type LinkCounters,
	type LinkFailure,
	type LinkState,
} from "./FrameLink.ts";
import type { Line, OpenLine } from "./Line.ts";
import type { PortEvents } from "./watchPort.ts";

export interface LineLinkOptions {
	/** Called for each new life: a port that was unplugged is never used again. */
	open: OpenLine;
	/** Called for each new life: half a frame of the last one is worth nothing. */
	splitter: () => FrameSplitter;
	clock: Clock;
	/** Tells when the line's port comes and goes; the pauses between attempts don't depend on it. The returned function ends it. */
	watch?: (events: PortEvents) => () => void;
	/** Bytes that may wait to be written. Default 4096: four seconds of a line of 9600 baud. */
	mostBytes?: number;
	random?: () => number;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** A line that lasted so long was a good one: after it the pauses begin small again. */
const GOOD_MS = 10_000;
const MOST_BYTES = 4096;

/** What belongs to one life of the line. */
interface Life {
	readonly abort: AbortController;
	readonly splitter: FrameSplitter;
	/** What the counters know of the splitter's. */
	badBytes: number;
	/** Null until it is open. */
	line: Line | null;
	/** Rejects what waits to be written. */
	readonly writing: Set<(error: RoomError) => void>;
	bytesWaiting: number;
	cancelGood: () => void;
}

/** A `FrameLink` over a line that is opened again whenever it ended, for ever, with pauses of 0.2 to 10 seconds. Opens at once. */
export class LineLink implements FrameLink {
	readonly counters: LinkCounters = {
		framesIn: 0,
		framesOut: 0,
		bytesIn: 0,
		bytesOut: 0,
		badBytes: 0,
		opened: 0,
		timeouts: 0,
	};
	readonly #options: LineLinkOptions;
	readonly #mostBytes: number;
	readonly #backoff: Backoff;
	readonly #events = new Emitter<{ frame: Uint8Array; state: LinkState }>();
	#state: LinkState;
	#life: Life | null = null;
	#closed = false;
	#cancelPause: (() => void) | null = null;
	readonly #stopWatching: () => void;
	/** Of the last life; the port is only free after it. */
	#released: Promise<void> = Promise.resolve();

	constructor(options: LineLinkOptions) {
		this.#options = options;
		this.#mostBytes = options.mostBytes ?? MOST_BYTES;
		const random = options.random ?? Math.random;
		this.#backoff = new Backoff({ baseMs: FIRST_PAUSE_MS, capMs: LONGEST_PAUSE_MS, random: () => 0.5 + random() / 2 });
		this.#state = { name: "opening", since: options.clock.now(), failure: null };
		this.#stopWatching =
			options.watch?.({ appeared: () => this.#hurry(), vanished: () => this.#vanished() }) ?? (() => {});
		this.#open();
	}

	get state(): LinkState {
		return this.#state;
	}

	send(frame: Uint8Array): Promise<void> {
		const life = this.#life;
		if (!life?.line) return Promise.reject(notUp());
		if (life.bytesWaiting + frame.length > this.#mostBytes) {
			return Promise.reject(new RoomError("link.congested", "more waits to be written than the line can take"));
		}
		life.bytesWaiting += frame.length;
		const written = life.line.write(frame);
		return new Promise((resolve, reject) => {
			life.writing.add(reject);
			const settle = (): void => {
				life.writing.delete(reject);
				life.bytesWaiting -= frame.length;
			};
			written.then(
				() => {
					settle();
					this.counters.framesOut += 1;
					this.counters.bytesOut += frame.length;
					resolve();
				},
				(error) => {
					settle();
					reject(notUp(error));
				},
			);
		});
	}

	onFrame(callback: (frame: Uint8Array) => void): () => void {
		return this.#events.on("frame", callback);
	}

	onState(callback: (state: LinkState) => void): () => void {
		return this.#events.on("state", callback);
	}

	reset(failure: "link.silent"): void {
		if (this.#life?.line) this.#end(this.#life, failure);
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#stopWatching();
		this.#cancelPause?.();
		this.#cancelPause = null;
		if (this.#life) this.#end(this.#life, "link.lost");
		await this.#released;
	}

	#hurry(): void {
		this.#backoff.reset();
		if (!this.#cancelPause) return;
		this.#cancelPause();
		this.#cancelPause = null;
		this.#open();
	}

	/** The kernel often does not tell whoever has the port open; a write would. */
	#vanished(): void {
		if (this.#life?.line) this.#end(this.#life, "link.absent");
	}

	#open(): void {
		const life: Life = {
			abort: new AbortController(),
			splitter: this.#options.splitter(),
			badBytes: 0,
			line: null,
			writing: new Set(),
			bytesWaiting: 0,
			cancelGood: () => {},
		};
		this.#life = life;
		this.#enter({ name: "opening", since: this.#options.clock.now(), failure: this.#state.failure });
		const events = {
			bytes: (bytes: Uint8Array) => this.#heard(life, bytes),
			ended: (failure: LinkFailure) => this.#end(life, failure),
		};
		const opening = this.#released.then(() => this.#options.open(events, life.abort.signal));
		// Whatever comes of it: the port is free again when what was opened is closed.
		this.#released = opening.then(
			(line) => this.#opened(life, line),
			(error: unknown) => this.#end(life, failureOf(error)),
		);
	}

	/** Resolves when the line's port is free again. */
	#opened(life: Life, line: Line): Promise<void> {
		const released = Promise.withResolvers<void>();
		const release = () => line.close().then(released.resolve, released.resolve);
		if (life.abort.signal.aborted) release();
		else {
			life.abort.signal.addEventListener("abort", release, { once: true });
			life.line = line;
			life.cancelGood = this.#options.clock.after(GOOD_MS, () => this.#backoff.reset());
			this.counters.opened += 1;
			this.#enter({ name: "up", since: this.#options.clock.now(), failure: null });
		}
		return released.promise;
	}

	#heard(life: Life, bytes: Uint8Array): void {
		if (this.#life !== life) return;
		this.counters.bytesIn += bytes.length;
		const frames = life.splitter.push(bytes);
		this.counters.badBytes += life.splitter.badBytes - life.badBytes;
		life.badBytes = life.splitter.badBytes;
		for (const frame of frames) {
			// A listener may have ended this life.
			if (this.#life !== life) return;
			this.counters.framesIn += 1;
			this.#events.emit("frame", frame);
		}
	}

	#end(life: Life, failure: LinkFailure): void {
		if (this.#life !== life) return;
		this.#life = null;
		life.cancelGood();
		life.abort.abort();
		if (!this.#closed) {
			this.#cancelPause = this.#options.clock.after(this.#backoff.nextMs(), () => {
				this.#cancelPause = null;
				this.#open();
			});
		}
		for (const reject of life.writing) reject(notUp());
		life.writing.clear();
		this.#enter({ name: "down", since: this.#options.clock.now(), failure });
	}

	#enter(state: LinkState): void {
		this.#state = state;
		this.#events.emit("state", state);
	}
}

const notUp = (cause?: unknown): RoomError =>
	new RoomError("link.lost", "the line is not up", cause === undefined ? {} : { cause });
