import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** SHA-256 of a file, hex. Errors: those of the file system. */
export async function fileDigest(path: string): Promise<string> {
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) hash.update(chunk);
	return hash.digest("hex");
}
