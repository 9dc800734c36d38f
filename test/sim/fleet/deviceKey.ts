import { x509 } from "../../../provisioning/service/ca/x509.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A device's key pair. */
export interface DeviceKey {
	/** PKCS #8, PEM. */
	pem: string;
	keys: CryptoKeyPair;
}

export async function newDeviceKey(): Promise<DeviceKey> {
	const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
	const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
	return { pem: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"), keys };
}

/** A request for a certificate (PKCS #10, DER): no name, unless one is given, no attributes. */
export async function requestFor({ keys }: DeviceKey, name = ""): Promise<Uint8Array> {
	const request = await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm });
	return new Uint8Array(request.rawData);
}

/** Lower-case hex, of the first certificate of a chain. */
export const serialOf = (chain: string): string => new x509.X509Certificate(chain).serialNumber;
