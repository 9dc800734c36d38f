import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { writeStateFile } from "../../../device/core/writeStateFile.ts";
import { signing, x509 } from "./x509.ts";

const ROOT_DAYS = 3650;
/** Clocks of rooms may lag behind when a certificate is brand-new. */
export const BACKDATE_MS = 5 * 60_000;
export const DAY_MS = 86_400_000;

/** The root of a fleet. */
export interface Root {
	certificate: x509.X509Certificate;
	key: CryptoKey;
}

/** A new self-signed root; its key can be exported, to be written once. `name`: the beginning of its CN. */
export async function newRoot(name: string, clock: Clock): Promise<Root> {
	const keys = await crypto.subtle.generateKey(signing, true, ["sign", "verify"]);
	const certificate = await x509.X509CertificateGenerator.createSelfSigned({
		serialNumber: randomSerial(),
		name: `CN=${name} ${randomBytes(4).toString("hex")}, O=InCamera`,
		notBefore: new Date(clock.now() - BACKDATE_MS),
		notAfter: new Date(clock.now() + ROOT_DAYS * DAY_MS),
		signingAlgorithm: signing,
		keys,
		extensions: [
			new x509.BasicConstraintsExtension(true, 0, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
			await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
		],
	});
	return { certificate, key: keys.privateKey };
}

async function readRoot(keyPem: string, certificatePem: string): Promise<Root> {
	try {
		const certificate = new x509.X509Certificate(certificatePem);
		const key = await crypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(keyPem), signing, false, ["sign"]);
		const probe = randomBytes(16);
		const signature = await crypto.subtle.sign(signing, key, probe);
		const publicKey = await certificate.publicKey.export(signing, ["verify"]);
		if (!(await crypto.subtle.verify(signing, publicKey, signature, probe))) {
			throw new Error("key and certificate do not belong together");
		}
		return { certificate, key };
	} catch (cause) {
		throw new RoomError("ca.unreadable", "the authority's state can't be read", { cause });
	}
}

/**
 * The root in `<name>.pem` and `<name>.key.pem` (0600) of a folder; null if neither is there. Error: `ca.unreadable` (one of them is
 * missing, or they can't be read or don't belong together).
 */
export async function openRoot(folder: string, name: string): Promise<Root | null> {
	const [key, certificate] = await Promise.all(
		[`${name}.key.pem`, `${name}.pem`].map((file) => read(join(folder, file))),
	);
	if (!key && !certificate) return null;
	if (!key || !certificate) throw new RoomError("ca.unreadable", "the authority's state is incomplete");
	return readRoot(key, certificate);
}

/** The key comes last: a folder without it was never in use. */
export async function keepRoot(folder: string, name: string, root: Root): Promise<void> {
	await writeStateFile(join(folder, `${name}.pem`), toPem(root.certificate), 0o644);
	await writeStateFile(join(folder, `${name}.key.pem`), await keyToPem(root.key), 0o600);
}

async function read(path: string): Promise<string | null> {
	try {
		return await readFile(path, "utf8");
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
		throw new RoomError("ca.unreadable", "the authority's state can't be read", { cause });
	}
}

/** A certificate with the line end that PEM files have. */
export const toPem = (certificate: x509.X509Certificate): string => `${certificate.toString("pem")}\n`;

/** PKCS #8 PEM. */
export async function keyToPem(key: CryptoKey): Promise<string> {
	return `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

/** 128 random bits, positive and of full length, so that it is the same text everywhere. */
export function randomSerial(): string {
	const bytes = randomBytes(16);
	bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
	return bytes.toString("hex");
}
