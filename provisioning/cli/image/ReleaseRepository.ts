import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp } from "@tufjs/models";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { writeStateFile } from "../../../device/core/writeStateFile.ts";
import { signer, tufKey } from "../../trust/keys.ts";
import {
	bytesOf,
	DEVELOPMENT_FIELD,
	isDevelopment,
	type Kind,
	type Release,
	readMetadata,
	releaseOf,
	targetPath,
	tufTime,
} from "../../trust/metadata.ts";
import { fileDigest } from "./fileDigest.ts";

const DAY_MS = 86_400_000;
/** How long each kind holds. A timestamp's life is how long a device can be shown an old repository. */
export const lifeDays = { root: 365, targets: 365, snapshot: 30, timestamp: 7 } as const;
/** Renewed together, by keys that may be where a timer can reach them. */
const roles = ["targets", "snapshot", "timestamp"] as const;
export const ROOT_KEYS = 3;
export const ROOT_THRESHOLD = 2;
const specVersion = "1.0.33";
/** Not signed by enough keys yet. */
const PENDING = "pending.root.json";

export interface RepositoryState {
	development: boolean;
	/** Version and end of each kind, milliseconds since the epoch. */
	metadata: Record<Kind, { version: number; expires: number }>;
	releases: Release[];
	/** Root metadata that is not signed by enough keys yet. */
	pendingRoot: { version: number; signatures: number } | null;
}

/**
 * The image repository, as a folder that any static server can serve: `metadata/` and `<digest>.raucb` (The Update Framework, specification 1.0.33, consistent
 * snapshots). Its keys are files (PKCS #8 PEM, 0600) elsewhere: `root-1.pem` to `root-3.pem`, two of which sign a root and which belong apart from each other
 * and from all networks; `targets.pem`, which releases; `snapshot.pem` and `timestamp.pem`, which say that it is still so.
 *
 * Errors of all methods: `repo.unreadable`, `repo.key_missing`, `repo.key_foreign`, `repo.exists`, `repo.bundle_unreadable`.
 */
export class ReleaseRepository {
	readonly #folder: string;
	readonly #clock: Clock;

	constructor(options: { folder: string; clock: Clock }) {
		this.#folder = options.folder;
		this.#clock = options.clock;
	}

	/** Makes the keys and an empty repository. `development`: marked for good as not to be used for real. */
	async init(keys: string, { development }: { development: boolean }): Promise<void> {
		await mkdir(join(this.#folder, "metadata"), { recursive: true });
		if ((await readdir(join(this.#folder, "metadata"))).length > 0) {
			throw new RoomError("repo.exists", "there is a repository already");
		}
		await mkdir(keys, { recursive: true, mode: 0o700 });
		const root = new Root({
			specVersion,
			version: 1,
			expires: this.#end("root"),
			consistentSnapshot: true,
			...(development ? { unrecognizedFields: { [DEVELOPMENT_FIELD]: true } } : {}),
		});
		const rootKeys: KeyObject[] = [];
		for (let number = 1; number <= ROOT_KEYS; number++) {
			const key = await newKey(keys, `root-${number}`);
			root.addKey(tufKey(key), "root");
			rootKeys.push(key);
		}
		for (const role of roles) root.addKey(tufKey(await newKey(keys, role)), role);
		const metadata = new Metadata(withThreshold(root, ROOT_THRESHOLD));
		for (const key of rootKeys.slice(0, ROOT_THRESHOLD)) metadata.sign(signer(key));
		await this.#write("1.root.json", metadata);
		await this.#seal(keys, new Targets({ specVersion, version: 1, expires: this.#end("targets"), targets: {} }));
	}

	/** Adds a bundle, which from then on exists for devices. Resolves to what it is called by. */
	async publish(keys: string, bundle: string, version: string): Promise<Release> {
		const digest = await fileDigest(bundle).catch((cause: unknown) => {
			throw new RoomError("repo.bundle_unreadable", `${bundle} can't be read`, { cause });
		});
		const path = targetPath(digest);
		const { size: bytes } = await stat(bundle);
		const targets = await this.#targets();
		const custom = { version };
		const target = new TargetFile({ path, length: bytes, hashes: { sha256: digest }, unrecognizedFields: { custom } });
		const release = releaseOf(target);
		// the bytes are there before anybody hears of them
		await copyFile(bundle, join(this.#folder, `${path}.new`));
		await rename(join(this.#folder, `${path}.new`), join(this.#folder, path));
		await this.#seal(keys, this.#next(targets, { ...targets.signed.targets, [path]: target }));
		return release;
	}

	/**
	 * What a device takes from a USB stick: the bundle by its version's name, and a copy of the metadata. Error also: `repo.no_such_release`, `repo.stick_unwritable`.
	 */
	async putOnStick(stick: string, version: string): Promise<void> {
		const target = Object.values((await this.#targets()).signed.targets).find(
			(one) => releaseOf(one).version === version,
		);
		if (!target) throw new RoomError("repo.no_such_release", "the repository has no such version");
		try {
			await copyFile(join(this.#folder, target.path), join(stick, `incamera-${version}.raucb`));
			// of an earlier time nothing is left that could be taken for this
			await rm(join(stick, "metadata"), { recursive: true, force: true });
			await mkdir(join(stick, "metadata"));
			for (const name of await readdir(join(this.#folder, "metadata"))) {
				if (name !== PENDING) await copyFile(this.#path(name), join(stick, "metadata", name));
			}
		} catch (cause) {
			throw new RoomError("repo.stick_unwritable", `${stick} can't be written`, { cause });
		}
	}

	/** Takes a bundle back: no device installs it any more. Error also: `repo.no_such_release`. */
	async withdraw(keys: string, version: string): Promise<void> {
		const targets = await this.#targets();
		const left = Object.entries(targets.signed.targets).filter(([, target]) => releaseOf(target).version !== version);
		if (left.length === Object.keys(targets.signed.targets).length) {
			throw new RoomError("repo.no_such_release", "the repository has no such version");
		}
		await this.#seal(keys, this.#next(targets, Object.fromEntries(left)));
	}

	/** Says that it is still so: a new snapshot and timestamp; targets too when half of their life is over and their key is there. */
	async renew(keys: string): Promise<void> {
		const targets = await this.#targets();
		const isOld = Date.parse(targets.signed.expires) - this.#clock.now() < (lifeDays.targets * DAY_MS) / 2;
		const hasKey = (await stat(join(keys, "targets.pem")).catch(() => null)) !== null;
		await this.#seal(keys, isOld && hasKey ? this.#next(targets, targets.signed.targets) : targets.signed);
	}

	/**
	 * The next root, with a new end and one key's signature: with the second it counts, so the root's keys never need to be in one place. `replace`, with the
	 * first: another key for a role (public or private PEM), the old one is worth nothing from then on. Resolves to whether it counts now.
	 */
	async signRoot(keyFile: string, replace: Partial<Record<(typeof roles)[number], string>> = {}): Promise<boolean> {
		const key = await readKey(keyFile);
		const current = (await this.#root()).signed;
		if (!current.roles["root"]?.keyIDs.includes(tufKey(key).keyID)) throw foreign();
		const pending = (await this.#pending()) ?? new Metadata(await this.#nextRoot(current, replace));
		pending.sign(signer(key));
		const counts = Object.keys(pending.signatures).length >= (current.roles["root"]?.threshold ?? ROOT_THRESHOLD);
		await this.#write(counts ? `${pending.signed.version}.root.json` : PENDING, pending);
		if (counts) await rm(this.#path(PENDING), { force: true });
		return counts;
	}

	/** Error also: `repo.development` if it has to be a real one. */
	async state({ release }: { release: boolean }): Promise<RepositoryState> {
		const root = await this.#root();
		const development = isDevelopment(root);
		if (release && development) throw new RoomError("repo.development", "its keys are for development");
		const timestamp = await this.#read("timestamp", "timestamp.json");
		const snapshot = await this.#read("snapshot", `${timestamp.signed.snapshotMeta.version}.snapshot.json`);
		const targets = await this.#targets();
		const said = ({ signed }: Metadata<Root | Targets | Snapshot | Timestamp>) => ({
			version: signed.version,
			expires: Date.parse(signed.expires),
		});
		const pending = await this.#pending();
		return {
			development,
			metadata: { root: said(root), targets: said(targets), snapshot: said(snapshot), timestamp: said(timestamp) },
			releases: Object.values(targets.signed.targets).map(releaseOf),
			pendingRoot: pending && { version: pending.signed.version, signatures: Object.keys(pending.signatures).length },
		};
	}

	/** Writes targets, if they are new, then a snapshot of them, then a timestamp: whoever reads meanwhile finds the old or the new. */
	async #seal(keys: string, targets: Targets): Promise<void> {
		const root = await this.#root();
		const name = `${targets.version}.targets.json`;
		const there = await readFile(this.#path(name)).catch(() => null);
		const targetBytes = there ?? (await this.#write(name, await this.#signed(root, "targets", targets, keys)));
		const before = await this.#read("timestamp", "timestamp.json").catch(() => null);
		const version = (before?.signed.version ?? 0) + 1;
		const meta = { "targets.json": metaFile(targets.version, targetBytes) };
		const snapshot = new Snapshot({ specVersion, version, expires: this.#end("snapshot"), meta });
		const snapshotBytes = await this.#write(
			`${version}.snapshot.json`,
			await this.#signed(root, "snapshot", snapshot, keys),
		);
		const snapshotMeta = metaFile(version, snapshotBytes);
		const timestamp = new Timestamp({ specVersion, version, expires: this.#end("timestamp"), snapshotMeta });
		await this.#write("timestamp.json", await this.#signed(root, "timestamp", timestamp, keys));
	}

	async #signed<T extends Targets | Snapshot | Timestamp>(
		root: Metadata<Root>,
		role: (typeof roles)[number],
		signed: T,
		keys: string,
	): Promise<Metadata<T>> {
		const key = await readKey(join(keys, `${role}.pem`));
		if (!root.signed.roles[role]?.keyIDs.includes(tufKey(key).keyID)) throw foreign();
		const metadata = new Metadata(signed);
		metadata.sign(signer(key));
		return metadata;
	}

	#next({ signed }: Metadata<Targets>, targets: Record<string, TargetFile>): Targets {
		return new Targets({ specVersion, version: signed.version + 1, expires: this.#end("targets"), targets });
	}

	async #nextRoot(root: Root, replace: Partial<Record<(typeof roles)[number], string>>): Promise<Root> {
		const next = new Root({
			specVersion,
			version: root.version + 1,
			expires: this.#end("root"),
			consistentSnapshot: true,
			unrecognizedFields: root.unrecognizedFields,
		});
		for (const [name, role] of Object.entries(root.roles)) {
			const file = replace[name as (typeof roles)[number]];
			if (file !== undefined) next.addKey(tufKey(await readKey(file)), name);
			else for (const id of role.keyIDs) next.addKey(root.keys[id] as NonNullable<(typeof root.keys)[string]>, name);
		}
		return withThreshold(next, root.roles["root"]?.threshold ?? ROOT_THRESHOLD);
	}

	/** The newest. */
	async #root(): Promise<Metadata<Root>> {
		const names = await readdir(join(this.#folder, "metadata")).catch(() => []);
		const versions = names.flatMap((name) => /^(\d+)\.root\.json$/.exec(name)?.[1] ?? []).map(Number);
		if (versions.length === 0) throw new RoomError("repo.unreadable", "that is no repository");
		return this.#read("root", `${Math.max(...versions)}.root.json`);
	}

	async #pending(): Promise<Metadata<Root> | null> {
		const text = await readFile(this.#path(PENDING)).catch(() => null);
		return text && readMetadata("root", text);
	}

	async #targets(): Promise<Metadata<Targets>> {
		const timestamp = await this.#read("timestamp", "timestamp.json");
		const snapshot = await this.#read("snapshot", `${timestamp.signed.snapshotMeta.version}.snapshot.json`);
		return this.#read("targets", `${snapshot.signed.meta["targets.json"]?.version}.targets.json`);
	}

	async #read<K extends Kind>(kind: K, name: string): Promise<ReturnType<typeof readMetadata<K>>> {
		try {
			return readMetadata(kind, await readFile(this.#path(name)));
		} catch (cause) {
			throw new RoomError("repo.unreadable", `${name} can't be read`, { cause });
		}
	}

	async #write(name: string, metadata: Metadata<Root | Targets | Snapshot | Timestamp>): Promise<Buffer> {
		const bytes = bytesOf(metadata);
		await writeStateFile(this.#path(name), bytes, 0o644);
		return bytes;
	}

	#path(name: string): string {
		return join(this.#folder, "metadata", name);
	}

	#end(kind: Kind): string {
		return tufTime(this.#clock.now() + lifeDays[kind] * DAY_MS);
	}
}

const metaFile = (version: number, bytes: Uint8Array): MetaFile =>
	new MetaFile({
		version,
		length: bytes.byteLength,
		hashes: { sha256: createHash("sha256").update(bytes).digest("hex") },
	});

/** The library has no other way to say how many keys a role needs. */
function withThreshold(root: Root, threshold: number): Root {
	const json = root.toJSON() as { roles: Record<string, { threshold: number }> } & ReturnType<Root["toJSON"]>;
	(json.roles["root"] as { threshold: number }).threshold = threshold;
	return Root.fromJSON(json);
}

async function newKey(folder: string, name: string): Promise<KeyObject> {
	const path = join(folder, `${name}.pem`);
	if (await stat(path).catch(() => null)) throw new RoomError("repo.exists", `${path} is there already`);
	const { privateKey } = generateKeyPairSync("ed25519");
	await writeStateFile(path, privateKey.export({ type: "pkcs8", format: "pem" }), 0o600);
	return privateKey;
}

async function readKey(path: string): Promise<KeyObject> {
	try {
		const pem = await readFile(path, "utf8");
		const key = pem.includes("PRIVATE KEY") ? createPrivateKey(pem) : createPublicKey(pem);
		if (key.asymmetricKeyType === "ed25519") return key;
	} catch (cause) {
		throw new RoomError("repo.key_missing", `${path} can't be read`, { cause });
	}
	throw new RoomError("repo.key_missing", `${path} is no Ed25519 key`);
}

const foreign = (): RoomError => new RoomError("repo.key_foreign", "the repository's root does not know that key");
