import type { Metadata, Root, Snapshot, TargetFile, Targets, Timestamp } from "@tufjs/models";
import * as z from "zod/mini";
import { RoomError } from "../../../device/core/RoomError.ts";
import {
	type Kind,
	MOST_METADATA_BYTES,
	type Release,
	readMetadata,
	releaseOf,
	targetPath,
} from "../../trust/metadata.ts";
import type { StateFiles } from "../identity/StateFiles.ts";

export interface ImageRepositoryOptions {
	/** The root metadata that came with the firmware. */
	root: Uint8Array;
	/** Where what was verified is kept: it is what a rollback is measured by. */
	folder: string;
	files: StateFiles;
	/** A file of the repository's `metadata/`, at most so long; null: there is none. Error: `update.unreachable`. */
	fetch(name: string, mostBytes: number): Promise<Uint8Array | null>;
	/** Milliseconds since the epoch, by the machine's clock. */
	now: number;
	/** The machine can't be older than that, whatever its clock says. */
	notBefore: number;
	/** A copy on a stick: its timestamp may have ended, its snapshot must not (docs/adr/0010). */
	offline?: boolean;
}

/** In one go; a device that slept through more comes back for the rest (specification 5.3.3). */
const MOST_ROOTS = 64;
const SMALL_BYTES = 16 * 1024;

const verified = z.object({ at: z.number() });

/**
 * The image repository as a device sees it: which bundles there are at all, by the word of keys that are not on any server. The client's workflow of The Update
 * Framework (specification 1.0.33, section 5) with the four top-level roles and no delegations. One object is for one update.
 *
 * Time: metadata that has expired is refused. A clock that is behind would let a frozen repository live on, so what counts is the latest of clock,
 * time of the firmware's build and the last time that metadata was verified here. That last one can't run ahead of the truth by more than a timestamp's
 * life, or nothing would have been verified. A clock that is ahead refuses what is good, until it is set.
 */
export class ImageRepository {
	readonly #options: ImageRepositoryOptions;
	#now: number;
	#root: Metadata<Root>;

	private constructor(options: ImageRepositoryOptions, root: Metadata<Root>, now: number) {
		this.#options = options;
		this.#root = root;
		this.#now = now;
	}

	/**
	 * Brings itself up to date. Errors: `update.unreachable`, `update.metadata_forged` (not signed by enough of the right keys, or not what was announced),
	 * `update.metadata_rolled_back`, `update.metadata_expired`.
	 */
	static async refresh(
		options: ImageRepositoryOptions,
	): Promise<{ release(digest: string): Release; releases(): Release[] }> {
		const { now, notBefore } = options;
		const repository = new ImageRepository(options, selfSigned(options.root), Math.max(now, notBefore));
		await repository.#recall();
		await repository.#updateRoot();
		const timestamp = await repository.#updateTimestamp();
		const snapshot = await repository.#updateSnapshot(timestamp);
		const targets = await repository.#updateTargets(snapshot);
		// with an ended timestamp, a clock that is ahead was not found out
		if (!options.offline) await repository.#keepTime();
		return {
			release: (digest) => releaseIn(targets, digest),
			releases: () =>
				Object.keys(targets.signed.targets).map((path) => releaseOf(targets.signed.targets[path] as TargetFile)),
		};
	}

	/** When metadata was verified here last. */
	async #recall(): Promise<void> {
		const { files, folder } = this.#options;
		const last = verified.safeParse(jsonOf(await files.read(`${folder}/verified.json`)));
		if (last.success) this.#now = Math.max(this.#now, last.data.at);
	}

	/**
	 * Specification 5.3. The way always begins at the root that is a part of the verified firmware, and is only remembered: who can write to our disk
	 * can't plant a root.
	 */
	async #updateRoot(): Promise<void> {
		for (let step = 0; step < MOST_ROOTS; step++) {
			const version = this.#root.signed.version + 1;
			const name = `${version}.root`;
			const known = await this.#kept("root", name);
			if (known && this.#follows(known)) {
				this.#root = known;
				continue;
			}
			const bytes = await this.#options.fetch(`${name}.json`, MOST_METADATA_BYTES);
			if (!bytes) break;
			const next = readMetadata("root", bytes);
			delegated(this.#root, "root", next);
			delegated(next, "root", next);
			if (next.signed.version !== version) throw rolledBack("root");
			this.#root = next;
			await this.#keep(name, bytes);
		}
		this.#fresh("root", this.#root);
	}

	#follows(next: Metadata<Root>): boolean {
		try {
			delegated(this.#root, "root", next);
			delegated(next, "root", next);
			return next.signed.version === this.#root.signed.version + 1;
		} catch {
			return false;
		}
	}

	/** Specification 5.4. */
	async #updateTimestamp(): Promise<Metadata<Timestamp>> {
		const bytes = await this.#required("timestamp.json", SMALL_BYTES);
		const timestamp = readMetadata("timestamp", bytes);
		delegated(this.#root, "timestamp", timestamp);
		const kept = await this.#trusted("timestamp");
		if (kept) {
			if (timestamp.signed.version < kept.signed.version) throw rolledBack("timestamp");
			if (timestamp.signed.snapshotMeta.version < kept.signed.snapshotMeta.version) throw rolledBack("snapshot");
		}
		if (!this.#options.offline) this.#fresh("timestamp", timestamp);
		await this.#keep("timestamp", bytes);
		return timestamp;
	}

	/** Specification 5.5. */
	async #updateSnapshot(timestamp: Metadata<Timestamp>): Promise<Metadata<Snapshot>> {
		const { snapshotMeta } = timestamp.signed;
		const bytes = await this.#required(
			`${snapshotMeta.version}.snapshot.json`,
			snapshotMeta.length ?? MOST_METADATA_BYTES,
		);
		announced("snapshot", () => snapshotMeta.verify(Buffer.from(bytes)));
		const snapshot = readMetadata("snapshot", bytes);
		delegated(this.#root, "snapshot", snapshot);
		if (snapshot.signed.version !== snapshotMeta.version) throw forged("snapshot");
		const kept = await this.#trusted("snapshot");
		for (const [name, { version }] of Object.entries(kept?.signed.meta ?? {})) {
			const now = snapshot.signed.meta[name];
			if (!now || now.version < version) throw rolledBack(name);
		}
		this.#fresh("snapshot", snapshot);
		await this.#keep("snapshot", bytes);
		return snapshot;
	}

	/** Specification 5.6. */
	async #updateTargets(snapshot: Metadata<Snapshot>): Promise<Metadata<Targets>> {
		const meta = snapshot.signed.meta["targets.json"];
		if (!meta) throw forged("snapshot");
		const bytes = await this.#required(`${meta.version}.targets.json`, meta.length ?? MOST_METADATA_BYTES);
		announced("targets", () => meta.verify(Buffer.from(bytes)));
		const targets = readMetadata("targets", bytes);
		delegated(this.#root, "targets", targets);
		if (targets.signed.version !== meta.version) throw forged("targets");
		this.#fresh("targets", targets);
		return targets;
	}

	#fresh(kind: Kind, { signed }: Metadata<Root | Timestamp | Snapshot | Targets>): void {
		if (signed.isExpired(new Date(this.#now)))
			throw new RoomError("update.metadata_expired", `the ${kind} metadata has expired`);
	}

	async #required(name: string, mostBytes: number): Promise<Uint8Array> {
		const bytes = await this.#options.fetch(name, Math.min(mostBytes, MOST_METADATA_BYTES));
		if (!bytes) throw new RoomError("update.unreachable", `the repository has no ${name}`);
		return bytes;
	}

	/**
	 * What was kept, if the keys of now have signed it. A thief of earlier keys may have used up version numbers: with new keys, counting begins anew
	 * (5.3.11). Nor must a damaged disk stand in the way.
	 */
	async #trusted<K extends "timestamp" | "snapshot">(kind: K): Promise<ReturnType<typeof readMetadata<K>> | null> {
		const kept = await this.#kept(kind, kind);
		if (!kept) return null;
		try {
			delegated(this.#root, kind, kept);
			return kept;
		} catch {
			return null;
		}
	}

	async #kept<K extends Kind>(kind: K, name: string): Promise<ReturnType<typeof readMetadata<K>> | null> {
		const { files, folder } = this.#options;
		const text = await files.read(`${folder}/${name}.json`);
		try {
			return text === null ? null : readMetadata(kind, Buffer.from(text));
		} catch {
			return null;
		}
	}

	async #keep(name: string, bytes: Uint8Array): Promise<void> {
		const { files, folder } = this.#options;
		await files.makeFolder(folder);
		await files.write(`${folder}/${name}.json`, Buffer.from(bytes).toString("utf8"));
	}

	async #keepTime(): Promise<void> {
		const { files, folder } = this.#options;
		await files.write(`${folder}/verified.json`, JSON.stringify({ at: this.#now }));
	}
}

/** Error: `update.not_published`. */
function releaseIn({ signed }: Metadata<Targets>, digest: string): Release {
	const target = signed.targets[targetPath(digest)];
	const release = target ? releaseOf(target) : null;
	if (release?.digest !== digest)
		throw new RoomError("update.not_published", "the image repository has no such bundle");
	return release;
}

function selfSigned(bytes: Uint8Array): Metadata<Root> {
	const root = readMetadata("root", bytes);
	delegated(root, "root", root);
	return root;
}

function delegated(by: Metadata<Root>, role: Kind, metadata: Metadata<Root | Timestamp | Snapshot | Targets>): void {
	announced(role, () => by.verifyDelegate(role, metadata));
}

function announced(what: string, check: () => void): void {
	try {
		check();
	} catch (cause) {
		throw forged(what, cause);
	}
}

const forged = (what: string, cause?: unknown): RoomError =>
	new RoomError("update.metadata_forged", `the ${what} metadata is not what the repository's keys say`, { cause });
const rolledBack = (what: string): RoomError =>
	new RoomError("update.metadata_rolled_back", `the repository shows older ${what} metadata than before`);

function jsonOf(text: string | null): unknown {
	try {
		return JSON.parse(text ?? "");
	} catch {
		return null;
	}
}
