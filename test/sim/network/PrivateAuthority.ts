import "reflect-metadata";
import { randomBytes } from "node:crypto";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

/** An organisation's own authority, as its servers' certificates are signed by where nobody else's is asked. */
export class PrivateAuthority {
	/** PEM. */
	readonly certificate: string;
	readonly #own: { certificate: x509.X509Certificate; keys: CryptoKeyPair };

	private constructor(certificate: x509.X509Certificate, keys: CryptoKeyPair) {
		this.#own = { certificate, keys };
		this.certificate = pemOf(certificate);
	}

	static async found({ days = 30 } = {}): Promise<PrivateAuthority> {
		const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
		const certificate = await x509.X509CertificateGenerator.createSelfSigned({
			serialNumber: serialNumber(),
			name: `CN=Authority ${serialNumber()}`,
			notBefore: new Date(Date.now() - 3 * DAY_MS),
			notAfter: new Date(Date.now() + days * DAY_MS),
			signingAlgorithm: algorithm,
			keys,
			extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
		});
		return new PrivateAuthority(certificate, keys);
	}

	/** What a server at an address of this machine shows, PEM. */
	async server(ip = "127.0.0.1"): Promise<{ key: string; cert: string }> {
		const { certificate: issuer, keys: signer } = this.#own;
		const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
		const certificate = await x509.X509CertificateGenerator.create({
			serialNumber: serialNumber(),
			subject: "CN=server",
			issuer: issuer.subject,
			notBefore: issuer.notBefore,
			notAfter: issuer.notAfter,
			signingAlgorithm: algorithm,
			signingKey: signer.privateKey,
			publicKey: keys.publicKey,
			extensions: [new x509.SubjectAlternativeNameExtension([{ type: "ip", value: ip }])],
		});
		const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
		return { key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"), cert: pemOf(certificate) };
	}
}

const serialNumber = (): string => `4a${randomBytes(8).toString("hex")}`;
const pemOf = (certificate: x509.X509Certificate): string => `${certificate.toString("pem")}\n`;
