import { equalBytes } from "../../../device/meeting/bytes.ts";
import { caPinOf, readRevocationList } from "../../../device/meeting/certificates.ts";
import { REVOCATIONS_PATH } from "../../../provisioning/contract/rendezvous.ts";

const nobody: ReadonlySet<string> = new Set();
const MOST_BYTES = 1 << 20;

/**
 * Which rooms' certificates the fleet CA took back. The server is only the carrier: the list counts when the CA that signed it is the
 * one pinned in the link. Without a list nobody is revoked: a server that withholds it could as well have served another page.
 */
export async function fetchRevoked(caPin: Uint8Array): Promise<ReadonlySet<string>> {
	try {
		const response = await fetch(REVOCATIONS_PATH, { signal: AbortSignal.timeout(5_000), credentials: "omit" });
		if (response.status !== 200) return nobody;
		return await readRevoked(await response.text(), caPin);
	} catch {
		return nobody;
	}
}

/** @throws RoomError `identity.*` for a text that is no CA and list, or a list that another CA signed. */
export async function readRevoked(pem: string, caPin: Uint8Array): Promise<ReadonlySet<string>> {
	const ca = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0];
	const crl = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/.exec(pem)?.[0];
	if (pem.length > MOST_BYTES || !ca || !crl || !equalBytes(await caPinOf(ca), caPin)) return nobody;
	return readRevocationList(crl, ca);
}
