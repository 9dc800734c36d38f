import type { Clock } from "../../../device/core/clock.ts";
import { encodePayload } from "../../contract/envelope.ts";
import { type Presence, presence } from "../../contract/ring.ts";
import { topics } from "../../contract/topics.ts";
import { envelopeOf } from "../envelope.ts";

/** What this device says of itself, a new epoch for each connection (docs/adr/0004). */
export class OwnPresence {
	readonly topic: string;
	readonly #clock: Clock;
	#epoch = 0;
	/** The room program's key for rings, signed for this epoch. */
	#ring: string | null = null;

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
		this.#ring = null;
	}

	/** Whether that changes what `online` says. Null: there is no room program to ring. A key of another epoch is none. */
	setRing(ring: { epoch: number; jws: string } | null): boolean {
		const jws = ring?.epoch === this.#epoch ? ring.jws : null;
		if (ring && jws === null) return false;
		const changed = jws !== this.#ring;
		this.#ring = jws;
		return changed;
	}

	get hasRing(): boolean {
		return this.#ring !== null;
	}

	/** Also the last will of the connection. */
	offline(): Uint8Array {
		return this.#payload({ online: false });
	}

	online(): Uint8Array {
		return this.#payload({ online: true, ...(this.#ring === null ? {} : { ring: this.#ring }) });
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

	#payload(said: Pick<Presence, "online" | "ring">): Uint8Array {
		return encodePayload(presence, { ...envelopeOf(this.#clock), epoch: this.#epoch, ...said });
	}
}
