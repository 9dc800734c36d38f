import { appendFile, copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sha256Of } from "../core/hashOf.ts";
import { type Made, SOURCE_DATE_EPOCH, type Workshop } from "../core/Workshop.ts";
import { type Keys, publicPart } from "../keys/keys.ts";
import { inside } from "./inside.ts";
import { reproducible, startImage } from "./startImage.ts";
import { copyOver } from "./system.ts";
import { appendVerity } from "./verity.ts";

export interface RootParts {
	base: Made;
	system: Made;
	application: Made;
	keys: Keys;
	version: string;
	/** Packs in a third of the time and a tenth larger: to try something out. */
	quick: boolean;
}

const home = "usr/lib/incamera";

/** What a slot holds: `rootfs.img` and `boot.img`; `root.json` says their hashes. */
export async function root(workshop: Workshop, parts: RootParts): Promise<Made> {
	const { base, system, application, keys, version } = parts;
	const files = [
		"image/root/{root,verity,startImage,pe,inside,pack.sh}*",
		"provisioning/agent/systemd/*.{service,path}",
	];
	const level = parts.quick ? "3" : "12";
	const words = [level, system.hash, application.hash, version, ...(await publicPart(keys))];
	return await workshop.step("root", { files, words }, async (folder) => {
		const { progress } = workshop;
		const layers = { below: [join(system.folder, "layer"), join(base.folder, "tree")], own: join(folder, "layer") };
		await mkdir(join(layers.own, home), { recursive: true });
		await copyOver(application.folder, join(layers.own, home));
		const put = async (from: string, to: string): Promise<void> => {
			await mkdir(dirname(join(layers.own, to)), { recursive: true });
			await copyFile(from, join(layers.own, to));
		};
		for (const unit of ["incamera-agent.service", "incamera-restart.path", "incamera-restart.service"]) {
			await put(join(workshop.root, "provisioning/agent/systemd", unit), `usr/lib/systemd/system/${unit}`);
		}
		await put(keys.bundle.ca, "etc/rauc/keyring.pem");
		if (keys.updateRoot) await put(keys.updateRoot, `${home}/update-root.json`);
		const osRelease = join(layers.own, "usr/lib/os-release");
		await put(join(base.folder, "tree/usr/lib/os-release"), "usr/lib/os-release");
		await appendFile(osRelease, `IMAGE_ID=incamera\nIMAGE_VERSION=${version}\n`);

		const image = join(folder, "rootfs.img");
		await inside(layers, ["sh", join(workshop.root, "image/root/pack.sh"), image, ...reproducible], {
			env: { SOURCE_DATE_EPOCH, level },
			line: (text) => progress.detail(text),
		});
		const verity = await appendVerity(image, version);
		progress.detail("kernel image");
		const [kernel, initrd] = [join(system.folder, "vmlinuz"), join(system.folder, "initrd")];
		await startImage({ kernel, initrd, osRelease, verity }, keys, folder);
		const hashes = { rootfs: await sha256Of(image), boot: await sha256Of(join(folder, "boot.img")) };
		await writeFile(
			join(folder, "root.json"),
			JSON.stringify({ version, rootHash: verity.rootHash, ...hashes }, null, "\t"),
		);
	});
}
