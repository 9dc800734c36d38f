import { open, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { SupportBundle } from "../../../provisioning/cli/support/supportBundle.ts";
import type { SupportFailure, SupportOutcome } from "../../../provisioning/contract/supportSaved.ts";

export interface SaveSupportOptions {
	/** Where sticks are mounted, read-only, each in a folder of its own. */
	sticks: string;
	/** Milliseconds. */
	now: number;
	collect(now: number): Promise<SupportBundle>;
	/** Whether a folder is a stick that is there. */
	mounted(folder: string): Promise<boolean>;
	remount(folder: string, mode: "rw" | "ro"): Promise<void>;
	tell(outcome: Omit<SupportOutcome, "wish">): void;
}

/** Writes one new file onto the first stick, and leaves it as it was: read-only, and whole if it is pulled out then. Never fails; resolves with how it ended. */
export async function saveSupport(options: SaveSupportOptions): Promise<"done" | SupportFailure> {
	const { now, collect, tell } = options;
	const failed = (code: SupportFailure): SupportFailure => {
		tell({ state: "failed", file: null, code });
		return code;
	};
	try {
		const stick = await firstOf(options);
		if (stick === null) return failed("support.no_stick");
		tell({ state: "collecting", file: null, code: null });
		const json = `${JSON.stringify(await collect(now), null, "\t")}\n`;
		tell({ state: "writing", file: null, code: null });
		const file = `incamera-support-${stamp(now)}.json`;
		const code = await write(stick, file, json, options);
		if (code !== null) return failed(code);
		tell({ state: "done", file, code: null });
		return "done";
	} catch {
		return failed("support.failed");
	}
}

async function firstOf({ sticks, mounted }: SaveSupportOptions): Promise<string | null> {
	for (const name of (await readdir(sticks).catch(() => [])).sort()) {
		if (await mounted(join(sticks, name))) return join(sticks, name);
	}
	return null;
}

async function write(
	folder: string,
	file: string,
	json: string,
	{ remount }: SaveSupportOptions,
): Promise<SupportFailure | null> {
	try {
		await remount(folder, "rw");
	} catch {
		return (await readdir(folder).catch(() => null)) === null ? "support.stick_gone" : "support.stick_read_only";
	}
	try {
		return await writeNew(join(folder, file), json);
	} finally {
		// what is gone can't be left in order
		await remount(folder, "ro").catch(() => {});
	}
}

/** A file that was there before is never touched, and of one that could not be written nothing is left. */
async function writeNew(path: string, json: string): Promise<SupportFailure | null> {
	let mine = false;
	try {
		await using handle = await open(path, "wx", 0o644);
		mine = true;
		await handle.writeFile(json);
		await handle.sync();
		return null;
	} catch (error) {
		if (mine) await unlink(path).catch(() => {});
		return failureOf((error as NodeJS.ErrnoException).code);
	}
}

/** What a system call on a stick said. */
export function failureOf(errno: string | undefined): SupportFailure {
	switch (errno) {
		case "ENOSPC":
			return "support.stick_full";
		case "EROFS":
			return "support.stick_read_only";
		case "EIO":
		case "ENODEV":
		case "ENXIO":
		case "ENOENT":
			return "support.stick_gone";
		default:
			return "support.failed";
	}
}

/** `20261126-140512`, UTC. */
const stamp = (now: number): string =>
	new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
