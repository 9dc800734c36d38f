import {
	Metadata,
	MetadataKind,
	type Root,
	type Snapshot,
	type TargetFile,
	type Targets,
	type Timestamp,
} from "@tufjs/models";
import * as z from "zod/mini";
import { RoomError } from "../../device/core/RoomError.ts";
import { firmwareSpec, firmwareVersion } from "../contract/jobs.ts";

/** More than any of them needs. */
export const MOST_METADATA_BYTES = 256 * 1024;

interface Kinds {
	root: Root;
	timestamp: Timestamp;
	snapshot: Snapshot;
	targets: Targets;
}
export type Kind = keyof Kinds;

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/**
 * Reads signed metadata of this kind; whoever signed it is not looked at. Error: `update.metadata_forged` (whatever it is, it is not that).
 */
export function readMetadata<K extends Kind>(kind: K, bytes: Uint8Array): Metadata<Kinds[K]> {
	const refused = (cause?: unknown): never => {
		throw new RoomError("update.metadata_forged", `that is no ${kind} metadata`, { cause });
	};
	if (bytes.byteLength > MOST_METADATA_BYTES) return refused();
	try {
		const json = JSON.parse(Buffer.from(bytes).toString("utf8"));
		const metadata = Metadata.fromJSON(MetadataKind[titles[kind]] as MetadataKind.Root, json) as unknown as Metadata<
			Kinds[K]
		>;
		const { version, expires } = metadata.signed;
		// the library would take a date that is none for one that never comes
		if (!Number.isSafeInteger(version) || version < 1 || !moment.test(expires)) return refused();
		return metadata;
	} catch (cause) {
		return refused(cause);
	}
}
const titles = { root: "Root", timestamp: "Timestamp", snapshot: "Snapshot", targets: "Targets" } as const;

export const bytesOf = (metadata: Metadata<Root | Timestamp | Snapshot | Targets>): Buffer =>
	Buffer.from(`${JSON.stringify(metadata.toJSON())}\n`);

/** A moment as metadata says it: whole seconds. */
export const tufTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Marks keys and metadata that were made for development, in the root's own words. */
export const DEVELOPMENT_FIELD = "x-incamera-development";
export const isDevelopment = ({ signed }: Metadata<Root>): boolean =>
	signed.unrecognizedFields[DEVELOPMENT_FIELD] === true;

/** A bundle's path in both repositories: its content. */
export const targetPath = (digest: string): string => `${digest}.raucb`;

/** What is said of a bundle besides size and digest. For which kind of machine it is stands in the bundle itself. */
const described = z.object({ version: firmwareVersion });
/** A bundle, as one of the repositories describes it. */
export interface Release extends z.infer<typeof described> {
	digest: string;
	bytes: number;
}

/** Error: `update.metadata_forged`. */
export function releaseOf({ length, hashes, custom }: TargetFile): Release {
	const said = described.safeParse(custom);
	const digest = firmwareSpec.shape.digest.safeParse(hashes["sha256"]);
	if (!said.success || !digest.success) throw new RoomError("update.metadata_forged", "that describes no bundle");
	return { ...said.data, digest: digest.data, bytes: length };
}
