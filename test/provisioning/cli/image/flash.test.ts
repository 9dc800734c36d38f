import { execFile, spawnSync } from "node:child_process";
import { truncateSync } from "node:fs";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BACKUP_BYTES, GPT_BYTES, readGpt } from "../../../../provisioning/cli/image/firmware/gpt.ts";
import { type FlashTarget, readTarget, refuseTarget } from "../../../../provisioning/cli/image/flash/FlashTarget.ts";
import { flashDisk } from "../../../../provisioning/cli/image/flash/flashDisk.ts";
import { CommandLine } from "../../../sim/image/CommandLine.ts";
import { FirmwareFiles } from "../../../sim/image/FirmwareFiles.ts";

const run = promisify(execFile);
const MIB = 1024 ** 2;
let files: FirmwareFiles;
let disk: { file: string; image: Buffer };
let command: CommandLine;

beforeAll(async () => {
	files = await FirmwareFiles.make();
	disk = await files.disk();
});
afterAll(() => files.remove());
beforeEach(() => {
	command = new CommandLine();
});

/** A file that stands for a disk, full of what was there before. */
async function target(bytes: number, name = "target"): Promise<string> {
	await writeFile(files.at(name), Buffer.alloc(bytes, 0x5a));
	return files.at(name);
}
const flash = (file: string, device: string, ...words: string[]) =>
	command.run("image", "flash", file, "--device", device, "--keyring", files.keyring, ...words);

describe("a disk", () => {
	test("larger than its image is written, read back, and has its table at both ends", async () => {
		const device = await target(40 * MIB);
		expect(await flash(disk.file, device, "--yes", "target")).toBe(0);
		expect(command.err).toContain("firmware 2.0.0");
		expect(command.err).toContain("reading back 100 %");
		const written = await readFile(device);
		const body = [GPT_BYTES, disk.image.byteLength - BACKUP_BYTES] as const;
		expect(written.subarray(...body).equals(disk.image.subarray(...body))).toBe(true);
		// held against the tool that everybody has
		const { stdout, stderr } = await run("sfdisk", ["--verify", device]);
		expect(`${stdout}${stderr}`).toContain("No errors detected");
		expect(stderr).toBe("");
		expect((await run("sfdisk", ["--json", device])).stdout).toContain('"name": "rootfs-a"');
		// all to the very end can be used
		expect(JSON.parse((await run("sfdisk", ["--json", device])).stdout).partitiontable.lastlba).toBe(40 * 2048 - 34);
	});

	test("as large as its image becomes the image, bit by bit", async () => {
		const device = await target(disk.image.byteLength);
		expect(await flash(disk.file, device, "--yes", "target")).toBe(0);
		expect((await readFile(device)).equals(disk.image)).toBe(true);
	});

	test("is not touched before its name was typed", async () => {
		const device = await target(20 * MIB);
		expect(await flash(disk.file, device)).toBe(2);
		expect(command.err).toContain("--yes sdb");
		for (const typed of ["", "y", "targe", "/dev/target"]) {
			command.typed = typed;
			expect(await flash(disk.file, device)).toBe(2);
		}
		expect((await readFile(device)).equals(Buffer.alloc(20 * MIB, 0x5a))).toBe(true);
		command.typed = " target\n";
		expect(await flash(disk.file, device)).toBe(0);
	});

	test("gets only what is signed", async () => {
		const device = await target(20 * MIB);
		const bad = await files.disk({ name: "stranger", signer: "stranger" });
		expect(await flash(bad.file, device, "--yes", "target")).toBe(7);
		expect(await flash(await files.bundle(), device, "--yes", "target")).toBe(2);
		expect(command.err).toContain("flash.no_disk_image");
		expect((await readFile(device)).equals(Buffer.alloc(20 * MIB, 0x5a))).toBe(true);
	});

	test("that is too small, no disk, or not there is refused with the next step", async () => {
		expect(await flash(disk.file, await target(11 * MIB), "--yes", "target")).toBe(1);
		expect(command.err).toContain("flash.device_too_small");
		expect(await flash(disk.file, files.at("sdz"), "--yes", "sdz")).toBe(5);
		expect(command.err).toContain("lsblk");
		expect(await flash(disk.file, "/dev/null", "--yes", "null")).toBe(2);
		expect(await flash(disk.file, files.folder, "--yes", "x")).toBe(2);
	});

	test("that is named by a link is called by its own name", async () => {
		const device = await target(20 * MIB);
		await symlink(device, files.at("by-id"));
		expect(await flash(disk.file, files.at("by-id"), "--yes", "by-id")).toBe(2);
		expect(await flash(disk.file, files.at("by-id"), "--yes", "target")).toBe(0);
	});
});

describe("what was written", () => {
	const plain = (path: string, bytes: number): FlashTarget => ({
		...{ path, bytes, name: "target", kind: "file", model: null, readOnly: false },
		...{ removable: false, sectorBytes: 512, parts: [], mounts: [] },
	});
	const silent = { written: () => {}, read: () => {} };
	const signal = new AbortController().signal;
	const manifest = async () => {
		await command.run("--json", "image", "info", disk.file);
		return JSON.parse(command.out) as { unpacked: number; sha256: string };
	};
	async function* inPieces(image: Buffer, sizes: readonly number[]) {
		for (let at = 0, turn = 0; at < image.byteLength; turn++) {
			const size = sizes[turn % sizes.length] as number;
			yield image.subarray(at, at + size);
			at += size;
		}
	}

	test("is the same in whatever pieces it came", async () => {
		const { unpacked: bytes, sha256 } = await manifest();
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.integer({ min: 1000, max: 3 * MIB }), { minLength: 1, maxLength: 5 }),
				async (sizes) => {
					const device = await target(13 * MIB);
					const image = inPieces(disk.image, sizes);
					await flashDisk({ target: plain(device, 13 * MIB), image, bytes, sha256, signal, progress: silent });
					expect(readGpt((await readFile(device)).subarray(0, GPT_BYTES))).toHaveLength(2);
				},
			),
			{ numRuns: 8 },
		);
	});

	test("is read back: a disk that forgets is found out", async () => {
		const { unpacked: bytes, sha256 } = await manifest();
		const device = await target(20 * MIB);
		const written = (done: number): void => {
			if (done < 1) return;
			truncateSync(device, 5.5 * MIB);
			truncateSync(device, 20 * MIB);
		};
		const progress = { written, read: () => {} };
		// it has forgotten before the table is there
		const image = inPieces(disk.image, [MIB]);
		await expect(
			flashDisk({ target: plain(device, 20 * MIB), image, bytes, sha256, signal, progress }),
		).rejects.toMatchObject({ code: "flash.read_back_differs" });
	});

	test("starts nowhere if it was broken off, or was another image", async () => {
		const { unpacked: bytes, sha256 } = await manifest();
		for (const image of [
			disk.image.subarray(0, 8 * MIB),
			Buffer.alloc(bytes),
			Buffer.concat([disk.image, Buffer.alloc(9)]),
		]) {
			const device = await target(20 * MIB);
			await expect(
				flashDisk({
					target: plain(device, 20 * MIB),
					image: inPieces(image, [MIB]),
					bytes,
					sha256,
					signal,
					progress: silent,
				}),
			).rejects.toMatchObject({ code: "flash.image_changed" });
			const left = await readFile(device);
			expect(left.subarray(0, GPT_BYTES).every((byte) => byte === 0)).toBe(true);
			expect(left.subarray(-BACKUP_BYTES).every((byte) => byte === 0)).toBe(true);
		}
	});
});

describe("what lsblk says", () => {
	const row = (over: object) => ({
		...{
			name: "sdb",
			type: "disk",
			model: "Stick 3000 ",
			size: 8e9,
			ro: false,
			rm: true,
			hotplug: true,
			"log-sec": 512,
		},
		...{ mountpoints: [null], label: null, partlabel: null, fstype: null, ...over },
	});
	const looked = (...rows: object[]) => readTarget("/dev/sdb", { blockdevices: rows.map(row) });

	test("becomes what a person sees before it is erased", () => {
		const part = { name: "sdb1", type: "part", size: 7e9, label: "HOLIDAY", fstype: "vfat" };
		const disk = looked({}, part);
		expect(disk).toMatchObject({ name: "sdb", model: "Stick 3000", removable: true, mounts: [] });
		expect(disk.parts).toEqual([{ name: "sdb1", label: "HOLIDAY", form: "vfat", bytes: 7e9 }]);
		expect(refuseTarget(disk, 2e9)).toBeNull();
	});

	test.each([
		["flash.system_disk", [{}, { name: "sdb1", type: "part", mountpoints: ["/"] }]],
		[
			"flash.system_disk",
			[{}, { name: "sdb1", type: "part" }, { name: "luks", type: "crypt", mountpoints: ["/home"] }],
		],
		["flash.system_disk", [{}, { name: "sdb2", type: "part", mountpoints: ["[SWAP]"] }]],
		["flash.device_in_use", [{}, { name: "sdb1", type: "part", mountpoints: ["/media/me/HOLIDAY"] }]],
		["flash.device_in_use", [{ mountpoints: ["/mnt"] }]],
		["flash.device_read_only", [{ ro: true }]],
		["flash.sector_size", [{ "log-sec": 4096 }]],
		["flash.device_too_small", [{ size: 1e9 }]],
	])("is refused as %s", (code, rows) => {
		expect(refuseTarget(looked(...rows), 2e9)).toMatchObject({ code });
	});

	test("of a partition, or in another form, is refused too", () => {
		expect(() => looked({ type: "part" })).toThrow("not a whole disk");
		fc.assert(
			fc.property(fc.jsonValue(), (json) => {
				expect(() => readTarget("/dev/x", json)).toThrow("can't say");
			}),
		);
	});
});

const attach = spawnSync("losetup", ["--find"], { encoding: "utf8" });
describe.skipIf(process.getuid?.() !== 0 || attach.status !== 0)("a block device", () => {
	test("is written, and one that is in use is not", async () => {
		const backing = await target(600 * MIB, "loop");
		const { stdout } = await run("losetup", ["--find", "--show", backing]);
		const device = stdout.trim();
		try {
			expect(await flash(disk.file, device, "--yes", device.slice("/dev/".length))).toBe(0);
			expect((await run("sfdisk", ["--verify", device])).stdout).toContain("No errors detected");
			// a filesystem on it, mounted: looked at, and refused
			const mount = await files.folderOf("mount");
			await run("mkfs.vfat", ["-I", device]);
			const mounted = spawnSync("mount", ["-o", "ro", device, mount]).status === 0;
			if (mounted) {
				expect(await flash(disk.file, device, "--yes", device.slice("/dev/".length))).toBe(6);
				expect(command.err).toContain("flash.device_in_use");
				await run("umount", [mount]);
			}
		} finally {
			await run("losetup", ["--detach", device]);
		}
	});
});
