import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { mended } from "../../image/root/programs/loaderMemory.ts";

const folder = mkdtempSync(join(tmpdir(), "incamera-grubenv-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** By GRUB's own tool. */
function block(...values: string[]): Buffer {
	const file = join(folder, "grubenv");
	execFileSync("grub-editenv", [file, "create"]);
	execFileSync("grub-editenv", [file, "set", ...values]);
	return readFileSync(file);
}
function list(made: Buffer): string[] {
	const file = join(folder, "made");
	writeFileSync(file, made);
	return execFileSync("grub-editenv", [file, "list"], { encoding: "utf8" }).trim().split("\n");
}
const good = block("ORDER=B A", "A_OK=1", "A_TRY=0", "B_OK=1", "B_TRY=2");
const none = { memory: null, copy: null };

describe("the loader's memory", () => {
	it("is left alone where both copies can be read, whatever they say", () => {
		const older = block("ORDER=A B", "A_OK=1", "A_TRY=1", "B_OK=0", "B_TRY=0");
		expect(mended({ memory: good, copy: good }, "A")).toEqual(none);
		expect(mended({ memory: good, copy: older }, "A")).toEqual(none);
	});

	it("is written anew from its copy, and the copy from it", () => {
		for (const spoilt of [null, Buffer.alloc(0), Buffer.alloc(1024, 0xff), good.subarray(0, 512), block("A_OK=1")]) {
			expect(mended({ memory: spoilt, copy: good }, "A")).toEqual({ memory: good, copy: null });
			expect(mended({ memory: good, copy: spoilt }, "A")).toEqual({ memory: null, copy: good });
		}
	});

	it("begins anew with the slot that runs where neither can be read, in a form that GRUB's own tool reads and writes", () => {
		const { memory, copy } = mended({ memory: Buffer.alloc(1024), copy: null }, "B");
		expect(memory).toEqual(copy);
		expect(list(memory as Buffer)).toEqual(["ORDER=B A", "B_OK=1", "B_TRY=1", "A_OK=1", "A_TRY=0"]);
		execFileSync("grub-editenv", [join(folder, "made"), "set", "B_TRY=0"]);
		expect(mended({ memory: readFileSync(join(folder, "made")), copy: memory }, "A")).toEqual(none);
	});

	it("is whole afterwards, whatever was there", () => {
		const some = fc.option(
			fc.oneof(
				fc.uint8Array({ maxLength: 1100 }).map((bytes) => Buffer.from(bytes)),
				fc.constant(good),
				fc.tuple(fc.nat(1023), fc.nat(255)).map(([at, value]) => {
					const hit = Buffer.from(good);
					hit[at] = value;
					return hit;
				}),
			),
		);
		fc.assert(
			fc.property(some, some, (memory, copy) => {
				const made = mended({ memory, copy }, "A");
				expect(mended({ memory: made.memory ?? memory, copy: made.copy ?? copy }, "A")).toEqual(none);
			}),
		);
	});
});
