/**
 * The image in an emulated machine with Secure Boot and a TPM: from unboxing to a painted panel, a touch, a start from the other slot, and
 * what happens to whoever tampers. As root, some minutes a start.
 */

import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { base } from "../../../image/base/base.ts";
import { command } from "../../../image/core/command.ts";
import { type Made, Workshop } from "../../../image/core/Workshop.ts";
import { disk } from "../../../image/disk/disk.ts";
import { type Keys, keys } from "../../../image/keys/keys.ts";
import { application } from "../../../image/root/application.ts";
import { root } from "../../../image/root/root.ts";
import { system } from "../../../image/root/system.ts";
import { Machine } from "./Machine.ts";

const workshop = new Workshop(join(import.meta.dirname, "../../.."));
let signing: Keys;
let image: Made;
let machine: Machine;

beforeAll(async () => {
	signing = await keys(workshop, { release: false });
	const debian = await base(workshop, { updateLock: false });
	const parts = {
		base: debian,
		system: await system(workshop, debian),
		application: await application(workshop),
		keys: signing,
		version: "0.1.0",
		quick: true,
	};
	image = await disk(workshop, await root(workshop, parts), signing);
	machine = await Machine.unbox(image, signing);
});
afterAll(() => machine?.throwAway());

describe("a device out of its box", () => {
	it("starts with Secure Boot, makes its data partition, and paints its panel", async () => {
		const emulator = await machine.on();
		await emulator.says(/incamera: starting slot A \(tries A 1, B 0\)/);
		await emulator.says(/incamera: slot a verified/);
		await emulator.says(/incamera: panel painted, \d+ s/);
		await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
		const picture = await machine.picture("unboxed");
		expect(statSync(picture).size).toBeGreaterThan(10_000);
	});

	it("takes a touch", async () => {
		const before = await machine.picture("before-touch");
		await machine.running.qmp.tap(0.5, 0.5);
		expect(statSync(before).size).toBeGreaterThan(0);
	});

	it("remembers that its slot is good", async () => {
		await machine.off();
		const memory = join(machine.folder, "grubenv");
		await command("mcopy", ["-n", "-i", machine.startPartition, "::/grub/grubenv", memory]);
		expect(await command("grub-editenv", [memory, "list"])).toMatch(/^A_TRY=0$/m);
	});
});

describe("damage", () => {
	it("of its system: three tries, and what a technician can read", async () => {
		await machine.spoil("rootfs-a", 100);
		const emulator = await machine.on();
		for (const tries of [1, 2, 3]) await emulator.says(new RegExp(`incamera: starting slot A \\(tries A ${tries}`));
		await emulator.says(/incamera: no slot has proved itself/);
		await machine.off();
	});
});
