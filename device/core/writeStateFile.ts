import { randomBytes } from "node:crypto";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file of the state folder whole or not at all: a power cut leaves the old one or the new one. `mode` is set before the
 * first byte is written, so that a secret is never readable by others, not even for a moment.
 */
export async function writeStateFile(path: string, data: string | Uint8Array, mode: number): Promise<void> {
	const temporary = `${path}.${randomBytes(6).toString("hex")}`;
	const file = await open(temporary, "wx", mode);
	try {
		await file.writeFile(data);
		await file.sync();
	} finally {
		await file.close();
	}
	await rename(temporary, path);
	const folder = await open(dirname(path), "r");
	try {
		await folder.sync();
	} finally {
		await folder.close();
	}
}
