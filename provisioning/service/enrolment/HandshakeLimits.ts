import type { Clock } from "../../../device/core/clock.ts";
import { TokenBucket } from "../rendezvous/TokenBucket.ts";

export interface HandshakeLimitsOptions {
	/** Messages of one client at once, and each second. A handshake has two. */
	client?: { burst: number; perSecond: number };
	/** Handshakes that all together may begin at once, and each second: a proof takes some 60 ms of a processor. */
	beginnings?: { burst: number; perSecond: number };
}

/** Clients that are remembered. */
const CLIENTS = 4096;

/**
 * How much anybody may ask for at the bootstrap listener, in one worker. A client can have another name each time, so the limit for all is
 * the one that protects the service; that for one client keeps a broken device from using it up.
 */
export class HandshakeLimits {
	readonly #clock: Clock;
	readonly #client: { burst: number; perSecond: number };
	readonly #beginnings: TokenBucket;
	readonly #clients = new Map<string, TokenBucket>();

	constructor(clock: Clock, options: HandshakeLimitsOptions = {}) {
		this.#clock = clock;
		this.#client = options.client ?? { burst: 8, perSecond: 1 };
		this.#beginnings = new TokenBucket({ burst: 100, perSecond: 10, ...options.beginnings, clock });
	}

	/** Whether this client's message is looked at. */
	allows(nonce: string): boolean {
		const bucket = this.#clients.get(nonce) ?? new TokenBucket({ ...this.#client, clock: this.#clock });
		// The one that was silent the longest is forgotten first.
		this.#clients.delete(nonce);
		this.#clients.set(nonce, bucket);
		if (this.#clients.size > CLIENTS) this.#clients.delete(this.#clients.keys().next().value ?? "");
		return bucket.take();
	}

	/** Whether one more handshake may begin. */
	allowsBeginning(): boolean {
		return this.#beginnings.take();
	}
}
