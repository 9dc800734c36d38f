import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeStateFile } from "../../core/writeStateFile.ts";

/** Bytes of a picture: a small JPEG has a tenth of it. */
const MOST_BYTES = 256 * 1024;
/** Its name is all of it: nothing that somebody else put there is taken for ours. */
const NAME = /^(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\.jpg$/;

/**
 * What the camera saw when each of its presets was stored: a small picture of the room in a folder that only this program may read.
 * There may be people in it, so it is kept no longer than the preset, and goes with the room when the device leaves its fleet.
 */
export class PresetPictures {
	readonly #folder: string;
	/** Of each picture: a name for its bytes, so that whoever draws it knows another one. */
	readonly #versions = new Map<number, string>();
	#writing: Promise<unknown> = Promise.resolve();

	constructor(folder: string) {
		this.#folder = folder;
	}

	/** Learns which pictures there are; a folder that can't be read has none. */
	async load(): Promise<void> {
		const names = await readdir(this.#folder).catch((): string[] => []);
		for (const name of names.filter((one) => NAME.test(one))) {
			const number = Number.parseInt(name, 10);
			const bytes = await this.#read(number);
			if (bytes) this.#versions.set(number, versionOf(bytes));
		}
	}

	/** Null: there is no picture of it. */
	version(number: number): string | null {
		return this.#versions.get(number) ?? null;
	}

	get numbers(): number[] {
		return [...this.#versions.keys()];
	}

	/** Keeps a picture in place of the one before; null: there is none of what is stored now. One after the other. */
	keep(number: number, jpeg: Uint8Array | null): Promise<void> {
		const kept = this.#writing.then(() => this.#keep(number, jpeg));
		this.#writing = kept.catch(() => {});
		return kept;
	}

	/** The picture of this very version; null: it is not there any more. */
	async read(number: number, version: string): Promise<Uint8Array | null> {
		if (this.#versions.get(number) !== version) return null;
		const bytes = await this.#read(number);
		return bytes && versionOf(bytes) === version ? bytes : null;
	}

	async #keep(number: number, jpeg: Uint8Array | null): Promise<void> {
		this.#versions.delete(number);
		const path = this.#path(number);
		if (!jpeg || jpeg.length > MOST_BYTES) return rm(path, { force: true });
		await mkdir(this.#folder, { recursive: true, mode: 0o700 });
		await writeStateFile(path, jpeg, 0o600);
		this.#versions.set(number, versionOf(jpeg));
	}

	/** Null for what is no file of ours: whatever a link points to is none. */
	async #read(number: number): Promise<Uint8Array | null> {
		const file = await open(this.#path(number), constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => null);
		if (!file) return null;
		try {
			const about = await file.stat();
			return about.isFile() && about.size <= MOST_BYTES ? await file.readFile() : null;
		} catch {
			return null;
		} finally {
			await file.close();
		}
	}

	#path(number: number): string {
		return join(this.#folder, `${number}.jpg`);
	}
}

/** Deletes the pictures, and what a power cut left half written, when a device leaves its fleet; what isn't ours in that folder stays. */
export async function wipePresetPictures(folder: string): Promise<void> {
	// a folder that is a link somewhere else is not ours
	if (!(await lstat(folder).catch(() => null))?.isDirectory()) return;
	const names = await readdir(folder);
	const ours = names.filter((name) => NAME.test(name.replace(/\.[0-9a-f]{12}$/, "")));
	await Promise.all(ours.map((name) => rm(join(folder, name), { force: true })));
}

const versionOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64url").slice(0, 16);
