import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RoomError } from "../../../device/core/RoomError.ts";
import { type Kind, type Release, readMetadata, releaseOf } from "../../trust/metadata.ts";

/**
 * What a repository's folder offers. Its signatures are the devices' concern: who can write to the folder can show anything here, and bring it to nobody.
 * Error: `api.no_repository`.
 */
export async function releasesIn(folder: string): Promise<Release[]> {
	const read = async <K extends Kind>(kind: K, name: string) =>
		readMetadata(kind, await readFile(join(folder, "metadata", name)));
	try {
		const timestamp = await read("timestamp", "timestamp.json");
		const snapshot = await read("snapshot", `${timestamp.signed.snapshotMeta.version}.snapshot.json`);
		const targets = await read("targets", `${snapshot.signed.meta["targets.json"]?.version}.targets.json`);
		return Object.values(targets.signed.targets).map(releaseOf);
	} catch (cause) {
		throw new RoomError("api.no_repository", "the image repository can't be read", { cause });
	}
}
