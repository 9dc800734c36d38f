import type { FrameSplitter } from "../link/FrameLink.ts";
import { LONGEST_MESSAGE, parseReply } from "./ViscaReply.ts";

/**
 * Cuts a serial line or a TCP stream into a camera's replies. `FF` ends a message and stands nowhere else in it; nothing marks where one
 * begins. So what comes before an `FF` is searched for the shortest end that is a reply: garbage in front of it, or a message that
 * broke off, costs only itself.
 */
export class ViscaSplitter implements FrameSplitter {
	/** What came since the last `FF`: no more than a message may have before its own. */
	readonly #kept = new Uint8Array(LONGEST_MESSAGE);
	#length = 0;
	#badBytes = 0;

	get badBytes(): number {
		return this.#badBytes;
	}

	push(bytes: Uint8Array): Uint8Array[] {
		const frames: Uint8Array[] = [];
		for (const byte of bytes) {
			if (byte !== 0xff) {
				this.#keep(byte);
				continue;
			}
			this.#kept[this.#length] = byte;
			const frame = this.#cut(this.#length + 1);
			this.#length = 0;
			if (frame) frames.push(frame);
		}
		return frames;
	}

	#keep(byte: number): void {
		if (this.#length === LONGEST_MESSAGE - 1) {
			this.#kept.copyWithin(0, 1, this.#length);
			this.#length -= 1;
			this.#badBytes += 1;
		}
		this.#kept[this.#length] = byte;
		this.#length += 1;
	}

	#cut(length: number): Uint8Array | null {
		for (let from = length - 3; from >= 0; from--) {
			if (!parseReply(this.#kept.subarray(from, length))) continue;
			this.#badBytes += from;
			return this.#kept.slice(from, length);
		}
		this.#badBytes += length;
		return null;
	}
}
