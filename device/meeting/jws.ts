import { CompactSign, compactVerify, decodeProtectedHeader } from "jose";
import * as z from "zod/mini";
import { textOf, utf8 } from "./bytes.ts";
import { handshakeRefused, malformed } from "./failures.ts";

/** What a message is. Part of what is signed, so that one kind can't be taken for another. */
export const messageTypes = ["incamera-offer", "incamera-answer", "incamera-confirm", "incamera-signal"] as const;
export type MessageType = (typeof messageTypes)[number];

/** A P-256 public key and nothing else (RFC 7517, RFC 7518 §6.2.1): no private part, no other curve. */
export const publicJwk = z.strictObject({
	kty: z.literal("EC"),
	crv: z.literal("P-256"),
	x: z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/)),
	y: z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/)),
});
export type PublicJwk = z.infer<typeof publicJwk>;

/**
 * The signer's key: a certificate chain from the leaf to the CA (RFC 7515 §4.1.6, base64 DER) or a bare key (§4.1.3). Absent where
 * the receiver knows the key already.
 */
export interface KeyHeader {
	x5c?: string[];
	jwk?: PublicJwk;
}

/** Strict: an unknown parameter, `crit` and `b64` (RFC 7797) above all, is refused rather than obeyed. */
const protectedHeader = z.strictObject({
	alg: z.literal("ES256"),
	typ: z.enum(messageTypes),
	x5c: z.optional(z.array(z.string().check(z.maxLength(6000))).check(z.minLength(2), z.maxLength(4))),
	jwk: z.optional(publicJwk),
});
export type MessageHeader = z.infer<typeof protectedHeader>;

const MOST_CHARACTERS = 60 * 1024;

/** A compact JWS (RFC 7515 §7.1) with ES256 over the exact bytes of `payload` as JSON. */
export function signMessage(options: {
	type: MessageType;
	payload: object;
	privateKey: CryptoKey;
	key?: KeyHeader;
}): Promise<string> {
	return new CompactSign(utf8(JSON.stringify(options.payload)))
		.setProtectedHeader({ alg: "ES256", typ: options.type, ...options.key })
		.sign(options.privateKey);
}

/** The header, not yet proved by anything. @throws RoomError `meeting.malformed`. */
export function readHeader(jws: string): MessageHeader {
	try {
		if (jws.length > MOST_CHARACTERS) throw malformed();
		return protectedHeader.parse(decodeProtectedHeader(jws));
	} catch {
		throw malformed();
	}
}

/**
 * The payload, proved to be signed by `publicKey`.
 * @throws RoomError `call.handshake_refused` (check `signature`) or `meeting.malformed` (signed, but not JSON).
 */
export async function verifyMessage(jws: string, publicKey: CryptoKey): Promise<unknown> {
	const { payload } = await compactVerify(jws, publicKey, { algorithms: ["ES256"] }).catch(() => {
		throw handshakeRefused("signature");
	});
	try {
		return JSON.parse(textOf(payload));
	} catch {
		throw malformed();
	}
}
