/**
 * What an installer's stick starts instead of the room program (image/disk/stick.ts): shows on the panel which disks the machine has, writes the
 * one that somebody chooses, and switches the machine off when that is done. Nothing else of a device runs meanwhile, and nothing is kept.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { RoomError } from "../../../device/core/RoomError.ts";
import { machineOf } from "../../../provisioning/cli/image/firmware/Checks.ts";
import { manifestOf } from "../../../provisioning/cli/image/firmware/inspectDisk.ts";
import { type FlashTarget, lookAtTarget } from "../../../provisioning/cli/image/flash/FlashTarget.ts";
import { COMPATIBLE } from "../../../provisioning/contract/compatible.ts";
import { stickFiles } from "../../disk/layout.ts";
import { deviceDisk } from "./installer/deviceDisk.ts";
import { disksOf } from "./installer/disksOf.ts";
import { Installer } from "./installer/Installer.ts";
import { InstallerServer } from "./installer/InstallerServer.ts";
import { readSetUpFile } from "./readSetUpFile.ts";

/** The stick's start partition, read-only (run-installer.mount). */
const brought = "/run/installer/incamera";
const carried = join(brought, "setup.yaml");
/** Where the new disk's is mounted for a moment. */
const target = "/run/incamera-installer/esp";
const partition = (name: string) => `/dev/disk/by-partlabel/${name}`;

const run = promisify(execFile);
const say = (text: string): void => void process.stdout.write(`incamera: ${text}\n`);
const version = /^IMAGE_VERSION="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "";

const installer = new Installer({
	version,
	say,
	disks: disksOf,
	lookAt: (disk) => lookAtTarget(`/dev/${disk.replaceAll("!", "/")}`),
	async manifest() {
		const { manifest } = await manifestOf({
			...{
				file: "",
				verify: true,
				keyring: "/etc/rauc/keyring.pem",
				compatible: COMPATIBLE,
				manifest: join(brought, stickFiles.manifest),
			},
			...{ signal: new AbortController().signal, progress: () => {} },
		});
		machineOf(manifest.compatible, COMPATIBLE);
		return manifest;
	},
	image: () =>
		deviceDisk({
			head: join(brought, stickFiles.head),
			boot: partition("installer-boot"),
			rootfs: partition("rootfs-installer"),
			tail: join(brought, stickFiles.tail),
		}),
	async setUp() {
		if (!existsSync(carried)) return null;
		readSetUpFile(carried);
		return await readFile(carried, "utf8");
	},
	prepare,
});

/** The kernel's own FAT, since the disk is in this machine: mtools is for benches. */
async function prepare({ path }: FlashTarget, setUp: string): Promise<void> {
	// udev lets the kernel look at a disk that was written, and holds it meanwhile: then it is busy, and asked already
	await run("udevadm", ["settle", "--timeout=30"]);
	await run("blockdev", ["--rereadpt", path]).catch(() => {});
	await run("udevadm", ["settle", "--timeout=30"]);
	const { parts } = await lookAtTarget(path);
	const esp = parts.find(({ label }) => label === "INCAMERA");
	if (!esp) throw new RoomError("flash.device_failed", `${path} has no start partition after it was written`);
	await mkdir(target, { recursive: true });
	await run("mount", ["-t", "vfat", "-o", "sync,nosuid,nodev,noexec", `/dev/${esp.name}`, target]);
	try {
		await writeFile(join(target, "incamera/setup.yaml"), setUp);
	} finally {
		await run("umount", [target]);
	}
}

const server = await InstallerServer.listen({
	installer,
	page: "/usr/lib/incamera/build/ui/installer",
	port: 8081,
	switchOff: async () => void (await run("systemctl", ["--no-block", "poweroff"])),
	onPainted: () => say("installer painted"),
});
say(`installer ${version} at ${server.url}`);
