import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { RoomError } from "../../../device/core/RoomError.ts";

/** The certificates of a PEM text in its order. Throws RoomError `certificate.refused`. */
export function certificatesOf(pem: string): X509Certificate[] {
	try {
		const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
		return blocks.map((block) => new X509Certificate(block));
	} catch (cause) {
		throw new RoomError("certificate.refused", "not certificates", { context: { check: "form" }, cause });
	}
}

/**
 * Whether a certificate is one that this device can use: for its own key and name, from this authority, valid now. `authority`: PEM,
 * one or more roots. Throws RoomError `certificate.refused`, with `context.check`.
 */
export function checkCertificate(of: {
	chain: string;
	authority: string;
	deviceId: string;
	key: KeyObject;
	/** Null: the dates are not looked at (what was good when it came stays what it is). */
	nowMs: number | null;
}): X509Certificate {
	const refuse = (check: string): never => {
		throw new RoomError("certificate.refused", "the certificate can't be used", { context: { check } });
	};
	const path = certificatesOf(of.chain);
	const roots = certificatesOf(of.authority).filter((certificate) => certificate.ca);
	const [leaf] = path;
	if (!leaf || path.length > 4) return refuse("form");
	const own = createPublicKey(of.key).export({ type: "spki", format: "der" });
	if (!own.equals(leaf.publicKey.export({ type: "spki", format: "der" }))) refuse("key");
	if (leaf.subject !== `CN=${of.deviceId}`) refuse("name");
	if (leaf.ca) refuse("leaf_is_ca");
	let at: X509Certificate = leaf;
	for (let depth = 0; ; depth++) {
		if (depth > 4) refuse("issuer");
		const { nowMs } = of;
		if (nowMs !== null && (nowMs < at.validFromDate.getTime() || nowMs > at.validToDate.getTime())) refuse("dates");
		const issued = (by: X509Certificate): boolean => by.ca && at.checkIssued(by) && at.verify(by.publicKey);
		if (roots.some(issued)) return leaf;
		const next = path.slice(1).find((between) => between !== at && issued(between));
		at = next ?? refuse("issuer");
	}
}

/** A certificate's serial number as the contract writes it: lower-case hex without leading zeros. */
export const serialOf = (certificate: X509Certificate): string =>
	certificate.serialNumber.toLowerCase().replace(/^0+(?=.)/, "");
