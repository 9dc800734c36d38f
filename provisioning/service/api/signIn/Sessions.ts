import type { Clock } from "../../../../device/core/clock.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { Db } from "../../db/Database.ts";
import type { PersonCaller } from "../Caller.ts";
import { accessChanged } from "./accessChanged.ts";
import { hashSecret, newSecret } from "./secrets.ts";

export const SESSION_MS = 12 * 3_600_000;
export const SESSION_IDLE_MS = 3_600_000;
/** For how long after a passkey was used a session is fresh. */
export const SESSION_FRESH_MS = 10 * 60_000;
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

	/** A new session, proved by this passkey; the token is the cookie's value. */
	async begin(trx: Db, person: string, passkey: string): Promise<string> {
		const token = newSecret();
		const now = this.#clock.now();
		await trx
			.insertInto("sessions")
			.values({
				token_hash: hashSecret(token),
				person_id: person,
				passkey,
				created_at: new Date(now),
				confirmed_at: new Date(now),
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

	/** Its person is there, by this passkey: it is fresh again. */
	async confirm(trx: Db, hash: Buffer, passkey: string): Promise<void> {
		const confirmed_at = new Date(this.#clock.now());
		await trx.updateTable("sessions").set({ passkey, confirmed_at }).where("token_hash", "=", hash).execute();
	}

	/** For what a browser that was left open must not be enough for. Error: `api.sign_in_again`. */
	async requireFresh(db: Db, hash: Buffer): Promise<void> {
		const fresh = await db
			.selectFrom("sessions")
			.select("person_id")
			.where("token_hash", "=", hash)
			.where("confirmed_at", ">", new Date(this.#clock.now() - SESSION_FRESH_MS))
			.executeTakeFirst();
		if (!fresh) throw new RoomError("api.sign_in_again", "use a passkey once more: the last time was a while ago");
	}

	/** The passkey that proved last whose session it is; null: it is not known. */
	async passkeyOf(db: Db, hash: Buffer): Promise<string | null> {
		const session = await db.selectFrom("sessions").select("passkey").where("token_hash", "=", hash).executeTakeFirst();
		return session?.passkey ?? null;
	}

	async end(trx: Db, hash: Buffer): Promise<void> {
		await trx.deleteFrom("sessions").where("token_hash", "=", hash).execute();
		await accessChanged(trx);
	}

	/** Those that this passkey proved last, and those of which it is not known. */
	async endAllBy(trx: Db, person: string, passkey: string): Promise<void> {
		await trx
			.deleteFrom("sessions")
			.where("person_id", "=", person)
			.where((or) => or.or([or("passkey", "=", passkey), or("passkey", "is", null)]))
			.execute();
		await accessChanged(trx);
	}

	async endAllOf(trx: Db, person: string): Promise<void> {
		await trx.deleteFrom("sessions").where("person_id", "=", person).execute();
	}
}
