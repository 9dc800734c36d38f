import { COMPATIBLE } from "../../provisioning/contract/compatible.ts";
import type { Commit } from "../core/commitOf.ts";

/** RAUC's manifest (its manual, "Manifest"). */
export function manifest({
	version,
	commit,
	compatible = COMPATIBLE,
}: {
	version: string;
	commit: Commit;
	compatible?: string;
}): string {
	return [
		"[update]",
		`compatible=${compatible}`,
		`version=${version}`,
		`build=${commit.date ?? "unknown"} ${commit.id}`,
		"",
		"[bundle]",
		"format=verity",
		"",
		"[image.rootfs]",
		"filename=rootfs.img",
		"",
		"[image.boot]",
		"filename=boot.img",
		"",
	].join("\n");
}
