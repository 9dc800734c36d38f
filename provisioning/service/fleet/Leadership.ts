import type pg from "pg";
import type { Clock } from "../../../device/core/clock.ts";
import { newClient } from "../db/Pool.ts";

export interface LeadershipOptions {
	/** The database's; the lock lasts as long as a connection of its own. */
	url: string;
	clock: Clock;
	/** This worker does what one worker at a time does, from now on; `false`: no longer. */
	changed: (leads: boolean) => void;
}

/** "InCa" and "lead" in ASCII, as two halves of a key. */
const LOCK = [0x496e4361, 0x6c656164] as const;
const TRY_MS = 2000;
/** How soon a connection that broke without a word is noticed. The database notices it too, and gives the lock to another. */
const PROBE_MS = 5000;

/**
 * One worker of a fleet leads: whoever has an advisory lock of PostgreSQL. If it dies, or loses the database, another does within seconds. For a
 * moment there may be two, so what leaders do must bear it.
 */
export class Leadership {
	readonly #options: LeadershipOptions;
	#client: pg.Client | null = null;
	#leads = false;
	#closed = false;
	#cancel: () => void = () => {};
	#trying: Promise<void> = Promise.resolve();

	constructor(options: LeadershipOptions) {
		this.#options = options;
	}

	get leads(): boolean {
		return this.#leads;
	}

	start(): void {
		this.#trying = this.#look();
	}

	/** Gives it up. */
	async close(): Promise<void> {
		this.#closed = true;
		this.#cancel();
		await this.#trying;
		await this.#client?.end().catch(() => {});
		this.#set(false);
	}

	async #look(): Promise<void> {
		try {
			const client = this.#client ?? (await this.#connect());
			if (!this.#leads) {
				const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_lock($1, $2) as got", [...LOCK]);
				if (rows[0]?.got) this.#set(true);
			} else await client.query("select 1");
		} catch {
			this.#lose();
		}
		if (this.#closed) return;
		this.#cancel = this.#options.clock.after(this.#leads ? PROBE_MS : TRY_MS, () => {
			this.#trying = this.#look();
		});
	}

	async #connect(): Promise<pg.Client> {
		const client = newClient(this.#options.url);
		client.on("error", () => this.#client === client && this.#lose());
		client.on("end", () => this.#client === client && this.#lose());
		this.#client = client;
		await client.connect();
		return client;
	}

	#lose(): void {
		const client = this.#client;
		this.#client = null;
		client?.end().catch(() => {});
		this.#set(false);
	}

	#set(leads: boolean): void {
		if (leads === this.#leads) return;
		this.#leads = leads;
		this.#options.changed(leads);
	}
}
