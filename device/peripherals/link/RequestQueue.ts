import type { Clock } from "../../core/clock.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { FrameLink, LinkCounters, LinkState } from "./FrameLink.ts";
import type { Request, Requests } from "./Request.ts";

export interface RequestQueueOptions {
	clock: Clock;
	/** Requests that may wait. Default 32. */
	most?: number;
	/** Milliseconds without a frame after a timeout, before the next request goes out. Default 100. */
	quietMs?: number;
	/**
	 * Asked after a timeout before anything else goes out: once it is answered, nothing that was asked before can be answered any more.
	 * It must be something that the device always answers. Without it only the quiet time guards against late answers, which is
	 * enough where an answer names its question. Null: nothing is known yet that this device always answers.
	 */
	resync?: () => Request<unknown> | null;
	/** Given each frame that no request claims: what the device says unasked, and answers that come too late. */
	onUnclaimed?: (frame: Uint8Array) => void;
}

interface Entry {
	readonly request: Request<unknown>;
	readonly resolve: (value: unknown) => void;
	readonly reject: (error: unknown) => void;
	/** Ends listening to the request's signal. */
	release: () => void;
	accepted: boolean;
	resendsLeft: number;
	cancelTimer: () => void;
}

const TIMEOUT_MS = 2000;
const QUIET_MS = 100;
/** A line that is never quiet is waited for no longer than this many quiet times. */
const MOST_QUIET_TIMES = 10;
const MOST_WAITING = 32;
/** So many timeouts in a row, and the line is opened anew. */
const MOST_TIMEOUTS = 10;

/**
 * A device's requests on its link: one under way until the device has accepted or answered it; those that were accepted go on being
 * judged while the next is under way. While the line is not up nothing waits: what was asked of a device that went is not to surprise
 * anybody when it comes back.
 */
export class RequestQueue implements Requests {
	readonly #link: FrameLink;
	readonly #options: RequestQueueOptions;
	readonly #most: number;
	readonly #quietMs: number;
	readonly #unlisten: (() => void)[];
	/** Urgent ones first. */
	#waiting: Entry[] = [];
	#current: Entry | null = null;
	#accepted: Entry[] = [];
	/** Something timed out: a late answer may be on its way. */
	#outOfStep = false;
	#quiet: { cancel: () => void; until: number } | null = null;
	#timeoutsInARow = 0;
	#timeouts = 0;

	constructor(link: FrameLink, options: RequestQueueOptions) {
		this.#link = link;
		this.#options = options;
		this.#most = options.most ?? MOST_WAITING;
		this.#quietMs = options.quietMs ?? QUIET_MS;
		this.#unlisten = [
			link.onFrame((frame) => this.#heard(frame)),
			link.onState((state) => {
				if (state.name !== "up") this.#lost(state);
			}),
		];
	}

	/** The link's, with the timeouts of its requests. */
	get counters(): Readonly<LinkCounters> {
		return { ...this.#link.counters, timeouts: this.#timeouts };
	}

	/** Requests that wait, without those under way. */
	get waiting(): number {
		return this.#waiting.length;
	}

	ask<T>(request: Request<T>): Promise<T> {
		return new Promise<T>((resolve, reject) => {
			const entry = newEntry(request, resolve as (value: unknown) => void, reject);
			const { state } = this.#link;
			if (state.name !== "up") return entry.reject(linkLost(state));
			const { signal } = request;
			if (signal?.aborted) return entry.reject(cancelled(signal));
			if (!this.#enqueue(entry)) return;
			if (signal) {
				const takeBack = () => this.#takeBack(entry, signal);
				signal.addEventListener("abort", takeBack, { once: true });
				entry.release = () => signal.removeEventListener("abort", takeBack);
			}
			this.#next();
		});
	}

	/** Ends listening to the link, which goes on; whatever was asked rejects with `link.lost`. */
	close(): void {
		for (const unlisten of this.#unlisten) unlisten();
		this.#lost(this.#link.state);
	}

	/** False: it was rejected, since the queue is full. */
	#enqueue(entry: Entry): boolean {
		const { key, urgent } = entry.request;
		const older = key === undefined ? -1 : this.#waiting.findIndex(({ request }) => request.key === key);
		const overtaken = this.#waiting[older];
		if (overtaken) {
			this.#reject(overtaken, new RoomError("peripheral.overtaken", "a newer request of its kind took its place"));
			// In its place, or who asks faster than the device answers would never have a turn.
			if (Boolean(overtaken.request.urgent) === Boolean(urgent)) {
				this.#waiting[older] = entry;
				return true;
			}
			this.#waiting.splice(older, 1);
		}
		if (this.#waiting.length >= this.#most) {
			const full = new RoomError("peripheral.queue_full", "more waits for the device than it can take");
			const last = this.#waiting.at(-1);
			// A stop finds room as long as anything else waits.
			if (!urgent || !last || last.request.urgent) {
				entry.reject(full);
				return false;
			}
			this.#waiting.pop();
			this.#reject(last, full);
		}
		const behind = urgent ? this.#waiting.findIndex(({ request }) => !request.urgent) : -1;
		if (behind === -1) this.#waiting.push(entry);
		else this.#waiting.splice(behind, 0, entry);
		return true;
	}

	#takeBack(entry: Entry, signal: AbortSignal): void {
		const at = this.#waiting.indexOf(entry);
		if (at === -1) return;
		this.#waiting.splice(at, 1);
		this.#reject(entry, cancelled(signal));
	}

	#next(): void {
		if (this.#current || this.#quiet || this.#waiting.length === 0) return;
		const resync = this.#outOfStep ? this.#options.resync?.() : null;
		if (resync) {
			this.#begin(
				newEntry(
					resync,
					() => this.#inStep(),
					(error) => this.#notInStep(error),
				),
			);
			return;
		}
		this.#outOfStep = false;
		const entry = this.#waiting.shift();
		if (entry) this.#begin(entry);
	}

	#begin(entry: Entry): void {
		this.#current = entry;
		entry.release();
		this.#send(entry);
	}

	#send(entry: Entry): void {
		entry.cancelTimer = this.#options.clock.after(entry.request.timeoutMs ?? TIMEOUT_MS, () => this.#timedOut(entry));
		let sending: Promise<void>;
		try {
			sending = this.#link.send(entry.request.frame());
		} catch (error) {
			sending = Promise.reject(RoomError.from(error, "peripheral.fault"));
		}
		sending.catch((error: unknown) => {
			// An answer or the line's end may have been faster.
			if (entry === this.#current) this.#end(entry, () => this.#reject(entry, error));
		});
	}

	#heard(frame: Uint8Array): void {
		if (this.#quiet) this.#keepQuiet(this.#quiet.until);
		// Those accepted first: only they know their completion, which the current one could take for its own answer.
		for (const entry of this.#accepted) if (this.#judge(entry, frame)) return;
		if (this.#current && this.#judge(this.#current, frame)) return;
		this.#options.onUnclaimed?.(frame);
	}

	/** True: the frame was this request's. */
	#judge(entry: Entry, frame: Uint8Array): boolean {
		const verdict = judged(entry.request, frame);
		if (verdict.is === "other") return false;
		this.#timeoutsInARow = 0;
		if (verdict.is === "accepted") this.#accept(entry);
		else if (verdict.is === "done") this.#end(entry, () => entry.resolve(verdict.value));
		else this.#end(entry, () => entry.reject(verdict.error));
		return true;
	}

	#accept(entry: Entry): void {
		const { completionMs, timeoutMs } = entry.request;
		entry.cancelTimer();
		entry.cancelTimer = this.#options.clock.after(completionMs ?? timeoutMs ?? TIMEOUT_MS, () => this.#timedOut(entry));
		if (entry.accepted) return;
		entry.accepted = true;
		this.#accepted = [...this.#accepted, entry];
		this.#current = null;
		this.#next();
	}

	#end(entry: Entry, settle: () => void): void {
		entry.cancelTimer();
		if (entry === this.#current) this.#current = null;
		else this.#accepted = this.#accepted.filter((other) => other !== entry);
		settle();
		this.#next();
	}

	#timedOut(entry: Entry): void {
		this.#timeouts += 1;
		this.#timeoutsInARow += 1;
		const silent = this.#timeoutsInARow >= MOST_TIMEOUTS;
		if (!silent && !entry.accepted && entry.resendsLeft > 0) {
			entry.resendsLeft -= 1;
			// A late answer to the first sending is an answer to this one: nothing to get back in step with.
			this.#send(entry);
			return;
		}
		this.#outOfStep = true;
		this.#keepQuiet(this.#options.clock.now() + this.#quietMs * MOST_QUIET_TIMES);
		this.#end(entry, () => this.#reject(entry, timedOut()));
		if (silent) this.#link.reset("link.silent");
	}

	#keepQuiet(until: number): void {
		const { clock } = this.#options;
		this.#quiet?.cancel();
		const cancel = clock.after(Math.min(this.#quietMs, until - clock.now()), () => {
			this.#quiet = null;
			this.#next();
		});
		this.#quiet = { cancel, until };
	}

	#inStep(): void {
		this.#outOfStep = false;
	}

	/** A device that does not answer what it always answers: what waits for it would wait in vain, each for its own timeout. */
	#notInStep(error: unknown): void {
		const unheard = error instanceof RoomError && waitedInVain.has(error.code);
		if (!unheard) this.#inStep();
		else for (const entry of this.#waiting.splice(0)) this.#reject(entry, error);
	}

	#lost(state: LinkState): void {
		this.#quiet?.cancel();
		this.#quiet = null;
		this.#outOfStep = false;
		this.#timeoutsInARow = 0;
		const all = [...(this.#current ? [this.#current] : []), ...this.#accepted, ...this.#waiting];
		this.#current = null;
		this.#accepted = [];
		this.#waiting = [];
		for (const entry of all) this.#reject(entry, linkLost(state));
	}

	#reject(entry: Entry, error: unknown): void {
		entry.cancelTimer();
		entry.release();
		entry.reject(error);
	}
}

/** Codes that say that the device was not heard; with any other it did answer. */
const waitedInVain: ReadonlySet<string> = new Set(["peripheral.timeout", "link.lost", "link.congested"]);

function newEntry(request: Request<unknown>, resolve: Entry["resolve"], reject: Entry["reject"]): Entry {
	const nothing = () => {};
	const resendsLeft = request.resends ?? 0;
	return { request, resolve, reject, release: nothing, accepted: false, resendsLeft, cancelTimer: nothing };
}

/** A judge that throws has met an answer that it did not expect: that request fails, and the line goes on. */
function judged(request: Request<unknown>, frame: Uint8Array): ReturnType<Request<unknown>["judge"]> {
	try {
		return request.judge(frame);
	} catch (error) {
		return { is: "failed", error: RoomError.from(error, "peripheral.fault") };
	}
}

function linkLost(state: LinkState): RoomError {
	return new RoomError("link.lost", "the line to the device is down", { context: { failure: state.failure ?? "" } });
}

const timedOut = (): RoomError => new RoomError("peripheral.timeout", "the device did not answer in time");

const cancelled = (signal: AbortSignal): RoomError =>
	new RoomError("peripheral.cancelled", "the request was taken back", { cause: signal.reason });
