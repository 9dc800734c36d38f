import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Clock } from "../core/clock.ts";
import { type Check, care, type Finding, failed, fine } from "./Check.ts";

const dayMs = 86_400_000;
/** Certificates live 60 days and are renewed at two thirds: below this many days left, renewal has failed. */
const careDays = 15;

/** Whether the room's device certificate is the fleet's, fits its key's file, and lasts. */
export class CertificateCheck implements Check {
	readonly id = "certificate";
	readonly title = "Device certificate";
	readonly #files: { certificate: string; ca: string };
	readonly #clock: Clock;

	constructor(files: { certificate: string; ca: string }, clock: Clock) {
		this.#files = files;
		this.#clock = clock;
	}

	async run(): Promise<Finding> {
		let leaf: X509Certificate;
		let ca: X509Certificate;
		try {
			leaf = new X509Certificate(await readFile(this.#files.certificate));
			ca = new X509Certificate(await readFile(this.#files.ca));
		} catch {
			return failed(
				"doctor.certificate_unreadable",
				"certificate or CA can't be read",
				"Check `identity` in the room's configuration; enrol the room again if the files are gone.",
			);
		}
		if (!leaf.checkIssued(ca) || !leaf.verify(ca.publicKey))
			return failed(
				"doctor.certificate_foreign",
				"not issued by the configured fleet CA",
				"Put the fleet's own ca.pem in place, or enrol the room again.",
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
