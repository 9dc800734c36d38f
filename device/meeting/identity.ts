import { exportJWK } from "jose";
import { RoomError } from "../core/RoomError.ts";
import { type Bytes, fromBase64, sha256, toBase64, utf8 } from "./bytes.ts";
import type { Trust } from "./certificates.ts";
import { handshakeRefused, malformed } from "./failures.ts";
import { type KeyHeader, type MessageHeader, type PublicJwk, publicJwk } from "./jws.ts";

export type { Trust } from "./certificates.ts";
export type Kind = "room" | "guest";

const ecdsa = { name: "ECDSA", namedCurve: "P-256" } as const;

/** Who signs at this end. The private key signs and can't be read out. */
export interface OwnIdentity {
	kind: Kind;
	privateKey: CryptoKey;
	/** A room's chain from leaf to CA, or a guest's bare key. */
	key: KeyHeader;
	/** SHA-256 of the public key's SubjectPublicKeyInfo. */
	fingerprint: Bytes;
}

/** Who signed at the far end, after its key (and a room's chain) was checked. */
export interface FarIdentity {
	kind: Kind;
	publicKey: CryptoKey;
	/** SHA-256 of the public key's SubjectPublicKeyInfo, 32 bytes: recognises the same key next time. */
	fingerprint: Bytes;
	/** The device id in a room's certificate; null for a guest, of whom nothing is known. */
	deviceId: string | null;
}

/** X.509 is by far the heaviest part; a guest page shows itself before it is loaded. */
export const loadCertificates = (): Promise<typeof import("./certificates.ts")> => import("./certificates.ts");

async function fingerprintOf(publicKey: CryptoKey): Promise<Bytes> {
	return sha256(new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)));
}

/** A key for this call only; it can't be extracted and is forgotten with the page. */
export async function createGuestIdentity(): Promise<OwnIdentity> {
	const { publicKey, privateKey } = await crypto.subtle.generateKey(ecdsa, false, ["sign", "verify"]);
	const { kty, crv, x, y } = await exportJWK(publicKey);
	return {
		kind: "guest",
		privateKey,
		key: { jwk: publicJwk.parse({ kty, crv, x, y }) },
		fingerprint: await fingerprintOf(publicKey),
	};
}

/**
 * A room's identity.
 * @param options.chainPem the device certificate, intermediates if any, and the fleet CA, in this order.
 * @param options.privateKey of the device certificate, ECDSA P-256, usage `sign`.
 * @throws RoomError `identity.malformed`, `identity.key_mismatch`, or as {@link verifyChain} for a chain that nobody would accept.
 */
export async function createRoomIdentity(options: {
	chainPem: string;
	privateKey: CryptoKey;
	trust: Trust;
	nowMs: number;
}): Promise<OwnIdentity> {
	const { certificatesOfPem, verifyChain } = await loadCertificates();
	const chain = certificatesOfPem(options.chainPem);
	const { publicKey, spki } = await verifyChain(chain, { ...options.trust, nowMs: options.nowMs });
	const probe = utf8("incamera/1");
	const hashed = { name: "ECDSA", hash: "SHA-256" };
	const signature = await crypto.subtle.sign(hashed, options.privateKey, probe);
	if (!(await crypto.subtle.verify(hashed, publicKey, signature, probe)))
		throw new RoomError("identity.key_mismatch", "The private key is not the certificate's");
	return {
		kind: "room",
		privateKey: options.privateKey,
		key: { x5c: chain.map(toBase64) },
		fingerprint: await sha256(spki),
	};
}

/** Reads an unencrypted PKCS#8 key (`BEGIN PRIVATE KEY`) into one that can't be read out again. @throws RoomError `identity.malformed`. */
export async function importPrivateKey(pem: string): Promise<CryptoKey> {
	const body = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/.exec(pem)?.[1];
	const der = body ? fromBase64(body.replaceAll(/\s/g, "")) : null;
	if (!der) throw new RoomError("identity.malformed", "Not a private key in PKCS#8 PEM");
	try {
		return await crypto.subtle.importKey("pkcs8", der, ecdsa, false, ["sign"]);
	} catch (cause) {
		throw new RoomError("identity.malformed", "Not an ECDSA P-256 key", { cause });
	}
}

/**
 * Whose key a message's header names.
 * @throws RoomError `meeting.malformed`, `call.handshake_refused` (check `key`), or as {@link verifyChain}.
 */
export async function readIdentity(
	header: Pick<MessageHeader, "x5c" | "jwk">,
	options: Trust & { nowMs: number },
): Promise<FarIdentity> {
	if ((header.x5c === undefined) === (header.jwk === undefined)) throw malformed();
	if (header.jwk) return guestOf(header.jwk);
	const chain = (header.x5c ?? []).map(fromBase64);
	if (chain.includes(null)) throw malformed();
	const { verifyChain } = await loadCertificates();
	const { publicKey, spki, deviceId } = await verifyChain(chain as Bytes[], options);
	return { kind: "room", publicKey, fingerprint: await sha256(spki), deviceId };
}

async function guestOf(jwk: PublicJwk): Promise<FarIdentity> {
	try {
		// Points that are not on the curve are refused by the import.
		const publicKey = await crypto.subtle.importKey("jwk", jwk, ecdsa, true, ["verify"]);
		return { kind: "guest", publicKey, fingerprint: await fingerprintOf(publicKey), deviceId: null };
	} catch {
		throw handshakeRefused("key");
	}
}
