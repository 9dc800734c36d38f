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

const id = (last: number): string => `1ca3e7a0-0000-4000-8000-${String(last).padStart(12, "0")}`;

const efiSystem = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const linux = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

/** In this order: the loader knows a slot's boot partition by its number. What is left of the disk becomes the data partition, on the device. */
const sizes = [
	{ name: "esp", size: 64, type: efiSystem },
	{ name: "boot-a", size: 64, type: linux },
	{ name: "boot-b", size: 64, type: linux },
	{ name: "rootfs-a", size: 1024, type: linux },
	{ name: "rootfs-b", size: 1024, type: linux },
] as const;
export type PartitionName = (typeof sizes)[number]["name"];

export function layout(): Record<PartitionName, Partition> {
	let start = 1;
	const all: Partition[] = [];
	for (const [index, { name, size, type }] of sizes.entries()) {
		all.push({ name, size, type, start, uuid: id(index + 1) });
		start += size;
	}
	return Object.fromEntries(all.map((one) => [one.name, one])) as Record<PartitionName, Partition>;
}

/** MiB of the image file: the partitions, and a MiB at either end for the tables. */
export function imageSize(): number {
	return Math.max(...Object.values(layout()).map(({ start, size }) => start + size)) + 1;
}

/** What sfdisk(8) reads. */
export function partitionScript(): string {
	const lines = Object.values(layout()).map(
		({ name, start, size, type, uuid }) =>
			`start=${start}MiB, size=${size}MiB, type=${type}, name=${name}, uuid=${uuid}`,
	);
	return ["label: gpt", `label-id: ${id(0)}`, "first-lba: 2048", "", ...lines, ""].join("\n");
}
