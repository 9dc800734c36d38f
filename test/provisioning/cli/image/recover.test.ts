import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keepRecoveryKey } from "../../../../image/root/programs/recovery/keepRecoveryKey.ts";
import { openedAs, partitionName } from "../../../../provisioning/cli/image/recovery/recoverKey.ts";
import { seal } from "../../../../provisioning/recovery/envelope.ts";
import { opens } from "../../../../provisioning/recovery/luksHeader.ts";
import { makeRecoveryKey } from "../../../../provisioning/recovery/recoveryKey.ts";
import { CommandLine } from "../../../sim/image/CommandLine.ts";
import { RecoveryDisk } from "../../../sim/image/RecoveryDisk.ts";

let disk: RecoveryDisk;
let it: Awaited<ReturnType<RecoveryDisk["pair"]>>;
let command: CommandLine;

beforeAll(async () => {
	disk = await RecoveryDisk.make();
	it = await disk.pair("it");
	await keepRecoveryKey(disk.places, it.certificate);
	await disk.keep("in service");
});
afterAll(() => disk.remove());
beforeEach(async () => {
	command = new CommandLine();
	await disk.restore("in service");
});

const recover = (image: string, key: string, ...more: string[]) =>
	command.run("image", "recover", image, "--key", key, ...more);
const envelope = () => join(disk.at("efi"), "recovery-1.cms");

describe("a device's disk", () => {
	test("gives IT the key that opens it, and the disk is as it was", async () => {
		const image = await disk.image("whole");
		const before = await readFile(image);
		expect(await recover(image, it.key, "--json")).toBe(0);
		const { recoveryKey, commands } = JSON.parse(command.out) as { recoveryKey: string; commands: string[] };
		expect(await opens(disk.at("data"), 1, Buffer.from(recoveryKey))).toBe(true);
		expect(commands[1]).toBe("cryptsetup open --readonly /dev/loopNp2 incamera-data");
		expect(await recover(image, it.key)).toBe(0);
		expect(command.out).toContain(recoveryKey);
		expect(command.out).toContain("cryptsetup open --readonly");
		expect(command.out).toContain("mount -o ro,noload /dev/mapper/incamera-data");
		expect((await readFile(image)).equals(before)).toBe(true);
	});

	test("gives nobody else anything, and says whose it is", async () => {
		const stranger = await disk.pair("stranger");
		expect(await recover(await disk.image("foreign"), stranger.key)).toBe(4);
		expect(command.err).toContain("recover.key_foreign");
		expect(command.err).toContain(it.certificate.fingerprint);
		expect(command.out).toBe("");
	});

	test("whose private key has a passphrase asks for it, and takes no other", async () => {
		await writeFile(disk.at("passphrase"), "correct horse\n");
		await writeFile(disk.at("wrong"), "wrong\n");
		const locked = await disk.pair("locked", "--passphrase-file", disk.at("passphrase"));
		await disk.restore("first start");
		await keepRecoveryKey(disk.places, locked.certificate);
		const image = await disk.image("locked-disk");
		expect(await recover(image, locked.key, "--passphrase-file", disk.at("passphrase"))).toBe(0);
		for (const words of [["--passphrase-file", disk.at("wrong")], []]) {
			expect(await recover(image, locked.key, ...words)).toBe(4);
			expect(command.err).toContain("recover.key_unreadable");
		}
		expect(await recover(image, disk.at("nothing"))).toBe(4);
	});

	test("without a file says what that means", async () => {
		await disk.places.files.remove(1);
		expect(await recover(await disk.image("no-file"), it.key)).toBe(5);
		expect(command.err).toContain("recover.no_file");
		expect(command.err).toContain("flash it again");
	});

	test("whose start partition is damaged says so", async () => {
		const image = await disk.image("damaged");
		const whole = await readFile(image);
		await writeFile(image, whole.fill(0, 1024 ** 2, 2 * 1024 ** 2));
		expect(await recover(image, it.key)).toBe(7);
		expect(command.err).toContain("recover.start_damaged");
	});

	test("with an altered file says so", async () => {
		const whole = await readFile(envelope());
		const flipped = Buffer.from(whole).fill(0, whole.byteLength - 40, whole.byteLength - 30);
		const own = await seal(Buffer.from("rm -rf /"), it.certificate);
		for (const content of [flipped, whole.subarray(0, 100), Buffer.alloc(20_000, 0x30), Buffer.alloc(0), own]) {
			await writeFile(envelope(), content);
			expect(await recover(await disk.image("altered"), it.key)).toBe(7);
			expect(command.err).toContain("recover.file_altered");
		}
	});

	test("with the file of another device says that it opens nothing", async () => {
		await writeFile(envelope(), await seal(makeRecoveryKey(), it.certificate));
		expect(await recover(await disk.image("other"), it.key)).toBe(7);
		expect(command.err).toContain("recover.not_this_partition");
		expect(command.out).toBe("");
	});

	test("that was never started, or whose data was erased, has nothing to recover", async () => {
		expect(await recover(await disk.image("new", { data: false }), it.key)).toBe(5);
		expect(command.err).toContain("recover.no_data_partition");
		await writeFile(disk.at("data"), Buffer.alloc(1024 ** 2));
		expect(await recover(await disk.image("erased"), it.key)).toBe(5);
		expect(command.err).toContain("recover.no_data_partition");
		expect(await recover(disk.at("data"), it.key)).toBe(5);
		expect(await recover(disk.at("nothing"), it.key)).toBe(5);
	});

	test("gives the key that works, if a power cut left two files", async () => {
		await writeFile(join(disk.at("efi"), "recovery-2.cms"), await readFile(envelope()));
		await writeFile(envelope(), await seal(makeRecoveryKey(), it.certificate));
		expect(await recover(await disk.image("two"), it.key)).toBe(7);
		await disk.restore("in service");
		await writeFile(join(disk.at("efi"), "recovery-2.cms"), await seal(makeRecoveryKey(), it.certificate));
		expect(await recover(await disk.image("two"), it.key)).toBe(0);
	});

	test("has partitions as the kernel names them, and is looked at for one that is open", async () => {
		expect(["/dev/sdb", "/dev/nvme0n1", "/dev/mmcblk0"].map((one) => partitionName(one, 6))).toEqual([
			"sdb6",
			"nvme0n1p6",
			"mmcblk0p6",
		]);
		await mkdir(join(disk.at("sys"), "class/block/sdb6/holders"), { recursive: true });
		expect(await openedAs("sdb6", disk.at("sys"))).toBeNull();
		await mkdir(join(disk.at("sys"), "class/block/dm-3/dm"), { recursive: true });
		await writeFile(join(disk.at("sys"), "class/block/dm-3/dm/name"), "incamera-data\n");
		await symlink("../../dm-3", join(disk.at("sys"), "class/block/sdb6/holders/dm-3"));
		expect(await openedAs("sdb6", disk.at("sys"))).toBe("incamera-data");
		expect(await openedAs("sdc6", disk.at("sys"))).toBeNull();
	});
});

describe("IT's pair", () => {
	const make = (...words: string[]) => command.run("image", "recovery-key", "new", ...words);

	test("is a key that only its owner reads, and a certificate; none is written over", async () => {
		expect(await make("--to", disk.at("pair"), "--no-passphrase", "--name", "Büro (IT)", "--json")).toBe(0);
		const { key, certificate, fingerprint } = JSON.parse(command.out) as Record<string, string>;
		expect((await stat(key as string)).mode & 0o077).toBe(0);
		expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
		const before = await readFile(key as string);
		expect(await make("--to", disk.at("pair"), "--no-passphrase")).toBe(6);
		expect((await readFile(key as string)).equals(before)).toBe(true);
		expect(await readFile(certificate as string, "utf8")).toMatch(/^-----BEGIN CERTIFICATE-----/);
	});

	test("without a terminal has a passphrase from a file, or says that it has none", async () => {
		expect(await make("--to", disk.at("unasked"))).toBe(2);
		expect(command.err).toContain("--no-passphrase");
		expect(await make("--to", disk.at("unasked"), "--no-passphrase", "--name", "a/CN=b")).toBe(2);
		expect(await make("--to", disk.at("unasked"), "--no-passphrase", "--replaces", disk.at("nowhere"))).toBe(1);
		expect(command.err).toContain("recovery.not_made");
		// and is in the way of no other try
		expect(await make("--to", disk.at("unasked"), "--no-passphrase")).toBe(0);
	});
});
