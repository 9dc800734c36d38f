import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../core/command.ts";
import type { Made, Workshop } from "../core/Workshop.ts";
import { type Keys, publicPart } from "../keys/keys.ts";
import { assemble, fatPartition } from "./assemble.ts";
import { layout } from "./layout.ts";
import { loader } from "./loader.ts";
import { loaderConfig } from "./loaderConfig.ts";

/** The whole disk, `disk.img`, with slot A filled and slot B empty. */
export async function disk(workshop: Workshop, root: Made, keys: Keys): Promise<Made> {
	const words = [root.hash, ...(await publicPart(keys))];
	return await workshop.step(
		"disk",
		{ files: ["image/disk/**", "image/root/startImage.ts"], words },
		async (folder) => {
			const work = join(folder, "work");
			await mkdir(work);
			await assemble(join(folder, "disk.img"), layout(), {
				esp: await startPartition(await loader(keys, loaderConfig(), work), work),
				"boot-a": join(root.folder, "boot.img"),
				"rootfs-a": join(root.folder, "rootfs.img"),
			});
			await rm(work, { recursive: true });
		},
	);
}

/** The ESP: loader, twice the memory of its tries, and a place for what IT prepares. */
async function startPartition(signedLoader: string, work: string): Promise<string> {
	const memory = join(work, "grubenv");
	await command("grub-editenv", [memory, "create"]);
	await command("grub-editenv", [memory, "set", "ORDER=A B", "A_OK=1", "A_TRY=0", "B_OK=0", "B_TRY=0"]);
	await copyFile(memory, `${memory}.copy`);
	const esp = join(work, "esp.img");
	const content = { "EFI/BOOT": [signedLoader], grub: [memory, `${memory}.copy`], incamera: [] };
	await fatPartition(esp, { size: layout().esp.size, label: "INCAMERA", id: "1CA3E7A0", content });
	return esp;
}
