import { createHash } from "node:crypto";
import type { RevocationReason, RevokedCertificate } from "./RevocationStore.ts";
import { BACKDATE_MS, DAY_MS, type Root } from "./root.ts";
import { signing, x509 } from "./x509.ts";

/** A broker with an overdue list refuses everybody, so the list lives long and is renewed at each opening and revocation. */
const LIST_DAYS = 60;

const { cessationOfOperation, keyCompromise, superseded } = x509.X509CrlReason;
const reasons = new Map<string, x509.X509CrlReason>([
	...(["lost", "stolen", "compromised"] satisfies RevocationReason[]).map((reason) => [reason, keyCompromise] as const),
	...(["superseded", "replaced"] satisfies RevocationReason[]).map((reason) => [reason, superseded] as const),
]);

/** So many lists later a list's proof is still on the newest: whoever asks a broker about one may meet a later one there. */
const PROOFS = 32;

/**
 * The serial number, lower-case hex, that stands on the list of this number to prove that a broker heeds it: a certificate with it is
 * made when somebody asks, and is good for nothing else.
 */
export function proofSerial(number: number): string {
	const bytes = createHash("sha256").update(`proof of list ${number}`).digest().subarray(0, 16);
	bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
	return bytes.toString("hex");
}

/** The revocation list (RFC 5280 section 5) of `root`, PEM. `now` in ms since the epoch. */
export async function signRevocationList(
	root: Root,
	list: { number: number; revoked: readonly RevokedCertificate[]; now: number },
): Promise<string> {
	const signed = await x509.X509CrlGenerator.create({
		issuer: root.certificate.subjectName,
		thisUpdate: new Date(list.now - BACKDATE_MS),
		nextUpdate: new Date(list.now + LIST_DAYS * DAY_MS),
		signingAlgorithm: signing,
		signingKey: root.key,
		entries: [
			...list.revoked.map(({ serial, at, reason }) => ({
				serialNumber: serial,
				revocationDate: new Date(at),
				// Without any reason x509 writes an empty list of extensions, which RFC 5280 5.1 forbids.
				reason: reasons.get(reason) ?? cessationOfOperation,
			})),
			...Array.from({ length: Math.min(PROOFS, list.number) }, (_, ago) => ({
				serialNumber: proofSerial(list.number - ago),
				revocationDate: new Date(list.now - BACKDATE_MS),
				reason: superseded,
			})),
		],
		extensions: [
			await x509.AuthorityKeyIdentifierExtension.create(root.certificate.publicKey),
			new x509.Extension("2.5.29.20", false, derInteger(list.number)),
		],
	});
	// OpenSSL takes no other label (RFC 7468 section 7).
	return `${x509.PemConverter.encode(signed.rawData, "X509 CRL")}\n`;
}

/** DER of a non-negative integer below 2^48. */
function derInteger(value: number): Uint8Array<ArrayBuffer> {
	let hex = value.toString(16);
	if (hex.length % 2) hex = `0${hex}`;
	if (Number.parseInt(hex.slice(0, 2), 16) & 0x80) hex = `00${hex}`;
	const content = Buffer.from(hex, "hex");
	return new Uint8Array([0x02, content.length, ...content]);
}
