import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Backoff } from "../../../device/core/backoff.ts";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Directive, FirmwareSpec } from "../../contract/jobs.ts";
import type { Release } from "../../trust/metadata.ts";
import type { StateFiles } from "../identity/StateFiles.ts";
import { GIVE_UP_MS } from "../jobs/download/Download.ts";
import { pause } from "../pause.ts";
import { fetchFile } from "./fetchFile.ts";
import { readOnStick } from "./readOnStick.ts";

export interface UpdateTrustOptions {
	/** The image repository's root metadata, a part of the firmware. */
	rootPath: string;
	/** A file whose time the machine can't be older than: systemd(1) heeds the same one for the clock. */
	epochPath: string;
	/** Where what was verified is kept. */
	folder: string;
	files: StateFiles;
	clock: Clock;
	random?: () => number;
	device: string;
	/** The fleet's authority, PEM. */
	authority: string;
}

export const CLOCK_EPOCH = "/usr/lib/clock-epoch";

/** A job as far as trust goes. */
export interface Proposed {
	jobId: string;
	seq: number;
	spec: FirmwareSpec;
	director: Directive | null;
}

/**
 * Whether a bundle may be installed on this device: the image repository (which bundles there are, by keys that are offline) and the fleet's director (which one
 * this device is to have, by a key that is online) have to name the same one (Uptane Standard 2.1.0, "Full verification": both repositories' targets metadata about an
 * image must match). Who has taken over the fleet service can bring rooms nothing but what was released; who has taken a release key can bring it to nobody.
 */
export class UpdateTrust {
	readonly #options: UpdateTrustOptions;

	constructor(options: UpdateTrustOptions) {
		this.#options = options;
	}

	/**
	 * Resolves if all agree; a repository that can't be reached is asked again for hours. Errors: those of `ImageRepository.refresh` and `readDirective`; `update.not_published`, `update.director_missing`,
	 * `update.director_disagrees`, `update.no_root`, `update.cancelled`.
	 */
	async approve(proposed: Proposed, signal: AbortSignal): Promise<void> {
		const { clock, random = Math.random } = this.#options;
		const backoff = new Backoff({ baseMs: 2000, capMs: 300_000, random });
		const began = clock.now();
		for (;;) {
			try {
				await this.#approve(proposed, signal);
				return;
			} catch (error) {
				const isGone = RoomError.from(error, "update.failed").code === "update.unreachable";
				if (proposed.spec.url.startsWith("file:")) throw error;
				if (!isGone || clock.now() - began >= GIVE_UP_MS) throw error;
			}
			await pause(clock, backoff.nextMs(), signal);
		}
	}

	/**
	 * What a folder of a stick may bring: the release of this version and size, by the copy of the image repository beside it. No director is asked: a person at the panel says which
	 * room it is for (docs/adr/0010). Errors: those of `ImageRepository.refresh`, `update.not_published`, `update.no_root`; `update.unreachable`: there is no copy.
	 */
	async onStick(folder: string, wanted: Pick<Release, "version" | "bytes">): Promise<Release> {
		const { ImageRepository } = await import("./ImageRepository.ts");
		const { clock, folder: kept, files } = this.#options;
		const repository = await ImageRepository.refresh({
			root: await this.#root(),
			folder: kept,
			files,
			fetch: (name, mostBytes) => readOnStick(join(folder, "metadata", name), mostBytes),
			now: clock.now(),
			notBefore: await this.#notBefore(),
			offline: true,
		});
		const release = repository
			.releases()
			.find(({ version, bytes }) => version === wanted.version && bytes === wanted.bytes);
		if (!release) throw new RoomError("update.not_published", "the image repository has no such bundle");
		return release;
	}

	async #approve({ jobId, seq, spec, director }: Proposed, signal: AbortSignal): Promise<void> {
		if (spec.url.startsWith("file:")) {
			if (!same(await this.onStick(dirname(fileURLToPath(spec.url)), spec), spec))
				throw new RoomError("update.not_published", "the image repository means another bundle");
			return;
		}
		const { clock, device, authority, folder, files } = this.#options;
		// only now: TUF's library takes two megabytes, which an agent that waits for months does not have
		const [{ ImageRepository }, { readDirective }] = await Promise.all([
			import("./ImageRepository.ts"),
			import("./readDirective.ts"),
		]);
		if (!director) throw new RoomError("update.director_missing", "the fleet's director says nothing about this job");
		const notBefore = await this.#notBefore();
		const now = Math.max(clock.now(), notBefore);
		const directed = readDirective(director, { device, jobId, seq, authority, now });
		const base = new URL("metadata/", spec.url);
		const repository = await ImageRepository.refresh({
			root: await this.#root(),
			folder,
			files,
			fetch: (name, mostBytes) => fetchFile(new URL(name, base), { mostBytes, clock, signal }),
			now: clock.now(),
			notBefore,
		});
		const published = repository.release(spec.digest);
		if (!same(published, directed) || spec.version !== published.version || spec.bytes !== published.bytes) {
			throw new RoomError("update.director_disagrees", "image repository, director and job name different bundles");
		}
	}

	async #root(): Promise<Uint8Array> {
		try {
			return await readFile(this.#options.rootPath);
		} catch (cause) {
			throw new RoomError("update.no_root", "the firmware has no root of the image repository", { cause });
		}
	}

	async #notBefore(): Promise<number> {
		return stat(this.#options.epochPath).then(
			({ mtimeMs }) => mtimeMs,
			() => 0,
		);
	}
}

const same = (one: Release, other: Release): boolean =>
	one.digest === other.digest && one.bytes === other.bytes && one.version === other.version;
