import { open } from "node:fs/promises";
import { type Layout, layout, MIB, type PartitionName } from "../../../disk/layout.ts";

/** Files, or partitions, of the installer's stick (image/disk/stick.ts). */
export interface DeviceDiskParts {
	head: string;
	boot: string;
	rootfs: string;
	tail: string;
}

const CHUNK = 4 * MIB;

/**
 * The disk of a new device, byte for byte as it was signed: the stick has its beginning and its end, and the slot is the one that the stick itself
 * starts from. Slot B is empty.
 */
export async function* deviceDisk(
	{ head, boot, rootfs, tail }: DeviceDiskParts,
	places: Layout<PartitionName> = layout(),
): AsyncGenerator<Buffer> {
	yield* padded(head, (places.esp.start + places.esp.size) * MIB);
	yield* padded(boot, places["boot-a"].size * MIB);
	yield* zeroes(places["boot-b"].size * MIB);
	yield* padded(rootfs, places["rootfs-a"].size * MIB);
	yield* zeroes(places["rootfs-b"].size * MIB);
	yield* padded(tail, MIB);
}

/** A file's bytes, or their beginning, and zeroes up to this many. */
async function* padded(path: string, bytes: number): AsyncGenerator<Buffer> {
	const file = await open(path);
	let at = 0;
	try {
		while (at < bytes) {
			// a buffer of its own for each: whoever takes it may still be at the one before
			const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(CHUNK, bytes - at)), 0, null, at);
			if (bytesRead === 0) break;
			yield buffer.subarray(0, bytesRead);
			at += bytesRead;
		}
	} finally {
		await file.close();
	}
	yield* zeroes(bytes - at);
}

const nothing = Buffer.alloc(CHUNK);

function* zeroes(bytes: number): Generator<Buffer> {
	for (let left = bytes; left > 0; left -= CHUNK) yield nothing.subarray(0, Math.min(CHUNK, left));
}
