import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { RoomError } from "../../../../device/core/RoomError.ts";

/** A file of a stick and nothing else: no link, no device, and nothing that makes an opener wait. Error: `update.stick_gone`. */
export async function openOnStick(path: string): Promise<{ file: FileHandle; bytes: number }> {
	const gone = (cause?: unknown) => new RoomError("update.stick_gone", "the stick can't be read any more", { cause });
	const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
	const file = await open(path, flags).catch((cause: unknown) => {
		throw gone(cause);
	});
	const about = await file.stat();
	if (about.isFile()) return { file, bytes: about.size };
	await file.close();
	throw gone();
}

/**
 * The rest of a bundle on a stick. What a stick says twice need not be the same: the copy is what is held against the digest.
 * Errors: `update.stick_gone`, `update.size_wrong`.
 */
export async function readStick(
	url: string,
	wanted: { bytes: number; from: number; signal: AbortSignal },
): Promise<Readable> {
	const { file, bytes } = await openOnStick(fileURLToPath(url));
	if (bytes !== wanted.bytes) {
		await file.close();
		throw new RoomError("update.size_wrong", "the bundle on the stick is of another size", { context: { bytes } });
	}
	return file.createReadStream({ start: wanted.from, highWaterMark: 256 * 1024, signal: wanted.signal });
}
