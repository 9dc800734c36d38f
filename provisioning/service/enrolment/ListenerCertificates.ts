import { createHash } from "node:crypto";
import type { Clock } from "../../../device/core/clock.ts";
import type { BrokerAdapter } from "../broker/BrokerAdapter.ts";

/** Looking is a TLS handshake; a certificate is changed once in weeks, and the one before it still counts. */
const FRESH_MS = 30_000;

/** SHA-256 of the certificates that the bootstrap listener shows, or showed lately: what a device's proof has to be bound to. */
export class ListenerCertificates {
	readonly #broker: Pick<BrokerAdapter, "bootstrapCertificates">;
	readonly #clock: Clock;
	#known: { at: number; hashes: Promise<readonly Uint8Array[]> } | null = null;

	constructor(options: { broker: Pick<BrokerAdapter, "bootstrapCertificates">; clock: Clock }) {
		this.#broker = options.broker;
		this.#clock = options.clock;
	}

	/** Error: `broker.unreachable`. */
	read(): Promise<readonly Uint8Array[]> {
		const now = this.#clock.now();
		if (this.#known && now - this.#known.at < FRESH_MS) return this.#known.hashes;
		const hashes = this.#look();
		this.#known = { at: now, hashes };
		hashes.catch(() => {
			if (this.#known?.hashes === hashes) this.#known = null;
		});
		return hashes;
	}

	async #look(): Promise<readonly Uint8Array[]> {
		const certificates = await this.#broker.bootstrapCertificates();
		return certificates.map((der) => createHash("sha256").update(der).digest());
	}
}
