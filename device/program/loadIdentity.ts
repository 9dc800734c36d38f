import { X509Certificate } from "node:crypto";
import { existsSync, unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import { developmentMark } from "../../provisioning/contract/development.ts";
import { RoomError } from "../core/RoomError.ts";
import { caPinOf, readRevocationList } from "../meeting/certificates.ts";
import { createRoomIdentity, importPrivateKey, type OwnIdentity, type Trust } from "../meeting/identity.ts";

export interface IdentityFiles {
	/** Device certificate with intermediates if any, with or without the CA's, PEM. */
	certificate: string;
	/** PKCS #8, PEM, readable by the room program only. */
	key: string;
	/** The fleet CA's certificate, PEM. */
	ca: string;
	/** The fleet CA's revocation list, PEM; not there until the fleet has told its first. Read again when it changes. */
	crl: string;
}

export interface LoadedIdentity {
	identity: OwnIdentity;
	trust: Trust;
	/** `chain`: from the device's certificate to the fleet CA's. */
	pem: { key: string; chain: string };
	/** The fleet was founded for development: its root says so. */
	development: boolean;
	/** Stops watching the revocation list. */
	close(): void;
}

const lookAgainMs = 10_000;

/**
 * Reads who this room is and whom it trusts.
 *
 * A revocation list that becomes unreadable leaves the last good one in force: losing the list must not un-revoke anybody.
 * @throws RoomError `identity.unreadable`, or what the meeting says of key and chain (`identity.malformed`, `call.certificate_expired`, …).
 */
export async function loadIdentity(
	files: IdentityFiles,
	options: { nowMs: number; onRefused(code: string): void },
): Promise<LoadedIdentity> {
	const [certificate, key, ca] = await Promise.all([read(files.certificate), read(files.key), read(files.ca)]);
	const { crl } = files;
	let revoked: ReadonlySet<string> = existsSync(crl) ? await readRevocationList(await read(crl), ca) : new Set();
	watchFile(crl, { interval: lookAgainMs, persistent: false }, async () => {
		try {
			revoked = await readRevocationList(await read(crl), ca);
		} catch (thrown) {
			options.onRefused(RoomError.from(thrown, "identity.unreadable").code);
		}
	});
	const trust: Trust = { caPin: await caPinOf(ca), isRevoked: (serial) => revoked.has(serial) };
	const chain = chainOf(certificate, ca);
	const identity = await createRoomIdentity({
		chainPem: chain,
		privateKey: await importPrivateKey(key),
		trust,
		nowMs: options.nowMs,
	});
	const development = new X509Certificate(ca).subject.includes(developmentMark);
	return { identity, trust, pem: { key, chain }, development, close: () => unwatchFile(crl) };
}

/** What a fleet issues may end with its CA's certificate, or before it. */
function chainOf(certificate: string, ca: string): string {
	const blocks = [certificate, ca].flatMap(
		(pem) => pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [],
	);
	const seen = new Set<string>();
	return blocks
		.filter((block) => {
			const key = block.replaceAll(/\s/g, "");
			return !seen.has(key) && seen.add(key);
		})
		.join("\n");
}

async function read(path: string): Promise<string> {
	try {
		return await readFile(path, "utf8");
	} catch (cause) {
		throw new RoomError("identity.unreadable", "A file of the room's identity can't be read", {
			// which of them, without the machine's paths
			context: { file: path.replace(/^.*\//, "") },
			cause,
		});
	}
}
