import { decodePayload } from "../../provisioning/contract/envelope.ts";
import {
	type PublicJwk,
	RING_MS,
	type RingAnswer,
	type RingMessage,
	ringFrame,
} from "../../provisioning/contract/ring.ts";
import type { Clock } from "../core/clock.ts";
import { RoomError } from "../core/RoomError.ts";
import type { Trust } from "../meeting/certificates.ts";
import { ReplayCache } from "../meeting/ReplayCache.ts";
import { assertTimely, openRing } from "./ringSeal.ts";

export interface IncomingOptions {
	self: string;
	privateKey: CryptoKey;
	trust: Trust;
	clock: Clock;
	/** Something was refused; the code says why and nothing else is told. */
	refused(code: string): void;
	rung(ring: { ringId: string; from: string; link: string }): void;
	over(ringId: string): void;
	answered(answer: { ringId: string; from: string; op: RingAnswer }): void;
}

/** Frames that wait for their check: beyond, a flood is dropped before it costs a signature. */
const MOST_WAITING = 256;
/** Rings that ring at once. */
const MOST_RINGING = 8;
/** Frames of one room within `RING_MS`: an honest one sends two for each touch, and one alone can't fill the queue. */
const MOST_FRAMES = 30;
const MOST_SENDERS = 1024;

/** What other rooms send us: checked one after the other, in the order it came, and remembered while it rings. */
export class IncomingRings {
	readonly #options: IncomingOptions;
	readonly #replays: ReplayCache;
	readonly #ringing = new Map<string, { id: string; replyTo: PublicJwk; stopClock: () => void }>();
	readonly #frames = new Map<string, { since: number; count: number }>();
	#turn: Promise<void> = Promise.resolve();
	#waiting = 0;

	constructor(options: IncomingOptions) {
		this.#options = options;
		// The window of acceptance on both sides of now, twice over.
		this.#replays = new ReplayCache({ clock: options.clock, windowMs: 4 * RING_MS });
	}

	/** A frame on `ring/{from}`. */
	received(from: string, payload: Uint8Array, retained: boolean): void {
		const { refused } = this.#options;
		if (retained || this.#waiting >= MOST_WAITING || this.#tooMany(from)) {
			refused(retained ? "ring.retained" : "ring.too_fast");
			return;
		}
		this.#waiting += 1;
		this.#turn = this.#turn
			.then(() => this.#check(from, payload))
			.catch((error: unknown) => refused(RoomError.from(error, "ring.malformed").code))
			.finally(() => {
				this.#waiting -= 1;
			});
	}

	/** Takes a ring that still rings, to answer it. */
	take(ringId: string): { id: string; replyTo: PublicJwk } | null {
		const ring = this.#ringing.get(ringId);
		if (!ring) return null;
		ring.stopClock();
		this.#ringing.delete(ringId);
		return ring;
	}

	clear(): void {
		for (const ringId of [...this.#ringing.keys()]) this.take(ringId);
	}

	async #check(from: string, payload: Uint8Array): Promise<void> {
		const { clock, trust, privateKey, self } = this.#options;
		const frame = decodePayload(ringFrame, payload);
		if (!frame.ok) throw new RoomError(`ring.${frame.reason}`, "no ring frame");
		const nowMs = clock.now();
		// Before any cryptography; what is signed is looked at again.
		assertTimely({ iat: frame.value.exp - RING_MS, exp: frame.value.exp }, nowMs);
		const isRevoked = (serial: string) => trust.isRevoked(serial);
		const open = { caPin: trust.caPin, isRevoked, privateKey, from, self, nowMs };
		const message = await openRing(frame.value.sealed, open);
		if (this.#replays.seen(`${from}/${message.ringId}/${message.op}`)) {
			throw new RoomError("ring.replayed", "seen before");
		}
		this.#act(message);
	}

	#act(message: RingMessage): void {
		const { ringId, from } = message;
		switch (message.op) {
			case "ring": {
				if (this.#ringing.size >= MOST_RINGING) throw new RoomError("ring.too_fast", "too many rings at once");
				if (this.#ringing.has(ringId)) throw new RoomError("ring.replayed", "the ring's id is in use");
				const stopClock = this.#options.clock.after(RING_MS, () => this.#over(ringId));
				this.#ringing.set(ringId, { id: from, replyTo: message.replyTo, stopClock });
				this.#options.rung({ ringId, from, link: message.link });
				break;
			}
			case "cancel":
				if (this.#ringing.get(ringId)?.id === from) this.#over(ringId);
				break;
			default:
				this.#options.answered({ ringId, from, op: message.op });
		}
	}

	#over(ringId: string): void {
		if (this.take(ringId)) this.#options.over(ringId);
	}

	#tooMany(from: string): boolean {
		const now = this.#options.clock.now();
		const seen = this.#frames.get(from);
		if (seen && Math.abs(now - seen.since) < RING_MS) return ++seen.count > MOST_FRAMES;
		// The broker proves who sends, so the map grows with the fleet; still it is bounded.
		if (this.#frames.size >= MOST_SENDERS) this.#frames.clear();
		this.#frames.set(from, { since: now, count: 1 });
		return false;
	}
}
