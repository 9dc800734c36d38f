import { createHash } from "node:crypto";
import { stat, truncate } from "node:fs/promises";
import { RoomError } from "../../device/core/RoomError.ts";
import { command } from "../core/command.ts";

/** How a start opens the root: its hash stands for every block. */
export interface Verity {
	rootHash: string;
	/** Where in the file the tree of hashes begins, bytes. */
	hashOffset: number;
}

const BLOCK = 4096;

/** Appends a dm-verity tree to a root. Salt and UUID come from the version, so that the same root gives the same bytes. */
export async function appendVerity(image: string, version: string): Promise<Verity> {
	const hashOffset = Math.ceil((await stat(image)).size / BLOCK) * BLOCK;
	await truncate(image, hashOffset);
	const seed = createHash("sha256").update(`incamera verity ${version}`).digest("hex");
	const uuid = seed.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
	const printed = await command("veritysetup", [
		...["format", image, image, `--hash-offset=${hashOffset}`, `--data-blocks=${hashOffset / BLOCK}`],
		...[`--salt=${seed}`, `--uuid=${uuid}`],
	]);
	const rootHash = /^Root hash:\s+([0-9a-f]{64})$/m.exec(printed)?.[1];
	if (!rootHash) throw new RoomError("image.tool_failed", "veritysetup printed no root hash");
	return { rootHash, hashOffset };
}
