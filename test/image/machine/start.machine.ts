/**
 * The image in an emulated machine with Secure Boot and a TPM: from unboxing to a painted panel and a touch, a start from the other slot, and a
 * release that does not start. As root; one to two minutes a start on two cores that do nothing else.
 */
import { setTimeout as later } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Made } from "../../../image/core/Workshop.ts";
import { developmentKeys, diskOf, slotOf } from "./images.ts";
import { Machine } from "./Machine.ts";

let next: Made;
let machine: Machine;

beforeAll(async () => {
	const keys = await developmentKeys();
	machine = await Machine.unbox(await diskOf(keys, "0.1.0"), keys);
	next = await slotOf(keys, "0.2.0");
});
afterAll(() => machine?.throwAway());

it("starts with Secure Boot, makes its data partition, paints its panel, and is healthy", async () => {
	const emulator = await machine.on();
	await emulator.says(/incamera: starting slot A \(tries A 1, B 0\)/);
	await emulator.says(/incamera: slot a verified/);
	await emulator.says(/incamera: panel painted, \d+ s/);
	await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
	await machine.picture("unboxed");
});

it("takes a touch: a key on the glass types", async () => {
	// where the field says how a code looks, right of its caret
	const field = { left: 0.2, top: 0.3, right: 0.4, bottom: 0.36 };
	const before = await machine.drawn(field);
	expect(await machine.drawn(field)).toBe(before);
	// the compositor's first touch may be lost: it has no pointer before
	const typed = async () => {
		await machine.running.qmp.tap(0.071, 0.62);
		await later(2000);
		return await machine.drawn(field);
	};
	await expect.poll(typed, { timeout: 60_000, interval: 100 }).not.toBe(before);
	await machine.picture("touched");
});

it("starts an update from the other slot, and remembers that it is good", async () => {
	await machine.off();
	expect(await machine.memory()).toMatchObject({ ORDER: "A B", A_OK: "1", A_TRY: "0" });
	await machine.fill("b", next);
	await machine.remember({ ORDER: "B A", B_OK: "1", B_TRY: "0" });
	const emulator = await machine.on();
	await emulator.says(/incamera: starting slot B \(tries A 0, B 1\)/);
	await emulator.says(/incamera: slot b verified/);
	await emulator.says(/incamera: healthy: 0\.2\.0 in slot B/);
	await machine.off();
	expect(await machine.memory()).toMatchObject({ ORDER: "B A", B_TRY: "0" });
});

it("goes back by itself from an update that does not start and knows what it died of, also when the loader's memory was hit", async () => {
	await machine.spoil("rootfs-b", 0);
	await machine.remember({}, { spoilt: true });
	const emulator = await machine.on();
	await emulator.says(/incamera: memory of starts damaged, its copy is used/);
	for (const tries of [1, 2, 3])
		await emulator.says(new RegExp(`incamera: starting slot B \\(tries A 0, B ${tries}\\)`));
	await emulator.says(/incamera: starting slot A \(tries A 1, B 3\)/);
	await emulator.says(/incamera: an earlier start died: Kernel panic - not syncing: dm-verity device corrupted/);
	await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
	await machine.off();
});
