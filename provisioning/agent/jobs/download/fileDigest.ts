import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";

/** Large enough to be fast, small enough for a process of 96 MB. */
const CHUNK_BYTES = 256 * 1024;

/** Feeds the first `bytes` of a file to a hash; all of it if absent. Errors: those of the file system. */
export async function hashFile(path: string, hash: Hash, bytes?: number): Promise<Hash> {
	if (bytes === 0) return hash;
	const range = bytes === undefined ? {} : { end: bytes - 1 };
	for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES, ...range })) hash.update(chunk);
	return hash;
}

/** SHA-256 of a file, hex. Errors: those of the file system. */
export const fileDigest = async (path: string): Promise<string> =>
	(await hashFile(path, createHash("sha256"))).digest("hex");
