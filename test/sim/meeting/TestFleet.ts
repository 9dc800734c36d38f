import "reflect-metadata";
import { randomBytes } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { type Bytes, sha256, toBase64 } from "../../../device/meeting/bytes.ts";
import { caPinOf } from "../../../device/meeting/certificates.ts";
import { createRoomIdentity, type OwnIdentity, type Trust } from "../../../device/meeting/identity.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 86_400_000;

export interface Issued {
	certificate: x509.X509Certificate;
	keys: CryptoKeyPair;
}

export interface LeafOptions {
	name?: string;
	issuer?: Issued;
	/** Named as the issuer in the issuer's place. */
	issuerName?: string;
	/** Signs in the issuer's place. */
	signedBy?: CryptoKey;
	notBefore?: Date;
	notAfter?: Date;
	serial?: string;
	extensions?: x509.Extension[];
	algorithm?: { name: "ECDSA"; namedCurve: "P-256" | "P-384"; hash: "SHA-256" | "SHA-384" };
}

const { BasicConstraintsExtension, KeyUsagesExtension, KeyUsageFlags } = x509;
export const caExtensions = (pathLength?: number): x509.Extension[] => [
	new BasicConstraintsExtension(true, pathLength, true),
	new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
];
const leafExtensions = (): x509.Extension[] => [
	new BasicConstraintsExtension(false, undefined, true),
	new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
	new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.2"]),
];

/** A fleet's CA that issues good certificates, and bad ones of every kind that a test asks for. */
export class TestFleet {
	readonly root: Issued;
	readonly nowMs: number;
	readonly pin: Bytes;
	readonly revoked = new Set<string>();
	readonly trust: Trust;

	private constructor(root: Issued, nowMs: number, pin: Bytes) {
		this.root = root;
		this.nowMs = nowMs;
		this.pin = pin;
		this.trust = { caPin: pin, isRevoked: (serial) => this.revoked.has(serial) };
	}

	static async found(nowMs: number, extensions: x509.Extension[] = caExtensions(1)): Promise<TestFleet> {
		const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
		const certificate = await x509.X509CertificateGenerator.createSelfSigned({
			serialNumber: "01",
			name: "CN=Fleet CA",
			notBefore: new Date(nowMs - dayMs),
			notAfter: new Date(nowMs + 3650 * dayMs),
			signingAlgorithm: algorithm,
			keys,
			extensions,
		});
		return new TestFleet({ certificate, keys }, nowMs, await caPinOf(certificate.toString("pem")));
	}

	async issue(options: LeafOptions = {}): Promise<Issued> {
		const own = options.algorithm ?? algorithm;
		const keys = await crypto.subtle.generateKey(own, true, ["sign", "verify"]);
		const issuer = options.issuer ?? this.root;
		const certificate = await x509.X509CertificateGenerator.create({
			serialNumber: options.serial ?? `4a${randomBytes(8).toString("hex")}`,
			subject: options.name ?? `CN=room-${randomBytes(3).toString("hex")}`,
			issuer: options.issuerName ?? issuer.certificate.subject,
			notBefore: options.notBefore ?? new Date(this.nowMs - dayMs),
			notAfter: options.notAfter ?? new Date(this.nowMs + 60 * dayMs),
			signingAlgorithm: algorithm,
			publicKey: keys.publicKey,
			signingKey: options.signedBy ?? issuer.keys.privateKey,
			extensions: options.extensions ?? leafExtensions(),
		});
		return { certificate, keys };
	}

	/** The identity of a room with a good certificate. */
	async room(options: LeafOptions = {}): Promise<OwnIdentity> {
		const leaf = await this.issue(options);
		return this.identityOf([leaf.certificate, this.root.certificate], leaf.keys.privateKey);
	}

	/** A room with whatever chain, which it doesn't check itself as a real one would. */
	async dubiousRoom(leaf: Issued, ...issuers: Issued[]): Promise<OwnIdentity> {
		const x5c = [leaf, ...issuers].map((issued) => toBase64(derOf(issued)));
		const fingerprint = await sha256(new Uint8Array(leaf.certificate.publicKey.rawData));
		return { kind: "room", privateKey: leaf.keys.privateKey, key: { x5c }, fingerprint };
	}

	identityOf(chain: x509.X509Certificate[], privateKey: CryptoKey): Promise<OwnIdentity> {
		const chainPem = chain.map((certificate) => certificate.toString("pem")).join("\n");
		return createRoomIdentity({ chainPem, privateKey, trust: this.trust, nowMs: this.nowMs });
	}
}

export const derOf = ({ certificate }: Issued): Bytes => new Uint8Array(certificate.rawData);
