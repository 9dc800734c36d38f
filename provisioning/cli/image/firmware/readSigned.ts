import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { Signer } from "./FirmwareReport.ts";

/** RFC 5280, section 4.2.1.12. */
const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";

/**
 * What is inside of a signed message (CMS, RFC 5652), and who signed it. `keyring`: PEM of the authorities whose word counts, and nobody else's, the system's included; null:
 * the signature is held against the certificate that it carries, which says nothing about who that is. Checked as RAUC does on a device: a chain in force now, a certificate for code.
 *
 * @throws RoomError `firmware.signature_wrong`, `firmware.signer_foreign`, `firmware.signer_expired`, `firmware.signer_purpose`
 * @throws RoomError `firmware.keyring_unreadable`, `firmware.no_openssl`
 */
export async function readSigned(
	message: Uint8Array,
	{ keyring, form }: { keyring: string | null; form: "DER" | "PEM" },
): Promise<{ content: string; signer: Signer }> {
	const folder = await mkdtemp(join(tmpdir(), "incamera-signed-"));
	try {
		const signerFile = join(folder, "signer.pem");
		const trust = keyring === null ? ["-noverify"] : ["-CAfile", keyring, "-no-CApath", "-no-CAstore"];
		if (keyring !== null) await certificatesIn(keyring);
		const words = ["cms", "-verify", "-binary", "-inform", form, "-purpose", "any", "-signer", signerFile, ...trust];
		const { code, output, said } = await openssl(words, message);
		if (code !== 0) throw judged(said);
		const certificate = new X509Certificate(await readFile(signerFile));
		if (!certificate.keyUsage?.includes(CODE_SIGNING)) {
			throw new RoomError("firmware.signer_purpose", "it was signed by a certificate that is not for code");
		}
		return { content: output.toString("utf8"), signer: signerOf(certificate) };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

async function certificatesIn(keyring: string): Promise<void> {
	try {
		new X509Certificate(await readFile(keyring));
	} catch (cause) {
		throw new RoomError("firmware.keyring_unreadable", `${keyring} holds no certificate`, { cause });
	}
}

async function openssl(words: string[], input: Uint8Array): Promise<{ code: number; output: Buffer; said: string }> {
	const child = spawn("openssl", words, { stdio: ["pipe", "pipe", "pipe"] });
	// one that ends before it has read everything is judged by its exit code
	child.stdin.on("error", () => {});
	child.stdin.end(input);
	const [output, said] = [buffer(child.stdout), text(child.stderr)];
	const code = await new Promise<number>((resolve, reject) => {
		child.once("error", (cause) =>
			reject(new RoomError("firmware.no_openssl", "the program openssl can't be started", { cause })),
		);
		child.once("close", (status) => resolve(status ?? 1));
	});
	return { code, output: await output, said: await said };
}

/** Of OpenSSL's words. What is not known is a wrong signature: nothing here makes one right. */
function judged(said: string): RoomError {
	if (/certificate has expired|certificate is not yet valid/.test(said))
		return new RoomError("firmware.signer_expired", "the signer's certificate is not in force now");
	if (/issuer certificate|self.signed certificate|unable to verify/i.test(said))
		return new RoomError("firmware.signer_foreign", "nobody of the keyring has made the signer's certificate");
	return new RoomError("firmware.signature_wrong", "the signature is damaged, or of something else");
}

const oneLine = (name: string): string => name.replaceAll("\n", ", ");
const signerOf = (certificate: X509Certificate): Signer => ({
	subject: oneLine(certificate.subject),
	issuer: oneLine(certificate.issuer),
	until: certificate.validToDate.toISOString(),
	fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
});
