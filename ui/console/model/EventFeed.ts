import { batch, signal } from "@preact/signals";
import type { FleetClient } from "../../../provisioning/contract/http/FleetClient.ts";
import type { Event } from "../../../provisioning/contract/http/shapes.ts";
import type { EventType } from "../../../provisioning/contract/topics.ts";
import { type Trouble, troubleOf } from "./ConsoleModel.ts";
import type { Live } from "./Live.ts";

export const eventTimes = ["today", "week", "month"] as const;
export type EventTime = (typeof eventTimes)[number];

const DAY_MS = 86_400_000;

/** When it begins; today at midnight of whoever looks. */
export function beginOf(time: EventTime, nowMs: number): Date {
	return time === "today"
		? new Date(new Date(nowMs).setHours(0, 0, 0, 0))
		: new Date(nowMs - (time === "week" ? 7 : 30) * DAY_MS);
}

export interface EventFeedOptions {
	client: FleetClient;
	live: Pick<Live, "changes">;
	/** Absent: of all rooms. */
	room?: string | undefined;
	/** Absent: of every kind. */
	type?: EventType | undefined;
	time: EventTime;
}

interface Fresh {
	events: readonly Event[];
	/** There are others between these and what is shown. */
	more: boolean;
}

const PAGE = 100;
/** While much is told, the pause between two looks. */
const REST_MS = 1000;
const none: Fresh = { events: [], more: false };

/** What rooms told, the newest first, and live: what is new waits until somebody wants to see it, so that nothing moves under their eyes. */
export class EventFeed {
	/** Null until it is there. */
	readonly shown = signal<readonly Event[] | null>(null);
	readonly fresh = signal<Fresh>(none);
	/** The cursor of what is older than what is shown; null: there is nothing. */
	readonly next = signal<string | null>(null);
	readonly trouble = signal<Trouble | null>(null);
	readonly #options: EventFeedOptions;
	#abort = new AbortController();
	#looking = false;
	#again = false;
	/** Of the page that the fresh ones are from. */
	#freshNext: string | null = null;

	constructor(options: EventFeedOptions) {
		this.#options = options;
	}

	/** Loads the first page and follows what is told, until the function that is returned is called. */
	open(): () => void {
		const abort = new AbortController();
		this.#abort = abort;
		this.#looking = false;
		const stop = this.#options.live.changes.on("changed", ({ events, all }) => {
			if (events || all) void this.#look();
		});
		void this.#look();
		return () => {
			stop();
			abort.abort();
		};
	}

	/** Shows what waits. */
	show(): void {
		const { events, more } = this.fresh.value;
		batch(() => {
			this.shown.value = more ? events : [...events, ...(this.shown.value ?? [])];
			if (more) this.next.value = this.#freshNext;
			this.fresh.value = none;
		});
	}

	/** Shows a page of older ones below. Error: `FleetFailure`. */
	async older(): Promise<void> {
		const { next } = this;
		if (next.value === null) return;
		const after = next.value;
		const { signal } = this.#abort;
		const page = await this.#page(after).catch((thrown: unknown) => {
			if (!signal.aborted) throw thrown;
		});
		// somebody may have been shown others meanwhile, or look elsewhere
		if (!page || next.value !== after) return;
		batch(() => {
			this.shown.value = [...(this.shown.value ?? []), ...page.items];
			next.value = page.next;
		});
	}

	/** Looks for what is new; asked for while it does, it does so once more afterwards. */
	async #look(): Promise<void> {
		if (this.#looking) {
			this.#again = true;
			return;
		}
		const { signal } = this.#abort;
		this.#looking = true;
		this.#again = false;
		try {
			const page = await this.#page(null);
			if (signal.aborted) return;
			this.#take(page);
		} catch (thrown) {
			if (signal.aborted) return;
			// What is shown stays; the stream says when the service is back.
			this.trouble.value = troubleOf(thrown);
		}
		await new Promise((resolve) => setTimeout(resolve, REST_MS));
		if (signal.aborted) return;
		this.#looking = false;
		if (this.#again) void this.#look();
	}

	#take({ items, next }: { items: Event[]; next: string | null }): void {
		batch(() => {
			this.trouble.value = null;
			const shown = this.shown.value ?? [];
			if (shown.length === 0) {
				this.shown.value = items;
				this.next.value = next;
				return;
			}
			const known = new Set(shown.map(({ id }) => id));
			const events = items.filter(({ id }) => !known.has(id));
			this.fresh.value = { events, more: events.length === items.length && next !== null };
			this.#freshNext = next;
		});
	}

	#page(after: string | null): Promise<{ items: Event[]; next: string | null }> {
		const { client, room, type, time } = this.#options;
		const query = {
			limit: String(PAGE),
			since: beginOf(time, Date.now()).toISOString(),
			...(room === undefined ? {} : { room }),
			...(type === undefined ? {} : { type }),
			...(after === null ? {} : { after }),
		};
		return client.call("events.list", { query }, this.#abort.signal);
	}
}
