/**
 * A new machine, and a stick: its panel shows the disk, somebody touches it and holds the key, and without the stick it starts as a device that was
 * told its fleet. As root; two to three minutes a start on two cores that do nothing else.
 */
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { developmentKeys, stickOf } from "./images.ts";
import { incamera, Machine } from "./Machine.ts";

const patience = { timeout: 120_000, interval: 1000 };
let folder: string;
let stick: string;
let machine: Machine;

beforeAll(async () => {
	const keys = await developmentKeys();
	folder = await mkdtemp(join(tmpdir(), "incamera-stick-"));
	stick = join(folder, "stick.img");
	await copyFile(join((await stickOf(keys, "0.1.0")).folder, "stick.img"), stick);
	machine = await Machine.bare(keys);
});
afterAll(async () => {
	await machine?.throwAway();
	if (folder) await rm(folder, { recursive: true, force: true });
});

it("shows the disk, writes it when its key is held, and switches off", async () => {
	await writeFile(join(folder, "setup.yaml"), "fleet: { bootstrap: 'mqtts://fleet.example.org:8884' }\n");
	await incamera("image", "prepare", stick, "--setup", join(folder, "setup.yaml"));
	const emulator = await machine.on({ stick });
	await emulator.says(/incamera: starting the installer/);
	await emulator.says(/incamera: slot installer verified/);
	await emulator.says(/incamera: installer painted/);
	await machine.picture("installer-disks");
	// the disk's left edge is lit once it is chosen; the compositor's first touch may be lost: it has no pointer before
	const edge = { left: 0.042, top: 0.29, right: 0.047, bottom: 0.34 };
	const chosen = async () => {
		await emulator.qmp.tap(0.4, 0.31);
		await later(2000);
		return await machine.brightest(edge);
	};
	await expect.poll(chosen, patience).toBeGreaterThan(200);
	await machine.picture("installer-chosen");
	await emulator.qmp.tap(0.2, 0.86, 4000);
	await emulator.says(/incamera: installing 0\.1\.0 on vda/);
	await machine.picture("installer-busy");
	await emulator.says(/incamera: installed 0\.1\.0 on vda/);
	await later(2000);
	await machine.picture("installer-done");
	await emulator.qmp.tap(0.2, 0.86);
	await emulator.ended();
	await machine.off();
});

it("starts from its own disk then, with what the stick's set-up file said", async () => {
	const emulator = await machine.on();
	await emulator.says(/incamera: starting slot A \(tries A 1, B 0\)/);
	expect(await emulator.seen(/incamera: (?:set-up file taken|setup\.[a-z_]+)/)).toContain("set-up file taken");
	await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
	await machine.off();
});
