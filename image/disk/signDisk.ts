import { stat } from "node:fs/promises";
import { COMPATIBLE } from "../../provisioning/contract/compatible.ts";
import type { DiskManifest } from "../../provisioning/contract/diskManifest.ts";
import { command } from "../core/command.ts";
import type { Commit } from "../core/commitOf.ts";
import { sha256Of } from "../core/hashOf.ts";
import type { Keys } from "../keys/keys.ts";

/** Writes what belongs beside a disk image: which bytes it has, signed as updates are. Whoever flashes holds the image against it. */
export async function signDisk(
	image: string,
	file: string,
	of: { version: string; commit: Commit; keys: Keys },
): Promise<void> {
	const { version, commit, keys } = of;
	const manifest: DiskManifest = {
		kind: "incamera-disk",
		v: 1,
		version,
		compatible: COMPATIBLE,
		date: commit.date,
		commit: commit.id,
		bytes: (await stat(image)).size,
		sha256: await sha256Of(image),
	};
	await command(
		"openssl",
		[
			...["cms", "-sign", "-nodetach", "-binary", "-md", "sha256", "-nosmimecap", "-outform", "PEM", "-out", file],
			...["-signer", keys.bundle.certificate, "-inkey", keys.bundle.key],
		],
		{ input: JSON.stringify(manifest) },
	);
}
