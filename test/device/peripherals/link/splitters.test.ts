import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { datagramSplitter } from "../../../../device/peripherals/link/datagramSplitter.ts";
import { delimiterSplitter } from "../../../../device/peripherals/link/delimiterSplitter.ts";
import type { FrameSplitter } from "../../../../device/peripherals/link/FrameLink.ts";

const END = 0xff;
const MOST = 16;
const visca = () => delimiterSplitter({ end: END, most: MOST, begins: (byte) => byte >= 0x80 && byte !== END });
const plain = () => delimiterSplitter({ end: END, most: MOST });

/** All frames out of chunks, as arrays; a splitter must not lean on a chunk after it was pushed. */
function frames(splitter: FrameSplitter, chunks: readonly number[][]): number[][] {
	return chunks.flatMap((chunk) => {
		const bytes = Uint8Array.from(chunk);
		const out = splitter.push(bytes).map((frame) => [...frame]);
		bytes.fill(0xaa);
		return out;
	});
}

function cut(bytes: readonly number[], cuts: readonly number[]): number[][] {
	const at = [...new Set(cuts.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b);
	return [...at, bytes.length].map((end, i) => bytes.slice(at[i - 1] ?? 0, end));
}

/** Noise with more ends and beginnings in it than chance would give. */
const noise = fc.array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(END, 0x90)), { maxLength: 200 });
const cuts = fc.array(fc.nat(), { maxLength: 20 });

describe.each([
	["any beginning", plain],
	["a beginning of its own", visca],
])("delimiterSplitter, %s", (_name, splitter) => {
	it("any chunking gives the same frames and the same count of bad bytes", () => {
		fc.assert(
			fc.property(noise, cuts, (bytes, at) => {
				const [whole, pieces, single] = [splitter(), splitter(), splitter()];
				const expected = frames(whole, [bytes]);
				expect(frames(pieces, cut(bytes, at))).toEqual(expected);
				expect(
					frames(
						single,
						bytes.map((byte) => [byte]),
					),
				).toEqual(expected);
				expect(pieces.badBytes).toBe(single.badBytes);
			}),
		);
	});

	it("counts each byte once: in a frame, as bad, or still held and no longer than a frame", () => {
		fc.assert(
			fc.property(noise, cuts, (bytes, at) => {
				const it = splitter();
				const used = frames(it, cut(bytes, at)).flat().length + it.badBytes;
				expect(used).toBeLessThanOrEqual(bytes.length);
				expect(bytes.length - used).toBeLessThan(MOST);
			}),
		);
	});

	it("frames come through between noise that is ended", () => {
		const frame = fc
			.tuple(fc.integer({ min: 0x80, max: 0xfe }), fc.array(fc.integer({ min: 0, max: 0xfe }), { maxLength: MOST - 2 }))
			.map(([first, rest]) => [first, ...rest, END]);
		fc.assert(
			fc.property(fc.array(frame), noise, cuts, (wanted, garbage, at) => {
				const stream = [...garbage, END, ...wanted.flat()];
				const got = frames(splitter(), cut(stream, at));
				expect(got.slice(got.length - wanted.length)).toEqual(wanted);
			}),
		);
	});
});

it("drops a frame that is too long up to its end, and not the next", () => {
	const it = plain();
	expect(frames(it, [[...Array(40).fill(1)], [...Array(40).fill(1)], [1, END, 2, END]])).toEqual([[2, END]]);
	expect(it.badBytes).toBe(82);
	expect(frames(it, [[...Array(MOST - 1).fill(3), END]])).toHaveLength(1);
	expect(frames(it, [[...Array(MOST).fill(3), END]])).toHaveLength(0);
});

it("leaves out what stands before a frame's beginning", () => {
	const it = visca();
	expect(frames(it, [[1, 2, 0x90, 0x50, END, END, 0x0a]])).toEqual([[0x90, 0x50, END]]);
	expect(it.badBytes).toBe(4);
});

it("a datagram is a frame, unless it is empty or too long", () => {
	const it = datagramSplitter(4);
	expect(frames(it, [[1, 2, 3, 4], [], [1, 2, 3, 4, 5]])).toEqual([[1, 2, 3, 4]]);
	expect(it.badBytes).toBe(5);
});
