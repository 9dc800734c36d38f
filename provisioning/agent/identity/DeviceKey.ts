import { createPublicKey, generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { tags, writeDer } from "./der.ts";

const generate = promisify(generateKeyPair);
const VERSION_0 = new Uint8Array([tags.integer, 1, 0]);
/** SEQUENCE { ecdsa-with-SHA256 } (RFC 5758 section 3.2). */
const ECDSA_WITH_SHA256 = new Uint8Array([0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
const NO_ATTRIBUTES = new Uint8Array([0xa0, 0]);

/** A key that this device made for itself: P-256, and the private half never leaves but into its own file. */
export interface DeviceKey {
	privateKey: KeyObject;
	/** PKCS #8, PEM: a secret. */
	pem: string;
	/** Certification request (PKCS #10, RFC 2986), DER: subject empty, no attributes. */
	request: Uint8Array;
}

/** Makes a key and signs a request for its certificate. */
export async function makeDeviceKey(): Promise<DeviceKey> {
	const { privateKey } = await generate("ec", { namedCurve: "P-256" });
	return {
		privateKey,
		pem: String(privateKey.export({ type: "pkcs8", format: "pem" })),
		request: certificationRequest(privateKey),
	};
}

function certificationRequest(key: KeyObject): Uint8Array {
	const publicKey = createPublicKey(key).export({ type: "spki", format: "der" });
	const info = writeDer(tags.sequence, VERSION_0, writeDer(tags.sequence), publicKey, NO_ATTRIBUTES);
	const signature = sign("sha256", info, { key, dsaEncoding: "der" });
	// no bits of the last octet are unused
	const bits = writeDer(tags.bitString, new Uint8Array([0]), signature);
	return writeDer(tags.sequence, info, ECDSA_WITH_SHA256, bits);
}
