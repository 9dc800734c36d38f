// First: x509 and its container look for it while they load.
import "reflect-metadata";
import {
	BasicConstraintsExtension,
	ExtendedKeyUsageExtension,
	KeyUsageFlags,
	KeyUsagesExtension,
	PemConverter,
	X509Certificate,
	X509Crl,
} from "@peculiar/x509";
import { RoomError } from "../core/RoomError.ts";
import { type Bytes, equalBytes, sha256 } from "./bytes.ts";
import { isWellFormed } from "./certificateForm.ts";
import type { SecurityFailure } from "./failures.ts";

/** Whom this end trusts. */
export interface Trust {
	/** SHA-256 of the fleet CA's SubjectPublicKeyInfo: from the link at a guest, from its own CA certificate at a room. */
	caPin: Bytes;
	/** Whether a certificate was revoked, by serial: lower-case hex without leading zeros, as {@link readRevocationList} gives them. */
	isRevoked(serial: string): boolean;
}

export interface DeviceCertificate {
	/** The subject's common name: the device's id in the fleet. */
	deviceId: string;
	/** Lower-case hex without leading zeros. */
	serial: string;
	publicKey: CryptoKey;
	/** SubjectPublicKeyInfo, DER. */
	spki: Bytes;
}

const MOST_DER_BYTES = 4096;
const understood = new Set([
	"2.5.29.14", // subject key identifier
	"2.5.29.15", // key usage
	"2.5.29.17", // subject alternative name: names nothing that is used here
	"2.5.29.19", // basic constraints
	"2.5.29.35", // authority key identifier
	"2.5.29.37", // extended key usage
]);
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

function refuse(code: SecurityFailure, check: string): never {
	throw new RoomError(code, "The far end's certificate does not hold", { context: { check } });
}
const untrusted = (check: string): never => refuse("call.certificate_untrusted", check);

const normalSerial = (hex: string): string => hex.toLowerCase().replace(/^0+(?=.)/, "");
const spkiOf = (certificate: X509Certificate): Bytes => new Uint8Array(certificate.publicKey.rawData);

/**
 * Validates a device's certificate chain: path validation as in RFC 5280 §6.1, narrowed to what a fleet has.
 *
 * Only ECDSA with SHA-2; critical extensions that aren't understood are refused; a certificate made for servers only is no device's.
 * @param chain DER from the leaf to the CA, 2 to 4 certificates.
 * @throws RoomError `call.certificate_untrusted`, `call.certificate_revoked`, `call.certificate_expired`, with `context.check`.
 */
export async function verifyChain(
	chain: readonly Bytes[],
	options: Trust & { nowMs: number },
): Promise<DeviceCertificate> {
	if (chain.length < 2 || chain.length > 4 || chain.some((der) => der.length > MOST_DER_BYTES)) untrusted("form");
	try {
		return await verify(chain.map(parse), options);
	} catch (error) {
		if (error instanceof RoomError) throw error;
		// The parser may throw late, on a field that is only now looked at.
		return untrusted("form");
	}
}

function parse(der: Bytes): X509Certificate {
	// The parser is generous with what nobody signed.
	if (!isWellFormed(der)) untrusted("form");
	return new X509Certificate(der);
}

async function verify(path: X509Certificate[], options: Trust & { nowMs: number }): Promise<DeviceCertificate> {
	const [leaf, root] = [path[0], path.at(-1)] as [X509Certificate, X509Certificate];
	if (!equalBytes(await sha256(spkiOf(root)), options.caPin)) untrusted("anchor");
	for (const [depth, certificate] of path.entries()) {
		const issuer = path[depth + 1] ?? certificate;
		if (certificate.issuer !== issuer.subject) untrusted("issuer");
		await checkSignature(certificate, issuer);
		checkExtensions(certificate, depth);
	}
	for (const certificate of path.slice(0, -1))
		if (options.isRevoked(normalSerial(certificate.serialNumber))) refuse("call.certificate_revoked", "list");
	for (const { notBefore, notAfter } of path) {
		if (options.nowMs < notBefore.getTime()) refuse("call.certificate_expired", "not_before");
		if (options.nowMs > notAfter.getTime()) refuse("call.certificate_expired", "not_after");
	}
	const [deviceId, ...others] = leaf.subjectName.getField("CN");
	if (!deviceId || others.length > 0 || deviceId.length > 64) untrusted("name");
	const publicKey = await leaf.publicKey.export({ name: "ECDSA", namedCurve: "P-256" }, ["verify"]);
	return { deviceId: deviceId as string, serial: normalSerial(leaf.serialNumber), publicKey, spki: spkiOf(leaf) };
}

async function checkSignature(certificate: X509Certificate, issuer: X509Certificate): Promise<void> {
	const { name, hash } = certificate.signatureAlgorithm as { name: string; hash?: { name: string } };
	if (name !== "ECDSA" || !hash || !["SHA-256", "SHA-384", "SHA-512"].includes(hash.name)) untrusted("algorithm");
	if (!(await certificate.verify({ publicKey: issuer.publicKey, signatureOnly: true }))) untrusted("signature");
}

/** @param depth 0 is the leaf; a CA at depth n has n − 1 CAs below it. */
function checkExtensions(certificate: X509Certificate, depth: number): void {
	const kinds = certificate.extensions.map(({ type }) => type);
	if (new Set(kinds).size !== kinds.length) untrusted("extension");
	if (certificate.extensions.some(({ critical, type }) => critical && !understood.has(type))) untrusted("extension");
	const constraints = certificate.getExtension(BasicConstraintsExtension);
	const usages = certificate.getExtension(KeyUsagesExtension)?.usages;
	if (depth === 0) {
		if (constraints?.ca) untrusted("leaf_is_ca");
		if (usages !== undefined && !(usages & KeyUsageFlags.digitalSignature)) untrusted("key_usage");
		const purposes = certificate.getExtension(ExtendedKeyUsageExtension)?.usages;
		if (purposes && !purposes.includes(CLIENT_AUTH)) untrusted("purpose");
		return;
	}
	if (!constraints?.ca) untrusted("not_a_ca");
	if (constraints?.pathLength !== undefined && constraints.pathLength < depth - 1) untrusted("path_length");
	if (usages !== undefined && !(usages & KeyUsageFlags.keyCertSign)) untrusted("key_usage");
}

/** The certificates of a PEM text, as DER, in its order. @throws RoomError `identity.malformed`. */
export function certificatesOfPem(pem: string): Bytes[] {
	try {
		return PemConverter.decodeWithHeaders(pem)
			.filter(({ type }) => type === "CERTIFICATE")
			.map(({ rawData }) => new Uint8Array(rawData));
	} catch (cause) {
		throw new RoomError("identity.malformed", "Not a PEM text", { cause });
	}
}

/** The pin of a CA, as links carry it: SHA-256 of its SubjectPublicKeyInfo. @throws RoomError `identity.malformed`. */
export async function caPinOf(caPem: string): Promise<Bytes> {
	return sha256(spkiOf(caOf(caPem)));
}

/**
 * The revoked serials of a CRL (RFC 5280 §5), whose signature by the CA is checked.
 * @throws RoomError `identity.malformed`, `identity.revocation_list_refused`.
 */
export async function readRevocationList(crlPem: string, caPem: string): Promise<ReadonlySet<string>> {
	const ca = caOf(caPem);
	let list: X509Crl;
	try {
		list = new X509Crl(crlPem);
	} catch (cause) {
		throw new RoomError("identity.malformed", "Not a certificate revocation list", { cause });
	}
	// Required by RFC 5280 §5.1.2.5, and of a list without it the parser would lose the entries.
	if (!list.nextUpdate) throw new RoomError("identity.revocation_list_refused", "The revocation list has no end");
	if (list.issuer !== ca.subject || !(await list.verify({ publicKey: ca.publicKey })))
		throw new RoomError("identity.revocation_list_refused", "The revocation list is not the fleet CA's");
	return new Set(list.entries.map(({ serialNumber }) => normalSerial(serialNumber)));
}

function caOf(pem: string): X509Certificate {
	try {
		return new X509Certificate(pem);
	} catch (cause) {
		throw new RoomError("identity.malformed", "Not a certificate", { cause });
	}
}
