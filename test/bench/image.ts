/**
 * The firmware image: how large it is, how long it takes after a change of our own code, whether the same source gives the same image, and
 * how soon a device that is switched on shows its panel. As root, with what `npm run image` needs; the device is emulated without KVM, and its
 * time is worth something only beside that of another image on the same machine.
 */
import { mkdtemp, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { base } from "../../image/base/base.ts";
import { bundle } from "../../image/bundle/bundle.ts";
import { command } from "../../image/core/command.ts";
import { type Made, Workshop } from "../../image/core/Workshop.ts";
import { disk } from "../../image/disk/disk.ts";
import { type Keys, keys } from "../../image/keys/keys.ts";
import { application } from "../../image/root/application.ts";
import { root } from "../../image/root/root.ts";
import { system } from "../../image/root/system.ts";
import { Machine } from "../image/machine/Machine.ts";
import { atMost, median, type Row } from "./report.ts";

const repository = join(import.meta.dirname, "../..");
const cache = join(repository, "build/image");

interface Built {
	root: Made;
	disk: Made;
	bundle: Made;
}

async function build(workshop: Workshop, signing: Keys, version: string): Promise<Built> {
	const debian = await base(workshop, { updateLock: false });
	const parts = { base: debian, system: await system(workshop, debian), application: await application(workshop) };
	const slot = await root(workshop, { ...parts, keys: signing, version, quick: false });
	return {
		root: slot,
		disk: await disk(workshop, slot, signing),
		bundle: await bundle(workshop, { root: slot, keys: signing, version }),
	};
}

/** As after a change of our code: Debian and our settings are as they were, all that depends on our code is made anew, aside. */
async function again(signing: Keys, version: string, look: (built: Built) => Promise<void>): Promise<number> {
	const aside = await mkdtemp(join(tmpdir(), "incamera-image-"));
	try {
		for (const name of await readdir(cache))
			if (/^(?:base|system)-[0-9a-f]{16}$/.test(name)) await symlink(join(cache, name), join(aside, name));
		const begun = performance.now();
		const built = await build(new Workshop(repository, { cache: aside }), signing, version);
		const seconds = (performance.now() - begun) / 1000;
		await look(built);
		return seconds;
	} finally {
		await rm(aside, { recursive: true, force: true });
	}
}

/** Of a device that has been started before: seconds from power to a painted panel, and MB that our units hold then. */
async function starts(made: Made, signing: Keys, times: number): Promise<{ painted: number[]; held: number[] }> {
	const machine = await Machine.unbox(made, signing);
	const [painted, held]: [number[], number[]] = [[], []];
	try {
		for (let start = 0; start <= times; start += 1) {
			const emulator = await machine.on();
			await emulator.says(/incamera: panel painted, \d+ s/);
			if (start > 0) painted.push(emulator.seconds);
			const memory = await emulator.says(/incamera: memory of room \d+ MB, agent \d+ MB/);
			held.push([...memory.matchAll(/(\d+) MB/g)].reduce((sum, [, megabytes]) => sum + Number(megabytes), 0));
			await emulator.says(/incamera: healthy/);
			await machine.off();
		}
	} finally {
		await machine.throwAway();
	}
	return { painted, held };
}

export async function bench({ quick }: { quick: boolean }): Promise<Row[]> {
	const workshop = new Workshop(repository);
	const signing = await keys(workshop, { release: false });
	const { version } = JSON.parse(await readFile(join(repository, "package.json"), "utf8")) as { version: string };
	const built = await build(workshop, signing, version);
	const megabytes = async (folder: string, name: string) => (await stat(join(folder, name))).size / 1e6;
	const rootSize = await megabytes(built.root.folder, "rootfs.img");
	const bundleSize = await megabytes(built.bundle.folder, "update.raucb");
	const folder = await mkdtemp(join(tmpdir(), "incamera-image-"));
	const packed = join(folder, "disk.img.zst");
	await command("zstd", ["-q", "-1", "-T2", join(built.disk.folder, "disk.img"), "-o", packed]);
	const diskSize = (await stat(packed)).size / 1e6;
	await rm(folder, { recursive: true });

	const hashes = (made: Made) => readFile(join(made.folder, "root.json"), "utf8");
	let differ = 0;
	const rebuilt = await again(signing, version, async (other) => {
		differ = (await hashes(other.root)) === (await hashes(built.root)) ? 0 : 1;
	});
	const times = quick ? 1 : 3;
	const { painted, held } = await starts(built.disk, signing, times);
	const row = (metric: string, unit: string, value: number, most: number, n = 1) =>
		atMost({ bench: "image", metric, unit }, value, most, n);
	return [
		row("root", "MB", rootSize, 520),
		row("disk image, packed", "MB", diskSize, 600),
		row("update, of the root", "%", (bundleSize / rootSize) * 100, 103),
		row("rebuilt after a change of our code", "s", rebuilt, 120),
		row("of two builds of one source: root and kernel image that differ", "", differ, 0, 2),
		row("power → panel painted, emulated", "s", median(painted), 90, times),
		row("room program and agent of a device that nobody owns", "MB", median(held), 220, held.length),
	];
}
