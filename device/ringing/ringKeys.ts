import { exportJWK } from "jose";
import { PAYLOAD_VERSION } from "../../provisioning/contract/envelope.ts";
import { type PublicJwk, publicJwk, ringKey } from "../../provisioning/contract/ring.ts";
import { RoomError } from "../core/RoomError.ts";
import type { Trust } from "../meeting/certificates.ts";
import { type Signer, verifySigned } from "./signature.ts";

/** The key pair to which rings of this room are sealed: P-256, for key agreement only, made for this life of the program. */
export interface RingKeys {
	publicJwk: PublicJwk;
	privateKey: CryptoKey;
}

export async function createRingKeys(): Promise<RingKeys> {
	const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
	return { publicJwk: publicJwk.parse(await exportJWK(pair.publicKey)), privateKey: pair.privateKey };
}

/** What presence carries: our ring key, signed by the device key, for this connection only. */
export const announceRingKey = (signer: Signer, id: string, epoch: number, jwk: PublicJwk): Promise<string> =>
	signer.sign("ic-ring-key+jws", { v: PAYLOAD_VERSION, id, epoch, jwk });

/**
 * The ring key of another room out of its presence. Errors: as `verifySigned`, and `ring.key_wrong` if the key is not that room's
 * for that connection.
 */
export async function readRingKey(
	jws: string,
	of: { id: string; epoch: number },
	options: Trust & { nowMs: number },
): Promise<PublicJwk> {
	const signed = await verifySigned(jws, "ic-ring-key+jws", options);
	const claims = ringKey.safeParse(signed.payload);
	if (!claims.success) throw new RoomError("ring.malformed", "no ring key");
	const { id, epoch, jwk } = claims.data;
	if (signed.deviceId !== of.id || id !== of.id || epoch !== of.epoch) {
		throw new RoomError("ring.key_wrong", "the ring key belongs to another room or connection");
	}
	return jwk;
}
