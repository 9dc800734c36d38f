import { readFile, writeFile } from "node:fs/promises";
import { RoomError } from "../../../../device/core/RoomError.ts";

/** Where the machine says things about itself, and is told to start anew. */
export interface AppliancePaths {
	/** os-release(5): `IMAGE_VERSION` is the version that runs. */
	osRelease: string;
	/** random(4): another one after each start. */
	bootId: string;
	/** The kernel's command line: what the loader says. */
	commandLine: string;
	/** Where systemd-pstore(8) moves what a kernel said before it died. */
	pstore: string;
	/** Why the check of a start failed: one line, a code. */
	healthFailure: string;
	/** A file that appears here restarts the machine (`incamera-restart.path`). */
	restart: string;
}

export const appliancePaths: AppliancePaths = {
	osRelease: "/etc/os-release",
	bootId: "/proc/sys/kernel/random/boot_id",
	commandLine: "/proc/cmdline",
	pstore: "/var/lib/systemd/pstore",
	healthFailure: "/var/lib/incamera-health/failure",
	restart: "/run/incamera/restart",
};

/** Version of the firmware that runs. Error: `update.version_unknown`. */
export async function runningVersion({ osRelease }: AppliancePaths): Promise<string> {
	const text = await readFile(osRelease, "utf8").catch(() => "");
	const version = /^IMAGE_VERSION=(["']?)([0-9A-Za-z.-]{1,60})\1$/m.exec(text)?.[2];
	if (version === undefined) throw new RoomError("update.version_unknown", "the firmware has no version");
	return version;
}

export async function bootId({ bootId: path }: AppliancePaths): Promise<string> {
	const id = (await readFile(path, "utf8").catch(() => "")).trim();
	if (id === "") throw new RoomError("update.installer_failed", "the boot id can't be read");
	return id;
}

/**
 * Asks for a start of the machine. The agent has no right to it: a unit of systemd's watches for this file, and does nothing else.
 * Error: `update.restart_failed`.
 */
export async function restartMachine({ restart }: AppliancePaths): Promise<void> {
	try {
		await writeFile(restart, "");
	} catch (cause) {
		throw new RoomError("update.restart_failed", "the machine can't be told to restart", { cause });
	}
}
