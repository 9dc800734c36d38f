import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../../device/core/clock.ts";
import { UNREADABLE } from "../../../../image/disk/loaderConfig.ts";
import { SystemBus } from "../../../../provisioning/agent/bus/SystemBus.ts";
import { diskFiles } from "../../../../provisioning/agent/identity/StateFiles.ts";
import { Download } from "../../../../provisioning/agent/jobs/download/Download.ts";
import { RaucFirmware } from "../../../../provisioning/agent/jobs/RaucFirmware.ts";
import type { AppliancePaths } from "../../../../provisioning/agent/jobs/rauc/Appliance.ts";
import { kernelFailure } from "../../../../provisioning/agent/jobs/rauc/bootFailure.ts";
import { Rauc } from "../../../../provisioning/agent/jobs/rauc/Rauc.ts";
import type { FirmwareSpec } from "../../../../provisioning/contract/jobs.ts";
import { PrivateBus } from "../../../sim/dbus/PrivateBus.ts";
import { FileServer } from "../../../sim/network/FileServer.ts";
import { bundleOf, factory, SimulatedRauc } from "../../../sim/rauc/SimulatedRauc.ts";

let folder: string;
let bus: PrivateBus;
let rauc: SimulatedRauc;
let server: FileServer;
let paths: AppliancePaths;
let firmware: RaucFirmware;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-rauc-"));
	bus = await PrivateBus.start();
	rauc = await SimulatedRauc.start(bus, factory());
	server = await FileServer.start();
	const at = (name: string) => join(folder, name);
	paths = {
		osRelease: at("os-release"),
		bootId: at("boot_id"),
		commandLine: at("cmdline"),
		pstore: at("pstore"),
		healthFailure: at("failure"),
		restart: at("restart"),
	};
	await runs("1.0.0");
	firmware = agentStarts();
});
afterEach(async () => {
	await server.stop();
	await rauc.stop();
	await bus.stop();
	await rm(folder, { recursive: true, force: true });
});

function agentStarts(): RaucFirmware {
	return new RaucFirmware({
		rauc: new Rauc(new SystemBus({ address: bus.address })),
		download: new Download({ folder: join(folder, "update"), clock: systemClock, rate: () => 1e9 }),
		paths,
		statePath: join(folder, "firmware.json"),
		files: diskFiles,
		clock: systemClock,
	});
}
let boots = 0;
/** A start of the machine: what it finds of itself. */
async function runs(version: string): Promise<void> {
	await writeFile(paths.osRelease, `PRETTY_NAME="InCamera"\nIMAGE_ID=incamera\nIMAGE_VERSION="${version}"\n`);
	await writeFile(paths.bootId, `boot-${++boots}\n`);
	await rm(paths.restart, { force: true });
}
function publish(said: Parameters<typeof bundleOf>[0], over: Partial<FirmwareSpec> = {}): FirmwareSpec {
	const bytes = bundleOf(said);
	server.put(bytes);
	const digest = createHash("sha256").update(bytes).digest("hex");
	return { version: said.version, url: server.url(), bytes: bytes.byteLength, digest, deadline: null, ...over };
}
const silent = { signal: new AbortController().signal, progress: () => {} };
const code = (promise: Promise<unknown>): Promise<string> =>
	promise.then(
		() => "done",
		(error: { code: string }) => error.code,
	);
async function written(version: string): Promise<FirmwareSpec> {
	const spec = publish({ version });
	await firmware.download(spec, silent);
	await firmware.install(spec, silent);
	return spec;
}

describe("a kernel's last words", () => {
	const ordinary = '<6>[ 1.9] device-mapper: verity: sha256 using implementation "sha256-ni"\n';
	test.each([
		["<3>[ 2.1] device-mapper: verity: 254:3: metadata block 9 is corrupted", "update.slot_corrupted"],
		["<12>[ 2.1] incamera: the system in slot b is damaged", "update.slot_corrupted"],
		["<12>[ 32.1] incamera: there is no slot b", "update.no_root"],
		["<0>[ 2.2] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007f00", "update.no_root"],
		["<0>[ 60.2] watchdog: BUG: soft lockup - CPU#1 stuck for 26s!", "update.kernel_hung"],
		["<0>[ 2.2] Kernel panic - not syncing: Fatal exception in interrupt", "update.kernel_panic"],
	])("%s", (words, code) => {
		expect(kernelFailure(ordinary + words)).toBe(code);
	});
});

describe("firmware by RAUC", () => {
	test("goes its way: fetched, written, started, marked good, and known by the digest of its bundle", async () => {
		await firmware.started();
		expect(await firmware.booted()).toEqual({
			version: "1.0.0",
			slot: "A",
			digest: "",
			bootId: `boot-${boots}`,
			failure: null,
		});
		const spec = publish({ version: "2.0.0" });
		const seen: number[] = [];
		await firmware.download(spec, { ...silent, progress: (pct) => void seen.push(pct) });
		expect(seen).toEqual([100]);
		await firmware.install(spec, silent);
		// written, and the next start is still from the old one
		expect(rauc.machine.order).toEqual(["A", "B"]);
		expect(existsSync(paths.restart)).toBe(false);
		await firmware.reboot();
		expect(existsSync(paths.restart)).toBe(true);
		rauc.restart();
		await runs("2.0.0");
		firmware = agentStarts();
		await firmware.started();
		expect(await firmware.booted()).toMatchObject({ version: "2.0.0", slot: "B", digest: spec.digest, failure: null });
		// on trial: its start counts until it has passed
		expect(rauc.machine.slots.B.tries).toBe(1);
		await firmware.markGood();
		expect(rauc.machine.slots.B).toMatchObject({ ok: true, tries: 0 });
		await firmware.discard();
		expect(existsSync(join(folder, "update"))).toBe(false);
		expect(rauc.marks).toEqual(["good A", "active B", "good B"]);
	});

	test("marks what has proved itself good at each start, for the bootloader counts", async () => {
		for (let starts = 0; starts < 5; starts++) {
			rauc.restart();
			await agentStarts().started();
			expect(rauc.machine).toMatchObject({ booted: "A", slots: { A: { tries: 0 } } });
		}
	});

	test("that does not start is left by the bootloader, and the reason is found", async () => {
		await written("2.0.0");
		await firmware.reboot();
		await mkdir(join(paths.pstore, "1790000000"), { recursive: true });
		const dump = join(paths.pstore, "1790000000", "dmesg.txt");
		await writeFile(
			dump,
			"<3>[ 2.1] device-mapper: verity: 254:3: data block 17 is corrupted\n<0>[ 2.2] Kernel panic - not syncing: dm-verity device corrupted\n",
		);
		rauc.restart((slot) => slot === "A");
		await runs("1.0.0");
		firmware = agentStarts();
		await firmware.started();
		// not the next to be tried either, should the old one have bad luck three times
		expect(rauc.machine).toMatchObject({ order: ["A", "B"], slots: { A: { ok: true, tries: 0 }, B: { ok: false } } });
		expect(await firmware.booted()).toMatchObject({ version: "1.0.0", slot: "A", failure: "update.slot_corrupted" });
		// the check of the start says more than the kernel
		await writeFile(paths.healthFailure, "update.panel_dark\n");
		expect(await firmware.booted()).toMatchObject({ failure: "update.panel_dark" });
		// of an older start
		for (const path of [dump, paths.healthFailure]) await utimes(path, 1000, 1000);
		expect(await firmware.booted()).toMatchObject({ failure: null });
	});

	test("is still the next to be started where the agent ended before the machine did", async () => {
		await written("2.0.0");
		await firmware.reboot();
		firmware = agentStarts();
		await firmware.started();
		expect(rauc.machine).toMatchObject({ order: ["B", "A"], slots: { B: { ok: true, tries: 0 } } });
	});

	test("that the loader could not read is not started at all: it tells the other slot", async () => {
		await written("2.0.0");
		await firmware.reboot();
		rauc.restart((slot) => slot === "A");
		await runs("1.0.0");
		const told = async (words: string) => {
			await writeFile(paths.commandLine, `rauc.slot=A quiet ${words}\n`);
			return (await agentStarts().booted()).failure;
		};
		expect(await told("incamera.exhausted")).toBe(null);
		expect(await told(`${UNREADABLE}=A`)).toBe(null);
		expect(await told(`${UNREADABLE}=B`)).toBe("update.slot_corrupted");
	});

	test("falls back, for good", async () => {
		await written("2.0.0");
		await firmware.reboot();
		rauc.restart();
		await runs("2.0.0");
		await agentStarts().fallBack();
		expect(existsSync(paths.restart)).toBe(true);
		for (let starts = 0; starts < 5; starts++) {
			rauc.restart();
			await runs("1.0.0");
			await agentStarts().started();
			expect(rauc.machine.booted).toBe("A");
		}
	});

	test("is not activated by being installed, whatever RAUC is told", async () => {
		rauc.faults.activates = true;
		await written("2.0.0");
		rauc.restart();
		expect(rauc.machine.booted).toBe("A");
	});

	test("older than one that has proved itself is refused, even if an older one runs", async () => {
		await written("3.0.0");
		await firmware.reboot();
		rauc.restart();
		await runs("3.0.0");
		firmware = agentStarts();
		await firmware.markGood();
		// the bootloader went back to the factory's
		rauc.machine.booted = "A";
		await runs("1.0.0");
		firmware = agentStarts();
		const older = publish({ version: "2.9.9" });
		server.asked.length = 0;
		expect(await code(firmware.download(older, silent))).toBe("update.not_newer");
		expect(server.asked).toEqual([]);
		expect(await code(firmware.install(older, silent))).toBe("update.not_newer");
		const again = publish({ version: "3.0.0" });
		expect(await code(firmware.download(again, silent))).toBe("done");
	});

	test.each([
		["of a stranger", { version: "2.0.0", signer: "stranger" }, {}, "update.bundle_refused"],
		["for another machine", { version: "2.0.0", compatible: "toaster" }, {}, "update.incompatible"],
		["that is older than the job says", { version: "1.0.0" }, { version: "2.0.0" }, "update.version_wrong"],
	])("a bundle %s is refused before anything is written", async (_what, said, over, expected) => {
		const spec = publish(said, over);
		expect(await code(firmware.download(spec, silent))).toBe(expected);
		expect(await code(firmware.install(spec, silent))).toBe(expected);
		expect(rauc.installs).toBe(0);
		expect(rauc.machine).toEqual(factory());
	});

	test("a bundle that changed on the disk is not installed", async () => {
		const spec = publish({ version: "2.0.0" });
		await firmware.download(spec, silent);
		const path = join(folder, "update", `${spec.digest}.raucb`);
		await writeFile(path, String(await readFile(path)).replace("ours", "OURS"));
		expect(await code(firmware.install(spec, silent))).toBe("update.digest_wrong");
		expect(rauc.installs).toBe(0);
	});

	test.each([
		["No space left on device", "update.no_space"],
		["signature verification failed: Verify error: certificate has expired", "update.bundle_refused"],
		["Compatible mismatch: Expected 'a' but bundle manifest has 'b'", "update.incompatible"],
		["Failed updating slot rootfs.1: Input/output error", "update.install_failed"],
	])("an installation that ends with “%s” has failed", async (message, expected) => {
		rauc.faults.install = message;
		expect(await code(written("2.0.0"))).toBe(expected);
		// half-written: nobody starts it
		rauc.restart();
		expect(rauc.machine.booted).toBe("A");
		delete rauc.faults.install;
		expect(await code(written("2.0.0"))).toBe("done");
	});

	test("a RAUC that dies in the middle has not installed anything, though it says no error", async () => {
		rauc.faults.dies = true;
		expect(await code(written("2.0.0"))).toBe("update.install_failed");
	});

	test("an agent that starts anew waits for the installation that goes on, and begins again", async () => {
		let release = (): void => {};
		rauc.faults.hangs = new Promise((resolve) => {
			release = resolve;
		});
		const spec = publish({ version: "2.0.0" });
		await firmware.download(spec, silent);
		void firmware.install(spec, silent).catch(() => {});
		await expect.poll(() => rauc.operation).toBe("installing");
		const seen: number[] = [];
		const second = agentStarts().install(spec, { progress: (pct) => void seen.push(pct) });
		release();
		await second;
		expect(rauc.machine.slots.B.version).toBe("2.0.0");
	});

	test("what somebody else wrote has no digest of ours", async () => {
		await written("2.0.0");
		await firmware.reboot();
		rauc.restart();
		await runs("2.0.0");
		// rauc install, by hand, of the same version
		rauc.machine.slots.B.installed += 1;
		expect(await agentStarts().booted()).toMatchObject({ version: "2.0.0", slot: "B", digest: "" });
		// a slot that was written before the data partition was lost
		await rm(join(folder, "firmware.json"));
		expect(await agentStarts().booted()).toMatchObject({ version: "2.0.0", slot: "B", digest: "" });
		await writeFile(join(folder, "firmware.json"), "{ damaged");
		expect(await agentStarts().booted()).toMatchObject({ slot: "B", digest: "" });
	});

	test("without a RAUC, or with one that says something else, fails by code", async () => {
		rauc.machine.booted = "system0" as "A";
		expect(await code(firmware.booted())).toBe("update.slots_unknown");
		rauc.faults.mark = "Failed marking slot rootfs.0 as good: grub-editenv failed";
		rauc.machine.booted = "A";
		expect(await code(firmware.markGood())).toBe("update.installer_failed");
		await rauc.stop();
		expect(await code(firmware.booted())).toBe("update.installer_failed");
		await writeFile(paths.osRelease, "NAME=Debian\n");
		rauc = await SimulatedRauc.start(bus, factory());
		expect(await code(firmware.booted())).toBe("update.version_unknown");
	});
});
