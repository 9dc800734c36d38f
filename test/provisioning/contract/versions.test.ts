import fc from "fast-check";
import { expect, test } from "vitest";
import { compareVersions } from "../../../provisioning/contract/versions.ts";

test("versions are in the order of Semantic Versioning", () => {
	const rising = [
		"0.9.0",
		"1.0.0-alpha",
		"1.0.0-alpha.1",
		"1.0.0-alpha.beta",
		"1.0.0-beta",
		"1.0.0-beta.2",
		"1.0.0-beta.11",
		"1.0.0-rc.1",
		"1.0.0",
		"1.0.1",
		"1.2.0",
		"1.10.0",
		"2.0.0-a-b",
		"2.0.0",
	];
	for (const [i, a] of rising.entries()) {
		for (const [j, b] of rising.entries()) expect(Math.sign(compareVersions(a, b)), `${a} ${b}`).toBe(Math.sign(i - j));
	}
});

test("the order holds for any versions", () => {
	const version = fc.stringMatching(/^\d{1,3}\.\d{1,3}\.\d{1,3}(-[0-9A-Za-z-]{1,3}(\.[0-9A-Za-z]{1,3}){0,2})?$/);
	fc.assert(
		fc.property(version, version, version, (a, b, c) => {
			expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
			if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
				expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
		}),
		{ numRuns: 3000 },
	);
});
