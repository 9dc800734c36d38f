import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../core/command.ts";
import type { Commit } from "../core/commitOf.ts";
import type { Made, Workshop } from "../core/Workshop.ts";
import { type Keys, publicPart } from "../keys/keys.ts";
import { assemble, fatPartition } from "./assemble.ts";
import { imageSize, layout, MIB, stickFiles, stickLayout } from "./layout.ts";
import { loader } from "./loader.ts";
import { stickLoaderConfig } from "./loaderConfig.ts";
import { signDisk } from "./signDisk.ts";

export interface StickParts {
	root: Made;
	disk: Made;
	keys: Keys;
	version: string;
	commit: Commit;
}

/**
 * The installer's stick, `stick.img`: starts the same kernel image and root as a device, and has on its start partition what is missing to make a
 * device's disk of them, with that disk's signed manifest. A set-up file is prepared there, too, as on any disk of ours.
 */
export async function stick(workshop: Workshop, { root, disk, keys, version, commit }: StickParts): Promise<Made> {
	const words = [disk.hash, version, commit.id, ...(await publicPart(keys))];
	return await workshop.step("stick", { files: ["image/disk/**"], words }, async (folder) => {
		const work = join(folder, "work");
		await mkdir(work);
		const at = (name: string) => join(work, name);
		const image = join(disk.folder, "disk.img");
		const cut = (to: string, from: number, size: number) =>
			command("dd", [`if=${image}`, `of=${at(to)}`, "bs=1M", `skip=${from}`, `count=${size}`, "status=none"]);
		const of = layout();
		const rootfs = Math.ceil((await stat(join(root.folder, "rootfs.img"))).size / MIB);
		await cut(stickFiles.head, 0, of.esp.start + of.esp.size);
		await cut(stickFiles.tail, imageSize() - 1, 1);
		await signDisk(image, at(stickFiles.manifest), { version, commit, keys });
		// the disk's own: a slot that was made again of the same has other signatures
		await cut("boot.img", of["boot-a"].start, of["boot-a"].size);
		await cut("rootfs.img", of["rootfs-a"].start, rootfs);

		const places = stickLayout(rootfs);
		await fatPartition(at("esp.img"), {
			...{ size: places["installer-esp"].size, label: "INSTALLER", id: "1CA3E7A1" },
			content: {
				"EFI/BOOT": [await loader(keys, stickLoaderConfig(), work)],
				incamera: Object.values(stickFiles).map(at),
			},
		});
		await assemble(join(folder, "stick.img"), places, {
			"installer-esp": at("esp.img"),
			"installer-boot": at("boot.img"),
			"rootfs-installer": at("rootfs.img"),
		});
		await rm(work, { recursive: true });
	});
}
