import { type KeyObject, X509Certificate } from "node:crypto";
import { RoomError } from "../../device/core/RoomError.ts";

/** IT's half that devices have. */
export interface RecoveryCertificate {
	/** This one certificate and nothing else, whatever stood around it. */
	pem: string;
	/** SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` says it but in small letters without colons. */
	fingerprint: string;
	kind: "ec" | "rsa";
}

const CURVES = ["prime256v1", "secp384r1", "secp521r1"];
const LEAST_RSA_BITS = 3072;

/**
 * A certificate for which recovery keys are encrypted. When it is in force doesn't matter: it is a public key with a name, and a device's clock may be wrong.
 *
 * @throws RoomError `recovery.certificate_unreadable`
 * @throws RoomError `recovery.certificate_unfit`: by neither of RSA (3072 bits or more) and the curves P-256, P-384, P-521
 * @throws RoomError `recovery.certificate_of_authority`: whoever it signs could take its place (`mayFollow`), so it must be made to sign nobody
 */
export function readCertificate(text: string): RecoveryCertificate {
	let certificate: X509Certificate;
	let key: KeyObject;
	try {
		certificate = new X509Certificate(text);
		key = certificate.publicKey;
	} catch (cause) {
		throw new RoomError("recovery.certificate_unreadable", "it is no certificate (X.509, PEM)", { cause });
	}
	if (certificate.ca)
		throw new RoomError(
			"recovery.certificate_of_authority",
			"it is the certificate of an authority, which signs others",
		);
	const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key;
	const fit =
		(kind === "ec" && CURVES.includes(details?.namedCurve ?? "")) ||
		(kind === "rsa" && (details?.modulusLength ?? 0) >= LEAST_RSA_BITS);
	if (!fit || (kind !== "ec" && kind !== "rsa"))
		throw new RoomError(
			"recovery.certificate_unfit",
			"its key is neither RSA of 3072 bits or more nor on P-256, P-384 or P-521",
		);
	const fingerprint = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
	return { pem: certificate.toString(), fingerprint, kind };
}

/**
 * Whether a device that encrypts for `before` may do so for `next` instead: the holder of the one before has signed it. Else whoever can write the start partition, which is
 * not encrypted, could have a device make a key for him.
 */
export function mayFollow(next: RecoveryCertificate, before: RecoveryCertificate): boolean {
	if (next.fingerprint === before.fingerprint) return true;
	return new X509Certificate(next.pem).verify(new X509Certificate(before.pem).publicKey);
}
