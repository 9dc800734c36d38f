import { describe, expect, it } from "vitest";
import { paintTimecode, readTimecode } from "../../../device/media/timecode.ts";

describe("time code in a picture", () => {
	const [width, height] = [1280, 720];
	const painted = (epochMs: number) => {
		const luma = new Uint8Array(width * height).fill(110);
		paintTimecode(luma, width, height, epochMs);
		return luma;
	};

	it("is read as it was drawn, also from a picture made smaller", () => {
		for (const epochMs of [1_795_428_849_261, 0, 2 ** 32 - 1, 2 ** 32, 0xdeadbeef]) {
			const luma = painted(epochMs);
			expect(readTimecode(luma, width, height)).toBe(epochMs % 2 ** 32);
			const [smaller, lower] = [480, 270];
			const scaled = Uint8Array.from({ length: smaller * lower }, (_, at) => {
				const [x, y] = [at % smaller, Math.floor(at / smaller)];
				return luma[Math.floor((y * height) / lower) * width + Math.floor((x * width) / smaller)] ?? 0;
			});
			expect(readTimecode(scaled, smaller, lower)).toBe(epochMs % 2 ** 32);
		}
	});

	it("is not read where there is none, or where a block was damaged", () => {
		expect(readTimecode(new Uint8Array(width * height).fill(110), width, height)).toBeNull();
		expect(readTimecode(new Uint8Array(width * height).fill(16), width, height)).toBeNull();
		const damaged = painted(1_795_428_849_261);
		for (let row = 0; row < 72; row++)
			damaged.fill(255 - (damaged[row * width + 5 * 32] as number), row * width + 160, row * width + 192);
		expect(readTimecode(damaged, width, height)).toBeNull();
	});
});
