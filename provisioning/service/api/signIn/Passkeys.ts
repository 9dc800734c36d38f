import { randomUUID } from "node:crypto";
import {
	type AuthenticationResponseJSON,
	generateAuthenticationOptions,
	generateRegistrationOptions,
	type RegistrationResponseJSON,
	verifyAuthenticationResponse,
	verifyRegistrationResponse,
} from "@simplewebauthn/server";
import type { Clock } from "../../../../device/core/clock.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { Audit } from "../../audit/Audit.ts";
import type { Db } from "../../db/Database.ts";
import { isDuplicate } from "../../db/databaseErrors.ts";
import type { Row } from "../../db/Schema.ts";
import type { Invitations } from "./Invitations.ts";
import { asked, handleOf, isFramed, isNamed, isPlainAttestation, refused } from "./passkeyChecks.ts";
import type { Sessions } from "./Sessions.ts";
import { isUuid } from "./secrets.ts";

export const CHALLENGE_MS = 5 * 60_000;
/** COSE: EdDSA, ES256, RS256. Left to the library, it would try out what this Node can do, and Node warns of that. */
const ALGORITHMS = [-8, -7, -257];

export interface PasskeyOptions {
	db: Db;
	clock: Clock;
	sessions: Sessions;
	invitations: Invitations;
	/** Where the console is opened: `https://fleet.example.org`. Its host name is the relying party's id. */
	origin: string;
	/** This installation's name, which the authenticator shows. */
	fleet: string;
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

/**
 * Signing in by passkeys (Web Authentication Level 3): discoverable credentials, the person verified by the authenticator. There are no
 * passwords. Of what an authenticator is nothing is asked (attestation `none`): it would tell which device a person has.
 *
 * Errors: `api.passkey_refused` whatever was wrong with an answer, `api.invitation_refused`.
 */
export class Passkeys {
	readonly #options: PasskeyOptions;
	readonly #rpId: string;

	constructor(options: PasskeyOptions) {
		this.#options = options;
		this.#rpId = new URL(options.origin).hostname;
	}

	async beginSignIn(): Promise<Ceremony> {
		const options = await generateAuthenticationOptions({
			rpID: this.#rpId,
			userVerification: "required",
			timeout: CHALLENGE_MS,
		});
		const challengeId = await this.#keep({ challenge: options.challenge, purpose: "login" });
		return { challengeId, options: { ...options } };
	}

	async signIn(challengeId: string, answer: Record<string, unknown>): Promise<SignedIn> {
		const { db, clock, sessions, origin } = this.#options;
		const challenge = await this.#take(challengeId, "login");
		const response = answer as unknown as AuthenticationResponseJSON;
		const passkey = await this.#passkey(response.id);
		if (!passkey || !isNamed(response.response?.userHandle, passkey.person_id)) throw refused();
		const verified = await asked(() =>
			verifyAuthenticationResponse({
				response,
				expectedChallenge: challenge.challenge,
				expectedOrigin: origin,
				expectedRPID: this.#rpId,
				requireUserVerification: true,
				credential: {
					id: passkey.credential_id,
					publicKey: new Uint8Array(passkey.public_key),
					counter: passkey.counter,
				},
			}),
		);
		if (!verified.verified || isFramed(response.response.clientDataJSON)) throw refused();
		return db.transaction().execute(async (trx) => {
			const { newCounter } = verified.authenticationInfo;
			const { numUpdatedRows } = await trx
				.updateTable("passkeys")
				.set({ counter: newCounter, last_used_at: new Date(clock.now()) })
				.where("credential_id", "=", passkey.credential_id)
				// Two answers at once with one counter: the second one is a copy's.
				.where((where) => (newCounter === 0 ? where("counter", "=", 0) : where("counter", "<", newCounter)))
				.executeTakeFirst();
			if (numUpdatedRows === 0n) throw refused();
			const token = await sessions.begin(trx, passkey.person_id);
			const actor = `person:${passkey.person_id}`;
			await Audit.append(trx, { actor, action: "session.begin", target: actor });
			return { person: passkey.person_id, token };
		});
	}

	async beginRegistration(code: string, name: string): Promise<Ceremony> {
		const { db, invitations, fleet } = this.#options;
		const invitation = await invitations.find(db, code);
		if (!invitation) throw notInvited();
		const person = randomUUID();
		const options = await generateRegistrationOptions({
			rpName: fleet,
			rpID: this.#rpId,
			userID: new Uint8Array(handleOf(person)),
			userName: name,
			userDisplayName: name,
			attestationType: "none",
			timeout: CHALLENGE_MS,
			supportedAlgorithmIDs: ALGORITHMS,
			authenticatorSelection: { residentKey: "required", userVerification: "required" },
		});
		const challengeId = await this.#keep({
			challenge: options.challenge,
			purpose: "register",
			invitation_id: invitation.id,
			new_person_id: person,
			new_display_name: name,
		});
		return { challengeId, options: { ...options } };
	}

	async register(challengeId: string, answer: Record<string, unknown>): Promise<SignedIn> {
		const { db, origin } = this.#options;
		const challenge = await this.#take(challengeId, "register");
		const response = answer as unknown as RegistrationResponseJSON;
		const verified = await asked(async () => {
			if (!isPlainAttestation(response.response.attestationObject)) throw refused();
			return verifyRegistrationResponse({
				response,
				expectedChallenge: challenge.challenge,
				expectedOrigin: origin,
				expectedRPID: this.#rpId,
				requireUserVerification: true,
				supportedAlgorithmIDs: ALGORITHMS,
			});
		});
		if (!verified.verified || isFramed(response.response.clientDataJSON)) throw refused();
		const { credential } = verified.registrationInfo;
		try {
			return await db.transaction().execute((trx) => this.#admit(trx, challenge, credential));
		} catch (error) {
			// Somebody else's credential id, or this one's a second time.
			if (isDuplicate(error, "passkeys_pkey")) throw refused();
			throw error;
		}
	}

	async #admit(
		trx: Db,
		challenge: Row<"webauthn_challenges">,
		credential: { id: string; publicKey: Uint8Array; counter: number; transports?: string[] },
	): Promise<SignedIn> {
		const { clock, invitations, sessions } = this.#options;
		const { invitation_id: invitation, new_person_id: person, new_display_name: name } = challenge;
		const used = invitation ? await invitations.use(trx, invitation) : null;
		if (!used || !person || !name) throw notInvited();
		// One link was used: others that the service wrote for a first admin, perhaps on another machine, are not left lying about.
		if (used.createdBy === "service") await invitations.withdrawAllBy(trx, "service");
		const now = new Date(clock.now());
		await trx
			.insertInto("people")
			.values({ id: person, display_name: name, role: used.role, created_at: now })
			.execute();
		await trx
			.insertInto("passkeys")
			.values({
				credential_id: credential.id,
				person_id: person,
				public_key: Buffer.from(credential.publicKey),
				counter: credential.counter,
				transports: (credential.transports ?? []).filter((each) => /^[a-z-]{1,20}$/.test(each)).slice(0, 8),
				created_at: now,
			})
			.execute();
		const token = await sessions.begin(trx, person);
		const actor = `person:${person}`;
		await Audit.append(trx, { actor, action: "person.register", target: actor, detail: { role: used.role } });
		return { person, token };
	}

	async #keep(
		challenge: Pick<Row<"webauthn_challenges">, "challenge" | "purpose"> & Partial<Row<"webauthn_challenges">>,
	): Promise<string> {
		const now = this.#options.clock.now();
		const { id } = await this.#options.db
			.insertInto("webauthn_challenges")
			.values({ ...challenge, created_at: new Date(now), expires_at: new Date(now + CHALLENGE_MS) })
			.returning("id")
			.executeTakeFirstOrThrow();
		return id;
	}

	/** Each counts once, whatever the answer to it was. */
	async #take(id: string, purpose: "login" | "register"): Promise<Row<"webauthn_challenges">> {
		const { db, clock } = this.#options;
		const challenge = isUuid(id)
			? await db
					.deleteFrom("webauthn_challenges")
					.where("id", "=", id)
					.where("purpose", "=", purpose)
					.where("expires_at", ">", new Date(clock.now()))
					.returningAll()
					.executeTakeFirst()
			: null;
		if (!challenge) throw refused();
		return challenge;
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

const notInvited = (): RoomError =>
	new RoomError("api.invitation_refused", "the invitation is unknown, used or expired; ask for a new one");
