import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RoomError } from "../../device/core/RoomError.ts";
import type { RecoveryCertificate } from "./readCertificate.ts";
import { tool } from "./tool.ts";

/** A sealed recovery key has some hundred bytes; whatever is larger is none. */
export const MOST_ENVELOPE_BYTES = 16 * 1024;

/**
 * Encrypts for the holder of a certificate: a CMS message in DER, authenticated by AES-256-GCM (RFC 5083, RFC 5084), its key by ECDH with SHA-256 (RFC 5753) or RSA-OAEP with SHA-256
 * (RFC 3560). `openssl cms -decrypt -binary -inform DER -inkey it.key -in recovery-1.cms` opens it without anything of ours.
 *
 * @throws RoomError `recovery.not_sealed`
 */
export async function seal(content: Uint8Array, certificate: RecoveryCertificate): Promise<Buffer> {
	const forKind = {
		ec: ["-keyopt", "ecdh_kdf_md:sha256"],
		rsa: ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"],
	};
	return await inFolder(async (folder) => {
		const recipient = join(folder, "recipient.pem");
		await writeFile(recipient, certificate.pem);
		const words = ["cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", "-recip", recipient];
		const { code, output, said } = await tool("openssl", [...words, ...forKind[certificate.kind]], content);
		if (code === 0 && output.byteLength > 0) return output;
		throw new RoomError("recovery.not_sealed", `openssl: ${said.trim().split("\n")[0] ?? ""}`);
	});
}

export interface PrivateKey {
	/** PEM. */
	file: string;
	/** By a file with the passphrase in its first line; by a person, whom openssl asks at the terminal itself; or it has none. */
	passphrase: { file: string } | "asked" | "none";
}

/** How openssl is told where a passphrase comes from. */
export const passphraseSource = (passphrase: PrivateKey["passphrase"]): string[] =>
	passphrase === "asked" ? [] : passphrase === "none" ? ["pass:"] : [`file:${passphrase.file}`];

/**
 * What `seal` made; null if it is damaged or for somebody else, which the message itself doesn't tell apart.
 * @throws RoomError `recover.key_unreadable`: no private key, or the passphrase is wrong
 */
export async function open(envelope: Uint8Array, key: PrivateKey): Promise<Buffer | null> {
	return await inFolder(async (folder) => {
		// by a file: where there is no terminal openssl would take the message for the passphrase
		const sealed = join(folder, "sealed.cms");
		await writeFile(sealed, envelope);
		const words = ["cms", "-decrypt", "-binary", "-inform", "DER", "-in", sealed, "-inkey", key.file];
		const source = passphraseSource(key.passphrase).flatMap((one) => ["-passin", one]);
		const { code, output, said } = await tool("openssl", [...words, ...source]);
		if (code === 0) return output;
		// what came out of an altered message before it was found out
		output.fill(0);
		if (/could not read|unable to load|password/i.test(said))
			throw new RoomError("recover.key_unreadable", "the private key can't be read, or its passphrase is another");
		return null;
	});
}

async function inFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), "incamera-recovery-"));
	try {
		return await act(folder);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
