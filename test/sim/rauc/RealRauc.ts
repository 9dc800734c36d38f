import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { keyToPem, toPem } from "../../../provisioning/service/ca/root.ts";
import { signing, x509 } from "../../../provisioning/service/ca/x509.ts";
import type { PrivateBus } from "../dbus/PrivateBus.ts";

const run = promisify(execFile);
const COMPATIBLE = "incamera-room-x86_64";

/**
 * Debian's RAUC as it is, with GRUB's environment and files as slots; only the start of the machine is played: `boot` is GRUB's
 * script. Bundles are of RAUC's old form, since the newer one needs a kernel with dm-verity.
 */
export class RealRauc {
	readonly folder: string;
	readonly #bus: PrivateBus;
	#service: ChildProcess | null = null;
	booted: "A" | "B" = "A";

	private constructor(folder: string, bus: PrivateBus) {
		this.folder = folder;
		this.#bus = bus;
	}

	/** Whether this machine lets a bundle be mounted: root, and a loop device. */
	static isPossible(): boolean {
		if (process.getuid?.() !== 0) return false;
		const probe = `d=$(mktemp -d) && cd "$d" && mkdir in at && : > in/x && mksquashfs in image -quiet -no-progress >/dev/null &&
			mount -o loop,ro image at && umount at; s=$?; rm -rf "$d"; exit $s`;
		return spawnSync("sh", ["-c", probe], { stdio: "ignore" }).status === 0;
	}

	static async make(bus: PrivateBus): Promise<RealRauc> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-real-rauc-"));
		const rauc = new RealRauc(folder, bus);
		for (const name of ["mount", "data"]) await mkdir(rauc.at(name));
		for (const name of ["rootfs-a", "rootfs-b", "boot-a", "boot-b"])
			await writeFile(rauc.at(name), Buffer.alloc(64 * 1024, name));
		await run("grub-editenv", [rauc.at("grubenv"), "create"]);
		await run("grub-editenv", [rauc.at("grubenv"), "set", "ORDER=A B", "A_OK=1", "A_TRY=0", "B_OK=1", "B_TRY=0"]);
		for (const signer of ["ours", "stranger", "expired"]) await rauc.#makeSigner(signer);
		const [ours, expired] = await Promise.all(
			["ours", "expired"].map((name) => readFile(rauc.at(`${name}.pem`), "utf8")),
		);
		await writeFile(rauc.at("keyring.pem"), `${ours}${expired}`);
		await writeFile(rauc.at("system.conf"), rauc.#configuration());
		await rauc.boot();
		return rauc;
	}

	at(name: string): string {
		return join(this.folder, name);
	}

	/** GRUB: the first in order that may still be tried, and its count; then RAUC's service, which learns from the kernel what runs. */
	async boot(starts: (slot: "A" | "B") => boolean = () => true): Promise<void> {
		await this.stop();
		for (;;) {
			const env = await this.environment();
			const order = (env["ORDER"] ?? "A B").split(" ") as ("A" | "B")[];
			const slot = order.find((name) => env[`${name}_OK`] === "1" && Number(env[`${name}_TRY`]) < 3) ?? "A";
			await run("grub-editenv", [this.at("grubenv"), "set", `${slot}_TRY=${Number(env[`${slot}_TRY`]) + 1}`]);
			if (!starts(slot)) continue;
			this.booted = slot;
			break;
		}
		const words = [
			`--conf=${this.at("system.conf")}`,
			`--mount=${this.at("mount")}`,
			`--override-boot-slot=${this.booted}`,
			"service",
		];
		const env = {
			PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
			DBUS_STARTER_BUS_TYPE: "session",
			DBUS_SESSION_BUS_ADDRESS: this.#bus.address,
		};
		this.#service = spawn("rauc", words, { env, stdio: "ignore" });
	}

	/** grubenv. */
	async environment(): Promise<Record<string, string>> {
		const { stdout } = await run("grub-editenv", [this.at("grubenv"), "list"]);
		return Object.fromEntries(
			stdout
				.trim()
				.split("\n")
				.map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]),
		);
	}

	/** What a slot holds at its beginning. */
	async content(slot: string, bytes: number): Promise<string> {
		return (await readFile(this.at(slot))).toString("latin1", 0, bytes);
	}

	/** A signed bundle whose images begin with its version. */
	async bundle({
		version,
		compatible = COMPATIBLE,
		signer = "ours",
	}: {
		version: string;
		compatible?: string;
		signer?: string;
	}): Promise<Buffer> {
		const inside = await mkdtemp(this.at("bundle-"));
		const out = this.at(`${version}-${signer}-${compatible}.raucb`);
		for (const name of ["rootfs", "boot"])
			await writeFile(join(inside, `${name}.img`), `${name} ${version}`.padEnd(8192, "."));
		await writeFile(
			join(inside, "manifest.raucm"),
			`[update]\ncompatible=${compatible}\nversion=${version}\n\n[bundle]\nformat=plain\n\n[image.rootfs]\nfilename=rootfs.img\n\n[image.boot]\nfilename=boot.img\n`,
		);
		await rm(out, { force: true });
		await run("rauc", [
			`--cert=${this.at(`${signer}.pem`)}`,
			`--key=${this.at(`${signer}.key`)}`,
			"bundle",
			inside,
			out,
		]);
		return readFile(out);
	}

	async stop(): Promise<void> {
		const service = this.#service;
		this.#service = null;
		if (!service || service.exitCode !== null) return;
		const ended = once(service, "exit");
		service.kill();
		await ended;
	}

	async remove(): Promise<void> {
		await this.stop();
		await rm(this.folder, { recursive: true, force: true });
	}

	/** A certificate of its own, in force since two days; `expired` ended yesterday. */
	async #makeSigner(name: string): Promise<void> {
		const keys = await crypto.subtle.generateKey(signing, true, ["sign", "verify"]);
		const day = 86_400_000;
		const certificate = await x509.X509CertificateGenerator.createSelfSigned({
			name: `CN=${name}`,
			notBefore: new Date(Date.now() - 2 * day),
			notAfter: new Date(Date.now() + (name === "expired" ? -day : day)),
			signingAlgorithm: signing,
			keys,
			extensions: [await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)],
		});
		await writeFile(this.at(`${name}.pem`), toPem(certificate));
		await writeFile(this.at(`${name}.key`), await keyToPem(keys.privateKey));
	}

	#configuration(): string {
		const slots = ["a", "b"].flatMap((letter, at) => [
			`[slot.rootfs.${at}]\ndevice=${this.at(`rootfs-${letter}`)}\ntype=raw\nbootname=${letter.toUpperCase()}\n`,
			`[slot.boot.${at}]\ndevice=${this.at(`boot-${letter}`)}\ntype=raw\nparent=rootfs.${at}\n`,
		]);
		const system = {
			compatible: COMPATIBLE,
			bootloader: "grub",
			grubenv: this.at("grubenv"),
			statusfile: this.at("data/central.status"),
			"data-directory": this.at("data"),
			"activate-installed": "false",
		};
		const lines = Object.entries(system).map(([key, value]) => `${key}=${value}\n`);
		return `[system]\n${lines.join("")}\n[keyring]\npath=${this.at("keyring.pem")}\ncheck-purpose=any\n\n${slots.join("\n")}`;
	}
}
