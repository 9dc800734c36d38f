/**
 * The firmware image: `npm run image -- build|bundle|stick|run|sbom`. What each step leaves is kept by the hash of what it was made of; results
 * are in `image/out`.
 *
 * Exit codes: 0 done, 1 failed (with a code and a sentence), 2 wrong arguments.
 */

import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RoomError } from "../device/core/RoomError.ts";
import { base, readLock } from "./base/base.ts";
import { bundle } from "./bundle/bundle.ts";
import { command } from "./core/command.ts";
import { commitOf } from "./core/commitOf.ts";
import { type Made, SOURCE_DATE_EPOCH, Workshop } from "./core/Workshop.ts";
import { disk } from "./disk/disk.ts";
import { signDisk } from "./disk/signDisk.ts";
import { stick } from "./disk/stick.ts";
import { type Keys, keys } from "./keys/keys.ts";
import { application } from "./root/application.ts";
import { root } from "./root/root.ts";
import { system } from "./root/system.ts";
import { run } from "./run/run.ts";
import { type PackageLock, sbom } from "./sbom/sbom.ts";

const usage = `usage: npm run image -- build    the disk image, the update, and what is in them; as root
       npm run image -- bundle   the update only
       npm run image -- stick    a USB stick that installs it on the machine that it starts
       npm run image -- run      starts the image in an emulator
       npm run image -- sbom     what is in it, without building it

  --version V     of the firmware (package.json has the usual one)
  --update-lock   take the mirror's newest packages, and say what changed
  --release       refuse development keys; with --keys FOLDER
  --quick         pack in a third of the time and a tenth larger
  --fresh         run: a new machine, not the one of the last time
`;

const repository = join(import.meta.dirname, "..");
const out = join(repository, "image/out");

interface Options {
	version: string;
	updateLock: boolean;
	release: boolean;
	fresh: boolean;
	quick: boolean;
	keysFolder: string | undefined;
}

interface Slot {
	root: Made;
	keys: Keys;
}

async function makeRoot(workshop: Workshop, options: Options): Promise<Slot> {
	if (process.getuid?.() !== 0) {
		throw new RoomError("image.not_root", "Debian's packages are unpacked with their owners: run it as root");
	}
	const signing = await keys(workshop, {
		release: options.release,
		...(options.keysFolder === undefined ? {} : { folder: options.keysFolder }),
	});
	const debian = await base(workshop, options);
	const parts = { base: debian, system: await system(workshop, debian), application: await application(workshop) };
	return {
		keys: signing,
		root: await root(workshop, { ...parts, keys: signing, version: options.version, quick: options.quick }),
	};
}

async function writeSbom(workshop: Workshop, { version }: Options): Promise<void> {
	const debian = await readLock(repository);
	const npm = JSON.parse(await readFile(join(repository, "package-lock.json"), "utf8")) as PackageLock;
	const at = new Date(Number(SOURCE_DATE_EPOCH) * 1000);
	await mkdir(out, { recursive: true });
	await writeFile(join(out, `incamera-${version}.cdx.json`), sbom({ version, debian, npm, at }));
	await copyFile(join(repository, "image/base/packages.lock"), join(out, `incamera-${version}.packages.lock`));
	await tell(workshop, [`incamera-${version}.cdx.json`, `incamera-${version}.packages.lock`]);
}

async function writeBundle(workshop: Workshop, slot: Slot, { version }: Options): Promise<void> {
	const made = await bundle(workshop, { ...slot, version });
	await mkdir(out, { recursive: true });
	await copyFile(join(made.folder, "update.raucb"), join(out, `incamera-${version}.raucb`));
	await tell(workshop, [`incamera-${version}.raucb`]);
}

async function writeDisk(workshop: Workshop, slot: Slot, { version }: Options): Promise<Made> {
	const made = await disk(workshop, slot.root, slot.keys);
	await writeImage(workshop, join(made.folder, "disk.img"), `incamera-${version}`, { version, keys: slot.keys });
	return made;
}

async function writeStick(workshop: Workshop, { root, keys }: Slot, { version }: Options): Promise<void> {
	const commit = await commitOf(workshop.root);
	const made = await stick(workshop, { root, disk: await disk(workshop, root, keys), keys, version, commit });
	await writeImage(workshop, join(made.folder, "stick.img"), `incamera-${version}-installer`, { version, keys });
}

/** Packed, with its signed manifest beside it. */
async function writeImage(
	workshop: Workshop,
	image: string,
	name: string,
	{ version, keys }: { version: string; keys: Keys },
): Promise<void> {
	await mkdir(out, { recursive: true });
	// what is in it is packed already; zstd is for what is empty
	await workshop.progress.timed(name, () =>
		command("zstd", ["-q", "-f", "-1", "-T2", image, "-o", join(out, `${name}.img.zst`)]),
	);
	await signDisk(image, join(out, `${name}.manifest`), { version, commit: await commitOf(workshop.root), keys });
	await tell(workshop, [`${name}.img.zst`, `${name}.manifest`]);
}

async function tell({ progress }: Workshop, names: readonly string[]): Promise<void> {
	for (const name of names) {
		const megabytes = (await stat(join(out, name))).size / 1e6;
		progress.say(`  image/out/${name}  ${megabytes < 10 ? megabytes.toFixed(1) : megabytes.toFixed(0)} MB`);
	}
}

const commands: Record<string, (workshop: Workshop, options: Options) => Promise<void>> = {
	async build(workshop, options) {
		const slot = await makeRoot(workshop, options);
		await writeDisk(workshop, slot, options);
		await writeBundle(workshop, slot, options);
		await writeSbom(workshop, options);
	},
	async bundle(workshop, options) {
		await writeBundle(workshop, await makeRoot(workshop, options), options);
	},
	async stick(workshop, options) {
		await writeStick(workshop, await makeRoot(workshop, options), options);
	},
	async run(workshop, options) {
		const slot = await makeRoot(workshop, options);
		await run(workshop, { disk: await disk(workshop, slot.root, slot.keys), keys: slot.keys, fresh: options.fresh });
	},
	async sbom(workshop, options) {
		await writeSbom(workshop, options);
	},
};

async function main(): Promise<number> {
	let parsed: ReturnType<typeof parse>;
	try {
		parsed = parse();
	} catch (error) {
		process.stderr.write(`${(error as Error).message}\n\n${usage}`);
		return 2;
	}
	const { values, positionals } = parsed;
	const chosen = positionals.length === 1 ? commands[positionals[0] ?? ""] : undefined;
	const { version: usual } = JSON.parse(await readFile(join(repository, "package.json"), "utf8")) as {
		version: string;
	};
	const version = values.version ?? usual;
	if (!chosen || !/^\d{1,5}\.\d{1,5}\.\d{1,5}(?:-[a-z0-9.]{1,20})?$/.test(version)) {
		process.stderr.write(usage);
		return 2;
	}
	const workshop = new Workshop(repository);
	try {
		await chosen(workshop, {
			version,
			updateLock: values["update-lock"] ?? false,
			release: values.release ?? false,
			fresh: values.fresh ?? false,
			quick: values.quick ?? false,
			keysFolder: values.keys,
		});
		return 0;
	} catch (thrown) {
		const { code, message } = RoomError.from(thrown, "image.unexpected");
		workshop.progress.say(`${code}: ${message}`);
		return 1;
	}
}

const parse = () =>
	parseArgs({
		allowPositionals: true,
		options: {
			version: { type: "string" },
			"update-lock": { type: "boolean" },
			release: { type: "boolean" },
			keys: { type: "string" },
			fresh: { type: "boolean" },
			quick: { type: "boolean" },
		},
	});

process.exitCode = await main();
