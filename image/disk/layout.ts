/** Bytes in a MiB. */
export const MIB = 1024 * 1024;

export interface Partition {
	name: string;
	/** MiB from the start of the disk. */
	start: number;
	/** MiB. */
	size: number;
	type: string;
	uuid: string;
}

/** Partitions of a disk, in their order, by name. */
export type Layout<Name extends string = string> = Readonly<Record<Name, Partition>>;

const id = (last: number): string => `1ca3e7a0-0000-4000-8000-${String(last).padStart(12, "0")}`;

const efiSystem = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const linux = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

/** In this order: the loader knows a slot's boot partition by its number. What is left of the disk becomes the data partition, on the device. */
const device = [
	{ name: "esp", size: 64, type: efiSystem },
	{ name: "boot-a", size: 64, type: linux },
	{ name: "boot-b", size: 64, type: linux },
	{ name: "rootfs-a", size: 1024, type: linux },
	{ name: "rootfs-b", size: 1024, type: linux },
] as const;
export type PartitionName = (typeof device)[number]["name"];

/** The disk of a device. */
export const layout = (): Layout<PartitionName> => placed(device, 0);

export type StickPartitionName = "installer-esp" | "installer-boot" | "rootfs-installer";

/** The installer's stick: one slot. None of its names is one of a device's disk, which may be in the same machine. `rootfs`: MiB. */
export const stickLayout = (rootfs: number): Layout<StickPartitionName> =>
	placed(
		[
			{ name: "installer-esp", size: 160, type: efiSystem },
			{ name: "installer-boot", size: device[1].size, type: linux },
			{ name: "rootfs-installer", size: rootfs, type: linux },
		],
		16,
	);

/** On its start partition: beginning of the device's disk image, with that one's start partition, and its end, which no slot has; and what is signed. */
export const stickFiles = { head: "disk.head", tail: "disk.tail", manifest: "disk.manifest" } as const;

function placed<Name extends string>(
	partitions: readonly { name: Name; size: number; type: string }[],
	firstId: number,
): Layout<Name> {
	let start = 1;
	const all: Partition[] = [];
	for (const [index, { name, size, type }] of partitions.entries()) {
		all.push({ name, size, type, start, uuid: id(firstId + index + 1) });
		start += size;
	}
	return Object.fromEntries(all.map((one) => [one.name, one])) as Record<Name, Partition>;
}

/** MiB of the image file: the partitions, and a MiB at either end for the tables. */
export function imageSize(of: Layout = layout()): number {
	return Math.max(...Object.values(of).map(({ start, size }) => start + size)) + 1;
}

/** What sfdisk(8) reads. */
export function partitionScript(of: Layout = layout()): string {
	const lines = Object.values(of).map(
		({ name, start, size, type, uuid }) =>
			`start=${start}MiB, size=${size}MiB, type=${type}, name=${name}, uuid=${uuid}`,
	);
	// the one before its first partition's
	const [first] = Object.values(of);
	const own = id(Number(first?.uuid.slice(-12)) - 1);
	return ["label: gpt", `label-id: ${own}`, "first-lba: 2048", "", ...lines, ""].join("\n");
}
