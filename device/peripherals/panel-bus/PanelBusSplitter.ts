import type { FrameSplitter } from "../link/FrameLink.ts";
import { MOST_FRAME_BYTES, readFrame } from "./frame.ts";

/** Cuts at 00. A frame that came whole and whose check is right is handed on without its 00; all else is dropped and counted. */
export class PanelBusSplitter implements FrameSplitter {
	readonly #kept = new Uint8Array(MOST_FRAME_BYTES - 1);
	#length = 0;
	/** What is on the way is longer than any frame: nothing of it counts until the next 00. */
	#tooLong = false;
	#badBytes = 0;

	get badBytes(): number {
		return this.#badBytes;
	}

	push(bytes: Uint8Array): Uint8Array[] {
		const frames: Uint8Array[] = [];
		for (const byte of bytes) {
			if (byte === 0) this.#end(frames);
			else if (this.#tooLong) this.#badBytes += 1;
			else if (this.#length < this.#kept.length) this.#kept[this.#length++] = byte;
			else {
				this.#tooLong = true;
				this.#badBytes += this.#length + 1;
			}
		}
		return frames;
	}

	#end(frames: Uint8Array[]): void {
		const frame = this.#kept.slice(0, this.#length);
		// 00 after 00 is an empty line, not a frame
		if (!this.#tooLong && frame.length > 0) {
			if (readFrame(frame) === null) this.#badBytes += frame.length;
			else frames.push(frame);
		}
		this.#length = 0;
		this.#tooLong = false;
	}
}
