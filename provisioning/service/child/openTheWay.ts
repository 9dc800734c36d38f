import { chmod, realpath, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Account } from "./unprivileged.ts";

/**
 * Started as root, a daemon does not run as root: it must get through the folder that its data folder is in, which it can't list. Folders
 * above that are not ours to open, but for those of a temporary folder. Resolves to whether `account` gets to `data`.
 */
export async function openTheWay(data: string, account: Account): Promise<boolean> {
	const temporary = await realpath(tmpdir());
	const nearest = dirname(await realpath(data).catch(async () => join(await realpath(dirname(data)), "data")));
	for (let folder = nearest; folder !== dirname(folder); folder = dirname(folder)) {
		const { mode, uid, gid } = await stat(folder);
		const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
		if (mode & bit) continue;
		if (folder !== nearest && !folder.startsWith(`${temporary}/`)) return false;
		await chmod(folder, (mode & 0o7777) | bit);
	}
	return true;
}
