import { createHash } from "node:crypto";
import type { LockedPackage } from "../base/lock.ts";

interface NpmEntry {
	version?: string;
	license?: string;
	integrity?: string;
	dev?: boolean;
	devOptional?: boolean;
	cpu?: string[];
}
export interface PackageLock {
	packages: Record<string, NpmEntry>;
}

/** Named as for development, but what the pages are drawn with is copied into them. */
const drawnWith = new Set(["@fontsource-variable/inter", "@iconify-json/noto", "lucide-static"]);

/**
 * What is in an image, as CycloneDX 1.5 (ecma-international.org, ECMA-424): every Debian package by the lock, and every npm package that may
 * reach the application by the lockfile. The same locks give the same bytes.
 */
export function sbom(of: { version: string; debian: readonly LockedPackage[]; npm: PackageLock; at: Date }): string {
	const components = [...of.debian.map(debianComponent), ...npmComponents(of.npm)];
	const product = `pkg:generic/incamera@${of.version}`;
	const content = {
		metadata: {
			timestamp: of.at.toISOString(),
			component: {
				type: "firmware",
				"bom-ref": product,
				name: "incamera",
				version: of.version,
				licenses: [{ license: { id: "Apache-2.0" } }],
			},
		},
		components,
		dependencies: [{ ref: product, dependsOn: components.map((component) => component["bom-ref"]) }],
	};
	const hash = createHash("sha256").update(JSON.stringify(content)).digest("hex");
	// a UUID made of the content (RFC 9562, 5.8)
	const uuid = hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-8$3-8$4-$5");
	return `${JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.5", serialNumber: `urn:uuid:${uuid}`, version: 1, ...content }, null, "\t")}\n`;
}

function debianComponent({ name, version, architecture, sha256 }: LockedPackage) {
	const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=debian-12`;
	return {
		type: "library",
		"bom-ref": purl,
		name,
		version,
		purl,
		hashes: [{ alg: "SHA-256", content: sha256 }],
	};
}

function npmComponents({ packages }: PackageLock) {
	return Object.entries(packages).flatMap(([path, entry]) => {
		const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
		const { version, license, integrity, dev, devOptional, cpu } = entry;
		if (!path.startsWith("node_modules/") || version === undefined) return [];
		if ((dev || devOptional) && !drawnWith.has(name)) return [];
		if (cpu && !cpu.includes("x64")) return [];
		const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
		const sha512 = /^sha512-(\S+)$/.exec(integrity ?? "")?.[1];
		return [
			{
				type: "library",
				// the same version may be there in two places
				"bom-ref": `${purl}#${path}`,
				name,
				version,
				purl,
				...(license ? { licenses: [{ expression: license }] } : {}),
				...(sha512 ? { hashes: [{ alg: "SHA-512", content: Buffer.from(sha512, "base64").toString("hex") }] } : {}),
			},
		];
	});
}
