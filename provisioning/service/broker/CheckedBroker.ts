import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { FleetCa } from "../ca/FleetCa.ts";
import type { BrokerAdapter } from "./BrokerAdapter.ts";
import { askWith, certificateOf } from "./clientChecks.ts";
import { PROBE } from "./names.ts";
import { SessionTakeover } from "./SessionTakeover.ts";

export interface CheckedBrokerOptions {
	ca: FleetCa;
	/** See `BrokerAdapter`. */
	url: string;
	serviceUrl: string;
	bootstrapUrl: string | null;
	/** Lets the broker read the authority's newest list; nothing, where another process does that or the broker fetches it. */
	apply: () => Promise<void>;
	/** The last resort, when it did not heed the list in time. */
	force?: () => Promise<void>;
	/** How long the broker may take to heed a list, milliseconds. */
	heedMs?: number;
	clock?: Clock;
}

const POLL_MS = 20;
/** It is let read the list again if it seems not to have done it. */
const AGAIN_MS = 1000;

/**
 * A broker of whatever make, asked in its own language only: it is believed to heed a revocation list when it refuses the list's proof
 * (`FleetCa.issueProof`). A signal that never arrived or a file that it can't read is found out so, at once.
 */
export class CheckedBroker implements BrokerAdapter {
	readonly url: string;
	readonly serviceUrl: string;
	readonly bootstrapUrl: string | null;
	readonly #options: CheckedBrokerOptions;
	readonly #takeovers = new Map<string, SessionTakeover>();
	/** The publication under way, and the one that has yet to begin and will serve all who ask meanwhile. */
	#publishing: Promise<void> = Promise.resolve();
	#next: Promise<void> | null = null;
	#certificates: Uint8Array[] = [];

	constructor(options: CheckedBrokerOptions) {
		this.#options = options;
		this.url = options.url;
		this.serviceUrl = options.serviceUrl;
		this.bootstrapUrl = options.bootstrapUrl;
	}

	async bootstrapCertificates(): Promise<readonly Uint8Array[]> {
		if (!this.bootstrapUrl) return [];
		const shown = await certificateOf({ url: this.bootstrapUrl, ca: this.#options.ca.certificate });
		const present = Buffer.from(shown);
		if (!this.#certificates[0] || !present.equals(this.#certificates[0])) {
			this.#certificates = [shown, ...this.#certificates].slice(0, 2);
		}
		return this.#certificates;
	}

	publishRevocations(): Promise<void> {
		this.#next ??= this.#publishing.then(() => {
			this.#next = null;
			const turn = this.#publish();
			this.#publishing = turn.catch(() => {});
			return turn;
		});
		return this.#next;
	}

	async revoke(deviceId: string): Promise<void> {
		await this.publishRevocations();
		const { ca, url, clock = systemClock } = this.#options;
		await this.#takeovers.get(deviceId)?.close();
		const ended = () => this.#takeovers.delete(deviceId);
		this.#takeovers.set(deviceId, await SessionTakeover.begin({ ca, url, deviceId, clock, ended }));
	}

	async close(): Promise<void> {
		const held = [...this.#takeovers.values()];
		this.#takeovers.clear();
		await Promise.all(held.map((takeover) => takeover.close()));
	}

	async #publish(): Promise<void> {
		if (await this.#heeds()) return;
		const { force } = this.#options;
		if (force) {
			await force();
			if (await this.#heeds()) return;
		}
		throw new RoomError("broker.revocations_unheeded", "the broker does not heed the revocation list");
	}

	/** Lets the broker read the list until it refuses its proof, or for too long. */
	async #heeds(): Promise<boolean> {
		const { ca, apply, heedMs = 5000 } = this.#options;
		for (const until = Date.now() + heedMs; Date.now() < until; ) {
			// The proof first: the list that is read may be a few newer than it, never older.
			const proof = await ca.issueProof();
			await apply();
			for (const soon = Date.now() + AGAIN_MS; Date.now() < Math.min(until, soon); ) {
				if ((await askWith({ url: this.url, ca: ca.certificate }, proof, PROBE)) === "revoked") return true;
				await new Promise((resolve) => setTimeout(resolve, POLL_MS));
			}
		}
		return false;
	}
}
