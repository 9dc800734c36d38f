import type { FrameSplitter } from "./FrameLink.ts";

export interface DelimiterOptions {
	/** The byte that ends each frame, and belongs to it. */
	end: number;
	/** Longest frame in bytes, with its end. */
	most: number;
	/** Which bytes a frame may begin with; what stands before one is dropped. Default: any. */
	begins?: (byte: number) => boolean;
}

/** Cuts frames that end with a byte of their own: FF of VISCA, CR of LG and PJLink. */
export function delimiterSplitter({ end, most, begins = () => true }: DelimiterOptions): FrameSplitter {
	/** Begun and not ended; it has room for all but the end. */
	const part = new Uint8Array(most);
	let length = 0;
	/** A frame that is too long: everything up to its end is dropped. */
	let dropping = false;
	let badBytes = 0;

	/** The frame whose last piece, with its end, this is; null if it was none. */
	function ended(piece: Uint8Array): Uint8Array | null {
		const bytes = length + piece.length;
		if (dropping || bytes > most) {
			badBytes += bytes;
			dropping = false;
			length = 0;
			return null;
		}
		const frame = new Uint8Array(bytes);
		frame.set(part.subarray(0, length));
		frame.set(piece, length);
		length = 0;
		return frame;
	}

	/** A piece without an end. */
	function keep(piece: Uint8Array): void {
		if (dropping || length + piece.length >= most) {
			badBytes += length + piece.length;
			dropping = true;
			length = 0;
			return;
		}
		part.set(piece, length);
		length += piece.length;
	}

	return {
		push(bytes) {
			const frames: Uint8Array[] = [];
			let from = 0;
			while (from < bytes.length) {
				if (length === 0 && !dropping && !begins(bytes[from] as number)) {
					badBytes += 1;
					from += 1;
					continue;
				}
				const at = bytes.indexOf(end, from);
				if (at === -1) {
					keep(bytes.subarray(from));
					break;
				}
				const frame = ended(bytes.subarray(from, at + 1));
				if (frame) frames.push(frame);
				from = at + 1;
			}
			return frames;
		},
		get badBytes() {
			return badBytes;
		},
	};
}
