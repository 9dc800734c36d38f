import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PresetPictures, wipePresetPictures } from "../../../../device/peripherals/presets/PresetPictures.ts";

let home: string;
let folder: string;
let pictures: PresetPictures;
const jpeg = new Uint8Array([0xff, 0xd8, 1, 2, 3, 0xff, 0xd9]);
const other = new Uint8Array([0xff, 0xd8, 4, 5, 6, 0xff, 0xd9]);

beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), "incamera-presets-"));
	folder = join(home, "presets");
	pictures = new PresetPictures(folder);
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function loaded(): Promise<PresetPictures> {
	const again = new PresetPictures(folder);
	await again.load();
	return again;
}

test("a picture is kept for this program alone, under a version that tells it from the one before", async () => {
	await pictures.keep(3, jpeg);
	const version = pictures.version(3) as string;
	expect(version).toMatch(/^[A-Za-z0-9_-]{16}$/);
	expect(Buffer.from((await pictures.read(3, version)) ?? [])).toEqual(Buffer.from(jpeg));
	expect((await stat(join(folder, "3.jpg"))).mode & 0o777).toBe(0o600);
	expect((await stat(folder)).mode & 0o777).toBe(0o700);
	await pictures.keep(3, other);
	expect(pictures.version(3)).not.toBe(version);
	expect(await pictures.read(3, version)).toBeNull();
	expect(await readdir(folder)).toEqual(["3.jpg"]);
});

test("pictures outlive the program", async () => {
	await pictures.keep(0, jpeg);
	await pictures.keep(12, other);
	const again = await loaded();
	expect(again.numbers.sort()).toEqual([0, 12]);
	expect(again.version(12)).toBe(pictures.version(12));
});

test("a preset that is stored without a picture has none: the old one would lie", async () => {
	await pictures.keep(3, jpeg);
	await pictures.keep(3, null);
	expect([pictures.version(3), pictures.numbers, existsSync(join(folder, "3.jpg"))]).toEqual([null, [], false]);
	await pictures.keep(4, new Uint8Array(256 * 1024 + 1));
	expect([pictures.version(4), existsSync(join(folder, "4.jpg"))]).toEqual([null, false]);
});

test("of two at once the later one stays", async () => {
	await Promise.all([pictures.keep(1, jpeg), pictures.keep(1, null), pictures.keep(1, other)]);
	expect(Buffer.from((await pictures.read(1, pictures.version(1) as string)) ?? [])).toEqual(Buffer.from(other));
});

test("what else is in the folder is not shown: other names, links, folders, giants", async () => {
	await mkdir(folder, { mode: 0o700 });
	await writeFile(join(home, "secret"), "secret");
	await symlink(join(home, "secret"), join(folder, "1.jpg"));
	await mkdir(join(folder, "2.jpg"));
	await writeFile(join(folder, "3.jpg"), new Uint8Array(256 * 1024 + 1));
	await writeFile(join(folder, "03.jpg"), jpeg);
	await writeFile(join(folder, "256.jpg"), jpeg);
	await writeFile(join(folder, "4.jpg"), jpeg);
	expect((await loaded()).numbers).toEqual([4]);
	expect((await loaded()).version(1)).toBeNull();
});

test("a picture that was put there by somebody else meanwhile is not the one that was asked for", async () => {
	await pictures.keep(1, jpeg);
	const version = pictures.version(1) as string;
	await writeFile(join(folder, "1.jpg"), other);
	expect(await pictures.read(1, version)).toBeNull();
	await rm(join(folder, "1.jpg"));
	expect(await pictures.read(1, version)).toBeNull();
});

test("when the device leaves its fleet they are gone, the half written too, and nothing that isn't ours", async () => {
	await pictures.keep(1, jpeg);
	await writeFile(join(folder, "2.jpg.0123456789ab"), jpeg);
	await writeFile(join(folder, "holiday.jpg"), jpeg);
	await wipePresetPictures(folder);
	expect(await readdir(folder)).toEqual(["holiday.jpg"]);
	await wipePresetPictures(join(home, "nothing"));
	const elsewhere = join(home, "elsewhere");
	await mkdir(elsewhere);
	await writeFile(join(elsewhere, "1.jpg"), jpeg);
	await symlink(elsewhere, join(home, "link"));
	await wipePresetPictures(join(home, "link"));
	expect(await readdir(elsewhere)).toEqual(["1.jpg"]);
});
