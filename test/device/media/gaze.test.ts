import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gazeCrop, readGaze, straightAhead } from "../../../device/media/gaze.ts";

const anyNumber = fc.double({ noNaN: false });
const gaze = fc.record({ pan: anyNumber, tilt: anyNumber, zoom: anyNumber });
const inside = fc.record({
	pan: fc.double({ min: -1, max: 1, noNaN: true }),
	tilt: fc.double({ min: -1, max: 1, noNaN: true }),
	zoom: fc.double({ min: 0, max: 1, noNaN: true }),
});
const size = fc.constantFrom({ width: 2560, height: 1440 }, { width: 640, height: 360 }, { width: 1280, height: 960 });

describe("what a virtual camera sees", () => {
	it("is the middle half, straight ahead", () => {
		expect(gazeCrop(straightAhead, { width: 2560, height: 1440 })).toEqual({
			left: 640,
			right: 640,
			top: 360,
			bottom: 360,
		});
	});

	it("reaches each edge", () => {
		const at = (pan: number, tilt: number) => gazeCrop({ pan, tilt, zoom: 0 }, { width: 2560, height: 1440 });
		expect(at(1, 0)).toMatchObject({ left: 1280, right: 0 });
		expect(at(-1, 0)).toMatchObject({ left: 0, right: 1280 });
		expect(at(0, 1)).toMatchObject({ top: 0, bottom: 720 });
		expect(at(0, -1)).toMatchObject({ top: 720, bottom: 0 });
	});

	it("is never outside the picture, nor empty, whatever a simulator says", () => {
		fc.assert(
			fc.property(gaze, size, (said, { width, height }) => {
				const seen = readGaze(said);
				if (!seen) return;
				const { left, right, top, bottom } = gazeCrop(seen, { width, height });
				for (const side of [left, right, top, bottom]) expect(Number.isInteger(side) && side >= 0).toBe(true);
				expect(left + right).toBeLessThan(width);
				expect(top + bottom).toBeLessThan(height);
			}),
		);
	});

	it("moves by no more than the camera does: a thousandth of its way is some pixels, never a jump", () => {
		fc.assert(
			fc.property(inside, fc.constantFrom("pan", "tilt", "zoom"), ({ ...from }, axis) => {
				const to = { ...from, [axis]: Math.min(1, from[axis as keyof typeof from] + 0.001) };
				const [a, b] = [from, to].map((one) => gazeCrop(one, { width: 2560, height: 1440 }));
				for (const side of ["left", "right", "top", "bottom"] as const)
					expect(Math.abs((a?.[side] ?? 0) - (b?.[side] ?? 0))).toBeLessThanOrEqual(3);
			}),
		);
	});

	it.each([
		null,
		1,
		"x",
		[],
		{},
		{ pan: 0, tilt: 0 },
		{ pan: "0", tilt: 0, zoom: 0 },
		{ pan: Number.NaN, tilt: 0, zoom: 0 },
	])("is not said by %j", (value) => {
		expect(readGaze(value)).toBeNull();
	});
});
