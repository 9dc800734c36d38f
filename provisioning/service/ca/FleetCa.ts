import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import * as z from "zod/mini";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { deviceId as deviceIdSchema } from "../../contract/topics.ts";
import { writeStateFile } from "./stateFile.ts";
import { x509 } from "./x509.ts";

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
/** Design: fleet.md, enrolment. */
const DEVICE_DAYS = 60;
const SERVER_DAYS = 60;
/** A broker with an overdue list refuses everybody, so the list lives long and is renewed at each opening and revocation. */
const CRL_DAYS = 60;
/** Clocks of rooms may lag behind when a certificate is brand-new. */
const BACKDATE_MS = 5 * 60_000;
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

export interface Credentials {
	/** PKCS #8 PEM: a secret. */
	key: string;
	/** The leaf, PEM. */
	certificate: string;
	/** The leaf and the root, PEM, in this order. */
	chain: string;
	/** Lower-case hex. */
	serial: string;
}

const revocationFile = z.object({
	v: z.literal(1),
	/** CRL number (RFC 5280 5.2.3): grows with each list. */
	number: z.number().check(z.int(), z.gte(0)),
	revoked: z.array(z.object({ serial: z.string().check(z.regex(/^[0-9a-f]{1,40}$/)), at: z.number() })),
});
type Revocations = z.infer<typeof revocationFile>;

/**
 * The fleet's small certification authority: one self-signed P-256 root that issues device and server certificates and a
 * revocation list (RFC 5280), with its state in one folder that only the service's user can read:
 * `ca.key.pem` (0600), `ca.pem`, `crl.pem`, `revocations.json`. One process at a time.
 */
export class FleetCa {
	readonly folder: string;
	/** The root's certificate, PEM. */
	readonly certificate: string;
	/** SHA-256 of the root's SubjectPublicKeyInfo, base64url: the pin in every meeting link. */
	readonly pin: string;
	readonly #root: x509.X509Certificate;
	readonly #key: CryptoKey;
	readonly #clock: Clock;
	#revocations: Revocations;
	#crl = "";
	#writing: Promise<unknown> = Promise.resolve();

	private constructor(folder: string, root: x509.X509Certificate, key: CryptoKey, known: Revocations, clock: Clock) {
		this.folder = folder;
		this.certificate = `${root.toString("pem")}\n`;
		this.pin = createHash("sha256").update(Buffer.from(root.publicKey.rawData)).digest("base64url");
		this.#root = root;
		this.#key = key;
		this.#revocations = known;
		this.#clock = clock;
	}

	/**
	 * Opens the authority in `folder`, or founds it there. `development` is written into the subject of a new root, so that nobody
	 * takes it for a real one. Errors: `ca.unreadable` (state damaged or incomplete; a new root is never made over an old one).
	 */
	static async open(folder: string, options: { development?: boolean; clock?: Clock } = {}): Promise<FleetCa> {
		const clock = options.clock ?? systemClock;
		await mkdir(folder, { recursive: true, mode: 0o700 });
		const [keyPem, certificatePem, revocationsJson] = await Promise.all(
			["ca.key.pem", "ca.pem", "revocations.json"].map((name) => readIfThere(join(folder, name))),
		);
		let ca: FleetCa;
		if (keyPem === null && certificatePem === null && revocationsJson === null) {
			ca = await FleetCa.#found(folder, options.development === true, clock);
		} else if (keyPem && certificatePem && revocationsJson) {
			ca = await FleetCa.#read(folder, keyPem, certificatePem, revocationsJson, clock);
		} else throw new RoomError("ca.unreadable", "the authority's state is incomplete");
		await ca.#publish([]);
		return ca;
	}

	static async #found(folder: string, development: boolean, clock: Clock): Promise<FleetCa> {
		const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
		const root = await x509.X509CertificateGenerator.createSelfSigned({
			serialNumber: serial(),
			name: `CN=InCamera fleet CA${development ? " (development)" : ""} ${randomBytes(4).toString("hex")}, O=InCamera`,
			notBefore: new Date(clock.now() - BACKDATE_MS),
			notAfter: new Date(clock.now() + CA_DAYS * DAY_MS),
			signingAlgorithm: algorithm,
			keys,
			extensions: [
				new x509.BasicConstraintsExtension(true, 0, true),
				new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
				await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
			],
		});
		const known: Revocations = { v: 1, number: 0, revoked: [] };
		// The key comes last: a folder without it was never in use.
		await writeStateFile(join(folder, "revocations.json"), JSON.stringify(known), 0o600);
		await writeStateFile(join(folder, "ca.pem"), `${root.toString("pem")}\n`, 0o644);
		await writeStateFile(join(folder, "ca.key.pem"), await keyToPem(keys.privateKey), 0o600);
		return new FleetCa(folder, root, keys.privateKey, known, clock);
	}

	static async #read(
		folder: string,
		keyPem: string,
		certificatePem: string,
		json: string,
		clock: Clock,
	): Promise<FleetCa> {
		try {
			const root = new x509.X509Certificate(certificatePem);
			const key = await crypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(keyPem), algorithm, false, [
				"sign",
			]);
			const probe = randomBytes(16);
			const signature = await crypto.subtle.sign(algorithm, key, probe);
			if (
				!(await crypto.subtle.verify(algorithm, await root.publicKey.export(algorithm, ["verify"]), signature, probe))
			) {
				throw new Error("key and certificate do not belong together");
			}
			return new FleetCa(folder, root, key, revocationFile.parse(JSON.parse(json)), clock);
		} catch (cause) {
			throw new RoomError("ca.unreadable", "the authority's state can't be read", { cause });
		}
	}

	/** The revocation list of now, PEM. */
	get crl(): string {
		return this.#crl;
	}

	/** Makes a key and its device certificate: CN = `id`, for TLS clients and signatures, 60 days. Error: `ca.device_id_invalid`. */
	async issueDevice(id: string, options: { days?: number } = {}): Promise<Credentials> {
		if (!deviceIdSchema.safeParse(id).success) throw new RoomError("ca.device_id_invalid", "not a device id");
		return this.#issue(`CN=${id}`, options.days ?? DEVICE_DAYS, [
			new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
		]);
	}

	/** Makes a key and its certificate for a TLS server that is reached by `hosts` (names or IP addresses). */
	async issueServer(hosts: readonly string[]): Promise<Credentials> {
		const [first] = hosts;
		if (first === undefined) throw new RoomError("ca.no_host", "a server certificate needs a host");
		return this.#issue("CN=InCamera broker", SERVER_DAYS, [
			new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
			new x509.SubjectAlternativeNameExtension(
				hosts.map((host) => ({ type: isIP(host) ? "ip" : "dns", value: host }) as const),
			),
		]);
	}

	/** Puts a certificate on the revocation list and publishes it. Revoking twice changes nothing. */
	async revoke(serialNumber: string): Promise<void> {
		const serialHex = serialNumber.toLowerCase();
		if (this.#revocations.revoked.some((entry) => entry.serial === serialHex)) return;
		await this.#publish([{ serial: serialHex, at: this.#clock.now() }]);
	}

	/** Makes a new revocation list with the same entries: lists have a date by which a newer one is due. */
	async renewCrl(): Promise<void> {
		await this.#publish([]);
	}

	async #issue(subject: string, days: number, usages: x509.Extension[]): Promise<Credentials> {
		const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
		const serialNumber = serial();
		const leaf = await x509.X509CertificateGenerator.create({
			serialNumber,
			subject,
			issuer: this.#root.subjectName,
			notBefore: new Date(this.#clock.now() - BACKDATE_MS),
			notAfter: new Date(this.#clock.now() + days * DAY_MS),
			signingAlgorithm: algorithm,
			publicKey: keys.publicKey,
			signingKey: this.#key,
			extensions: [
				new x509.BasicConstraintsExtension(false, undefined, true),
				new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
				await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
				await x509.AuthorityKeyIdentifierExtension.create(this.#root.publicKey),
				...usages,
			],
		});
		const certificate = `${leaf.toString("pem")}\n`;
		return {
			key: await keyToPem(keys.privateKey),
			certificate,
			chain: certificate + this.certificate,
			serial: serialNumber,
		};
	}

	/** Lists are signed one after the other, so that two revocations at once both stay. */
	#publish(added: Revocations["revoked"]): Promise<void> {
		const turn = this.#writing.then(async () => {
			const next: Revocations = {
				v: 1,
				number: this.#revocations.number + 1,
				revoked: [...this.#revocations.revoked, ...added],
			};
			const list = await x509.X509CrlGenerator.create({
				issuer: this.#root.subjectName,
				thisUpdate: new Date(this.#clock.now() - BACKDATE_MS),
				nextUpdate: new Date(this.#clock.now() + CRL_DAYS * DAY_MS),
				signingAlgorithm: algorithm,
				signingKey: this.#key,
				entries: next.revoked.map(({ serial: serialNumber, at }) => ({
					serialNumber,
					revocationDate: new Date(at),
					// Without any reason x509 writes an empty list of extensions, which RFC 5280 5.1 forbids.
					reason: x509.X509CrlReason.cessationOfOperation,
				})),
				extensions: [
					await x509.AuthorityKeyIdentifierExtension.create(this.#root.publicKey),
					new x509.Extension("2.5.29.20", false, derInteger(next.number)),
				],
			});
			// OpenSSL takes no other label (RFC 7468 section 7).
			const pem = `${x509.PemConverter.encode(list.rawData, "X509 CRL")}\n`;
			// The source first: a list can be made again from it, not the other way round.
			await writeStateFile(join(this.folder, "revocations.json"), JSON.stringify(next), 0o600);
			await writeStateFile(join(this.folder, "crl.pem"), pem, 0o644);
			this.#revocations = next;
			this.#crl = pem;
		});
		this.#writing = turn.catch(() => {});
		return turn;
	}
}

/** Opens the fleet's authority in a folder: see `FleetCa.open`. */
export const openCa = FleetCa.open;

async function readIfThere(path: string): Promise<string | null> {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
		throw new RoomError("ca.unreadable", "the authority's state can't be read", { cause: error });
	}
}

async function keyToPem(key: CryptoKey): Promise<string> {
	return `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

/** 128 random bits, positive and of full length, so that it is the same text everywhere. */
function serial(): string {
	const bytes = randomBytes(16);
	bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
	return bytes.toString("hex");
}

/** DER of a non-negative integer below 2^48. */
function derInteger(value: number): Uint8Array<ArrayBuffer> {
	let hex = value.toString(16);
	if (hex.length % 2) hex = `0${hex}`;
	if (Number.parseInt(hex.slice(0, 2), 16) & 0x80) hex = `00${hex}`;
	const content = Buffer.from(hex, "hex");
	return new Uint8Array([0x02, content.length, ...content]);
}
