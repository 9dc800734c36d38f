import { existsSync } from "node:fs";
import { copyFile, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RoomError } from "../../device/core/RoomError.ts";
import { command } from "../core/command.ts";
import { type Made, SOURCE_DATE_EPOCH, type Workshop } from "../core/Workshop.ts";
import { AptWorld, fileOf } from "./AptWorld.ts";
import { formatLock, type LockedPackage, lockChanges, parseLock } from "./lock.ts";

const lockFile = "image/base/packages.lock";
const inputs = ["image/base/base.ts", "image/base/*.sh", lockFile];

/** What no appliance reads. Copyright files stay: licences ask for them. */
const leftOut = [
	"path-exclude=/usr/share/man/*",
	"path-exclude=/usr/share/doc/*",
	"path-include=/usr/share/doc/*/copyright",
	"path-exclude=/usr/share/info/*",
	"path-exclude=/usr/share/locale/*",
	"path-exclude=/usr/share/lintian/*",
	"path-exclude=/usr/share/bug/*",
];

/**
 * Debian 12 as a folder, `tree`, from exactly the packages of `packages.lock`. They are fetched and compared with their hashes
 * first; what then unpacks them sees a folder and no network. There is no package manager in it.
 */
export async function base(workshop: Workshop, { updateLock }: { updateLock: boolean }): Promise<Made> {
	if (updateLock) await renewLock(workshop);
	return await workshop.step("base", { files: inputs, words: [SOURCE_DATE_EPOCH] }, async (folder) => {
		const packages = await readLock(workshop.root);
		const pool = await workshop.store("packages");
		// a build whose packages are all here needs no mirror, but has to look at their hashes all the same
		const world = await AptWorld.open(await workshop.store("apt"));
		await world.fetch(packages, pool, (text) => workshop.progress.detail(text));
		const repository = join(folder, "repository");
		await mkdir(repository);
		for (const one of packages) {
			await link(join(pool, fileOf(one)), join(repository, fileOf(one))).catch(() =>
				copyFile(join(pool, fileOf(one)), join(repository, fileOf(one))),
			);
		}
		await writeFile(
			join(repository, "Packages"),
			await command("apt-ftparchive", ["packages", "."], { cwd: repository }),
		);
		await command(
			"mmdebstrap",
			[
				"--mode=root",
				"--variant=custom",
				"--format=directory",
				`--include=${packages.map(({ name }) => name).join(",")}`,
				...leftOut.map((option) => `--dpkgopt=${option}`),
				`--setup-hook=${join(workshop.root, "image/base/before.sh")} "$1"`,
				`--customize-hook=${join(workshop.root, "image/base/after.sh")} "$1"`,
				"bookworm",
				join(folder, "tree"),
				`deb [trusted=yes] copy://${repository} ./`,
			],
			{ env: { SOURCE_DATE_EPOCH, INITRD: "No" }, line: (text) => workshop.progress.detail(text) },
		);
		await rm(repository, { recursive: true });
	});
}

/** @throws RoomError `image.lock_missing`, `image.lock_invalid` */
export async function readLock(root: string): Promise<LockedPackage[]> {
	const file = join(root, lockFile);
	if (!existsSync(file)) {
		throw new RoomError(
			"image.lock_missing",
			`${lockFile} is not there: npm run image -- build --update-lock writes it`,
		);
	}
	return parseLock(await readFile(file, "utf8"));
}

/** Takes what the mirror has now for `packages.txt`, and says what that changes. */
async function renewLock(workshop: Workshop): Promise<void> {
	await workshop.progress.timed("packages.lock", async () => {
		const names = (await readFile(join(workshop.root, "image/base/packages.txt"), "utf8"))
			.split("\n")
			.filter((line) => line !== "" && !line.startsWith("#"));
		const world = await AptWorld.open(await workshop.store("apt"));
		const before = existsSync(join(workshop.root, lockFile)) ? await readLock(workshop.root) : [];
		const after = await world.resolve(names);
		for (const change of lockChanges(before, after)) workshop.progress.say(`  ${change}`);
		await writeFile(join(workshop.root, lockFile), formatLock(after));
	});
}
