import fc from "fast-check";
import { expect } from "vitest";
import { type MeasureFrame, scanSplitter } from "../../../../device/peripherals/link/scanSplitter.ts";

/** `01 30 41` as bytes. */
export const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/[\s-]/g, ""), "hex"));
export const toHex = (bytes: Uint8Array): string =>
	Buffer.from(bytes)
		.toString("hex")
		.replaceAll(/(..)(?=.)/g, "$1 ");
export const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));

const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Pushes a stream in chunks of the given sizes, and the rest at once. */
function pushed(measure: MeasureFrame, stream: Uint8Array, sizes: readonly number[]) {
	const splitter = scanSplitter(measure);
	const frames: Uint8Array[] = [];
	let at = 0;
	for (const size of sizes) {
		frames.push(...splitter.push(stream.subarray(at, at + size)));
		at += size;
	}
	frames.push(...splitter.push(stream.subarray(at)));
	return { frames, splitter };
}

const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 });

/** What must hold for the splitter of any protocol. `frame` makes whole frames, `longest` is in bytes. */
export function holdsAsSplitter(measure: MeasureFrame, frame: fc.Arbitrary<Uint8Array>, longest: number): void {
	// Frames come out whole and in order, however the stream is cut; what stands between them is counted.
	fc.assert(
		fc.property(fc.array(frame, { maxLength: 8 }), sizes, (frames, cuts) => {
			const out = pushed(measure, joined(frames), cuts);
			expect(out.frames).toEqual(frames);
			expect(out.splitter.badBytes).toBe(0);
		}),
	);
	// Any bytes at all: no exception, nothing lost or made up, little kept.
	const noise = fc.array(fc.oneof(fc.uint8Array({ maxLength: 60 }), frame, halves(frame)), { maxLength: 12 });
	fc.assert(
		fc.property(noise, sizes, (parts, cuts) => {
			const stream = joined(parts);
			const whole = pushed(measure, stream, []);
			const cut = pushed(measure, stream, cuts);
			expect(cut.frames).toEqual(whole.frames);
			expect(cut.splitter.badBytes).toBe(whole.splitter.badBytes);
			const passed = whole.frames.reduce((sum, { length }) => sum + length, 0) + whole.splitter.badBytes;
			expect(stream.length - passed).toBeGreaterThanOrEqual(0);
			expect(stream.length - passed).toBeLessThan(longest);
		}),
	);
	// After any noise a frame is heard at the latest when the longest frame's length of silence has been filled.
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 60 }), frame, (before, good) => {
			const filler = new Uint8Array(longest).fill(0);
			const { frames } = pushed(measure, joined([before, good, filler]), []);
			// The good one, or one that the noise made up together with what came after it.
			expect(frames.length).toBeGreaterThan(0);
		}),
	);
}

/** Frames that break off, or of which one byte was changed on the way. */
function halves(frame: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
	return fc.tuple(frame, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([bytes, at, mask]) => {
		const place = at % bytes.length;
		if (mask < 128) return bytes.slice(0, place);
		const broken = bytes.slice();
		broken[place] = (broken[place] as number) ^ mask;
		return broken;
	});
}
