import { createHash } from "node:crypto";
import type { Clock } from "../../../../device/core/clock.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { Passkey } from "../../../contract/http/shapes.ts";
import { Audit } from "../../audit/Audit.ts";
import type { Db } from "../../db/Database.ts";
import type { Row } from "../../db/Schema.ts";
import type { PersonCaller } from "../Caller.ts";
import { notFound } from "../failures.ts";
import type { Challenges } from "./Challenges.ts";
import { insertPasskey } from "./insertPasskey.ts";
import type { Ceremony } from "./Passkeys.ts";
import { refused } from "./passkeyChecks.ts";
import type { Answer, RelyingParty } from "./RelyingParty.ts";
import type { Sessions } from "./Sessions.ts";

/** Of one person. */
export const MOST_PASSKEYS = 10;

export interface OwnPasskeysOptions {
	db: Db;
	clock: Clock;
	sessions: Sessions;
	challenges: Challenges;
	relyingParty: RelyingParty;
}

/**
 * A person's passkeys, in that person's own hands: with a second one nobody is locked out who loses the first. What gives or takes a way in asks
 * for a fresh session.
 */
export class OwnPasskeys {
	readonly #options: OwnPasskeysOptions;

	constructor(options: OwnPasskeysOptions) {
		this.#options = options;
	}

	/** The oldest first. */
	async list({ id: person, session }: PersonCaller): Promise<Passkey[]> {
		const { db, sessions } = this.#options;
		const current = await sessions.passkeyOf(db, session);
		return (await ofPerson(db, person)).map((row) => described(row, current));
	}

	/** Begins to register a further one. Errors: `api.sign_in_again`, `api.passkeys_full`. */
	async begin({ id: person, session }: PersonCaller): Promise<Ceremony> {
		const { db, sessions, challenges, relyingParty } = this.#options;
		await sessions.requireFresh(db, session);
		const there = await ofPerson(db, person);
		if (there.length >= MOST_PASSKEYS) throw full();
		const { display_name: name } = await db
			.selectFrom("people")
			.select("display_name")
			.where("id", "=", person)
			.executeTakeFirstOrThrow();
		const options = await relyingParty.toRegister(
			{ id: person, name },
			there.map(({ credential_id }) => credential_id),
		);
		const challengeId = await challenges.keep({ challenge: options.challenge, purpose: "add", person_id: person });
		return { challengeId, options };
	}

	/** Errors: `api.passkey_refused`, `api.passkeys_full`. */
	async add(caller: PersonCaller, challengeId: string, answer: Answer, name: string): Promise<Passkey> {
		const { db, clock, challenges, relyingParty } = this.#options;
		const { id: person, session, actor } = caller;
		const challenge = await challenges.take(challengeId, "add");
		if (challenge.person_id !== person) throw refused();
		const credential = await relyingParty.registered(challenge.challenge, answer);
		return db.transaction().execute(async (trx) => {
			await oneAfterTheOther(trx, person);
			if ((await ofPerson(trx, person)).length >= MOST_PASSKEYS) throw full();
			await insertPasskey(trx, credential, { person, label: name, nowMs: clock.now() });
			const id = publicId(credential.id);
			await Audit.append(trx, { actor, action: "passkey.add", target: actor, detail: { passkey: id } });
			return described(await find(trx, person, id), await this.#options.sessions.passkeyOf(trx, session));
		});
	}

	/** Error: `api.not_found`. */
	async rename({ id: person, session, actor }: PersonCaller, id: string, name: string): Promise<Passkey> {
		const { db, sessions } = this.#options;
		return db.transaction().execute(async (trx) => {
			const { credential_id } = await find(trx, person, id);
			await trx.updateTable("passkeys").set({ label: name }).where("credential_id", "=", credential_id).execute();
			await Audit.append(trx, { actor, action: "passkey.rename", target: actor, detail: { passkey: id } });
			return described(await find(trx, person, id), await sessions.passkeyOf(trx, session));
		});
	}

	/** Ends the sessions that it was used for, too. Errors: `api.not_found`, `api.sign_in_again`, `api.last_passkey`. */
	async remove({ id: person, session, actor }: PersonCaller, id: string): Promise<void> {
		const { db, sessions } = this.#options;
		await db.transaction().execute(async (trx) => {
			await sessions.requireFresh(trx, session);
			await oneAfterTheOther(trx, person);
			const { credential_id } = await find(trx, person, id);
			if ((await ofPerson(trx, person)).length === 1) {
				throw new RoomError("api.last_passkey", "it is the only way in; add another one first");
			}
			await sessions.endAllBy(trx, person, credential_id);
			await trx.deleteFrom("passkeys").where("credential_id", "=", credential_id).execute();
			await Audit.append(trx, { actor, action: "passkey.remove", target: actor, detail: { passkey: id } });
		});
	}
}

/** Else two browsers could each take the other's passkey for the one that is left, or each add the last that fits. */
async function oneAfterTheOther(trx: Db, person: string): Promise<void> {
	await trx.selectFrom("people").select("id").where("id", "=", person).forUpdate().execute();
}

/** In lists, addresses and the audit log: an authenticator's own id may be longer than a part of an address, and tells of the authenticator. */
const publicId = (credential: string): string =>
	createHash("sha256").update(credential).digest().subarray(0, 16).toString("base64url");

type OwnPasskey = Pick<Row<"passkeys">, "credential_id" | "label" | "created_at" | "last_used_at">;

const ofPerson = (db: Db, person: string): Promise<OwnPasskey[]> =>
	db
		.selectFrom("passkeys")
		.select(["credential_id", "label", "created_at", "last_used_at"])
		.where("person_id", "=", person)
		.orderBy("created_at")
		.orderBy("credential_id")
		.execute();

async function find(db: Db, person: string, id: string): Promise<OwnPasskey> {
	const own = (await ofPerson(db, person)).find(({ credential_id }) => publicId(credential_id) === id);
	if (!own) throw notFound("passkey");
	return own;
}

const described = (
	{ credential_id, label, created_at, last_used_at }: OwnPasskey,
	current: string | null,
): Passkey => ({
	id: publicId(credential_id),
	name: label,
	createdAt: created_at.toISOString(),
	lastUsedAt: last_used_at?.toISOString() ?? null,
	current: credential_id === current,
});

const full = (): RoomError =>
	new RoomError("api.passkeys_full", `${MOST_PASSKEYS} passkeys are enough for anybody; remove one first`);
