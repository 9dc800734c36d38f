import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { BACKUP_BYTES, GPT_BYTES, stretchGpt } from "../firmware/gpt.ts";
import type { FlashTarget } from "./FlashTarget.ts";
import { openTarget } from "./openTarget.ts";

export interface FlashOptions {
	target: FlashTarget;
	/** The disk's bytes, in order. */
	image: AsyncIterable<Uint8Array>;
	/** How many they are, and their SHA-256, by the signed manifest. */
	bytes: number;
	sha256: string;
	signal: AbortSignal;
	progress: { written(done: number): void; read(done: number): void };
}

/** So much at most waits in memory for a slow stick: then what is said to be written is written. */
const SYNC_BYTES = 32 * 1024 ** 2;
const READ_BYTES = 4 * 1024 ** 2;

/**
 * Writes a disk and reads all of it back. The table of partitions comes last: what was broken off looks empty, and starts nowhere. Its copy goes to the end of the
 * disk, which may be larger than the image.
 *
 * @throws RoomError `flash.device_failed`, `flash.image_changed`, `flash.read_back_differs`, and those of `openTarget`
 */
export async function flashDisk(options: FlashOptions): Promise<void> {
	const { target } = options;
	const ends = await onTarget(target, (disk) => writeBody(disk, options));
	const table = stretchGpt(ends.head, target.bytes);
	await onTarget(target, async (disk) => {
		await put(disk, table.backup, target.bytes - BACKUP_BYTES);
		await put(disk, table.head, 0);
		await disk.datasync();
	});
	// opened anew: at the last close of a block device Linux drops what it kept of it, so this comes from the disk itself
	await onTarget(target, (disk) => readBack(disk, options, ends, table));
}

/** The image's own table and copy, which are no use on a disk of another size. */
interface Ends {
	head: Buffer;
	tail: Buffer;
}

/** Everything but table and copy; where they belong there are zeroes. */
async function writeBody(
	disk: FileHandle,
	{ target, image, bytes, sha256, signal, progress }: FlashOptions,
): Promise<Ends> {
	const ends = { head: Buffer.alloc(GPT_BYTES), tail: Buffer.alloc(BACKUP_BYTES) };
	const changed = new RoomError("flash.image_changed", "the file was changed while it was written");
	await put(disk, ends.head, 0);
	await put(disk, ends.tail, target.bytes - BACKUP_BYTES);
	const hash = createHash("sha256");
	const [from, to] = [GPT_BYTES, bytes - BACKUP_BYTES];
	let [at, synced] = [0, 0];
	for await (const chunk of image) {
		signal.throwIfAborted();
		const end = at + chunk.byteLength;
		if (end > bytes) throw changed;
		hash.update(chunk);
		if (at < from) ends.head.set(chunk.subarray(0, Math.max(0, from - at)), at);
		if (end > to) ends.tail.set(chunk.subarray(Math.max(0, to - at)), Math.max(0, at - to));
		const body = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
		if (body.byteLength > 0) await put(disk, body, Math.max(at, from));
		at = end;
		if (at - synced >= SYNC_BYTES) {
			await disk.datasync();
			synced = at;
			progress.written(at / bytes);
		}
	}
	if (at !== bytes || hash.digest("hex") !== sha256) throw changed;
	await put(disk, Buffer.alloc(BACKUP_BYTES), to);
	await disk.datasync();
	progress.written(1);
	return ends;
}

async function readBack(
	disk: FileHandle,
	{ target, bytes, sha256, signal, progress }: FlashOptions,
	{ head, tail }: Ends,
	table: { head: Buffer; backup: Buffer },
): Promise<void> {
	const wrong = new RoomError("flash.read_back_differs", `${target.name} does not give back what was written to it`);
	if (!(await get(disk, 0, GPT_BYTES)).equals(table.head)) throw wrong;
	if (!(await get(disk, target.bytes - BACKUP_BYTES, BACKUP_BYTES)).equals(table.backup)) throw wrong;
	const hash = createHash("sha256").update(head);
	const end = bytes - BACKUP_BYTES;
	for (let at = GPT_BYTES; at < end; ) {
		signal.throwIfAborted();
		const chunk = await get(disk, at, Math.min(READ_BYTES, end - at));
		hash.update(chunk);
		at += chunk.byteLength;
		progress.read(at / bytes);
	}
	progress.read(1);
	if (hash.update(tail).digest("hex") !== sha256) throw wrong;
}

async function onTarget<T>(target: FlashTarget, act: (disk: FileHandle) => Promise<T>): Promise<T> {
	const disk = await openTarget(target);
	try {
		return await act(disk);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
		throw new RoomError("flash.device_failed", `${target.name} failed: ${(error as Error).message}`, { cause: error });
	} finally {
		await disk.close();
	}
}

async function put(disk: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
	for (let done = 0; done < bytes.byteLength; ) {
		const { bytesWritten } = await disk.write(bytes, done, bytes.byteLength - done, at + done);
		done += bytesWritten;
	}
}

async function get(disk: FileHandle, at: number, length: number): Promise<Buffer> {
	const bytes = Buffer.alloc(length);
	let done = 0;
	for (let got = 1; done < length && got > 0; done += got)
		got = (await disk.read(bytes, done, length - done, at + done)).bytesRead;
	return bytes.subarray(0, done);
}
