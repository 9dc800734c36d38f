import type { FrameSplitter } from "./FrameLink.ts";

/** For lines whose pieces are whole: each datagram is a frame, unless it is empty or longer than any frame can be. */
export function datagramSplitter(most: number): FrameSplitter {
	let badBytes = 0;
	return {
		push(datagram) {
			if (datagram.length > 0 && datagram.length <= most) return [datagram];
			badBytes += datagram.length;
			return [];
		},
		get badBytes() {
			return badBytes;
		},
	};
}
