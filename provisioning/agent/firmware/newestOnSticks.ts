import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import { firmwareSpec, firmwareVersion } from "../../contract/jobs.ts";
import { compareVersions } from "../../contract/versions.ts";

/** Of a stick no more is looked at: who brings a holiday's pictures has to wait no longer. */
const MOST_NAMES = 1000;
const MOST_STICKS = 4;

export interface BundleOnStick {
	version: string;
	bytes: number;
	path: string;
	/** Where the repository's `metadata` should lie beside it. */
	folder: string;
}

/** The newest bundle by its name, `incamera-<version>.raucb`, in the uppermost folder of any stick; null: there is none. Never fails. */
export async function newestOnSticks(mounts: string): Promise<BundleOnStick | null> {
	let newest: BundleOnStick | null = null;
	for (const folder of await namesIn(mounts, MOST_STICKS)) {
		for (const name of await namesIn(join(mounts, folder), MOST_NAMES)) {
			const version = /^incamera-([0-9A-Za-z.-]{1,60})\.raucb$/.exec(name)?.[1];
			if (version === undefined || !firmwareVersion.safeParse(version).success) continue;
			if (newest && compareVersions(version, newest.version) <= 0) continue;
			const path = join(mounts, folder, name);
			const about = await lstat(path).catch(() => null);
			if (!about?.isFile() || !firmwareSpec.shape.bytes.safeParse(about.size).success) continue;
			newest = { version, bytes: about.size, path, folder: join(mounts, folder) };
		}
	}
	return newest;
}

async function namesIn(folder: string, most: number): Promise<string[]> {
	const names: string[] = [];
	try {
		const entries = await opendir(folder);
		for await (const { name } of entries) {
			names.push(name);
			if (names.length >= most) break;
		}
	} catch {
		// nothing plugged in, or pulled out just now
	}
	return names.sort();
}
