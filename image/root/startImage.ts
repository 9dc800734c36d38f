import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../core/command.ts";
import { SOURCE_DATE_EPOCH } from "../core/Workshop.ts";
import type { Keys } from "../keys/keys.ts";
import { peSections, withoutTimestamp } from "./pe.ts";
import type { Verity } from "./verity.ts";

/** What the firmware starts and the kernel image is put into. */
const stub = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";
const PAGE = 0x1000;

export interface StartParts {
	kernel: string;
	initrd: string;
	osRelease: string;
	verity: Verity;
}

/**
 * One signed program with kernel, initrd and the root's hash, and what GRUB checks beside it: `boot.img`, a squashfs for the slot's boot
 * partition. It has no command line of its own, so that it fits both slots; the loader, signed as well, passes one.
 */
export async function startImage(parts: StartParts, keys: Keys, folder: string): Promise<void> {
	const work = join(folder, "start");
	await mkdir(join(work, "etc"), { recursive: true });
	await mkdir(join(work, "boot"));
	const { rootHash, hashOffset } = parts.verity;
	await writeFile(join(work, "etc/incamera-root"), `ROOT_HASH=${rootHash}\nHASH_OFFSET=${hashOffset}\n`);
	await command("touch", ["-d", `@${SOURCE_DATE_EPOCH}`, join(work, "etc"), join(work, "etc/incamera-root")]);
	// the kernel unpacks one archive after the other: the root's hash comes last, and the signature covers all
	const pack =
		'printf "%s\\n" etc etc/incamera-root | cpio --quiet -o -H newc -R 0:0 --reproducible >root.cpio && cat "$1" root.cpio >initrd';
	await command("sh", ["-c", pack, "sh", parts.initrd], { cwd: work });

	const end = Math.max(...peSections(await readFile(stub)).map((one) => one.virtualAddress + one.virtualSize));
	let address = Math.ceil(end / PAGE) * PAGE;
	const sections: string[] = [];
	for (const [name, file] of [
		[".osrel", parts.osRelease],
		[".linux", parts.kernel],
		[".initrd", join(work, "initrd")],
	] as const) {
		sections.push("--add-section", `${name}=${file}`, "--change-section-vma", `${name}=0x${address.toString(16)}`);
		address += Math.ceil((await stat(file)).size / PAGE) * PAGE;
	}
	const unsigned = join(work, "unsigned.efi");
	await command("objcopy", [...sections, stub, unsigned], { env: { SOURCE_DATE_EPOCH } });
	const bytes = await readFile(unsigned);
	withoutTimestamp(bytes);
	await writeFile(unsigned, bytes);
	const signed = join(work, "boot/linux.efi");
	await signForFirmware(unsigned, signed, keys);
	await signForLoader(signed, keys);
	// not compressed: GRUB reads it faster so, and kernel and initrd are packed anyway
	await command("mksquashfs", [
		join(work, "boot"),
		join(folder, "boot.img"),
		...reproducible,
		"-all-root",
		"-noI",
		"-noD",
		"-noF",
	]);
	await rm(work, { recursive: true });
}

/** Options of mksquashfs for an image that is the same bytes each time. */
export const reproducible = [
	"-quiet",
	"-no-progress",
	"-noappend",
	"-mkfs-time",
	SOURCE_DATE_EPOCH,
	"-all-time",
	SOURCE_DATE_EPOCH,
];

export async function signForFirmware(from: string, to: string, { secureBoot }: Keys): Promise<void> {
	await command("sbsign", ["--key", secureBoot.key, "--cert", secureBoot.certificate, "--output", to, from]);
}

/** Writes `file.sig`. */
export async function signForLoader(file: string, { loader }: Keys): Promise<void> {
	await command(
		"gpg",
		["--batch", "--yes", "--digest-algo", "SHA512", "--detach-sign", "--output", `${file}.sig`, file],
		{
			env: { GNUPGHOME: loader.home },
		},
	);
}
