import { createHash, createPublicKey, type KeyObject, sign } from "node:crypto";
import { Key, Signature } from "@tufjs/models";

/** Of an Ed25519 key's SubjectPublicKeyInfo (RFC 8410, section 4) what comes before the key itself. */
const SPKI_HEAD_BYTES = 12;

/**
 * A public key as TUF writes it (specification 1.0.33, section 4.2): Ed25519 for the image repository, whose keys are made for it; ECDSA P-256 for the director,
 * whose key has a certificate.
 */
export function tufKey(key: KeyObject): Key {
	const publicKey = key.type === "private" ? createPublicKey(key) : key;
	const ed25519 = publicKey.asymmetricKeyType === "ed25519";
	const said = ed25519
		? {
				keytype: "ed25519",
				scheme: "ed25519",
				value: publicKey.export({ type: "spki", format: "der" }).subarray(SPKI_HEAD_BYTES).toString("hex"),
			}
		: {
				keytype: "ecdsa",
				scheme: "ecdsa-sha2-nistp256",
				value: publicKey.export({ type: "spki", format: "pem" }).toString(),
			};
	// canonical JSON: names in order, no spaces; a line end stands as it is
	const canonical = `{"keytype":"${said.keytype}","keyval":{"public":"${said.value}"},"scheme":"${said.scheme}"}`;
	const keyID = createHash("sha256").update(canonical).digest("hex");
	return new Key({ keyID, keyType: said.keytype, scheme: said.scheme, keyVal: { public: said.value } });
}

/** Signs metadata: for `Metadata.sign`. */
export function signer(key: KeyObject): (bytes: Buffer) => Signature {
	const { keyID } = tufKey(key);
	const digest = key.asymmetricKeyType === "ed25519" ? null : "sha256";
	return (bytes) => new Signature({ keyID, sig: sign(digest, bytes, key).toString("hex") });
}
