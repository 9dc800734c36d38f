import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonLines } from "../../../device/core/JsonLines.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("whatever way a stream is cut into chunks, the same values come out", () => {
	fc.assert(
		fc.property(
			fc.array(fc.jsonValue(), { maxLength: 8 }),
			fc.array(fc.integer({ min: 1, max: 40 })),
			(values, cuts) => {
				const stream = bytes(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
				const lines = new JsonLines(100_000);
				const out: unknown[] = [];
				const take = (chunk: Uint8Array) => {
					for (const line of lines.push(chunk)) out.push(line.ok ? line.value : "broken");
				};
				let at = 0;
				for (const cut of cuts) {
					take(stream.subarray(at, at + cut));
					at += cut;
				}
				take(stream.subarray(at));
				expect(out).toEqual(values.map((value) => JSON.parse(JSON.stringify(value))));
			},
		),
	);
});

test("a line that is no JSON, or no UTF-8, is said to be none, and the next one is read", () => {
	const lines = new JsonLines(100);
	expect(lines.push(bytes('{"a":1}\n\n{\n'))).toEqual([{ ok: true, value: { a: 1 } }, { ok: false }]);
	expect(lines.push(new Uint8Array([34, 0xff, 34, 10]))).toEqual([{ ok: false }]);
	expect(lines.push(bytes("[]\n"))).toEqual([{ ok: true, value: [] }]);
});

test("a chunk that its owner uses again is not read a second time", () => {
	const lines = new JsonLines(100);
	const chunk = bytes("12");
	lines.push(chunk);
	chunk.fill(57);
	expect(lines.push(bytes("3\n"))).toEqual([{ ok: true, value: 123 }]);
});

test("a line without an end is given up at its limit, in whatever chunks it comes", () => {
	const lines = new JsonLines(10);
	expect(lines.push(bytes('"12345678"\n'))).toHaveLength(1);
	for (let i = 0; i < 10; i++) lines.push(bytes("1"));
	expect(() => lines.push(bytes("1"))).toThrow(expect.objectContaining({ code: "lines.too_long" }));
	expect(() => new JsonLines(10).push(bytes("12345678901\n"))).toThrow();
});
