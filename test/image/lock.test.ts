import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileOf, packageOf } from "../../image/base/AptWorld.ts";
import { formatLock, type LockedPackage, lockChanges, parseLock } from "../../image/base/lock.ts";

const root = join(import.meta.dirname, "../..");
const sha256 = "ab".repeat(32);
const libc: LockedPackage = { name: "libc6", version: "2.36-9+deb12u14", architecture: "amd64", sha256 };

const somePackage = fc.record({
	name: fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,20}$/),
	version: fc.stringMatching(/^[0-9](?:[A-Za-z0-9.+~-]|:){0,15}$/),
	architecture: fc.constantFrom("amd64", "all"),
	sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
});
const somePackages = fc.uniqueArray(somePackage, { minLength: 1, maxLength: 20, selector: ({ name }) => name });

describe("the lock of Debian packages", () => {
	it("comes back as it was written, sorted", () => {
		fc.assert(
			fc.property(somePackages, (packages) => {
				const byName = (a: LockedPackage, b: LockedPackage) => (a.name < b.name ? -1 : 1);
				expect(parseLock(formatLock(packages)).sort(byName)).toEqual([...packages].sort(byName));
				expect(formatLock([...packages].reverse())).toBe(formatLock(packages));
			}),
		);
	});

	it.each([
		"",
		"# only words\n",
		"libc6 2.36 amd64",
		`libc6=2.36 i386 ${sha256}`,
		`libc6=2.36 amd64 ${sha256}0`,
		`--allow-unauthenticated=1 amd64 ${sha256}`,
		`libc6=2.36;reboot amd64 ${sha256}`,
		`libc6=1 amd64 ${sha256}\nlibc6=2 amd64 ${sha256}`,
	])("refuses %j", (text) => {
		expect(() => parseLock(text)).toThrow(expect.objectContaining({ code: "image.lock_invalid" }));
	});

	it("says what an update changes", () => {
		const other = { ...libc, sha256: "cd".repeat(32) };
		const zlib = { ...libc, name: "zlib1g", version: "1:1.2" };
		expect(lockChanges([libc], [libc])).toEqual([]);
		expect(lockChanges([libc], [{ ...libc, version: "3" }, zlib])).toEqual([
			"~ libc6 2.36-9+deb12u14 → 3",
			"+ zlib1g=1:1.2",
		]);
		expect(lockChanges([libc, zlib], [other])).toEqual([
			"! libc6=2.36-9+deb12u14: same version, other file",
			"- zlib1g=1:1.2",
		]);
	});

	it("is a valid one in the repository, and has no package manager, shell over a network or compiler", () => {
		const names = parseLock(readFileSync(join(root, "image/base/packages.lock"), "utf8")).map(({ name }) => name);
		const asked = readFileSync(join(root, "image/base/packages.txt"), "utf8")
			.split("\n")
			.filter((line) => line !== "" && !line.startsWith("#"));
		expect(names).toEqual(expect.arrayContaining(asked));
		for (const unwanted of ["apt", "openssh-server", "sudo", "gcc-12", "network-manager", "avahi-daemon"]) {
			expect(names).not.toContain(unwanted);
		}
	});
});

describe("apt's answers", () => {
	it("are read with an epoch's colon as apt writes it", () => {
		const line = `'http://mirror/pool/main/x/x/x_1%3a2-3_all.deb' x_1%3a2-3_all.deb 4242 SHA256:${sha256}`;
		const one = packageOf(line);
		expect(one).toEqual({ name: "x", version: "1:2-3", architecture: "all", sha256 });
		expect(fileOf(one)).toBe("x_1%3a2-3_all.deb");
	});

	it("are refused where they have no SHA-256", () => {
		const line = "'http://mirror/x_1_all.deb' x_1_all.deb 42 MD5Sum:00000000000000000000000000000000";
		expect(() => packageOf(line)).toThrow(expect.objectContaining({ code: "image.tool_failed" }));
	});
});
