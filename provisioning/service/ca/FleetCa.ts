import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { writeStateFile } from "../../../device/core/writeStateFile.ts";
import { developmentMark } from "../../contract/development.ts";
import { deviceId as deviceIdSchema, reservedNamePrefix, serviceNamePrefix } from "../../contract/topics.ts";
import { readCertificationRequest } from "./certificationRequest.ts";
import { FileRevocations } from "./FileRevocations.ts";
import type { RevocationList, RevocationReason, RevocationStore, RevokedCertificate } from "./RevocationStore.ts";
import { proofSerial, signRevocationList } from "./revocationList.ts";
import { BACKDATE_MS, DAY_MS, keepRoot, keyToPem, newRoot, openRoot, type Root, randomSerial, toPem } from "./root.ts";
import { signing, x509 } from "./x509.ts";

/** Design: fleet.md, enrolment. */
const DEVICE_DAYS = 60;
const SERVER_DAYS = 60;
/** A revoked certificate of which no more is known stays on the list for so long: none of ours lives longer. */
const LONGEST_DAYS = 61;

/** A certificate that the authority issued. */
export interface Issued {
	/** The leaf, PEM. */
	certificate: string;
	/** The leaf and the root, PEM, in this order. */
	chain: string;
	/** Lower-case hex. */
	serial: string;
	/** Milliseconds since the epoch, to the second. */
	notBefore: number;
	notAfter: number;
}

/** A certificate and the key that was made for it. */
export interface Credentials extends Issued {
	/** PKCS #8 PEM: a secret. */
	key: string;
}

/**
 * The fleet's small certification authority: a self-signed P-256 root that issues certificates for devices and servers, and a
 * revocation list (RFC 5280); and a second one for the service's workers, so that no mistake makes a device one. All is in one folder that
 * only the service's user can read: `ca.key.pem` (0600), `ca.pem`, `service.key.pem` (0600), `service.pem`, and `crl.pem`, a copy of the
 * newest list. What is revoked is in a store: that of several workers is the database, and each of them has a copy of the roots; without a
 * store it is a file beside the roots, for one process at a time.
 */
export class FleetCa {
	readonly folder: string;
	/** The root's certificate, PEM. */
	readonly certificate: string;
	/** The certificate of the root for workers, PEM: whom the broker takes for a worker, and nobody else does for anything. */
	readonly serviceCertificate: string;
	/** SHA-256 of the root's SubjectPublicKeyInfo, base64url: the pin in every meeting link. */
	readonly pin: string;
	readonly #root: Root;
	readonly #service: Root;
	readonly #revocations: RevocationStore;
	readonly #clock: Clock;
	#list: RevocationList = { number: 0, pem: "" };
	#taking: Promise<unknown> = Promise.resolve();

	private constructor(
		folder: string,
		{ root, service }: { root: Root; service: Root },
		revocations: RevocationStore,
		clock: Clock,
	) {
		this.folder = folder;
		this.certificate = toPem(root.certificate);
		this.serviceCertificate = toPem(service.certificate);
		this.pin = createHash("sha256").update(Buffer.from(root.certificate.publicKey.rawData)).digest("base64url");
		this.#root = root;
		this.#service = service;
		this.#revocations = revocations;
		this.#clock = clock;
	}

	/**
	 * Opens the authority in `folder`, or founds it there. `development` is written into the subject of a new root, so that nobody
	 * takes it for a real one. Errors: `ca.unreadable` (state damaged or incomplete; a new root is never made over an old one), and
	 * those of the store.
	 */
	static async open(
		folder: string,
		options: { development?: boolean; clock?: Clock; revocations?: RevocationStore } = {},
	): Promise<FleetCa> {
		const clock = options.clock ?? systemClock;
		const revocations = options.revocations ?? new FileRevocations(folder, clock);
		await mkdir(folder, { recursive: true, mode: 0o700 });
		const mark = options.development === true ? ` ${developmentMark}` : "";
		const known = await openRoot(folder, "ca");
		const root = known ?? (await newRoot(`InCamera fleet CA${mark}`, clock));
		const fingerprint = createHash("sha256").update(Buffer.from(root.certificate.rawData)).digest("hex");
		await revocations.open({ fingerprint, founded: known === null });
		const knownService = await openRoot(folder, "service");
		const service = knownService ?? (await newRoot(`InCamera fleet service${mark}`, clock));
		if (!knownService) await keepRoot(folder, "service", service);
		if (!known) await keepRoot(folder, "ca", root);
		const ca = new FleetCa(folder, { root, service }, revocations, clock);
		await ca.#publish([]);
		return ca;
	}

	/** The newest revocation list that this process knows, PEM. */
	get crl(): string {
		return this.#list.pem;
	}

	/** Makes a key and its device certificate: CN = `id`, for TLS clients and signatures. Error: `ca.device_id_invalid`. */
	async issueDevice(id: string, options: { days?: number } = {}): Promise<Credentials> {
		checkDeviceId(id);
		return this.#issueWithKey(`CN=${id}`, { days: options.days ?? DEVICE_DAYS, usages: [clientAuth] });
	}

	/**
	 * A device certificate for a key that the device keeps to itself: `csr` is a PKCS #10 request, DER, and nothing of it but its key
	 * goes into the certificate. Errors: `ca.device_id_invalid`, `enrol.csr_refused` (see `readCertificationRequest`).
	 */
	async issueFromCsr(csr: Uint8Array, id: string, options: { days?: number } = {}): Promise<Issued> {
		checkDeviceId(id);
		const key = readCertificationRequest(csr, id);
		return this.#issue(`CN=${id}`, key, { days: options.days ?? DEVICE_DAYS, usages: [clientAuth] });
	}

	/** A worker's key and certificate for the broker: CN = `fleet-service-<worker>`, of a root of their own. Error: `ca.worker_invalid`. */
	async issueWorker(worker: number, options: { days?: number } = {}): Promise<Credentials> {
		if (!Number.isSafeInteger(worker) || worker < 1) throw new RoomError("ca.worker_invalid", "workers count from 1");
		const subject = `CN=${serviceNamePrefix}${worker}`;
		return this.#issueWithKey(subject, { days: options.days ?? SERVER_DAYS, usages: [clientAuth], by: this.#service });
	}

	/** A key and certificate for another part of the fleet's own: CN = `fleet-<part>`, which no device can have. */
	async issuePart(part: "bootstrap" | "probe" | "director", options: { days?: number } = {}): Promise<Credentials> {
		return this.#issueWithKey(`CN=${reservedNamePrefix}${part}`, {
			days: options.days ?? SERVER_DAYS,
			usages: [clientAuth],
		});
	}

	/** A certificate that the newest list, `crl`, and the next few revoke: who refuses it heeds the list. */
	async issueProof(): Promise<Credentials> {
		return this.#issueWithKey(`CN=${reservedNamePrefix}probe`, {
			days: 1,
			usages: [clientAuth],
			serialNumber: proofSerial(this.#list.number),
		});
	}

	/** Makes a key and its certificate for a TLS server that is reached by `hosts` (names or IP addresses). */
	async issueServer(hosts: readonly string[]): Promise<Credentials> {
		const [first] = hosts;
		if (first === undefined) throw new RoomError("ca.no_host", "a server certificate needs a host");
		const names = hosts.map((host) => ({ type: isIP(host) ? "ip" : "dns", value: host }) as const);
		const usages = [
			new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
			new x509.SubjectAlternativeNameExtension(names),
		];
		return this.#issueWithKey("CN=InCamera broker", { days: SERVER_DAYS, usages });
	}

	/**
	 * Puts certificates on the revocation list and signs it; `BrokerAdapter` makes a broker heed it. Revoking twice changes nothing.
	 * `expires` (ms since the epoch): their own end, if it is known.
	 */
	async revoke(
		serials: string | readonly string[],
		options: { reason?: RevocationReason; expires?: number } = {},
	): Promise<void> {
		const at = this.#clock.now();
		const { reason = "retired", expires = at + LONGEST_DAYS * DAY_MS } = options;
		const each = new Set([serials].flat().map((serial) => serial.toLowerCase()));
		const known = [...each].map((serial) => ({ serial, at, expires, reason }));
		if (known.length > 0) await this.#publish(known);
	}

	/** Makes a new revocation list with the same entries: lists have a date by which a newer one is due. */
	async renewCrl(): Promise<void> {
		await this.#publish([]);
	}

	/** Takes the list that another worker may have published meanwhile; resolves to whether there was one. */
	async refreshCrl(): Promise<boolean> {
		const newest = await this.#revocations.current();
		return newest !== null && this.#take(newest);
	}

	async #issueWithKey(subject: string, terms: Terms): Promise<Credentials> {
		const keys = await crypto.subtle.generateKey(signing, true, ["sign", "verify"]);
		const publicKey = new x509.PublicKey(await crypto.subtle.exportKey("spki", keys.publicKey));
		return { ...(await this.#issue(subject, publicKey, terms)), key: await keyToPem(keys.privateKey) };
	}

	async #issue(subject: string, publicKey: x509.PublicKey, terms: Terms): Promise<Issued> {
		const { days, usages, by = this.#root, serialNumber = randomSerial() } = terms;
		const now = Math.floor(this.#clock.now() / 1000) * 1000;
		const [notBefore, notAfter] = [now - BACKDATE_MS, now + days * DAY_MS];
		const leaf = await x509.X509CertificateGenerator.create({
			serialNumber,
			subject,
			issuer: by.certificate.subjectName,
			notBefore: new Date(notBefore),
			notAfter: new Date(notAfter),
			signingAlgorithm: signing,
			publicKey,
			signingKey: by.key,
			extensions: [
				new x509.BasicConstraintsExtension(false, undefined, true),
				new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
				await x509.SubjectKeyIdentifierExtension.create(publicKey),
				await x509.AuthorityKeyIdentifierExtension.create(by.certificate.publicKey),
				...usages,
			],
		});
		const certificate = toPem(leaf);
		return { certificate, chain: certificate + toPem(by.certificate), serial: serialNumber, notBefore, notAfter };
	}

	async #publish(added: readonly RevokedCertificate[]): Promise<void> {
		const list = await this.#revocations.publish(added, (number, revoked) =>
			signRevocationList(this.#root, { number, revoked, now: this.#clock.now() }),
		);
		await this.#take(list);
	}

	/** Lists come in any order; the file is always that of the newest. */
	#take(list: RevocationList): Promise<boolean> {
		const turn = this.#taking.then(async () => {
			if (list.number <= this.#list.number) return false;
			await writeStateFile(join(this.folder, "crl.pem"), list.pem, 0o644);
			this.#list = list;
			return true;
		});
		this.#taking = turn.catch(() => {});
		return turn;
	}
}

/** Opens the fleet's authority in a folder: see `FleetCa.open`. */
export const openCa = FleetCa.open;

/** What a certificate is issued on. */
interface Terms {
	days: number;
	usages: x509.Extension[];
	/** Absent: the fleet's root. */
	by?: Root;
	/** Lower-case hex; absent: a new one. */
	serialNumber?: string;
}

const clientAuth = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]);

function checkDeviceId(id: string): void {
	if (!deviceIdSchema.safeParse(id).success || id.startsWith(reservedNamePrefix)) {
		throw new RoomError("ca.device_id_invalid", "not a device id");
	}
}
