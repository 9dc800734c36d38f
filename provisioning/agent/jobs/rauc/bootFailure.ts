import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Slot } from "../FirmwareExecutor.ts";
import type { AppliancePaths } from "./Appliance.ts";

/** A start from a slot that has not proved itself: when it was asked for, ms since 1970. */
export interface Trial {
	slot: Slot;
	at: number;
}

/** Of what a dying kernel left, the end is looked at. */
const MOST_BYTES = 64 * 1024;
const MOST_FILES = 64;

/**
 * Why a trial failed, as far as anybody left a word about it since: a code, or null. The check of the start says it itself; the loader tells the
 * other slot what it could not read (image/disk/loaderConfig.ts); a kernel that died leaves its last words in the firmware's variables (pstore).
 * A machine that only hung, and was reset by its watchdog, leaves none.
 */
export async function bootFailure(paths: AppliancePaths, { slot, at }: Trial): Promise<string | null> {
	const said = await tailOf(paths.healthFailure, at);
	const code = /^update\.[a-z_]{1,60}$/m.exec(said ?? "")?.[0];
	if (code !== undefined) return code;
	const loader = await readFile(paths.commandLine, "latin1").catch(() => "");
	if (loader.split(/\s+/).includes(`incamera.unreadable=${slot}`)) return "update.slot_corrupted";
	const names = await readdir(paths.pstore, { recursive: true }).catch(() => []);
	const records = names.filter((name) => /(^|\/)dmesg/.test(name)).sort();
	const words: string[] = [];
	for (const name of records.slice(-MOST_FILES)) {
		const text = await tailOf(join(paths.pstore, name), at);
		if (text !== null) words.push(text);
	}
	return words.length === 0 ? null : kernelFailure(words.join("\n"));
}

/** What a kernel died of, by its last words and those of its start image (image/root/overlay/etc/initramfs-tools/scripts/local-top/verity). */
export function kernelFailure(dmesg: string): string {
	// that dm-verity is at work is in each start's log
	if (
		/dm-verity device corrupted|(?:meta)?data block \d+ is corrupted|incamera: the system in slot [ab] is damaged/.test(
			dmesg,
		)
	)
		return "update.slot_corrupted";
	if (/watchdog: BUG|soft lockup|hard LOCKUP|hung_task/i.test(dmesg)) return "update.kernel_hung";
	if (/Unable to mount root|No working init|Attempted to kill init|incamera: there is no slot [ab]/i.test(dmesg))
		return "update.no_root";
	return "update.kernel_panic";
}

/** The end of a file that was written since then; null if there is none. */
async function tailOf(path: string, sinceMs: number): Promise<string | null> {
	try {
		const { mtimeMs, size } = await stat(path);
		if (mtimeMs < sinceMs) return null;
		const file = await open(path, "r");
		try {
			const length = Math.min(size, MOST_BYTES);
			const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
			return buffer.toString("latin1", 0, bytesRead);
		} finally {
			await file.close();
		}
	} catch {
		return null;
	}
}
