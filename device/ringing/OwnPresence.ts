import { randomBytes } from "node:crypto";
import { encodePayload, PAYLOAD_VERSION } from "../../provisioning/contract/envelope.ts";
import { type Presence, type PublicJwk, presence } from "../../provisioning/contract/ring.ts";
import { topics } from "../../provisioning/contract/topics.ts";
import type { Clock } from "../core/clock.ts";
import { announceRingKey } from "./ringKeys.ts";
import type { Signer } from "./signature.ts";

export const random16 = (): string => randomBytes(16).toString("base64url");

/** What this room says of itself, a new epoch for each connection. */
export class OwnPresence {
	readonly topic: string;
	readonly #id: string;
	readonly #signer: Signer;
	readonly #ringKey: PublicJwk;
	readonly #clock: Clock;
	#epoch = 0;

	constructor(options: { id: string; signer: Signer; ringKey: PublicJwk; clock: Clock }) {
		this.topic = topics.presence(options.id);
		this.#id = options.id;
		this.#signer = options.signer;
		this.#ringKey = options.ringKey;
		this.#clock = options.clock;
	}

	/** A new connection begins: from here on payloads have its epoch, higher than those before. */
	begin(): void {
		this.#epoch = Math.max(this.#epoch + 1, this.#clock.now());
	}

	/** Also the last will of the connection. */
	offline(): Uint8Array {
		return this.#payload({ epoch: this.#epoch, online: false });
	}

	async online(): Promise<Uint8Array> {
		// A new connection may begin while this is signed; what is said belongs to the old one then.
		const epoch = this.#epoch;
		const ring = await announceRingKey(this.#signer, this.#id, epoch, this.#ringKey);
		return this.#payload({ epoch, online: true, ring });
	}

	/**
	 * What hearing this on our own topic means. `echo`: our own word. `stale`: an older connection's, which now stands where ours
	 * should. `ahead`: an earlier life of ours had a clock ahead of now, and everybody takes us for its past; `begin` overtakes it.
	 */
	judge(heard: Presence): "echo" | "stale" | "ahead" {
		if (heard.epoch > this.#epoch) {
			this.#epoch = heard.epoch;
			return "ahead";
		}
		return heard.epoch === this.#epoch && heard.online ? "echo" : "stale";
	}

	#payload(said: Pick<Presence, "epoch" | "online" | "ring">): Uint8Array {
		const envelope = { v: PAYLOAD_VERSION, mid: random16(), ts: this.#clock.now() } as const;
		return encodePayload(presence, { ...envelope, ...said });
	}
}
