import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { RoomError } from "../../device/core/RoomError.ts";
import { command } from "../core/command.ts";
import { type Made, SOURCE_DATE_EPOCH, type Workshop } from "../core/Workshop.ts";
import { inside } from "./inside.ts";

/**
 * All of ours but the application, as a layer over Debian (`layer`), and the kernel with its initrd beside it. What changes with each commit
 * comes later, so that most builds find this as it was.
 */
export async function system(workshop: Workshop, base: Made): Promise<Made> {
	const files = ["image/root/{system,inside}.ts", "image/root/{overlay/**,finish.sh}"];
	return await workshop.step("system", { files, words: [base.hash] }, async (folder) => {
		const layers = { below: [join(base.folder, "tree")], own: join(folder, "layer") };
		await mkdir(layers.own);
		await copyOver(join(workshop.root, "image/root/overlay"), layers.own);
		await inside(layers, ["sh", join(workshop.root, "image/root/finish.sh")], {
			env: { SOURCE_DATE_EPOCH },
			line: (text) => workshop.progress.detail(text),
		});
		await takeKernel(join(base.folder, "tree/boot"), join(layers.own, "boot"), folder);
	});
}

/** Ours over what is there. Whoever builds, root owns it, and nobody else writes it. */
export async function copyOver(from: string, to: string): Promise<void> {
	const copy =
		'tar -C "$1" --owner=0 --group=0 --mode=u=rwX,go=rX -cf - . | tar -C "$2" --no-same-permissions --no-overwrite-dir -xf -';
	await command("sh", ["-c", `umask 022; ${copy}`, "sh", from, to]);
}

/** Out of the root: both are started from the slot's boot partition. */
async function takeKernel(debian: string, ours: string, folder: string): Promise<void> {
	const [kernel, ...more] = (await readdir(debian)).filter((name) => name.startsWith("vmlinuz-"));
	if (!kernel || more.length > 0) throw new RoomError("image.no_kernel", "the base must have one kernel");
	await command("cp", [join(debian, kernel), join(folder, "vmlinuz")]);
	await rename(join(ours, kernel.replace("vmlinuz", "initrd.img")), join(folder, "initrd"));
	await rm(ours, { recursive: true });
}
