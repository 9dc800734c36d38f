/**
 * The image's programs around the data partition, on a folder that looks like the kernel's /sys and on files in place of partitions: cryptsetup
 * works on these. What systemd-repart makes of it is seen in an emulated machine.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const programs = join(import.meta.dirname, "../../image/root/overlay/usr/lib/incamera");
const MIB = 1024 * 1024;
let folder: string;
/** What systemd-repart and its like were asked, in order. */
let asked: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "incamera-data-"));
	asked = join(folder, "asked");
	mkdirSync(join(folder, "dev"));
	mkdirSync(join(folder, "bin"));
	const tool = (name: string, does: string) => {
		writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${does}\n`);
		chmodSync(join(folder, "bin", name), 0o755);
	};
	for (const name of ["systemd-repart", "delpart"]) tool(name, `echo "${name} $*" >>${asked}`);
	// whose word is asked is a partition's path; it knows what the sixth is called
	const word = 'case "$3" in --path=*p6) echo DEVTYPE=partition; echo ID_PART_ENTRY_NAME=data;; esac';
	tool("udevadm", `if [ "$1" = info ]; then ${word}; else echo "udevadm $*" >>${asked}; fi`);
	for (const name of ["data-partition", "data-make", "data-reset"]) {
		const here = readFileSync(join(programs, name), "utf8")
			.replaceAll("/sys/class/block", join(folder, "sys/class/block"))
			.replaceAll(/\/dev\/(?=\$|console)/g, `${join(folder, "dev")}/`)
			.replaceAll("/usr/lib/incamera/", `${folder}/`);
		writeFileSync(join(folder, name), here);
		chmodSync(join(folder, name), 0o755);
	}
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A disk as the kernel tells of it, with these partitions (null: just made, it has no name yet); one that holds the root that runs is under it. */
function disk(name: string, partitions: (string | null)[], root?: string): void {
	for (const [index, label] of partitions.entries()) {
		const part = join(folder, "sys/devices", name, `${name}p${index + 1}`);
		mkdirSync(part, { recursive: true });
		writeFileSync(join(part, "partition"), `${index + 1}\n`);
		writeFileSync(
			join(part, "uevent"),
			`DEVTYPE=partition\nPARTN=${index + 1}\n${label === null ? "" : `PARTNAME=${label}\n`}`,
		);
		if (label === root) below("dm-0", "root", part);
	}
}
function below(dm: string, name: string, part: string): void {
	const at = join(folder, "sys/class/block", dm);
	mkdirSync(join(at, "dm"), { recursive: true });
	mkdirSync(join(at, "slaves"));
	writeFileSync(join(at, "dm/name"), `${name}\n`);
	symlinkSync(part, join(at, "slaves", part.split("/").at(-1) as string));
}
const slots = ["esp", "boot-a", "boot-b", "rootfs-a", "rootfs-b"];
const run = (name: string) =>
	spawnSync(join(folder, name), { env: { PATH: `${folder}/bin:${process.env["PATH"]}` }, encoding: "utf8" });
const tools = () => (existsSync(asked) ? readFileSync(asked, "utf8").trim().split("\n") : []);

const partition = () => join(folder, "dev/nvme0n1p6");
const opens = () => cryptsetup(["open", "--test-passphrase", partition(), "--key-file=-"]).status === 0;
function cryptsetup(args: string[]) {
	return spawnSync("cryptsetup", ["--disable-locks", "-q", ...args], { input: "the room's key", encoding: "utf8" });
}
/** A data partition of LUKS with its one key, and something in it. */
function encrypted(): void {
	disk("nvme0n1", [...slots, "data"], "rootfs-b");
	writeFileSync(partition(), "");
	truncateSync(partition(), 20 * MIB);
	const made = cryptsetup([
		"luksFormat",
		"--pbkdf=pbkdf2",
		"--pbkdf-force-iterations=1000",
		partition(),
		"--key-file=-",
	]);
	expect([made.status, made.stderr]).toEqual([0, ""]);
	expect(opens()).toBe(true);
}

describe("the data partition", () => {
	it("is the one beside the root, whatever a stick calls its own", () => {
		disk("aaa", ["data"]);
		disk("nvme0n1", [...slots, "data"], "rootfs-a");
		expect(run("data-partition").stdout).toBe(`${partition()} ${join(folder, "dev/nvme0n1")} 6\n`);
	});

	it("is known at once when it was just made, by udev's word", () => {
		disk("nvme0n1", [...slots, null], "rootfs-a");
		expect(run("data-partition").stdout).toBe(`${partition()} ${join(folder, "dev/nvme0n1")} 6\n`);
	});

	it("is not there at the first start, and is made", () => {
		disk("aaa", ["data"]);
		disk("nvme0n1", slots, "rootfs-a");
		expect(run("data-partition").stdout).toBe("");
		expect(run("data-make").status).toBe(0);
		expect(tools()).toEqual(["systemd-repart --dry-run=no"]);
		// nothing to be reset
		expect(run("data-reset").status).toBe(1);
	});

	it("stays as it is at each start", () => {
		encrypted();
		expect(run("data-make").status).toBe(0);
		expect(tools()).toEqual(["systemd-repart --dry-run=no"]);
		expect(opens()).toBe(true);
	});

	it("stays where it can't be read just now", () => {
		encrypted();
		rmSync(partition());
		run("data-make");
		expect(tools()).toEqual(["systemd-repart --dry-run=no"]);
	});
});

const anew = () => [
	`delpart ${join(folder, "dev/nvme0n1")} 6`,
	"systemd-repart --dry-run=no --factory-reset=yes",
	"udevadm settle --timeout=60",
];

describe("a factory reset", () => {
	it("destroys both headers and every slot of the key, and the next start makes the partition anew", () => {
		encrypted();
		const before = readFileSync(partition());
		const { status, stdout } = run("data-reset");
		expect([status, stdout]).toEqual([0, "incamera: factory reset, this device starts as nobody's\n"]);
		expect(opens()).toBe(false);
		const after = readFileSync(partition());
		expect(after.length).toBe(before.length);
		// what held a key is none of it left in any of its 4 KiB
		for (let at = 0; at < 16 * MIB; at += 4096) {
			if (after.subarray(at, at + 4096).equals(before.subarray(at, at + 4096))) throw new Error(`left at ${at}`);
		}
		run("data-make");
		expect(tools()).toEqual(anew());
		expect(readFileSync(join(folder, "dev/console"), "utf8")).toBe(
			"incamera: the data partition is made anew: factory reset\n",
		);
	});

	it("that lost its power right after the mark ends all the same, though the headers would still open", () => {
		encrypted();
		const whole = readFileSync(partition());
		run("data-reset");
		const mark = readFileSync(partition()).subarray(0, 512);
		writeFileSync(partition(), Buffer.concat([mark, whole.subarray(512)]));
		run("data-make");
		expect(tools()).toEqual(anew());
		// and that is what the order is for: asked first, cryptsetup puts the header back
		expect(opens()).toBe(true);
	});

	it("that lost its power before the mark has not happened: a header that is half written is mended from its copy", () => {
		encrypted();
		const bytes = readFileSync(partition());
		bytes.fill(0, 512, 4096);
		writeFileSync(partition(), bytes);
		run("data-make");
		expect(tools()).toEqual(["systemd-repart --dry-run=no"]);
		expect(opens()).toBe(true);
	});
});

it("a partition whose headers are both gone is made anew, since nobody can open it", () => {
	encrypted();
	const bytes = readFileSync(partition());
	bytes.fill(0, 0, MIB);
	writeFileSync(partition(), bytes);
	run("data-make");
	expect(tools()).toEqual(anew());
	expect(readFileSync(join(folder, "dev/console"), "utf8")).toContain("its keys are gone");
});

it("systemd's own tool removes and makes it again when told so, as `repart.d` has it", () => {
	const image = join(folder, "disk.img");
	writeFileSync(image, "");
	truncateSync(image, 700 * MIB);
	const type = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";
	execFileSync("sfdisk", ["-q", image], { input: `label: gpt\nstart=1MiB, size=64MiB, type=${type}, name=rootfs-b\n` });
	const definitions = join(folder, "repart.d");
	mkdirSync(definitions);
	const ours = readFileSync(join(programs, "../repart.d/50-data.conf"), "utf8");
	// a file can't be made a device of here
	writeFileSync(join(definitions, "50-data.conf"), ours.replaceAll(/^(?:Format|Encrypt)=.*\n/gm, ""));
	const repart = (...more: string[]) =>
		execFileSync("systemd-repart", ["--dry-run=no", `--definitions=${definitions}`, "--no-pager", ...more, image], {
			stdio: "pipe",
			encoding: "utf8",
		});
	const table = () => execFileSync("sfdisk", ["-d", image], { encoding: "utf8" });
	repart();
	const made = table();
	expect(made).toContain('name="data"');
	const start = Number(/start= *(\d+),.*name="data"/.exec(made)?.[1]) * 512;
	const bytes = Buffer.from("a partition that was used");
	execFileSync("dd", [`of=${image}`, "bs=1", `seek=${start}`, "conv=notrunc", "status=none"], { input: bytes });
	repart("--factory-reset=yes");
	expect(table()).toBe(made);
	const first = execFileSync("dd", [`if=${image}`, "bs=1", `skip=${start}`, `count=${bytes.length}`, "status=none"]);
	expect(first.equals(Buffer.alloc(bytes.length))).toBe(true);
});
