import { link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../core/command.ts";
import { commitOf } from "../core/commitOf.ts";
import { type Made, SOURCE_DATE_EPOCH, type Workshop } from "../core/Workshop.ts";
import { type Keys, publicPart } from "../keys/keys.ts";
import { manifest } from "./manifest.ts";

/** An update for either slot, `update.raucb`: signed as a whole, and each block verified while it is read. */
export async function bundle(workshop: Workshop, parts: { root: Made; keys: Keys; version: string }): Promise<Made> {
	const { root, keys, version } = parts;
	const commit = await commitOf(workshop.root);
	const words = [root.hash, version, commit.id, ...(await publicPart(keys))];
	return await workshop.step("bundle", { files: ["image/bundle/**"], words }, async (folder) => {
		const content = join(folder, "content");
		await mkdir(content);
		for (const name of ["rootfs.img", "boot.img"]) await link(join(root.folder, name), join(content, name));
		await writeFile(join(content, "manifest.raucm"), manifest({ version, commit }));
		// it is verified as a device would
		const device = await readFile(join(workshop.root, "image/root/overlay/etc/rauc/system.conf"), "utf8");
		const conf = join(folder, "system.conf");
		await writeFile(conf, device.replace(/^path=.*$/m, `path=${keys.bundle.ca}`));
		const signing = [`--cert=${keys.bundle.certificate}`, `--key=${keys.bundle.key}`];
		// what is in it is packed already
		const packing = "--mksquashfs-args=-comp zstd -Xcompression-level 1 -noD -noF";
		const file = join(folder, "update.raucb");
		await command("rauc", [`--conf=${conf}`, "bundle", ...signing, packing, content, file], {
			env: { SOURCE_DATE_EPOCH },
		});
		await command("rauc", [`--conf=${conf}`, "info", file]);
		await rm(content, { recursive: true });
		const grown = (await stat(join(folder, "update.raucb"))).size / (await stat(join(root.folder, "rootfs.img"))).size;
		workshop.progress.say(`  ${((grown - 1) * 100).toFixed(1)} % more than the root itself`);
	});
}
