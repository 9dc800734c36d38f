import { X509Certificate } from "node:crypto";
import { CompactSign, decodeProtectedHeader } from "jose";
import { fromBase64url, sha256, textOf, toBase64, toBase64url, utf8 } from "../../../device/meeting/bytes.ts";
import { certificatesOfPem } from "../../../device/meeting/certificates.ts";
import { importPrivateKey, type OwnIdentity } from "../../../device/meeting/identity.ts";

type Payload = Record<string, unknown>;

/** What a message says, whoever signed it. */
export function payloadOf(jws: string): Payload {
	return JSON.parse(textOf(fromBase64url(jws.split(".")[1] ?? "") ?? new Uint8Array())) as Payload;
}

/** The message with another payload, signed anew by `identity`. */
export function resign(jws: string, identity: OwnIdentity, change: (payload: Payload) => object): Promise<string> {
	return new CompactSign(utf8(JSON.stringify(change(payloadOf(jws)))))
		.setProtectedHeader(decodeProtectedHeader(jws) as { alg: string })
		.sign(identity.privateKey);
}

/** The message with another payload under the old signature: all that somebody can do who has no key. */
export function alter(jws: string, change: (payload: Payload) => object): string {
	const [header, , signature] = jws.split(".");
	return [header, toBase64url(utf8(JSON.stringify(change(payloadOf(jws))))), signature].join(".");
}

/** A payload whose description names another certificate. */
export function withOtherFingerprint(payload: Payload): Payload {
	const digest = Array.from({ length: 32 }, () => "5A").join(":");
	const sdp = String(payload["sdp"]).replaceAll(/(a=fingerprint:sha-256) \S+/g, `$1 ${digest}`);
	return { ...payload, sdp };
}

/** A room of these credentials, which doesn't look at its own certificate first as a real one does. */
export async function dubiousRoom(credentials: { key: string; chain: string }): Promise<OwnIdentity> {
	const chain = certificatesOfPem(credentials.chain);
	const leaf = new X509Certificate(chain[0] as Uint8Array);
	return {
		kind: "room",
		privateKey: await importPrivateKey(credentials.key),
		key: { x5c: chain.map(toBase64) },
		fingerprint: await sha256(new Uint8Array(leaf.publicKey.export({ type: "spki", format: "der" }))),
	};
}
