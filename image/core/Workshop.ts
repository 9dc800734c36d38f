import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { hashOf, type Inputs } from "./hashOf.ts";
import { oneAtATime } from "./oneAtATime.ts";
import { Progress } from "./Progress.ts";

/** What a step leaves: a folder that nobody changes any more, and the hash of what it was made of. */
export interface Made {
	folder: string;
	hash: string;
}

/** The one moment that everything in the image was made at, for whoever looks at a file's date (reproducible-builds.org). Seconds. */
export const SOURCE_DATE_EPOCH = "1767225600";

/** Where images are built: the repository, the cache of steps, and the one who tells what goes on. */
export class Workshop {
	readonly root: string;
	readonly progress: Progress;
	readonly #cache: string;

	constructor(root: string, options: { cache?: string; progress?: Progress } = {}) {
		this.root = root;
		this.#cache = options.cache ?? join(root, "build", "image");
		this.progress = options.progress ?? new Progress();
	}

	/** A folder of the cache that outlives all steps (downloads). */
	async store(name: string): Promise<string> {
		const folder = join(this.#cache, name);
		await mkdir(folder, { recursive: true });
		return folder;
	}

	/**
	 * The folder of a step with these inputs: from the cache if it was made before, else made now. It is made aside and moved into place, so
	 * that a build that was broken off leaves nothing that looks finished. Only the newest of a name is kept: a root is a gigabyte.
	 */
	async step(name: string, inputs: Inputs, make: (folder: string) => Promise<void>): Promise<Made> {
		const hash = await hashOf(this.root, inputs);
		const folder = join(this.#cache, `${name}-${hash.slice(0, 16)}`);
		await mkdir(this.#cache, { recursive: true });
		const waiting = () => this.progress.say(`… ${name}  another build is at it`);
		return await oneAtATime(join(this.#cache, "lock"), waiting, async () => {
			if (existsSync(folder)) {
				this.progress.say(`= ${name}  as it was`);
				return { folder, hash };
			}
			const aside = `${folder}.making`;
			await rm(aside, { recursive: true, force: true });
			await mkdir(aside);
			await this.progress.timed(name, () => make(aside));
			await this.#removeOlder(name, aside);
			await rename(aside, folder);
			return { folder, hash };
		});
	}

	async #removeOlder(name: string, newest: string): Promise<void> {
		for (const other of await readdir(this.#cache)) {
			const mine = other.startsWith(`${name}-`) && /^[0-9a-f]{16}(?:\.making)?$/.test(other.slice(name.length + 1));
			const path = join(this.#cache, other);
			if (mine && path !== newest) await rm(path, { recursive: true, force: true });
		}
	}
}
