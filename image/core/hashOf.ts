import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { glob, lstat, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** What a step is made of: files by pattern, and words that stand for themselves (a version, the hash of a step before). */
export interface Inputs {
	/** Patterns of files and links, from the repository's root. */
	files: readonly string[];
	words?: readonly string[];
}

/**
 * One hash of all inputs, 32 hex digits: of each file its path, whether it may be executed, and its content. Where the repository lies and
 * when a file was written is no input.
 */
export async function hashOf(root: string, { files, words = [] }: Inputs): Promise<string> {
	const paths = new Set<string>();
	for (const pattern of files) {
		for await (const entry of glob(pattern, { cwd: root, withFileTypes: true })) {
			if (entry.isFile() || entry.isSymbolicLink())
				paths.add(join(entry.parentPath, entry.name).slice(root.length + 1));
		}
	}
	const hash = createHash("sha256");
	for (const word of words) hash.update(`word\0${word}\0`);
	for (const path of [...paths].sort()) {
		const place = join(root, path);
		const about = await lstat(place);
		if (about.isSymbolicLink()) hash.update(`link\0${path}\0${await readlink(place)}\0`);
		else {
			const content = createHash("sha256").update(await readFile(place));
			hash.update(`${about.mode & 0o100 ? "program" : "file"}\0${path}\0${content.digest("hex")}\0`);
		}
	}
	return hash.digest("hex").slice(0, 32);
}

/** SHA-256 of a file of any size, hex. */
export async function sha256Of(file: string): Promise<string> {
	const hash = createHash("sha256");
	await pipeline(createReadStream(file), hash);
	return hash.digest("hex");
}
