import { randomUUID } from "node:crypto";
import type { WebAuthnCredential } from "@simplewebauthn/server";
import type { Clock } from "../../../../device/core/clock.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { Audit } from "../../audit/Audit.ts";
import type { Db } from "../../db/Database.ts";
import type { Challenge, Challenges } from "./Challenges.ts";
import type { Invitations } from "./Invitations.ts";
import { insertPasskey } from "./insertPasskey.ts";
import type { Ceremony, SignedIn } from "./Passkeys.ts";
import type { Answer, RelyingParty } from "./RelyingParty.ts";
import type { Sessions } from "./Sessions.ts";

export interface RegistrationsOptions {
	db: Db;
	clock: Clock;
	sessions: Sessions;
	invitations: Invitations;
	challenges: Challenges;
	relyingParty: RelyingParty;
}

/** How somebody new comes in: with an invitation, by a passkey that they register. Errors: `api.passkey_refused`, `api.invitation_refused`. */
export class Registrations {
	readonly #options: RegistrationsOptions;

	constructor(options: RegistrationsOptions) {
		this.#options = options;
	}

	async begin(code: string, name: string): Promise<Ceremony> {
		const { db, invitations, challenges, relyingParty } = this.#options;
		const invitation = await invitations.find(db, code);
		if (!invitation) throw notInvited();
		const person = randomUUID();
		const options = await relyingParty.toRegister({ id: person, name });
		const challengeId = await challenges.keep({
			challenge: options.challenge,
			purpose: "register",
			invitation_id: invitation.id,
			new_person_id: person,
			new_display_name: name,
		});
		return { challengeId, options };
	}

	async register(challengeId: string, answer: Answer): Promise<SignedIn> {
		const { db, challenges, relyingParty } = this.#options;
		const challenge = await challenges.take(challengeId, "register");
		const credential = await relyingParty.registered(challenge.challenge, answer);
		return db.transaction().execute((trx) => this.#admit(trx, challenge, credential));
	}

	async #admit(trx: Db, challenge: Challenge, credential: WebAuthnCredential): Promise<SignedIn> {
		const { clock, invitations, sessions } = this.#options;
		const { invitation_id: invitation, new_person_id: person, new_display_name: name } = challenge;
		const used = invitation ? await invitations.use(trx, invitation) : null;
		if (!used || !person || !name) throw notInvited();
		// One link was used: others that the service wrote for a first admin, perhaps on another machine, are not left lying about.
		if (used.createdBy === "service") await invitations.withdrawAllBy(trx, "service");
		const nowMs = clock.now();
		await trx
			.insertInto("people")
			.values({ id: person, display_name: name, role: used.role, created_at: new Date(nowMs) })
			.execute();
		await insertPasskey(trx, credential, { person, label: null, nowMs });
		const token = await sessions.begin(trx, person, credential.id);
		const actor = `person:${person}`;
		await Audit.append(trx, { actor, action: "person.register", target: actor, detail: { role: used.role } });
		return { person, token };
	}
}

const notInvited = (): RoomError =>
	new RoomError("api.invitation_refused", "the invitation is unknown, used or expired; ask for a new one");
