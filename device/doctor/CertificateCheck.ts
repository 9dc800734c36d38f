import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Clock } from "../core/clock.ts";
import { type Check, care, type Finding, failed, fine } from "./Check.ts";

const dayMs = 86_400_000;
/** Certificates live 60 days and are renewed at two thirds: below this many days left, renewal has failed. */
const careDays = 15;

/** Paths of PEM files. */
export interface IdentityFiles {
	key: string;
	certificate: string;
	ca: string;
}

/** Whether the room's device certificate is the fleet's, fits its key, and lasts. */
export class CertificateCheck implements Check {
	readonly id = "certificate";
	readonly title = "Device certificate";
	readonly #files: IdentityFiles;
	readonly #clock: Clock;

	constructor(files: IdentityFiles, clock: Clock) {
		this.#files = files;
		this.#clock = clock;
	}

	async run(): Promise<Finding> {
		let leaf: X509Certificate;
		let ca: X509Certificate;
		let fits: boolean;
		try {
			leaf = new X509Certificate(await readFile(this.#files.certificate));
			ca = new X509Certificate(await readFile(this.#files.ca));
			fits = leaf.checkPrivateKey(createPrivateKey(await readFile(this.#files.key)));
		} catch {
			return failed(
				"doctor.certificate_unreadable",
				"key, certificate or CA can't be read",
				"Check `identity` in the room's configuration; enrol the room again if the files are gone.",
			);
		}
		if (!leaf.checkIssued(ca) || !leaf.verify(ca.publicKey))
			return failed(
				"doctor.certificate_foreign",
				"not issued by the configured fleet CA",
				"Put the fleet's own ca.pem in place, or enrol the room again.",
			);
		if (!fits)
			return failed(
				"doctor.certificate_key_wrong",
				"not made for the key that lies beside it",
				"Enrol the room again; if files were copied by hand, copy key and certificate of the same device.",
			);
		const now = this.#clock.now();
		const from = Date.parse(leaf.validFrom);
		const days = Math.floor((Date.parse(leaf.validTo) - now) / dayMs);
		if (now < from)
			return failed(
				"doctor.clock_wrong",
				"not valid yet: this machine's clock is behind",
				"Set the clock (timedatectl set-ntp true).",
			);
		if (days < 0)
			return failed(
				"doctor.certificate_expired",
				`expired ${-days} days ago`,
				"Enrol the room again; if the date is wrong, set the clock first (timedatectl set-ntp true).",
			);
		if (days < careDays)
			return care(
				"doctor.certificate_expiring",
				`expires in ${days} days`,
				"It should have been renewed: see whether the broker is reachable.",
			);
		return fine(`the fleet's, valid for ${days} more days`);
	}
}
