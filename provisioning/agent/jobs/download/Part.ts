import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { writeStateFile } from "../../../../device/core/writeStateFile.ts";
import { hashFile } from "./fileDigest.ts";

/** Written so far, it is on the disk: a power cut costs no more than this. */
const SYNC_BYTES = 16 * 1024 ** 2;

const origin = z.object({ url: z.string(), etag: z.string() });

/** A bundle that is not whole yet, and where its bytes came from. Errors: those of the file system. */
export class Part {
	readonly #path: string;
	readonly #originPath: string;
	#file: FileHandle | null = null;
	#unsynced = 0;
	/** Over the first so many bytes; it goes along with what is written. */
	#hash: { hash: Hash; bytes: number } = { hash: createHash("sha256"), bytes: 0 };

	constructor(folder: string, digest: string) {
		this.#path = join(folder, `${digest}.part`);
		this.#originPath = join(folder, `${digest}.origin`);
	}

	/** Bytes that are there. */
	size(): Promise<number> {
		return sizeOf(this.#path);
	}

	/** SHA-256 of what is there, hex. */
	async digest(): Promise<string> {
		await this.#hashUpTo(await this.size());
		return this.#hash.hash.copy().digest("hex");
	}

	/** The tag that the bytes so far came with; null: none, or they came from elsewhere. */
	async etag(url: string): Promise<string | null> {
		try {
			const kept = origin.safeParse(JSON.parse(await readFile(this.#originPath, "utf8")));
			return kept.success && kept.data.url === url ? kept.data.etag : null;
		} catch {
			return null;
		}
	}

	/** What follows is written from this byte on; what was after it is given up. */
	async begin(from: number, { url, etag }: { url: string; etag: string | null }): Promise<void> {
		if (etag) await writeStateFile(this.#originPath, JSON.stringify({ url, etag }), 0o600);
		else await rm(this.#originPath, { force: true });
		await this.#hashUpTo(from);
		this.#file = await open(this.#path, from > 0 ? "r+" : "w", 0o600);
		await this.#file.truncate(from);
	}

	/** Appends; after `begin`. */
	async write(chunk: Uint8Array): Promise<void> {
		const file = this.#file;
		if (!file) throw new RoomError("update.disk_failed", "not begun");
		for (let done = 0; done < chunk.byteLength; ) {
			const rest = chunk.byteLength - done;
			done += (await file.write(chunk, done, rest, this.#hash.bytes + done)).bytesWritten;
		}
		this.#hash.hash.update(chunk);
		this.#hash.bytes += chunk.byteLength;
		this.#unsynced += chunk.byteLength;
		if (this.#unsynced < SYNC_BYTES) return;
		this.#unsynced = 0;
		await file.datasync();
	}

	async close(): Promise<void> {
		const file = this.#file;
		this.#file = null;
		try {
			await file?.sync();
		} finally {
			await file?.close();
		}
	}

	async remove(): Promise<void> {
		await this.close();
		await rm(this.#path, { force: true });
		await rm(this.#originPath, { force: true });
	}

	/** It is whole, and gets its name. */
	async finish(path: string): Promise<void> {
		await rename(this.#path, path);
		await rm(this.#originPath, { force: true });
	}

	/** Bytes of an earlier life of this program are read again. */
	async #hashUpTo(bytes: number): Promise<void> {
		if (this.#hash.bytes === bytes) return;
		this.#hash = { hash: await hashFile(this.#path, createHash("sha256"), bytes), bytes };
	}
}

/** Bytes of a file; 0 if there is none. Errors: those of the file system. */
export async function sizeOf(path: string): Promise<number> {
	try {
		return (await stat(path)).size;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
		throw error;
	}
}
