import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { peChecksum, peSections, withoutTimestamp } from "../../image/root/pe.ts";

/** The smallest file with the headers that are read: two sections, an optional header of 240 bytes. */
function program(body: Uint8Array, timestamp: number): Buffer {
	const header = Buffer.alloc(0x80 + 24 + 240 + 80);
	header.write("MZ", 0, "latin1");
	header.writeUInt32LE(0x80, 0x3c);
	header.write("PE\0\0", 0x80, "latin1");
	header.writeUInt16LE(2, 0x86);
	header.writeUInt32LE(timestamp, 0x88);
	header.writeUInt16LE(240, 0x94);
	const table = 0x80 + 24 + 240;
	for (const [index, name] of [".text", ".osrel"].entries()) {
		header.write(name, table + index * 40, "latin1");
		header.writeUInt32LE(0x10 * (index + 1), table + index * 40 + 8);
		header.writeUInt32LE(0x1000 * (index + 1), table + index * 40 + 12);
	}
	return Buffer.concat([header, body]);
}

describe("an EFI program", () => {
	it("has its sections read", () => {
		expect(peSections(program(new Uint8Array(), 0))).toEqual([
			{ name: ".text", virtualAddress: 0x1000, virtualSize: 0x10 },
			{ name: ".osrel", virtualAddress: 0x2000, virtualSize: 0x20 },
		]);
	});

	it("is the same bytes whenever it was linked", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(), (body, one, other) => {
				const [a, b] = [program(body, one), program(body, other)];
				withoutTimestamp(a);
				withoutTimestamp(b);
				expect(a).toEqual(b);
			}),
		);
	});

	it("is summed up as Windows does it: words with carry, and the length", () => {
		expect(peChecksum(Buffer.from([0xff, 0xff, 0x02, 0x00]))).toBe(0x0002 + 4);
		expect(peChecksum(Buffer.from([0x01]))).toBe(2);
	});

	it("is refused where it is none", () => {
		for (const bytes of [Buffer.alloc(0), Buffer.from("MZ"), Buffer.alloc(4096)]) {
			expect(() => peSections(bytes)).toThrow(expect.objectContaining({ code: "image.not_pe" }));
		}
	});
});
