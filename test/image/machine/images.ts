/** The images that the machines of these tests run, built once and kept like those of a person. */
import { cp, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { base } from "../../../image/base/base.ts";
import { bundle } from "../../../image/bundle/bundle.ts";
import { command } from "../../../image/core/command.ts";
import { type Made, Workshop } from "../../../image/core/Workshop.ts";
import { disk } from "../../../image/disk/disk.ts";
import { stick } from "../../../image/disk/stick.ts";
import { type Keys, keys } from "../../../image/keys/keys.ts";
import { application } from "../../../image/root/application.ts";
import { root } from "../../../image/root/root.ts";
import { system } from "../../../image/root/system.ts";

const repository = join(import.meta.dirname, "../../..");
const workshop = new Workshop(repository);

export const developmentKeys = (): Promise<Keys> => keys(workshop, { release: false });

/** What a slot of this version holds. */
export async function slotOf(signing: Keys, version: string): Promise<Made> {
	const debian = await base(workshop, { updateLock: false });
	const parts = { base: debian, system: await system(workshop, debian), application: await application(workshop) };
	return await root(workshop, { ...parts, keys: signing, version, quick: true });
}

/** The same with a panel's page that never draws anything. */
export async function darkSlotOf(signing: Keys, version: string): Promise<Made> {
	const debian = await base(workshop, { updateLock: false });
	const bright = await application(workshop);
	const inputs = { files: ["test/image/machine/images.ts"], words: [bright.hash] };
	const dark = await workshop.step("dark", inputs, async (folder) => {
		await cp(bright.folder, folder, { recursive: true });
		await writeFile(join(folder, "build/ui/panel/index.html"), "<!doctype html><title>dark</title>");
	});
	const parts = { base: debian, system: await system(workshop, debian), application: dark };
	return await root(workshop, { ...parts, keys: signing, version, quick: true });
}

/** The disk of a device that comes out of its box with this version. */
export const diskOf = async (signing: Keys, version: string): Promise<Made> =>
	disk(workshop, await slotOf(signing, version), signing);

/** The installer's stick of this version. */
export async function stickOf(signing: Keys, version: string): Promise<Made> {
	const slot = await slotOf(signing, version);
	const parts = { root: slot, disk: await disk(workshop, slot, signing), keys: signing, version };
	return await stick(workshop, { ...parts, commit: { id: "unknown", date: null } });
}

/** The same slot, whose root was hit after it was signed: the loader starts it, and its first blocks are not what the kernel image promises. */
const hit = (slot: Made): Promise<Made> =>
	workshop.step("hit", { files: ["test/image/machine/images.ts"], words: [slot.hash] }, async (folder) => {
		for (const name of ["boot.img", "rootfs.img"]) await cp(join(slot.folder, name), join(folder, name));
		const rootfs = await open(join(folder, "rootfs.img"), "r+");
		await rootfs.write(Buffer.alloc(1024 * 1024, "hit"), 0, 1024 * 1024, 0);
		await rootfs.close();
	});

/** The update of a slot. */
export const bundleOf = (signing: Keys, slot: Made, version: string): Promise<Made> =>
	bundle(workshop, { root: slot, keys: signing, version });

/** An image repository, whose root the images of these keys believe, and in which tests release. */
export class Releases {
	readonly folder: string;
	readonly #signing: Keys;

	private constructor(folder: string, signing: Keys) {
		this.folder = folder;
		this.#signing = signing;
	}

	static async open(signing: Keys): Promise<Releases> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-repository-"));
		// of its own: what a test releases nobody else is offered
		await cp(join(signing.folder, "repository"), folder, { recursive: true });
		return new Releases(folder, signing);
	}

	/** `starts: false`: of what `slot` holds, in a form that no device can start. */
	async publish(version: string, slot: Made, { starts = true } = {}): Promise<void> {
		const root = starts ? slot : await hit(slot);
		const made = await bundleOf(this.#signing, root, version);
		await command(process.execPath, [
			...[join(repository, "provisioning/cli/main.ts"), "image", "repo", "publish", this.folder],
			...[join(made.folder, "update.raucb"), "--firmware", version],
			...["--keys", join(this.#signing.folder, "repository-keys")],
		]);
	}

	async remove(): Promise<void> {
		await rm(this.folder, { recursive: true, force: true });
	}
}
