import { mkdir, readdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { Backoff } from "../../../../device/core/backoff.ts";
import type { Clock } from "../../../../device/core/clock.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { FirmwareSpec } from "../../../contract/jobs.ts";
import { pause } from "../../pause.ts";
import { fileDigest } from "./fileDigest.ts";
import { Part, sizeOf } from "./Part.ts";
import { readStick } from "./readStick.ts";
import { type ByteAnswer, requestBytes } from "./requestBytes.ts";
import { Throttle } from "./Throttle.ts";
import { LEAST_BYTES, Watch } from "./Watch.ts";

export type Wanted = Pick<FirmwareSpec, "url" | "digest" | "bytes">;

export interface DownloadOptions {
	/** Where bundles lie as long as they are needed; made when the first one is fetched. */
	folder: string;
	clock: Clock;
	/** Bytes a second; asked again and again. */
	rate: () => number;
	random?: () => number;
}

export interface FetchOptions {
	signal: AbortSignal;
	/** Whole per cent. */
	progress(pct: number): void;
}

/** Left free for everybody else on the data partition. */
const RESERVE_BYTES = 64 * 1024 ** 2;
/** So long without progress, and it is given up: the fleet has to hear of a server that is gone. */
export const GIVE_UP_MS = 6 * 3_600_000;
/** Slower, it would look like a server that sends nothing. */
const SLOWEST = 2 * LEAST_BYTES;
const STICK_BYTES_PER_SECOND = 30e6;

/**
 * Fetches a bundle over HTTP (or from a stick, at once), at its leisure: throttled, tried again for hours, resumed where it was broken off, also by the end of this program. The server
 * is believed nothing; what has the digest that was asked for is right, wherever it came from.
 */
export class Download {
	readonly #options: DownloadOptions;

	constructor(options: DownloadOptions) {
		this.#options = options;
	}

	/** Where a bundle lies once it was fetched. */
	pathOf({ digest }: Pick<Wanted, "digest">): string {
		return join(this.#options.folder, `${digest}.raucb`);
	}

	/**
	 * Resolves to the path of the whole bundle, of the right size and digest.
	 * Errors: `update.unreachable` (for hours), `update.server_refused`, `update.size_wrong`, `update.digest_wrong`, `update.no_space`,
	 * `update.stick_gone`, `update.disk_failed`, `update.cancelled`.
	 */
	async fetch(wanted: Wanted, options: FetchOptions): Promise<string> {
		const path = this.pathOf(wanted);
		try {
			await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
			await this.#tidy(wanted);
			if (await isWhole(path, wanted)) return path;
			await rm(path, { force: true });
			const part = new Part(this.#options.folder, wanted.digest);
			const there = await part.size();
			if (there > wanted.bytes) await part.remove();
			await this.#makeSure(wanted.bytes - there);
			const answers = await this.#whole(wanted, part, options);
			const inPieces = there > 0 || answers > 1;
			// pieces of different files, or bytes that a power cut took: once more, in one
			if ((await part.digest()) !== wanted.digest && inPieces) {
				await part.remove();
				await this.#whole(wanted, part, options);
			}
			if ((await part.digest()) !== wanted.digest) {
				await part.remove();
				throw new RoomError("update.digest_wrong", "the bundle is not the one that was asked for");
			}
			await part.finish(path);
			return path;
		} catch (error) {
			throw told(error, options.signal);
		}
	}

	/** Looks at a fetched bundle on the disk once more, before it is used. Errors: `update.digest_wrong`, `update.disk_failed`. */
	async verify(wanted: Wanted): Promise<string> {
		const path = this.pathOf(wanted);
		try {
			if (await isWhole(path, wanted)) return path;
		} catch (cause) {
			throw new RoomError("update.disk_failed", "the bundle on the disk can't be read", { cause });
		}
		throw new RoomError("update.digest_wrong", "the bundle on the disk is not the one that was fetched");
	}

	/** Removes whatever was fetched. */
	async discard(): Promise<void> {
		await rm(this.#options.folder, { recursive: true, force: true });
	}

	/** Fetches until all bytes are there. Resolves to the number of answers that it took. */
	async #whole(wanted: Wanted, part: Part, options: FetchOptions): Promise<number> {
		const { clock, random = Math.random } = this.#options;
		const backoff = new Backoff({ baseMs: 2000, capMs: 300_000, random });
		let progressAt = clock.now();
		let most = await part.size();
		for (let answers = 1; ; answers++) {
			const before = await part.size();
			try {
				await this.#attempt(wanted, part, options);
				return answers;
			} catch (error) {
				const failure = told(error, options.signal);
				if (failure.code === "update.range_wrong") {
					if (before === 0) throw new RoomError("update.server_refused", failure.message, { cause: failure });
					await part.remove();
				} else if (failure.code !== "update.unreachable") throw failure;
				const there = await part.size();
				// who sends the same beginning again and again makes no progress
				if (there >= most + LEAST_BYTES) {
					most = there;
					progressAt = clock.now();
					backoff.reset();
				} else if (clock.now() - progressAt >= GIVE_UP_MS) throw failure;
			}
			await pause(clock, backoff.nextMs(), options.signal);
		}
	}

	/** One connection. */
	async #attempt(wanted: Wanted, part: Part, options: FetchOptions): Promise<void> {
		const { url, bytes } = wanted;
		const from = await part.size();
		if (from === bytes) return;
		const watch = new Watch(this.#options.clock, options.signal);
		try {
			if (isOnStick(url)) {
				const body = await readStick(url, { bytes, from, signal: watch.signal });
				await this.#take({ from, etag: null, body }, part, wanted, watch, options);
				return;
			}
			const etag = await part.etag(url);
			const answer = await requestBytes({ url, bytes, from, etag, signal: watch.signal });
			await this.#take(answer, part, wanted, watch, options);
		} finally {
			watch.end();
		}
	}

	async #take(
		{ from, etag, body }: ByteAnswer,
		part: Part,
		{ url, bytes }: Wanted,
		watch: Watch,
		{ signal, progress }: FetchOptions,
	): Promise<void> {
		const { clock, rate } = this.#options;
		const throttle = new Throttle({
			clock,
			// somebody stands there and waits, and no network is shared
			rate: () => (isOnStick(url) ? STICK_BYTES_PER_SECOND : Math.max(SLOWEST, rate())),
		});
		let at = from;
		let said = -1;
		try {
			await part.begin(from, { url, etag });
			for await (const chunk of isOnStick(url) ? fromStick(body) : (body as AsyncIterable<Uint8Array>)) {
				at += chunk.byteLength;
				if (at > bytes) {
					await part.remove();
					throw new RoomError("update.size_wrong", "the server sends more than the bundle has", { context: { bytes } });
				}
				await part.write(chunk);
				watch.got(chunk.byteLength);
				const pct = Math.floor((at * 100) / bytes);
				if (pct > said) progress(pct);
				said = pct;
				await throttle.take(chunk.byteLength, signal);
			}
			if (at < bytes) throw new RoomError("update.unreachable", "the server broke off");
		} finally {
			body.destroy();
			await part.close();
		}
	}

	/** Whoever fetches something new needs nothing of the old. */
	async #tidy({ digest }: Wanted): Promise<void> {
		const { folder } = this.#options;
		const others = (await readdir(folder)).filter((name) => !name.startsWith(digest));
		for (const name of others) await rm(join(folder, name), { recursive: true, force: true });
	}

	async #makeSure(bytes: number): Promise<void> {
		const { bavail, bsize } = await statfs(this.#options.folder);
		const free = bavail * bsize;
		if (free - RESERVE_BYTES >= bytes) return;
		throw new RoomError("update.no_space", "the bundle has no room on the disk", { context: { bytes, free } });
	}
}

const isOnStick = (url: string): boolean => url.startsWith("file:");

/** A stick that is pulled out is no disk of ours that failed. */
async function* fromStick(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
	try {
		yield* body;
	} catch (cause) {
		throw new RoomError("update.stick_gone", "the stick can't be read any more", { cause });
	}
}

const isWhole = async (path: string, { bytes, digest }: Wanted): Promise<boolean> =>
	(await sizeOf(path)) === bytes && (await fileDigest(path)) === digest;

/** System calls by which files fail, and connections don't. */
const ofFiles = /^(open|write|read|fsync|fdatasync|ftruncate|rename|unlink|mkdir|stat|scandir|statfs)$/;

/** What a caller may hear of it. */
function told(error: unknown, signal: AbortSignal): RoomError {
	if (signal.aborted) return new RoomError("update.cancelled", "cancelled");
	if (error instanceof RoomError) return error;
	const { code = "", syscall = "", path } = error as NodeJS.ErrnoException;
	if (code === "ENOSPC" || code === "EDQUOT")
		return new RoomError("update.no_space", "the disk is full", { cause: error });
	const ofDisk = path !== undefined || (ofFiles.test(syscall) && code !== "ECONNRESET" && code !== "EPIPE");
	return ofDisk
		? new RoomError("update.disk_failed", "the disk failed", { cause: error })
		: new RoomError("update.unreachable", "the connection broke", { cause: error });
}
