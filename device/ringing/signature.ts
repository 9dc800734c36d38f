import { CompactSign, compactVerify, decodeProtectedHeader } from "jose";
import * as z from "zod/mini";
import { deviceId } from "../../provisioning/contract/topics.ts";
import { RoomError } from "../core/RoomError.ts";
import { certificatesOfPem, type Trust, verifyChain } from "../meeting/certificates.ts";
import { importPrivateKey } from "../meeting/identity.ts";

/** What is signed: in the header, so that neither a handshake nor the other of the two can be taken for it (RFC 8725 section 3.11). */
export type RingType = "ic-ring-key+jws" | "ic-ring+jws";

const header = z.strictObject({
	alg: z.literal("ES256"),
	typ: z.enum(["ic-ring-key+jws", "ic-ring+jws"]),
	x5c: z.array(z.string().check(z.maxLength(6000))).check(z.minLength(2), z.maxLength(4)),
});

export interface Signer {
	/** Compact JWS (RFC 7515 7.1), ES256, over the payload's JSON, with the device's chain in `x5c`. */
	sign(type: RingType, payload: object): Promise<string>;
}

/** A signer with the device's key. `chain`: device certificate to CA. Error: `identity.malformed`. */
export async function createSigner(pem: { key: string; chain: string }): Promise<Signer> {
	const key = await importPrivateKey(pem.key);
	const x5c = certificatesOfPem(pem.chain).map((der) => Buffer.from(der).toString("base64"));
	return {
		sign: (type, payload) =>
			new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
				.setProtectedHeader({ alg: "ES256", typ: type, x5c })
				.sign(key),
	};
}

/**
 * Who signed, and what, as JSON that is yet to be parsed.
 * Errors: `ring.malformed`, `ring.signature_wrong`, and those of `verifyChain` (`call.certificate_…`).
 */
export async function verifySigned(
	jws: string,
	type: RingType,
	options: Trust & { nowMs: number },
): Promise<{ deviceId: string; payload: unknown }> {
	const { typ, x5c } = readHeader(jws);
	if (typ !== type) throw new RoomError("ring.malformed", "signed for another purpose");
	const chain = x5c.map((der) => new Uint8Array(Buffer.from(der, "base64")));
	const signer = await verifyChain(chain, options);
	if (!deviceId.safeParse(signer.deviceId).success) throw new RoomError("ring.malformed", "not a device's certificate");
	try {
		const { payload } = await compactVerify(jws, signer.publicKey, { algorithms: ["ES256"] });
		return { deviceId: signer.deviceId, payload: JSON.parse(new TextDecoder().decode(payload)) };
	} catch (cause) {
		throw new RoomError("ring.signature_wrong", "the signature does not hold", { cause });
	}
}

function readHeader(jws: string): z.infer<typeof header> {
	try {
		return header.parse(decodeProtectedHeader(jws));
	} catch (cause) {
		throw new RoomError("ring.malformed", "no signed message", { cause });
	}
}
