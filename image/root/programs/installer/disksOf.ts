import { readdir } from "node:fs/promises";
import { type FlashTarget, lookAtTarget, refuseTarget } from "../../../../provisioning/cli/image/flash/FlashTarget.ts";
import type { InstallDisk } from "../../../../provisioning/contract/installation.ts";

/** What is a block device and no disk that anybody installs on. */
const noDisks = /^(?:dm-|fd|loop|md|mtdblock|nbd|ram|sr|zram)/;

/** The disks of this machine but the one that it runs from, those first that will do, and what is built in before what can be pulled out. */
export async function disksOf(leastBytes: number): Promise<InstallDisk[]> {
	const names = (await readdir("/sys/block")).filter((name) => !noDisks.test(name));
	// one that is pulled out meanwhile is none
	const found = await Promise.all(
		names.map((name) => lookAtTarget(`/dev/${name.replaceAll("!", "/")}`).catch(() => null)),
	);
	return offered(
		found.filter((target) => target !== null),
		leastBytes,
	);
}

export function offered(targets: readonly FlashTarget[], leastBytes: number): InstallDisk[] {
	const disks = targets.flatMap((target): InstallDisk[] => {
		const { name, model, bytes, removable, parts } = target;
		const refused = refuseTarget(target, leastBytes)?.code ?? null;
		// a card reader without a card, and what we run from
		if (bytes === 0 || refused === "flash.system_disk") return [];
		const ours = parts.some(({ label }) => label === "rootfs-a");
		const holds = ours ? "incamera" : parts.length > 0 ? "other" : "nothing";
		return [{ name, model, bytes, removable, holds, refused }];
	});
	const rank = ({ refused, removable }: InstallDisk): number => (refused === null ? 0 : 2) + (removable ? 1 : 0);
	return disks.sort((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1));
}
