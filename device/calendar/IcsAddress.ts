import { Backoff } from "../core/backoff.ts";
import type { RoomError } from "../core/RoomError.ts";
import type { CalendarSource } from "./CalendarSource.ts";
import { fetchCalendar, type Validators } from "./fetchCalendar.ts";
import { type DayOptions, LastGoodDay } from "./LastGoodDay.ts";

export interface IcsAddressOptions extends DayOptions {
	/** A secret: such links hold a token. */
	url: string;
	login?: { user: string; password: string } | null;
	random?: () => number;
}

/** Between two looks, about. */
const PERIOD_MS = 60_000;
/** Between two tries while it fails. */
const SHORTEST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 10 * 60_000;
/** A room does not wait longer than this for its calendar before it can be used. */
const PATIENCE_MS = 3_000;

/** Today's meetings from an iCalendar address: asked each minute, and more and more seldom while it fails. */
export class IcsAddress implements CalendarSource {
	readonly #day: LastGoodDay;
	readonly events: LastGoodDay["events"];
	readonly #options: IcsAddressOptions;
	readonly #random: () => number;
	readonly #backoff: Backoff;
	readonly #ending = new AbortController();
	/** Of the last answer that was a calendar. */
	#known: Validators | null = null;
	#cancelNext = (): void => {};

	constructor(options: IcsAddressOptions) {
		this.#options = options;
		this.#random = options.random ?? Math.random;
		this.#backoff = new Backoff({ baseMs: SHORTEST_PAUSE_MS, capMs: LONGEST_PAUSE_MS, random: this.#random });
		this.#day = new LastGoodDay(options);
		this.events = this.#day.events;
	}

	async start(): Promise<void> {
		const { promise: waited, resolve } = Promise.withResolvers<void>();
		const cancel = this.#options.clock.after(PATIENCE_MS, resolve);
		await Promise.race([this.#look(), waited]);
		cancel();
		this.#day.nothingYet("calendar.unreachable");
	}

	async stop(): Promise<void> {
		this.#cancelNext();
		this.#ending.abort();
		await this.#day.stop();
	}

	async #look(): Promise<void> {
		const { url, login = null, clock } = this.#options;
		const { signal } = this.#ending;
		let got = this.#known;
		const failure = await this.#day.read(async () => {
			const answer = await fetchCalendar({ url: new URL(url), login, known: this.#known, clock, signal });
			got = answer.validators;
			return answer.text;
		});
		if (signal.aborted) return;
		// not of an answer that was no calendar: it would be told "as it was"
		if (failure === null) this.#known = got;
		this.#cancelNext = clock.after(this.#pauseAfter(failure), () => void this.#look());
	}

	/** Milliseconds; different in each room, so that a building's rooms don't all ask at once. */
	#pauseAfter(failure: RoomError | null): number {
		if (failure === null) {
			this.#backoff.reset();
			return PERIOD_MS * (0.75 + this.#random() / 2);
		}
		const wanted = Number(failure.context["retryAfterMs"] ?? 0);
		return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, wanted, this.#backoff.nextMs()));
	}
}
