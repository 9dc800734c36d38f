import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "./unprivileged.ts";

/**
 * A daemon's generated files, in a 0700 folder of its own account under the temporary folder: started as root, the daemon does not
 * run as root and could not reach into a state folder of root's. Nothing in it outlives the daemon.
 */
export class RunFolder {
	readonly path: string;
	readonly #account: Account | null;

	private constructor(path: string, account: Account | null) {
		this.path = path;
		this.#account = account;
	}

	static async create(name: string, account: Account | null): Promise<RunFolder> {
		const path = await mkdtemp(join(tmpdir(), `incamera-${name}-`));
		if (account) await chown(path, account.uid, account.gid);
		return new RunFolder(path, account);
	}

	/** Writes a 0600 file and returns its path. Over an old one it is written in place: the daemon re-reads it on a signal only. */
	async write(name: string, data: string): Promise<string> {
		const path = join(this.path, name);
		await writeFile(path, data, { mode: 0o600 });
		if (this.#account) await chown(path, this.#account.uid, this.#account.gid);
		return path;
	}

	async remove(): Promise<void> {
		await rm(this.path, { recursive: true, force: true });
	}
}
