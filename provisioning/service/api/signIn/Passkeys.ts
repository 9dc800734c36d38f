import type { Clock } from "../../../../device/core/clock.ts";
import { Audit } from "../../audit/Audit.ts";
import type { Db } from "../../db/Database.ts";
import type { Row } from "../../db/Schema.ts";
import type { PersonCaller } from "../Caller.ts";
import type { Challenges } from "./Challenges.ts";
import { handleIn, isNamed, refused } from "./passkeyChecks.ts";
import type { Answer, RelyingParty } from "./RelyingParty.ts";
import type { Sessions } from "./Sessions.ts";

export interface PasskeysOptions {
	db: Db;
	clock: Clock;
	sessions: Sessions;
	challenges: Challenges;
	relyingParty: RelyingParty;
}

export interface Ceremony {
	challengeId: string;
	/** JSON for `navigator.credentials`. */
	options: Record<string, unknown>;
}

export interface SignedIn {
	person: string;
	/** Of the new session, for the cookie. */
	token: string;
}

/** Proving by a passkey who one is, to sign in or to be still there. There are no passwords. Error: `api.passkey_refused`. */
export class Passkeys {
	readonly #options: PasskeysOptions;

	constructor(options: PasskeysOptions) {
		this.#options = options;
	}

	async beginSignIn(): Promise<Ceremony> {
		const { challenges, relyingParty } = this.#options;
		const options = await relyingParty.toAuthenticate();
		return { challengeId: await challenges.keep({ challenge: options.challenge, purpose: "login" }), options };
	}

	async signIn(challengeId: string, answer: Answer): Promise<SignedIn> {
		const { challenge } = await this.#options.challenges.take(challengeId, "login");
		const passkey = await this.#passkey(answer["id"]);
		if (!passkey || !isNamed(handleIn(answer), passkey.person_id)) throw refused();
		return this.#used(challenge, answer, passkey, async (trx) => {
			const { person_id: person, credential_id } = passkey;
			const token = await this.#options.sessions.begin(trx, person, credential_id);
			const actor = `person:${person}`;
			await Audit.append(trx, { actor, action: "session.begin", target: actor });
			return { person, token };
		});
	}

	/** For somebody who is signed in: any of their passkeys, and nobody else's. */
	async beginConfirming({ id: person }: PersonCaller): Promise<Ceremony> {
		const { db, challenges, relyingParty } = this.#options;
		const own = await db.selectFrom("passkeys").select("credential_id").where("person_id", "=", person).execute();
		const options = await relyingParty.toAuthenticate(own.map(({ credential_id }) => credential_id));
		const challengeId = await challenges.keep({
			challenge: options.challenge,
			purpose: "confirm",
			person_id: person,
		});
		return { challengeId, options };
	}

	/** The session is fresh afterwards, and belongs to the passkey that was used. */
	async confirm({ id: person, session, actor }: PersonCaller, challengeId: string, answer: Answer): Promise<void> {
		const { challenge, person_id: asked } = await this.#options.challenges.take(challengeId, "confirm");
		const passkey = await this.#passkey(answer["id"]);
		const handle = handleIn(answer);
		if (asked !== person || passkey?.person_id !== person) throw refused();
		// Asked for certain credentials, an authenticator may leave out whose they are (Web Authentication Level 3, section 5.2.2).
		if (handle != null && !isNamed(handle, person)) throw refused();
		await this.#used(challenge, answer, passkey, async (trx) => {
			await this.#options.sessions.confirm(trx, session, passkey.credential_id);
			await Audit.append(trx, { actor, action: "session.confirm", target: actor });
		});
	}

	/** Does `then` in the transaction that counts this use of the passkey. */
	async #used<T>(
		challenge: string,
		answer: Answer,
		{ credential_id, ...passkey }: Row<"passkeys">,
		then: (trx: Db) => Promise<T>,
	): Promise<T> {
		const { db, clock, relyingParty } = this.#options;
		const counter = await relyingParty.authenticated(challenge, answer, { credential_id, ...passkey });
		return db.transaction().execute(async (trx) => {
			const { numUpdatedRows } = await trx
				.updateTable("passkeys")
				.set({ counter, last_used_at: new Date(clock.now()) })
				.where("credential_id", "=", credential_id)
				// Two answers at once with one counter: the second one is a copy's.
				.where((where) => (counter === 0 ? where("counter", "=", 0) : where("counter", "<", counter)))
				.executeTakeFirst();
			if (numUpdatedRows === 0n) throw refused();
			return then(trx);
		});
	}

	async #passkey(id: unknown): Promise<Row<"passkeys"> | null> {
		if (typeof id !== "string") return null;
		const passkey = await this.#options.db
			.selectFrom("passkeys")
			.innerJoin("people", "people.id", "passkeys.person_id")
			.selectAll("passkeys")
			.where("credential_id", "=", id)
			.where("people.disabled_at", "is", null)
			.executeTakeFirst();
		return passkey ?? null;
	}
}
