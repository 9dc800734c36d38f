import { CompactEncrypt, compactDecrypt, importJWK } from "jose";
import { type PublicJwk, RING_MS, type RingMessage, ringMessage } from "../../provisioning/contract/ring.ts";
import { RoomError } from "../core/RoomError.ts";
import type { Trust } from "../meeting/certificates.ts";
import { type Signer, verifySigned } from "./signature.ts";

/** How far two rooms' clocks may be apart. */
const SKEW_MS = 30_000;

/** Signs a message with the device key, then seals it to the receiver's ring key: compact JWE, ECDH-ES, A256GCM (RFC 7516, 7518). */
export async function sealRing(message: RingMessage, to: PublicJwk, signer: Signer): Promise<string> {
	const jws = await signer.sign("ic-ring+jws", message);
	try {
		const key = await importJWK({ ...to, ext: true }, "ECDH-ES");
		return await new CompactEncrypt(new TextEncoder().encode(jws))
			.setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM" })
			.encrypt(key);
	} catch (cause) {
		throw new RoomError("ring.key_wrong", "nothing can be sealed to this key", { cause });
	}
}

/**
 * Opens what came over `ring/{from}` for `self`. The broker says that it is from `from`; the signature must say so too, and be meant
 * for us, now. Errors: `ring.seal_wrong`, `ring.sender_wrong`, `ring.receiver_wrong`, `ring.expired`, and those of `verifySigned`.
 */
export async function openRing(
	sealed: string,
	options: Trust & { privateKey: CryptoKey; from: string; self: string; nowMs: number },
): Promise<RingMessage> {
	const jws = await unseal(sealed, options.privateKey);
	const signed = await verifySigned(jws, "ic-ring+jws", options);
	const parsed = ringMessage.safeParse(signed.payload);
	if (!parsed.success) throw new RoomError("ring.malformed", "no ring message");
	const message = parsed.data;
	if (signed.deviceId !== options.from || message.from !== options.from) {
		throw new RoomError("ring.sender_wrong", "signed by another device than the one that sent it");
	}
	if (message.to !== options.self) throw new RoomError("ring.receiver_wrong", "meant for another room");
	assertTimely(message, options.nowMs);
	return message;
}

/** Error `ring.expired`: over, from the future, or made to live longer than a ring does. */
export function assertTimely(times: { iat: number; exp: number }, nowMs: number): void {
	const { iat, exp } = times;
	if (exp - iat > RING_MS || exp <= nowMs - SKEW_MS || iat > nowMs + SKEW_MS) {
		throw new RoomError("ring.expired", "not of this time");
	}
}

async function unseal(sealed: string, privateKey: CryptoKey): Promise<string> {
	try {
		const { plaintext } = await compactDecrypt(sealed, privateKey, {
			keyManagementAlgorithms: ["ECDH-ES"],
			contentEncryptionAlgorithms: ["A256GCM"],
			maxDecompressedLength: 0,
		});
		return new TextDecoder().decode(plaintext);
	} catch (cause) {
		throw new RoomError("ring.seal_wrong", "not sealed to this room's key", { cause });
	}
}
