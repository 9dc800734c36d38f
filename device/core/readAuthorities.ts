import { X509Certificate } from "node:crypto";
import { RoomError } from "./RoomError.ts";

const one = /-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * The authorities in a PEM text, which may have more than one, and words between them (RFC 7468, section 5.2). When they are in force is not looked at: a device's
 * clock may be wrong, and whoever checks a connection looks.
 *
 * @throws RoomError `setup.authority_refused`
 */
export function readAuthorities(text: string): X509Certificate[] {
	if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
		throw refused("a private key is beside it, which no device may have");
	const found = text.match(one) ?? [];
	if (found.length === 0) throw refused("it is no certificate (X.509, PEM)");
	return found.map((pem) => {
		let certificate: X509Certificate;
		try {
			certificate = new X509Certificate(pem);
		} catch {
			throw refused("it is no certificate (X.509, PEM)");
		}
		if (!certificate.ca) throw refused("its certificate is no authority's (CA:TRUE): it could vouch for nobody");
		return certificate;
	});
}

const refused = (why: string): RoomError => new RoomError("setup.authority_refused", `an authority is refused: ${why}`);
