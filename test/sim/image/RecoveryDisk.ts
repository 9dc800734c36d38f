import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DataHeader } from "../../../image/root/programs/recovery/DataHeader.ts";
import { EnvelopeFiles } from "../../../image/root/programs/recovery/EnvelopeFiles.ts";
import type { Places } from "../../../image/root/programs/recovery/keepRecoveryKey.ts";
import { type RecoveryCertificate, readCertificate } from "../../../provisioning/recovery/readCertificate.ts";
import { CommandLine } from "./CommandLine.ts";

const run = promisify(execFile);
const MIB = 1024 ** 2;
/** A header and a little more. */
const DATA_MIB = 17;
const PATH = `${process.env["PATH"]}:/usr/sbin:/sbin`;
const cheap = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"];

/**
 * A device's disk after its first start: a real LUKS2 header, in a file, and the start partition, as a folder. In the place of the TPM is a file with the key that is in slot 0.
 * `restore("first start")` brings it back to where it begins.
 */
export class RecoveryDisk {
	readonly folder: string;

	private constructor(folder: string) {
		this.folder = folder;
	}

	static async make(): Promise<RecoveryDisk> {
		// cryptsetup waits for the disk at each write, and wipes at length: in memory, where that can be
		const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
		const disk = new RecoveryDisk(await mkdtemp(join(place, "incamera-recovery-test-")));
		await writeFile(disk.at("tpm"), "the TPM's");
		await mkdir(disk.at("efi"));
		await run("truncate", ["-s", String(DATA_MIB * MIB), disk.at("data")]);
		const words = ["luksFormat", "--batch-mode", "--type", "luks2", ...cheap, disk.at("data"), disk.at("tpm")];
		await run("cryptsetup", words, { env: { ...process.env, PATH } });
		await disk.keep("first start");
		return disk;
	}

	at(name: string): string {
		return join(this.folder, name);
	}

	/** What is on the disk now, to come back to. */
	async keep(name: string): Promise<void> {
		await mkdir(this.at(name));
		for (const part of ["data", "efi"]) await cp(this.at(part), join(this.at(name), part), { recursive: true });
	}

	async restore(name: string): Promise<void> {
		await rm(this.at("efi"), { recursive: true });
		for (const part of ["data", "efi"]) await cp(join(this.at(name), part), this.at(part), { recursive: true });
	}

	get places(): Places {
		return {
			header: new DataHeader(this.at("data"), ["--key-file", this.at("tpm")]),
			files: new EnvelopeFiles(this.at("efi")),
		};
	}

	/** A key pair of IT's, by the command that IT uses. */
	async pair(
		name: string,
		...more: string[]
	): Promise<{ certificate: RecoveryCertificate; key: string; folder: string }> {
		const command = new CommandLine();
		const words = ["image", "recovery-key", "new", "--to", this.at(name), ...more];
		if (!more.includes("--passphrase-file")) words.push("--no-passphrase");
		if ((await command.run(...words)) !== 0) throw new Error(command.err);
		const certificate = readCertificate(await readFile(join(this.at(name), "recovery.pem"), "utf8"));
		return { certificate, key: join(this.at(name), "recovery.key"), folder: this.at(name) };
	}

	/** The whole disk as one file: start partition (FAT) and data. */
	async image(name: string, of: { data?: boolean } = {}): Promise<string> {
		const [disk, esp] = [this.at(name), this.at(`${name}.esp`)];
		const data = of.data ?? true;
		const dataPart = `start=5MiB, size=${DATA_MIB}MiB, type=L, name=data\n`;
		const table = `label: gpt\nstart=1MiB, size=4MiB, type=U, name=esp\n${data ? dataPart : ""}`;
		await run("truncate", ["-s", String((6 + DATA_MIB) * MIB), disk]);
		const sfdisk = run("sfdisk", ["-q", disk], { env: { ...process.env, PATH } });
		sfdisk.child.stdin?.end(table);
		await sfdisk;
		await run("truncate", ["-s", String(4 * MIB), esp]);
		await run("mkfs.vfat", ["-n", "INCAMERA", esp], { env: { ...process.env, PATH } });
		await run("mmd", ["-i", esp, "::/incamera"]);
		for (const file of await readdir(this.at("efi")))
			await run("mcopy", ["-i", esp, join(this.at("efi"), file), `::/incamera/${file}`]);
		const whole = await readFile(disk);
		(await readFile(esp)).copy(whole, MIB);
		if (data) (await readFile(this.at("data"))).copy(whole, 5 * MIB);
		await writeFile(disk, whole);
		await rm(esp);
		return disk;
	}

	async remove(): Promise<void> {
		await rm(this.folder, { recursive: true, force: true });
	}
}
