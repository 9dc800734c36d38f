import { randomBytes } from "node:crypto";
import type { Clock } from "../../../device/core/clock.ts";
import { encodePayload, PAYLOAD_VERSION } from "../../../provisioning/contract/envelope.ts";
import { type Presence, presence } from "../../../provisioning/contract/ring.ts";
import { topics } from "../../../provisioning/contract/topics.ts";

/** What a simulated device says of itself, a new epoch for each connection. */
export class OwnPresence {
	readonly topic: string;
	/** The room program's signed key, for this epoch. */
	ring: string | null = null;
	readonly #clock: Clock;
	#epoch = 0;

	constructor(options: { id: string; clock: Clock }) {
		this.topic = topics.presence(options.id);
		this.#clock = options.clock;
	}

	get epoch(): number {
		return this.#epoch;
	}

	/** A new connection begins: from here on payloads have its epoch, higher than those before. */
	begin(): void {
		this.#epoch = Math.max(this.#epoch + 1, this.#clock.now());
		this.ring = null;
	}

	/** Also the last will of the connection. */
	offline(): Uint8Array {
		return this.#payload({ epoch: this.#epoch, online: false });
	}

	online(): Uint8Array {
		return this.#payload({ epoch: this.#epoch, online: true, ...(this.ring ? { ring: this.ring } : {}) });
	}

	/** Our own word, an older connection's that now stands where ours should, or one of a clock that was ahead. */
	judge(heard: Presence): "echo" | "stale" | "ahead" {
		if (heard.epoch > this.#epoch) {
			this.#epoch = heard.epoch;
			return "ahead";
		}
		return heard.epoch === this.#epoch && heard.online ? "echo" : "stale";
	}

	#payload(said: Pick<Presence, "epoch" | "online" | "ring">): Uint8Array {
		const envelope = {
			v: PAYLOAD_VERSION,
			mid: randomBytes(16).toString("base64url"),
			ts: this.#clock.now(),
		} as const;
		return encodePayload(presence, { ...envelope, ...said });
	}
}
