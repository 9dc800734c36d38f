import type { Clock } from "../../../../device/core/clock.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { DeviceSummary, LiveChange } from "../../../contract/http/shapes.ts";
import type { Database } from "../../db/Database.ts";
import { ANNOUNCEMENTS } from "../../fleet/announcements.ts";
import { ACCESS_CHANNEL } from "../signIn/accessChanged.ts";
import { LiveWatcher, type LiveWatcherOptions } from "./LiveWatcher.ts";
import { gather, isNews, type LiveNews, noNews } from "./liveNews.ts";

/** At most four a second; after one that says "look at everything", which makes every page ask, not so soon again. */
const EVERY_MS = 250;
const AFTER_ALL_MS = 2000;
const WATCHERS = 1000;
const WATCHERS_EACH = 10;

export interface LiveHubOptions {
	database: Pick<Database, "listen">;
	/** The present summaries of these devices; those that are not there are left out. */
	summaries: (ids: readonly string[]) => Promise<DeviceSummary[]>;
	clock: Clock;
}

/** Takes what changed from the database, gathers it, and gives it to whoever watches: one look at the database for all of them. */
export class LiveHub {
	readonly #options: LiveHubOptions;
	readonly #watchers = new Set<LiveWatcher>();
	#stop: (() => void)[] = [];
	#news: LiveNews = noNews;
	#waiting: (() => void) | null = null;
	#notBefore = 0;
	#closed = false;

	constructor(options: LiveHubOptions) {
		this.#options = options;
	}

	get watchers(): number {
		return this.#watchers.size;
	}

	/**
	 * What changes from now on; the first one says "look at everything". Ends with `signal`, when `stillAllowed` says no after a change of
	 * somebody's rights, or when the service ends. Error: `api.too_many`.
	 */
	watch(options: Omit<LiveWatcherOptions, "onEnd">): LiveWatcher {
		const own = [...this.#watchers].filter((watcher) => watcher.actor === options.actor).length;
		if (this.#closed || own >= WATCHERS_EACH || this.#watchers.size >= WATCHERS) {
			throw new RoomError("api.too_many", "too many are watching already; close one", {
				context: { retryAfterMs: 5000 },
			});
		}
		const watcher = new LiveWatcher({ ...options, onEnd: () => this.#watchers.delete(watcher) });
		this.#watchers.add(watcher);
		if (this.#stop.length === 0) this.#listen();
		return watcher;
	}

	close(): void {
		this.#closed = true;
		for (const stop of this.#stop) stop();
		this.#waiting?.();
		for (const watcher of this.#watchers) watcher.end();
	}

	/** From the first watcher on. */
	#listen(): void {
		const { database } = this.#options;
		this.#stop = [
			database.listen(ANNOUNCEMENTS, (payload) => {
				if (this.#watchers.size === 0) return;
				this.#news = gather(this.#news, payload);
				this.#tellSoon();
			}),
			database.listen(ACCESS_CHANNEL, () => {
				for (const watcher of this.#watchers) void watcher.recheck();
			}),
		];
	}

	#tellSoon(): void {
		if (this.#closed || this.#waiting || !isNews(this.#news)) return;
		const wait = Math.max(0, this.#notBefore - this.#options.clock.now());
		this.#waiting = this.#options.clock.after(wait, () => void this.#tell());
	}

	async #tell(): Promise<void> {
		const { devices: ids, rollouts, enrolments, events } = this.#news;
		this.#news = noNews;
		const devices = ids && (await this.#summaries([...ids]));
		const change: LiveChange = {
			devices: devices ?? [],
			all: devices === null,
			rollouts: [...rollouts],
			enrolments,
			events,
		};
		for (const watcher of this.#watchers) watcher.tell(change);
		this.#notBefore = this.#options.clock.now() + (change.all ? AFTER_ALL_MS : EVERY_MS);
		this.#waiting = null;
		this.#tellSoon();
	}

	/** Null: the database does not say; the pages will ask by themselves. */
	async #summaries(ids: readonly string[]): Promise<DeviceSummary[] | null> {
		try {
			return ids.length === 0 ? [] : await this.#options.summaries(ids);
		} catch {
			return null;
		}
	}
}
