import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isoCBOR } from "@simplewebauthn/server/helpers";

/** What an authenticator or browser can get wrong, or lie about. */
export interface Misbehaviour {
	origin?: string;
	rpId?: string;
	challenge?: string;
	type?: string;
	/** No fingerprint, no PIN. */
	unverified?: boolean;
	/** Nobody touched it. */
	absent?: boolean;
	crossOrigin?: boolean;
	/** The signature counter that it says. */
	counter?: number;
	/** Signs with another key. */
	otherKey?: boolean;
	/** Says another person's handle, or none. */
	userHandle?: string | null;
	/** Attestation format that it says. */
	format?: string;
	/** Attestation statement. */
	statement?: Map<string, unknown>;
}

interface Credential {
	id: string;
	key: KeyObject;
	rpId: string;
	userHandle: string;
	counter: number;
}

/**
 * An authenticator and the browser around it in software: ES256, discoverable credentials, attestation `none`. Its answers are those of
 * `PublicKeyCredential.toJSON()` (Web Authentication Level 3, section 5.1).
 */
export class SoftAuthenticator {
	readonly credentials: Credential[] = [];
	readonly #origin: string;

	constructor(options: { origin: string }) {
		this.#origin = options.origin;
	}

	/** `navigator.credentials.create()` with what the service gave. */
	create(options: Record<string, unknown>, wrong: Misbehaviour = {}): Record<string, unknown> {
		const { challenge, rp, user, excludeCredentials } = options as {
			challenge: string;
			rp: { id: string };
			user: { id: string };
			excludeCredentials?: { id: string }[];
		};
		if (excludeCredentials?.some(({ id }) => this.credentials.some((each) => each.id === id))) {
			throw new DOMException("it has a passkey of this person", "InvalidStateError");
		}
		const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		const id = randomBytes(32);
		const jwk = publicKey.export({ format: "jwk" });
		const cose = new Map<number, number | Uint8Array>([
			[1, 2],
			[3, -7],
			[-1, 1],
			[-2, new Uint8Array(Buffer.from(jwk.x as string, "base64url"))],
			[-3, new Uint8Array(Buffer.from(jwk.y as string, "base64url"))],
		]);
		const credential = { id: id.toString("base64url"), key: privateKey, rpId: rp.id, userHandle: user.id, counter: 0 };
		const length = Buffer.alloc(2);
		length.writeUInt16BE(id.length);
		const authData = Buffer.concat([
			this.#head(credential, wrong, 0x40),
			Buffer.alloc(16),
			length,
			id,
			isoCBOR.encode(cose as never),
		]);
		const attestation = new Map<string, unknown>([
			["fmt", wrong.format ?? "none"],
			["attStmt", wrong.statement ?? new Map()],
			["authData", new Uint8Array(authData)],
		]);
		this.credentials.push(credential);
		return {
			id: credential.id,
			rawId: credential.id,
			type: "public-key",
			clientExtensionResults: {},
			response: {
				clientDataJSON: this.#clientData("webauthn.create", challenge, wrong).toString("base64url"),
				attestationObject: Buffer.from(isoCBOR.encode(attestation as never)).toString("base64url"),
				transports: ["internal"],
			},
		};
	}

	/** `navigator.credentials.get()`, with the newest credential that belongs to the relying party and may be used. */
	get(options: Record<string, unknown>, wrong: Misbehaviour = {}): Record<string, unknown> {
		const { challenge, rpId, allowCredentials } = options as {
			challenge: string;
			rpId: string;
			allowCredentials?: { id: string }[];
		};
		const credential = this.credentials.findLast(
			(each) => each.rpId === rpId && (allowCredentials?.some(({ id }) => id === each.id) ?? true),
		);
		if (!credential) throw new Error("no passkey for this relying party");
		credential.counter += 1;
		const authData = this.#head(credential, wrong, 0);
		const clientData = this.#clientData("webauthn.get", challenge, wrong);
		const signed = Buffer.concat([authData, createHash("sha256").update(clientData).digest()]);
		const key = wrong.otherKey ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey : credential.key;
		const userHandle = wrong.userHandle === undefined ? credential.userHandle : wrong.userHandle;
		return {
			id: credential.id,
			rawId: credential.id,
			type: "public-key",
			clientExtensionResults: {},
			response: {
				clientDataJSON: clientData.toString("base64url"),
				authenticatorData: authData.toString("base64url"),
				signature: sign("sha256", signed, key).toString("base64url"),
				...(userHandle === null ? {} : { userHandle }),
			},
		};
	}

	#clientData(type: string, challenge: string, wrong: Misbehaviour): Buffer {
		return Buffer.from(
			JSON.stringify({
				type: wrong.type ?? type,
				challenge: wrong.challenge ?? challenge,
				origin: wrong.origin ?? this.#origin,
				crossOrigin: wrong.crossOrigin ?? false,
			}),
		);
	}

	/** Authenticator data up to the counter. */
	#head({ rpId, counter }: Credential, wrong: Misbehaviour, flags: number): Buffer {
		const present = wrong.absent ? 0 : 0x01;
		const verified = wrong.unverified ? 0 : 0x04;
		const count = Buffer.alloc(4);
		count.writeUInt32BE(wrong.counter ?? counter);
		const hash = createHash("sha256")
			.update(wrong.rpId ?? rpId)
			.digest();
		return Buffer.concat([hash, Buffer.from([flags | present | verified]), count]);
	}
}
