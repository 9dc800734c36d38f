import { randomBytes } from "node:crypto";
import type { Delivery, RingLine, RingLineListener } from "../../../device/ringing/RingLine.ts";
import { PAYLOAD_VERSION } from "../../../provisioning/contract/envelope.ts";
import type { Presence } from "../../../provisioning/contract/ring.ts";

interface Frame {
	from: string;
	payload: Uint8Array;
}

/**
 * Lines of rooms to a broker that hands a frame over when the test says so: in the order of each pair of rooms, as a broker does, and in
 * any order between them.
 */
export class RingBus {
	/** Frames on their way, in order, by the room that they go to. */
	readonly waiting = new Map<string, Frame[]>();
	readonly #listeners = new Map<string, RingLineListener>();
	readonly #keys = new Map<string, string>();

	line(id: string): RingLine {
		this.waiting.set(id, []);
		return {
			listen: (listener) => {
				this.#listeners.set(id, listener);
				listener.opened(1);
				return () => this.#listeners.delete(id);
			},
			announce: (_epoch, jws) => {
				this.#keys.set(id, jws);
				// once everybody is there, everybody is told of everybody
				if (this.#keys.size === this.waiting.size) this.#introduce();
			},
			look: () => {},
			send: async (to, payload): Promise<Delivery> => {
				const frames = this.waiting.get(to);
				frames?.push({ from: id, payload });
				return frames ? "delivered" : "nobody";
			},
		};
	}

	/** Hands the next frame to a room; false where none waits. */
	deliver(to: string): boolean {
		const frame = this.waiting.get(to)?.shift();
		if (frame) this.#listeners.get(to)?.ring(frame.from, frame.payload, false);
		return frame !== undefined;
	}

	#introduce(): void {
		for (const [, listener] of this.#listeners) {
			for (const [id, ring] of this.#keys) listener.presence(id, presenceOf(ring));
			listener.settled(true);
		}
	}
}

function presenceOf(ring: string): Presence {
	const mid = randomBytes(16).toString("base64url");
	return { v: PAYLOAD_VERSION, mid, ts: 0, epoch: 1, online: true, ring };
}
