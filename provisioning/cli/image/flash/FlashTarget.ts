import { execFile } from "node:child_process";
import { realpath, stat } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";
import * as z from "zod/mini";
import { RoomError } from "../../../../device/core/RoomError.ts";

/** What would be erased. */
export interface FlashTarget {
	path: string;
	/** What a person types to mean it: `sdb`. */
	name: string;
	/** A plain file stands for a disk where somebody tries, or makes a disk for an emulator. */
	kind: "disk" | "file";
	model: string | null;
	bytes: number;
	readOnly: boolean;
	removable: boolean;
	sectorBytes: number;
	parts: { name: string; label: string | null; form: string | null; bytes: number }[];
	/** Where something of it is mounted, or `[SWAP]`. */
	mounts: string[];
}

const text = z.nullable(z.string());
/** lsblk(8) of util-linux 2.38, `--json --list --bytes`. */
const row = z.object({
	name: z.string(),
	type: z.string(),
	model: text,
	size: z.number(),
	ro: z.boolean(),
	rm: z.boolean(),
	hotplug: z.boolean(),
	"log-sec": z.number(),
	mountpoints: z.array(text),
	label: text,
	partlabel: text,
	fstype: text,
});
const listing = z.object({ blockdevices: z.array(row) });
export const COLUMNS = Object.keys(row.shape).join(",").toUpperCase();

/** @throws RoomError `flash.no_such_device`, `flash.not_a_disk`, `flash.device_unknown` */
export async function lookAtTarget(device: string): Promise<FlashTarget> {
	const path = await realpath(device).catch((cause: unknown) => {
		throw new RoomError("flash.no_such_device", `there is no ${device}`, { cause });
	});
	const about = await stat(path);
	if (about.isFile()) return plainFile(path, about.size);
	if (!about.isBlockDevice()) throw new RoomError("flash.not_a_disk", `${device} is no disk`);
	return readTarget(path, await listed(path));
}

const plainFile = (path: string, bytes: number): FlashTarget => ({
	...{ path, bytes, name: basename(path), kind: "file", model: null },
	...{ readOnly: false, removable: false, sectorBytes: 512, parts: [], mounts: [] },
});

async function listed(path: string): Promise<unknown> {
	try {
		const words = ["--json", "--list", "--bytes", "--output", COLUMNS, path];
		const { stdout } = await promisify(execFile)("lsblk", words, { env: { ...process.env, LC_ALL: "C.UTF-8" } });
		return JSON.parse(stdout);
	} catch (cause) {
		throw new RoomError("flash.device_unknown", "lsblk can't say what that device is", { cause });
	}
}

/** What `lsblk` says of a device and of all that lies on it. */
export function readTarget(path: string, json: unknown): FlashTarget {
	const parsed = listing.safeParse(json);
	const [disk, ...rest] = parsed.data?.blockdevices ?? [];
	if (!disk) throw new RoomError("flash.device_unknown", "lsblk can't say what that device is");
	if (disk.type !== "disk" && disk.type !== "loop")
		throw new RoomError("flash.not_a_disk", `${path} is not a whole disk, but of the sort ${disk.type}`);
	return {
		path,
		name: disk.name,
		kind: "disk",
		model: disk.model?.trim() || null,
		bytes: disk.size,
		readOnly: disk.ro,
		removable: disk.rm || disk.hotplug,
		sectorBytes: disk["log-sec"],
		parts: [...(disk.fstype === null ? [] : [disk]), ...rest].map(({ name, label, partlabel, fstype, size }) => ({
			name,
			label: label ?? partlabel,
			form: fstype,
			bytes: size,
		})),
		mounts: [disk, ...rest].flatMap(({ mountpoints }) => mountpoints.filter((one) => one !== null)),
	};
}

/** Of these no machine lets go while it runs. */
const ofTheSystem = /^(?:\/|\/boot|\/boot\/efi|\/usr|\/var|\/home|\/efi|\[SWAP\])$/;

/** Whether it may be written over at all, whatever anybody says. `leastBytes`: what has to fit. */
export function refuseTarget(target: FlashTarget, leastBytes: number): RoomError | null {
	const { name, mounts, readOnly, sectorBytes, bytes } = target;
	const refused = (code: string, message: string) => new RoomError(`flash.${code}`, message);
	const gigabytes = (size: number): string => (size / 1e9).toFixed(1);
	if (mounts.some((place) => ofTheSystem.test(place)))
		return refused("system_disk", `this machine itself runs from ${name} (${mounts.join(", ")})`);
	if (mounts.length > 0) return refused("device_in_use", `${name} is mounted at ${mounts.join(", ")}`);
	if (readOnly) return refused("device_read_only", `${name} can't be written`);
	if (sectorBytes !== 512)
		return refused("sector_size", `${name} has sectors of ${sectorBytes} bytes, the image of 512`);
	if (bytes < leastBytes)
		return refused(
			"device_too_small",
			`${name} has ${gigabytes(bytes)} GB, and ${gigabytes(leastBytes)} GB are needed`,
		);
	return null;
}
