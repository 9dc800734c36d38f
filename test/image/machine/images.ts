/** The images that the machines of these tests run, built once and kept like those of a person. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { base } from "../../../image/base/base.ts";
import { bundle } from "../../../image/bundle/bundle.ts";
import { command } from "../../../image/core/command.ts";
import { type Made, Workshop } from "../../../image/core/Workshop.ts";
import { disk } from "../../../image/disk/disk.ts";
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

/** The disk of a device that comes out of its box with this version. */
export const diskOf = async (signing: Keys, version: string): Promise<Made> =>
	disk(workshop, await slotOf(signing, version), signing);

/** An image repository, whose root the images of these keys believe, with a release in it; and the folder that goes with it. */
export async function publish(signing: Keys, version: string): Promise<{ folder: string; remove(): Promise<void> }> {
	const made = await bundle(workshop, { root: await slotOf(signing, version), keys: signing, version });
	const folder = await mkdtemp(join(tmpdir(), "incamera-repository-"));
	// of its own: what a test releases nobody else is offered
	await cp(join(signing.folder, "repository"), folder, { recursive: true });
	await command(process.execPath, [
		...[join(repository, "provisioning/cli/main.ts"), "image", "repo", "publish", folder],
		...[join(made.folder, "update.raucb"), "--firmware", version, "--keys", join(signing.folder, "repository-keys")],
	]);
	return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
