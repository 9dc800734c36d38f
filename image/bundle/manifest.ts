/** Devices take bundles of their own kind only; the same word is in the image's RAUC configuration. */
export const COMPATIBLE = "incamera-x86-64";

/** RAUC's manifest (its manual, "Manifest"). */
export function manifest({ version, compatible = COMPATIBLE }: { version: string; compatible?: string }): string {
	return [
		"[update]",
		`compatible=${compatible}`,
		`version=${version}`,
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
