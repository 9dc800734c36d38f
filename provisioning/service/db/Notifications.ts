import { sql } from "kysely";
import pg from "pg";
import { Backoff } from "../../../device/core/backoff.ts";
import type { Clock } from "../../../device/core/clock.ts";
import type { Db } from "./Database.ts";
import { newClient } from "./Pool.ts";

/** Tells all workers, this one too, when the transaction is committed. Equal ones of a transaction arrive once. At most 7999 bytes. */
export async function notify(trx: Db, channel: string, payload: string): Promise<void> {
	await sql`select pg_notify(${channel}, ${payload})`.execute(trx);
}

/** `payload` null: some may have been missed (the connection was away), so look for yourself. Must not throw. */
export type Listener = (payload: string | null) => void;

const PROBE_MS = 30_000;

/** One connection of its own on which a worker hears what `notify` says; made again whenever it breaks. */
export class Notifications {
	readonly #url: string;
	readonly #clock: Clock;
	readonly #backoff = new Backoff({ baseMs: 100, capMs: 5000 });
	readonly #listeners = new Map<string, Set<Listener>>();
	#client: pg.Client | null = null;
	#started = false;
	#closed = false;
	#cancel: () => void = () => {};
	#asking: Promise<unknown> = Promise.resolve();

	constructor(url: string, clock: Clock) {
		this.#url = url;
		this.#clock = clock;
	}

	/** Calls `listener` with null once it is really listening, then with each payload. The returned function ends it. */
	listen(channel: string, listener: Listener): () => void {
		const listeners = this.#listeners.get(channel) ?? new Set();
		listeners.add(listener);
		this.#listeners.set(channel, listeners);
		if (this.#client) {
			this.#subscribe(this.#client, channel).then(
				() => listeners.has(listener) && listener(null),
				// The connection broke; its end is seen elsewhere.
				() => {},
			);
		} else if (!this.#started) {
			this.#started = true;
			void this.#connect();
		}
		return () => listeners.delete(listener);
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#cancel();
		await this.#client?.end().catch(() => {});
	}

	async #connect(): Promise<void> {
		const client = newClient(this.#url);
		let over = false;
		const again = () => {
			if (over) return;
			over = true;
			this.#cancel();
			if (this.#client === client) this.#client = null;
			client.end().catch(() => {});
			if (!this.#closed) this.#cancel = this.#clock.after(this.#backoff.nextMs(), () => void this.#connect());
		};
		client.on("error", again);
		client.on("end", again);
		client.on("notification", ({ channel, payload }) => {
			for (const listener of this.#listeners.get(channel) ?? []) listener(payload ?? "");
		});
		try {
			await client.connect();
			this.#asking = Promise.resolve();
			// What is added from here on subscribes by itself.
			this.#client = client;
			for (const channel of [...this.#listeners.keys()]) await this.#subscribe(client, channel);
		} catch {
			again();
			return;
		}
		if (this.#closed) {
			await client.end().catch(() => {});
			return;
		}
		this.#backoff.reset();
		for (const listeners of this.#listeners.values()) for (const listener of listeners) listener(null);
		this.#probeLater(client);
	}

	async #subscribe(client: pg.Client, channel: string): Promise<void> {
		await this.#ask(client, `listen ${pg.escapeIdentifier(channel)}`);
	}

	/** One statement after the other: pg no longer queues them. */
	async #ask(client: pg.Client, statement: string): Promise<void> {
		const turn = this.#asking.then(() => client.query(statement));
		this.#asking = turn.catch(() => {});
		await turn;
	}

	/** A line that broke without a word is noticed by asking. */
	#probeLater(client: pg.Client): void {
		this.#cancel = this.#clock.after(PROBE_MS, () => {
			this.#ask(client, "select 1").then(
				() => this.#client === client && this.#probeLater(client),
				() => client.end().catch(() => {}),
			);
		});
	}
}
