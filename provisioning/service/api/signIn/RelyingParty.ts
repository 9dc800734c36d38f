import {
	type AuthenticationResponseJSON,
	generateAuthenticationOptions,
	generateRegistrationOptions,
	type RegistrationResponseJSON,
	verifyAuthenticationResponse,
	verifyRegistrationResponse,
	type WebAuthnCredential,
} from "@simplewebauthn/server";
import type { Row } from "../../db/Schema.ts";
import { CHALLENGE_MS } from "./Challenges.ts";
import { asked, handleOf, isFramed, isPlainAttestation, refused } from "./passkeyChecks.ts";

/** COSE: EdDSA, ES256, RS256. Left to the library, it would try out what this Node can do, and Node warns of that. */
const ALGORITHMS = [-8, -7, -257];

/** JSON for `navigator.credentials`, and the challenge in it. */
export type CeremonyOptions = { challenge: string } & Record<string, unknown>;
/** JSON of `navigator.credentials`. Not looked at yet. */
export type Answer = Record<string, unknown>;

export interface RelyingPartyOptions {
	/** Where the console is opened: `https://fleet.example.org`. Its host name is the relying party's id. */
	origin: string;
	/** This installation's name, which the authenticator shows. */
	fleet: string;
}

/**
 * What we are to authenticators (Web Authentication Level 3): discoverable credentials, the person verified by the authenticator. Of what an
 * authenticator is nothing is asked (attestation `none`): it would tell which device a person has.
 *
 * Error: `api.passkey_refused`, whatever was wrong with an answer.
 */
export class RelyingParty {
	readonly #options: RelyingPartyOptions;
	readonly #id: string;

	constructor(options: RelyingPartyOptions) {
		this.#options = options;
		this.#id = new URL(options.origin).hostname;
	}

	/** To make a passkey. `except`: credentials of this person; a second one in the same authenticator would be no second way in. */
	async toRegister(person: { id: string; name: string }, except: readonly string[] = []): Promise<CeremonyOptions> {
		const options = await generateRegistrationOptions({
			rpName: this.#options.fleet,
			rpID: this.#id,
			userID: new Uint8Array(handleOf(person.id)),
			userName: person.name,
			userDisplayName: person.name,
			attestationType: "none",
			timeout: CHALLENGE_MS,
			supportedAlgorithmIDs: ALGORITHMS,
			authenticatorSelection: { residentKey: "required", userVerification: "required" },
			excludeCredentials: except.map((id) => ({ id })),
		});
		return { ...options };
	}

	/** To use a passkey: one of these, or whichever there is. */
	async toAuthenticate(only: readonly string[] = []): Promise<CeremonyOptions> {
		const options = await generateAuthenticationOptions({
			rpID: this.#id,
			userVerification: "required",
			timeout: CHALLENGE_MS,
			...(only.length > 0 ? { allowCredentials: only.map((id) => ({ id })) } : {}),
		});
		return { ...options };
	}

	/** The credential that was made, if all that is said of it is true. */
	async registered(challenge: string, answer: Answer): Promise<WebAuthnCredential> {
		const response = answer as unknown as RegistrationResponseJSON;
		const verified = await asked(async () => {
			if (!isPlainAttestation(response.response.attestationObject)) throw refused();
			return verifyRegistrationResponse({
				response,
				expectedChallenge: challenge,
				expectedOrigin: this.#options.origin,
				expectedRPID: this.#id,
				requireUserVerification: true,
				supportedAlgorithmIDs: ALGORITHMS,
			});
		});
		if (!verified.verified || isFramed(response.response.clientDataJSON)) throw refused();
		return verified.registrationInfo.credential;
	}

	/** The signature counter that the authenticator says, if it is this passkey's answer. */
	async authenticated(challenge: string, answer: Answer, passkey: Row<"passkeys">): Promise<number> {
		const response = answer as unknown as AuthenticationResponseJSON;
		const verified = await asked(() =>
			verifyAuthenticationResponse({
				response,
				expectedChallenge: challenge,
				expectedOrigin: this.#options.origin,
				expectedRPID: this.#id,
				requireUserVerification: true,
				credential: {
					id: passkey.credential_id,
					publicKey: new Uint8Array(passkey.public_key),
					counter: passkey.counter,
				},
			}),
		);
		if (!verified.verified || isFramed(response.response.clientDataJSON)) throw refused();
		return verified.authenticationInfo.newCounter;
	}
}
