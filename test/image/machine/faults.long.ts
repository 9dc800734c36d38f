/**
 * What can happen to a device's disk, its clock and its board: it comes up all the same, or says what is to be done. As root; two minutes a
 * start on two cores that do nothing else.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { developmentKeys, diskOf, slotOf } from "./images.ts";
import { incamera, Machine } from "./Machine.ts";

let folder: string;
let machine: Machine;

beforeAll(async () => {
	const keys = await developmentKeys();
	machine = await Machine.unbox(await diskOf(keys, "0.1.0"), keys);
	// a second slot with the same in it, as every device has after its first update
	await machine.fill("b", await slotOf(keys, "0.1.0"));
	folder = await mkdtemp(join(tmpdir(), "incamera-faults-"));
});
afterEach(() => machine?.off());
afterAll(async () => {
	await machine?.throwAway();
	if (folder) await rm(folder, { recursive: true, force: true });
});

describe("a device with a clock that stands at 2010, and a certificate of IT's", () => {
	it("starts, and seals a recovery key for IT", async () => {
		await incamera("image", "recovery-key", "new", "--to", join(folder, "keys"), "--no-passphrase");
		await machine.prepare(["--recovery-key", join(folder, "keys/recovery.pem")]);
		const emulator = await machine.on({ clock: "2010-01-01T00:00:00" });
		await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
		// beside the start of everything else
		expect(await emulator.seen(/incamera: recovery[ .][^\r\n]*/)).toContain("recovery key made for certificate");
	});

	it("whose board is gone is read by IT's key, and by no other", async () => {
		const key = join(folder, "keys/recovery.key");
		const { recoveryKey } = JSON.parse(await machine.recover("--key", key, "--json")) as { recoveryKey: string };
		expect(recoveryKey).toMatch(/^(?:[cbdefghijklnrtuv]{8}-){7}[cbdefghijklnrtuv]{8}$/);
		await incamera("image", "recovery-key", "new", "--to", join(folder, "others"), "--no-passphrase");
		await expect(machine.recover("--key", join(folder, "others/recovery.key"))).rejects.toThrow("recover.key_foreign");
	});
});

describe("a device whose disk was hit", () => {
	it("in both copies of the loader's memory tries both slots", async () => {
		await machine.forget();
		const emulator = await machine.on();
		await emulator.says(/incamera: memory of starts damaged, both slots are tried/);
		await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
		await machine.off();
		expect(await machine.memory()).toMatchObject({ ORDER: "A B", A_TRY: "0" });
	});

	it("in the keys of its data partition makes that anew, and is nobody's", async () => {
		await machine.spoil("data", 0);
		const emulator = await machine.on();
		await emulator.says(/incamera: the data partition is made anew: its keys are gone/);
		await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
		await machine.picture("faults-data-lost");
	});

	it("in the kernel image of a slot, whose signature is wrong then, starts the other one", async () => {
		await machine.spoil("boot-a", 8);
		const emulator = await machine.on();
		await emulator.says(/incamera: slot A can't be started/);
		await emulator.says(/incamera: slot b verified/);
		await emulator.says(/incamera: healthy: 0\.1\.0 in slot B/);
	});

	it("in those of both slots says so, in words", async () => {
		await machine.spoil("boot-b", 8);
		const emulator = await machine.on();
		await emulator.says(/InCamera can't start: neither copy of its system can be read/);
		await machine.picture("faults-nothing-starts");
	});
});
