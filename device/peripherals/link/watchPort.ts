import { existsSync, type FSWatcher, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

export interface PortEvents {
	appeared(): void;
	vanished(): void;
}

/**
 * Tells when a serial port is plugged in and pulled out, by its name under /dev. That folder comes with the first adapter and goes with
 * the last, so the nearest folder that is there is watched. Where the kernel has no more watches to give, nothing is told.
 * @returns ends it
 */
export function watchPort(path: string, events: PortEvents): () => void {
	let there = existsSync(path);
	let watcher: FSWatcher | null = null;
	/** The folder's inode: one that was taken away and made anew is another. */
	let watched: number | null = null;

	function look(): void {
		follow();
		const now = existsSync(path);
		if (now === there) return;
		there = now;
		if (now) events.appeared();
		else events.vanished();
	}

	/** Watches the folder that is nearest to the port now. */
	function follow(): void {
		let folder = dirname(path);
		let name = basename(path);
		let inode = inodeOf(folder);
		while (inode === null && folder !== dirname(folder)) {
			name = basename(folder);
			folder = dirname(folder);
			inode = inodeOf(folder);
		}
		if (watcher && inode === watched) return;
		watcher?.close();
		watcher = null;
		watched = inode;
		try {
			// Events of /dev itself come with each byte that anybody writes to a device in it; only one name matters.
			watcher = watch(folder, { persistent: false }, (_event, changed) => {
				if (changed === null || changed === name || changed === basename(folder)) look();
			});
			watcher.on("error", () => {
				watcher?.close();
				watcher = null;
			});
		} catch {
			return;
		}
		// Something between here and there may have come before the watch began.
		if (!existsSync(path)) follow();
	}

	follow();
	return () => {
		watcher?.close();
		watcher = null;
	};
}

const inodeOf = (path: string): number | null => statSync(path, { throwIfNoEntry: false })?.ino ?? null;
