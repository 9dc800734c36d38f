import { copyFile, mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { RoomError } from "../../device/core/RoomError.ts";
import { command } from "../core/command.ts";
import { type Made, SOURCE_DATE_EPOCH, type Workshop } from "../core/Workshop.ts";
import { type Keys, publicPart } from "../keys/keys.ts";
import { imageSize, layout, MIB, type Partition, partitionScript } from "./layout.ts";
import { loader } from "./loader.ts";

/** The whole disk, `disk.img`, with slot A filled and slot B empty. Nothing is mounted for it: partitions are made as files. */
export async function disk(workshop: Workshop, root: Made, keys: Keys): Promise<Made> {
	const words = [root.hash, ...(await publicPart(keys))];
	return await workshop.step(
		"disk",
		{ files: ["image/disk/**", "image/root/startImage.ts"], words },
		async (folder) => {
			const work = join(folder, "work");
			await mkdir(work);
			const esp = await startPartition(await loader(keys, work), work);
			const image = join(folder, "disk.img");
			await command("truncate", ["-s", `${imageSize()}M`, image]);
			await command("sfdisk", ["-q", image], { input: partitionScript() });
			const places = layout();
			await put(esp, image, places.esp);
			await put(join(root.folder, "boot.img"), image, places["boot-a"]);
			await put(join(root.folder, "rootfs.img"), image, places["rootfs-a"]);
			await rm(work, { recursive: true });
		},
	);
}

/** The ESP: loader, and twice the memory of its tries. */
async function startPartition(signedLoader: string, work: string): Promise<string> {
	const memory = join(work, "grubenv");
	await command("grub-editenv", [memory, "create"]);
	await command("grub-editenv", [memory, "set", "ORDER=A B", "A_OK=1", "A_TRY=0", "B_OK=0", "B_TRY=0"]);
	const esp = join(work, "esp.img");
	await command("truncate", ["-s", `${layout().esp.size}M`, esp]);
	await command("mkfs.vfat", ["-F", "32", "-n", "INCAMERA", "-i", "1CA3E7A0", "--invariant", esp]);
	await copyFile(memory, `${memory}.copy`);
	for (const file of [memory, `${memory}.copy`, signedLoader]) {
		await command("touch", ["-d", `@${SOURCE_DATE_EPOCH}`, file]);
	}
	await command("mmd", ["-i", esp, "::/EFI", "::/EFI/BOOT", "::/grub", "::/incamera"], { env: { SOURCE_DATE_EPOCH } });
	await command("mcopy", ["-m", "-i", esp, signedLoader, "::/EFI/BOOT/BOOTX64.EFI"]);
	await command("mcopy", ["-m", "-i", esp, memory, `${memory}.copy`, "::/grub/"]);
	return esp;
}

/** @throws RoomError `image.too_large` */
async function put(file: string, image: string, { name, start, size }: Partition): Promise<void> {
	const { size: bytes } = await stat(file);
	if (bytes > size * MIB) {
		throw new RoomError("image.too_large", `${name} is ${Math.ceil(bytes / MIB)} MiB; its partition has ${size}`, {
			context: { partition: name, bytes },
		});
	}
	await command("dd", [`if=${file}`, `of=${image}`, "bs=1M", `seek=${start}`, "conv=notrunc,sparse", "status=none"]);
}
