import { hkdfSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { deriveSas } from "../../../device/meeting/sas.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => new Uint8Array(bytes));

it("is the first 42 bits, by another implementation, in both forms", async () => {
	await fc.assert(
		fc.asyncProperty(bytes32, bytes32, bytes32, async (nA, nB, transcript) => {
			const sas = await deriveSas(nA, nB, transcript);
			const key = new Uint8Array(hkdfSync("sha256", Buffer.concat([nA, nB]), "sas1", transcript, 6));
			const bits = Array.from(key, (byte) => byte.toString(2).padStart(8, "0"))
				.join("")
				.slice(0, 42);
			expect(sas.indices.map((index) => index.toString(2).padStart(6, "0")).join("")).toBe(bits);
			expect(sas.numbers.map((number) => number.toString(2).padStart(14, "0")).join("")).toBe(bits);
			expect(sas.indices).toHaveLength(7);
			expect(sas.numbers).toHaveLength(3);
		}),
	);
});

it("depends on each of its three inputs", async () => {
	const [nA, nB, transcript, other] = Array.from({ length: 4 }, () => new Uint8Array(randomBytes(32))) as [
		Uint8Array<ArrayBuffer>,
		Uint8Array<ArrayBuffer>,
		Uint8Array<ArrayBuffer>,
		Uint8Array<ArrayBuffer>,
	];
	const all = await Promise.all([
		deriveSas(nA, nB, transcript),
		deriveSas(other, nB, transcript),
		deriveSas(nA, other, transcript),
		deriveSas(nA, nB, other),
	]);
	expect(new Set(all.map(({ indices }) => indices.join())).size).toBe(4);
});
