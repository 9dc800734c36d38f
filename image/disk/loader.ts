import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../core/command.ts";
import { SOURCE_DATE_EPOCH } from "../core/Workshop.ts";
import type { Keys } from "../keys/keys.ts";
import { signForFirmware } from "../root/startImage.ts";

/** What GRUB is made of, and nothing more: each module is code before anything was verified. */
const modules = [
	...["part_gpt", "fat", "squash4", "memdisk", "tar", "normal", "configfile"],
	...["chain", "boot", "loadenv", "test", "regexp", "echo", "sleep", "reboot", "serial", "terminal"],
	...["pgp", "gcry_sha256", "gcry_sha512", "gcry_rsa"],
];

/** Revocation data that newer firmware asks for (shim's SBAT.md). */
const sbat = `sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md
grub,3,Free Software Foundation,grub,2.06,https://www.gnu.org/software/grub/
`;

/**
 * GRUB as one signed file, `BOOTX64.EFI`, with this configuration inside. The firmware's own check lets it in, and it lets in what has a
 * detached signature by the loader's key; there is no shim, as the machine has our key and no other.
 */
export async function loader(keys: Keys, config: string, folder: string): Promise<string> {
	await mkdir(join(folder, "memdisk/boot/grub"), { recursive: true });
	await writeFile(join(folder, "memdisk/boot/grub/grub.cfg"), config);
	await command("tar", [
		...["--sort=name", `--mtime=@${SOURCE_DATE_EPOCH}`, "--owner=0", "--group=0", "--format=ustar"],
		...["-C", join(folder, "memdisk"), "-cf", join(folder, "memdisk.tar"), "boot"],
	]);
	await writeFile(
		join(folder, "early.cfg"),
		"set prefix=(memdisk)/boot/grub\nconfigfile (memdisk)/boot/grub/grub.cfg\n",
	);
	await writeFile(join(folder, "sbat.csv"), sbat);
	const unsigned = join(folder, "grub.efi");
	await command("grub-mkimage", [
		...["-O", "x86_64-efi", "-o", unsigned, "-p", "/boot/grub", "-c", join(folder, "early.cfg")],
		...["-m", join(folder, "memdisk.tar"), "--sbat", join(folder, "sbat.csv"), "--disable-shim-lock"],
		...["-k", keys.loader.publicKey, ...modules],
	]);
	const signed = join(folder, "BOOTX64.EFI");
	await signForFirmware(unsigned, signed, keys);
	return signed;
}
