import { stat, utimes } from "node:fs/promises";
import { RoomError } from "../../device/core/RoomError.ts";
import { command } from "../core/command.ts";
import { SOURCE_DATE_EPOCH } from "../core/Workshop.ts";
import { imageSize, type Layout, MIB, type Partition, partitionScript } from "./layout.ts";

/** A disk with its table, and with what fills its partitions; those that are left out are empty. Nothing is mounted for it. */
export async function assemble<Name extends string>(
	image: string,
	layout: Layout<Name>,
	files: Partial<Record<Name, string>>,
): Promise<void> {
	await command("truncate", ["-s", `${imageSize(layout)}M`, image]);
	await command("sfdisk", ["-q", image], { input: partitionScript(layout) });
	for (const [name, file] of Object.entries(files) as [Name, string][]) await put(file, image, layout[name]);
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

export interface FatOptions {
	/** MiB. */
	size: number;
	label: string;
	/** Eight hex digits: the same each time, so that the bytes are. */
	id: string;
	/** Folders with their files, of which each keeps its name. */
	content: Readonly<Record<string, readonly string[]>>;
}

/** A FAT partition as a file, with the same bytes each time. */
export async function fatPartition(file: string, { size, label, id, content }: FatOptions): Promise<void> {
	await command("truncate", ["-s", `${size}M`, file]);
	await command("mkfs.vfat", ["-F", "32", "-n", label, "-i", id, "--invariant", file]);
	const folders = new Set(Object.keys(content).flatMap((path) => withParents(path)));
	await command("mmd", ["-i", file, ...[...folders].map((folder) => `::/${folder}`)], { env: { SOURCE_DATE_EPOCH } });
	const made = Number(SOURCE_DATE_EPOCH);
	for (const [folder, files] of Object.entries(content)) {
		for (const one of files) await utimes(one, made, made);
		if (files.length > 0) await command("mcopy", ["-m", "-i", file, ...files, `::/${folder}/`]);
	}
}

/** `EFI/BOOT`: `EFI`, `EFI/BOOT`. */
const withParents = (path: string): string[] => path.split("/").map((_, at, parts) => parts.slice(0, at + 1).join("/"));
