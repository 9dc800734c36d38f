import type { FrameSplitter } from "./FrameLink.ts";

/**
 * How long the frame is that begins at `at`; `more`: it may be one, and has not come whole; `none`: no frame begins there. It asks for
 * more only as long as less than the protocol's longest frame is there.
 */
export type MeasureFrame = (bytes: Uint8Array, at: number) => number | "more" | "none";

/** Cuts frames that are known by their own shape: a length, a check sum. Where none begins it looks on from the next byte. */
export function scanSplitter(measure: MeasureFrame): FrameSplitter {
	let kept = new Uint8Array(0);
	let badBytes = 0;
	return {
		push(bytes) {
			const all = new Uint8Array(kept.length + bytes.length);
			all.set(kept);
			all.set(bytes, kept.length);
			const frames: Uint8Array[] = [];
			let at = 0;
			while (at < all.length) {
				const length = measure(all, at);
				if (length === "more") break;
				if (length === "none") {
					badBytes += 1;
					at += 1;
					continue;
				}
				frames.push(all.slice(at, at + length));
				at += length;
			}
			kept = all.slice(at);
			return frames;
		},
		get badBytes() {
			return badBytes;
		},
	};
}
