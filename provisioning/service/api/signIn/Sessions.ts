import type { Clock } from "../../../../device/core/clock.ts";
import type { Db } from "../../db/Database.ts";
import type { PersonCaller } from "../Caller.ts";
import { accessChanged } from "./accessChanged.ts";
import { hashSecret, newSecret } from "./secrets.ts";

export const SESSION_MS = 12 * 3_600_000;
export const SESSION_IDLE_MS = 3_600_000;
/** How exactly "last seen" is kept: a write for each request would be waste. */
const SEEN_MS = 60_000;

/** Who is signed in. The browser has the token in a cookie, we have its hash. */
export class Sessions {
	readonly #db: Db;
	readonly #clock: Clock;

	constructor(options: { db: Db; clock: Clock }) {
		this.#db = options.db;
		this.#clock = options.clock;
	}

	/** A new session; the token is the cookie's value. */
	async begin(trx: Db, person: string): Promise<string> {
		const token = newSecret();
		const now = this.#clock.now();
		await trx
			.insertInto("sessions")
			.values({
				token_hash: hashSecret(token),
				person_id: person,
				created_at: new Date(now),
				expires_at: new Date(now + SESSION_MS),
				last_seen_at: new Date(now),
			})
			.execute();
		return token;
	}

	/** Whose session this is; null: nobody's, or over. Counts as being seen. */
	async find(token: string): Promise<PersonCaller | null> {
		const caller = await this.check(hashSecret(token));
		if (!caller) return null;
		const now = this.#clock.now();
		await this.#db
			.updateTable("sessions")
			.set({ last_seen_at: new Date(now) })
			.where("token_hash", "=", caller.session)
			.where("last_seen_at", "<", new Date(now - SEEN_MS))
			.execute();
		return caller;
	}

	/** The same without being seen: a page that is only open does not keep a session alive. */
	async check(hash: Buffer): Promise<PersonCaller | null> {
		const now = this.#clock.now();
		const row = await this.#db
			.selectFrom("sessions")
			.innerJoin("people", "people.id", "sessions.person_id")
			.select(["people.id", "people.role"])
			.where("token_hash", "=", hash)
			.where("expires_at", ">", new Date(now))
			.where("last_seen_at", ">", new Date(now - SESSION_IDLE_MS))
			.where("disabled_at", "is", null)
			.executeTakeFirst();
		return row ? { kind: "person", id: row.id, actor: `person:${row.id}`, role: row.role, session: hash } : null;
	}

	async end(trx: Db, hash: Buffer): Promise<void> {
		await trx.deleteFrom("sessions").where("token_hash", "=", hash).execute();
		await accessChanged(trx);
	}

	async endAllOf(trx: Db, person: string): Promise<void> {
		await trx.deleteFrom("sessions").where("person_id", "=", person).execute();
	}
}
