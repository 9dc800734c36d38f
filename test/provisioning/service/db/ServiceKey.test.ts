import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ServiceKey } from "../../../../provisioning/service/db/ServiceKey.ts";

let root: string;
let count = 0;
const folder = () => join(root, `${++count}`);
beforeAll(async () => {
	root = await mkdtemp(join(tmpdir(), "incamera-key-test-"));
});
afterAll(() => rm(root, { recursive: true }));

test("opens what it sealed, after a restart too, and nothing else", async () => {
	const path = folder();
	const key = await ServiceKey.open(path);
	const again = await ServiceKey.open(path);
	fc.assert(
		fc.property(fc.string({ unit: "grapheme" }), fc.string(), (secret, context) => {
			expect(again.open(key.seal(secret, context), context)).toBe(secret);
		}),
	);
	const sealed = key.seal("XYZ", "enrolment_codes:1");
	expect(() => key.open(sealed, "enrolment_codes:2")).toThrow(expect.objectContaining({ code: "service_key.forged" }));
	for (let index = 0; index < sealed.length; index++) {
		const bent = Buffer.from(sealed);
		bent[index] = (bent[index] as number) ^ 1;
		expect(() => key.open(bent, "enrolment_codes:1")).toThrow(/.*/);
		expect(() => key.open(sealed.subarray(0, index), "enrolment_codes:1")).toThrow(/.*/);
	}
	const other = await ServiceKey.open(folder());
	expect(() => other.open(sealed, "enrolment_codes:1")).toThrow(expect.objectContaining({ code: "service_key.other" }));
	expect(key.seal("XYZ", "")).not.toEqual(key.seal("XYZ", ""));
});

test("workers that start at once agree on one key, in one file that only we can read", async () => {
	const path = folder();
	const keys = await Promise.all(Array.from({ length: 8 }, () => ServiceKey.open(path)));
	const sealed = keys[0]?.seal("secret", "") as Buffer;
	for (const key of keys) expect(key.open(sealed, "")).toBe("secret");
	expect(await readdir(path)).toEqual(["service.key"]);
	expect((await stat(join(path, "service.key"))).mode & 0o777).toBe(0o600);
});

test("a damaged key is refused, never replaced", async () => {
	const path = folder();
	await ServiceKey.open(path);
	await writeFile(join(path, "service.key"), "short");
	await expect(ServiceKey.open(path)).rejects.toMatchObject({ code: "service_key.unreadable" });
});
