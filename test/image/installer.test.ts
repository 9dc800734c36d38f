import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RoomError } from "../../device/core/RoomError.ts";
import { type Layout, MIB, type PartitionName } from "../../image/disk/layout.ts";
import { deviceDisk } from "../../image/root/programs/installer/deviceDisk.ts";
import { offered } from "../../image/root/programs/installer/disksOf.ts";
import { Installer, type InstallerOptions } from "../../image/root/programs/installer/Installer.ts";
import { BACKUP_BYTES, GPT_BYTES } from "../../provisioning/cli/image/firmware/gpt.ts";
import { type FlashTarget, lookAtTarget } from "../../provisioning/cli/image/flash/FlashTarget.ts";
import { COMPATIBLE } from "../../provisioning/contract/compatible.ts";

/** A device's disk of eight MiB, and the stick's parts of it. */
const places = Object.fromEntries(
	(["esp", "boot-a", "boot-b", "rootfs-a", "rootfs-b"] as const).map((name, at) => [
		name,
		{ name, start: at + 1, size: 1, type: "", uuid: "" },
	]),
) as Layout<PartitionName>;
const BYTES = 7 * MIB;
const bootBytes = 100_000;
const rootfsBytes = MIB - 4096;

let folder: string;
let whole: Buffer;
let disk: string;
let told: string[];
let prepared: string[];
const at = (name: string) => join(folder, name);
const parts = () => ({ head: at("head"), boot: at("boot"), rootfs: at("rootfs"), tail: at("tail") });

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-installer-"));
	[told, prepared] = [[], []];
	const [head, boot, rootfs, tail] = [2 * MIB, bootBytes, rootfsBytes, MIB].map((length) => randomBytes(length));
	for (const [name, bytes] of Object.entries({ head, boot, rootfs, tail })) await writeFile(at(name), bytes as Buffer);
	whole = Buffer.concat([
		head as Buffer,
		boot as Buffer,
		Buffer.alloc(2 * MIB - bootBytes),
		rootfs as Buffer,
		Buffer.alloc(2 * MIB - rootfsBytes),
		tail as Buffer,
	]);
	disk = at("disk");
	await writeFile(disk, Buffer.alloc(BYTES, 0xee));
	await truncate(disk, 600 * MIB);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const manifest = () => ({
	...{
		kind: "incamera-disk" as const,
		v: 1 as const,
		version: "1.0.0",
		compatible: COMPATIBLE,
		date: null,
		commit: "unknown",
	},
	...{ bytes: BYTES, sha256: createHash("sha256").update(whole).digest("hex") },
});

function installer(over: Partial<InstallerOptions> = {}): Installer {
	return new Installer({
		version: "1.0.0",
		manifest: async () => manifest(),
		image: () => deviceDisk(parts(), places),
		setUp: async () => null,
		disks: async () => [],
		lookAt: () => lookAtTarget(disk),
		prepare: async ({ path }, setUp) => void prepared.push(`${path} ${setUp}`),
		say: (text) => void told.push(text),
		...over,
	});
}
/** As much of the disk as the image has. */
async function written(): Promise<Buffer> {
	const file = await open(disk);
	const { buffer } = await file.read(Buffer.alloc(BYTES), 0, BYTES, 0);
	await file.close();
	return buffer;
}

it("makes the disk that was signed of what the stick has of it", async () => {
	const chunks: Buffer[] = [];
	for await (const chunk of deviceDisk(parts(), places)) chunks.push(Buffer.from(chunk));
	expect(Buffer.concat(chunks).equals(whole)).toBe(true);
});

describe("the installer", () => {
	it("writes the disk, reads it back, and leaves the stick's set-up file on it", async () => {
		const one = installer({ setUp: async () => "fleet: {}\n" });
		expect((await one.tell()).state).toEqual({ is: "choosing" });
		const steps = new Set<string>();
		const begun = one.begin("sda");
		const watch = setInterval(() => steps.add(one.state.is === "busy" ? one.state.step : one.state.is), 1);
		expect(one.state).toMatchObject({ is: "busy", disk: "sda" });
		// a second touch is too late
		expect(await one.begin("sdb")).toBe(false);
		expect(await begun).toBe(true);
		clearInterval(watch);
		expect(one.state).toEqual({ is: "installed", disk: "sda", prepared: true });
		expect(prepared).toEqual([`${disk} fleet: {}\n`]);
		expect(told).toEqual(["installing 1.0.0 on sda", "installed 1.0.0 on sda"]);
		const body = (bytes: Buffer) => bytes.subarray(GPT_BYTES, BYTES - BACKUP_BYTES);
		expect(body(await written()).equals(body(whole))).toBe(true);
		// nothing more is asked of it
		expect(await one.begin("sda")).toBe(false);
	});

	const refusal = (code: string) => () => Promise.reject(new RoomError(code, "no"));
	it.each<[string, Partial<InstallerOptions>, string, string]>([
		["a foreign manifest", { manifest: refusal("firmware.signer_foreign") }, "stick", "firmware.signer_foreign"],
		[
			"a manifest of other bytes",
			{ manifest: async () => ({ ...manifest(), sha256: "0".repeat(64) }) },
			"stick",
			"firmware.altered",
		],
		[
			"a stick that is too short",
			{ manifest: async () => ({ ...manifest(), bytes: BYTES + 1 }) },
			"stick",
			"firmware.altered",
		],
		["a wrong set-up file", { setUp: refusal("setup.refused") }, "setup_file", "setup.refused"],
		["a disk that went", { lookAt: refusal("flash.no_such_device") }, "disk", "flash.no_such_device"],
		[
			"a disk that is mounted",
			{ lookAt: async () => ({ ...(await lookAtTarget(disk)), mounts: ["/mnt"] }) },
			"disk",
			"flash.device_in_use",
		],
		[
			"a disk that is too small",
			{ lookAt: async () => ({ ...(await lookAtTarget(disk)), bytes: BYTES }) },
			"disk",
			"flash.device_too_small",
		],
		[
			"what nobody thought of",
			{ manifest: () => Promise.reject(new TypeError("?")) },
			"unexpected",
			"image.unexpected",
		],
	])("writes nothing for %s, says why, and can be asked again", async (_what, over, fault, code) => {
		const one = installer(over);
		await one.begin("sda");
		expect(one.state).toEqual({ is: "failed", fault, code });
		expect((await written()).equals(Buffer.alloc(BYTES, 0xee))).toBe(true);
		one.again();
		expect(one.state).toEqual({ is: "choosing" });
	});

	it("leaves a disk without a table where the stick changed while it was read", async () => {
		let reading = 0;
		const one = installer({
			image: async function* () {
				reading += 1;
				for await (const chunk of deviceDisk(parts(), places)) {
					yield reading === 2 ? Buffer.from(chunk.map((byte) => byte ^ 1)) : chunk;
				}
			},
		});
		await one.begin("sda");
		expect(one.state).toEqual({ is: "failed", fault: "stick", code: "flash.image_changed" });
		expect((await written()).subarray(0, GPT_BYTES).equals(Buffer.alloc(GPT_BYTES))).toBe(true);
	});
});

describe("the disks that are offered", () => {
	const target = (over: Partial<FlashTarget>): FlashTarget => ({
		...{ path: "/dev/sda", name: "sda", kind: "disk", model: null, bytes: 64e9, readOnly: false, removable: false },
		...{ sectorBytes: 512, parts: [], mounts: [], ...over },
	});
	const part = (label: string | null) => ({ name: "sda1", label, form: null, bytes: 1e9 });

	it("are those that will do first, and of these what is built in; never the one that it runs from", () => {
		const disks = offered(
			[
				target({ name: "sdb", mounts: ["/"] }),
				target({ name: "sdc", removable: true, parts: [part("PHOTOS")] }),
				target({ name: "mmcblk0", bytes: 2e9 }),
				target({ name: "sdd", bytes: 0 }),
				target({ name: "nvme0n1", model: "Disk", parts: [part("INCAMERA"), part("rootfs-a")] }),
				target({ name: "sda" }),
			],
			4e9,
		);
		expect(disks.map(({ name, holds, refused }) => [name, holds, refused])).toEqual([
			["nvme0n1", "incamera", null],
			["sda", "nothing", null],
			["sdc", "other", null],
			["mmcblk0", "nothing", "flash.device_too_small"],
		]);
	});
});
