import { RoomError } from "../../device/core/RoomError.ts";

/** One Debian package of the image. */
export interface LockedPackage {
	name: string;
	version: string;
	/** `amd64` or `all`. */
	architecture: string;
	/** Of the .deb file, hex. */
	sha256: string;
}

/** Names and versions by Debian policy 5.6.1 and 5.6.12; what isn't one of these never reaches a command line. */
const line = /^([a-z0-9][a-z0-9+.-]+)=([0-9][A-Za-z0-9.+:~-]*) (amd64|all) ([0-9a-f]{64})$/;

const header = `# Every Debian package of the image: package=version, architecture, SHA-256 of its file. Written by
# \`npm run image -- build --update-lock\`; any other build takes exactly these and fails if one isn't to be had.
`;

/** @throws RoomError `image.lock_invalid` (context: line, from 1) */
export function parseLock(text: string): LockedPackage[] {
	const packages = new Map<string, LockedPackage>();
	for (const [index, raw] of text.split("\n").entries()) {
		if (raw === "" || raw.startsWith("#")) continue;
		const [, name, version, architecture, sha256] = line.exec(raw) ?? [];
		if (!name || !version || !architecture || !sha256 || packages.has(name)) {
			throw new RoomError(
				"image.lock_invalid",
				`packages.lock, line ${index + 1}, is no package, or one that is there twice`,
				{
					context: { line: index + 1 },
				},
			);
		}
		packages.set(name, { name, version, architecture, sha256 });
	}
	if (packages.size === 0)
		throw new RoomError("image.lock_invalid", "packages.lock is empty", { context: { line: 1 } });
	return [...packages.values()];
}

/** One line a package, by name, so that a difference reads as what changed. */
export function formatLock(packages: readonly LockedPackage[]): string {
	const lines = packages.map(
		({ name, version, architecture, sha256 }) => `${name}=${version} ${architecture} ${sha256}\n`,
	);
	return header + lines.sort().join("");
}

/** What a person reads of two locks: `+ new=1`, `- gone=1`, `~ changed 1 → 2`. */
export function lockChanges(before: readonly LockedPackage[], after: readonly LockedPackage[]): string[] {
	const old = new Map(before.map((one) => [one.name, one]));
	const now = new Map(after.map((one) => [one.name, one]));
	const changes: string[] = [];
	for (const name of [...new Set([...old.keys(), ...now.keys()])].sort()) {
		const [from, to] = [old.get(name), now.get(name)];
		if (!from && to) changes.push(`+ ${name}=${to.version}`);
		else if (from && !to) changes.push(`- ${name}=${from.version}`);
		else if (from && to && from.version !== to.version) changes.push(`~ ${name} ${from.version} → ${to.version}`);
		else if (from && to && from.sha256 !== to.sha256) changes.push(`! ${name}=${to.version}: same version, other file`);
	}
	return changes;
}
