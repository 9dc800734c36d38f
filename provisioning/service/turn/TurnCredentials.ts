import { createHmac, randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import type { IceServer } from "../rendezvous/Rendezvous.ts";

/**
 * Short-lived TURN credentials that need no database: draft-uberti-behave-turn-rest-00, section 2.2. User name = expiry in seconds
 * since the Unix epoch, `:`, random; password = base64(HMAC-SHA1(secret, user name)). Each member gets its own.
 */
export class TurnCredentials {
	readonly #urls: readonly string[];
	readonly #secret: string;
	readonly #lifetimeSeconds: number;
	readonly #clock: Clock;

	constructor(options: { urls: readonly string[]; secret: string; lifetimeSeconds?: number; clock?: Clock }) {
		this.#urls = options.urls;
		this.#secret = options.secret;
		// Longer than a long meeting: the browser needs them again when its network changes.
		this.#lifetimeSeconds = options.lifetimeSeconds ?? 12 * 3600;
		this.#clock = options.clock ?? systemClock;
	}

	issue(): IceServer {
		const username = `${Math.floor(this.#clock.now() / 1000) + this.#lifetimeSeconds}:${randomBytes(9).toString("hex")}`;
		const credential = createHmac("sha1", this.#secret).update(username).digest("base64");
		return { urls: [...this.#urls], username, credential };
	}
}
