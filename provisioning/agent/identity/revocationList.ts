import { verify, type X509Certificate } from "node:crypto";
import { RoomError } from "../../../device/core/RoomError.ts";
import { certificatesOf } from "./certificates.ts";
import { type Der, readDer, readOne, readTime, tags } from "./der.ts";

export interface RevocationList {
	/** When the authority made it, milliseconds. */
	madeAt: number;
	/** PEM, the list alone. */
	pem: string;
}

const malformed = (cause?: unknown): RoomError =>
	new RoomError("revocations.malformed", "not a revocation list", { cause });

const BLOCK = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/;
/** ecdsa-with-SHA256, -384 and -512 (RFC 5758 section 3.2), as SEQUENCE in hex. */
const algorithms: Readonly<Record<string, string>> = {
	"300a06082a8648ce3d040302": "sha256",
	"300a06082a8648ce3d040303": "sha384",
	"300a06082a8648ce3d040304": "sha512",
};

/**
 * A revocation list (RFC 5280 section 5) that was signed by one of the fleet's authorities. What is in it the room program reads; here it
 * only has to be theirs. `text`: PEM, also with other blocks. Throws RoomError `revocations.malformed`, `revocations.not_ours`.
 */
export function readRevocationList(text: string, authority: string): RevocationList {
	const body = BLOCK.exec(text)?.[1];
	if (!body) throw malformed();
	const der = Buffer.from(body, "base64");
	const { signed, issuer, madeAt, digest, signature } = parse(der);
	const ours = certificatesOf(authority).some(
		(root) =>
			root.ca &&
			root.publicKey.asymmetricKeyType === "ec" &&
			issuer.equals(subjectOf(root)) &&
			verify(digest, signed, { key: root.publicKey, dsaEncoding: "der" }, signature),
	);
	if (!ours) throw new RoomError("revocations.not_ours", "not the fleet authority's list");
	const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
	return { madeAt, pem: ["-----BEGIN X509 CRL-----", ...lines, "-----END X509 CRL-----", ""].join("\n") };
}

function parse(der: Uint8Array) {
	try {
		const [signed, algorithm, bits, ...more] = readDer(readOne(der, tags.sequence).content);
		if (!signed || !algorithm || bits?.tag !== tags.bitString || bits.content[0] !== 0 || more.length > 0) {
			throw malformed();
		}
		const digest = algorithms[Buffer.from(algorithm.whole).toString("hex")];
		const fields = readDer(signed.content);
		// the version is there or not
		const [inner, issuer, thisUpdate] = fields[0]?.tag === tags.integer ? fields.slice(1) : fields;
		if (!digest || !inner || !issuer || !thisUpdate || !Buffer.from(inner.whole).equals(algorithm.whole)) {
			throw malformed();
		}
		const signature = bits.content.subarray(1);
		return { signed: signed.whole, issuer: Buffer.from(issuer.whole), madeAt: readTime(thisUpdate), digest, signature };
	} catch (cause) {
		throw malformed(cause);
	}
}

/** The subject's name, DER: names are compared as they were signed. */
function subjectOf(certificate: X509Certificate): Uint8Array {
	const [tbs] = readDer(readOne(certificate.raw, tags.sequence).content);
	const fields = readDer((tbs as Der).content);
	// [0] version, serial number, algorithm, issuer, validity, subject; version 1 certificates have no [0] and are no CA
	return (fields[5] as Der).whole;
}
