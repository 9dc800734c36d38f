import { copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SystemBus } from "../../../../provisioning/agent/bus/SystemBus.ts";
import { FirmwareDesk } from "../../../../provisioning/agent/firmware/FirmwareDesk.ts";
import { newestOnSticks } from "../../../../provisioning/agent/firmware/newestOnSticks.ts";
import { diskFiles } from "../../../../provisioning/agent/identity/StateFiles.ts";
import { Download } from "../../../../provisioning/agent/jobs/download/Download.ts";
import { RaucFirmware } from "../../../../provisioning/agent/jobs/RaucFirmware.ts";
import { Rauc } from "../../../../provisioning/agent/jobs/rauc/Rauc.ts";
import { UpdateTrust } from "../../../../provisioning/agent/trust/UpdateTrust.ts";
import { ReleaseRepository } from "../../../../provisioning/cli/image/ReleaseRepository.ts";
import type { FirmwareShown, FromAgent } from "../../../../provisioning/contract/local.ts";
import { openCa } from "../../../../provisioning/service/ca/FleetCa.ts";
import { PrivateBus } from "../../../sim/dbus/PrivateBus.ts";
import { bundleOf, factory, SimulatedRauc } from "../../../sim/rauc/SimulatedRauc.ts";
import { JobRig, self, spec } from "./JobRig.ts";

const DAY_MS = 86_400_000;
let folder: string;
let bus: PrivateBus;
let rauc: SimulatedRauc;
let device: JobRig;
let repository: ReleaseRepository;
let desk: FirmwareDesk;
/** What the room program was told. */
let told: FromAgent[];

const at = (...names: string[]): string => join(folder, ...names);
const stick = (...names: string[]): string => at("sticks", "sdb1", ...names);

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-stick-"));
	bus = await PrivateBus.start();
	rauc = await SimulatedRauc.start(bus, factory());
	rauc.machine.slots.A.tries = 0;
	device = new JobRig();
	told = [];
	device.link.send = (message) => told.push(message) > 0;
	const { clock } = device;
	repository = new ReleaseRepository({ folder: at("repository"), clock });
	await repository.init(at("keys"), { development: true });
	await copyFile(at("repository", "metadata", "1.root.json"), at("root.json"));
	await mkdir(stick(), { recursive: true });
	device.trust = new UpdateTrust({
		...{ rootPath: at("root.json"), epochPath: at("epoch"), folder: at("trust"), files: diskFiles, clock },
		...{ random: () => 0, device: self, authority: (await openCa(at("ca"), { clock })).certificate },
	});
	device.wrap = firmware;
	await boots("1.0.0");
});
afterEach(async () => {
	desk.close();
	device.end();
	await rauc.stop();
	await bus.stop();
	// the agent's last write may still be under way
	await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

const firmware = (): RaucFirmware =>
	new RaucFirmware({
		rauc: new Rauc(new SystemBus({ address: bus.address })),
		download: new Download({ folder: at("update"), clock: device.clock, rate: () => 1e9, random: () => 0 }),
		paths: {
			...{ osRelease: at("os"), bootId: at("boot"), commandLine: at("cmdline"), pstore: at("pstore") },
			...{ healthFailure: at("failure"), restart: at("restart") },
		},
		statePath: at("firmware.json"),
		files: diskFiles,
		clock: device.clock,
	});
let starts = 0;
async function boots(version: string): Promise<void> {
	await writeFile(at("os"), `IMAGE_VERSION=${version}\n`);
	await writeFile(at("boot"), `boot-${++starts}`);
	await rm(at("restart"), { force: true });
	device.start();
	const { trust, link, clock } = device;
	desk = new FirmwareDesk({ executor: firmware(), trust, jobs: jobs(), link, clock, sticks: at("sticks") });
	desk.start();
}
const jobs = () => {
	if (!device.desk) throw new Error("the agent does not run");
	return device.desk;
};
/** A release, as it lies on a stick; `bytes`: what really lies there. */
async function plugIn(
	version = "2.0.0",
	{ bytes, metadata = true }: { bytes?: Buffer; metadata?: boolean } = {},
): Promise<void> {
	const bundle = at(`${version}.raucb`);
	await writeFile(bundle, bundleOf({ version }));
	await repository.publish(at("keys"), bundle, version);
	if (metadata) await repository.putOnStick(stick(), version);
	if (bytes || !metadata) await writeFile(stick(`incamera-${version}.raucb`), bytes ?? bundleOf({ version }));
}
const shown = (): FirmwareShown | null =>
	told.flatMap((message) => (message.t === "firmware" ? [message.firmware] : [])).at(-1) ?? null;
const update = () => told.flatMap((message) => (message.t === "update" ? [message.update] : [])).at(-1) ?? null;
/** Time passes, as slowly as bus and disk need it, until this is so. */
async function until(what: () => unknown, stepMs = 500): Promise<void> {
	const look = () => {
		device.clock.advance(stepMs);
		return Boolean(what());
	};
	await expect.poll(look, { interval: 5, timeout: 50_000 }).toBe(true);
}
const wants = (version: string) => device.link.events.emit("installStick", { t: "installStick", version });

describe("a stick with a release", () => {
	test("is offered, begun by a person, written, started and proved, and the fleet gets no report of a job it doesn't know", async () => {
		await plugIn();
		await until(() => shown()?.stick);
		expect(shown()).toMatchObject({ version: "1.0.0", stick: { version: "2.0.0", code: null }, last: null });
		expect(shown()?.slots).toEqual([
			{ name: "A", version: "1.0.0", state: "runs" },
			{ name: "B", version: null, state: "unknown" },
		]);
		await device.pass(60_000);
		expect(rauc.installs).toBe(0);
		wants("2.0.0");
		await until(() => rauc.marks.includes("active B"));
		desk.close();
		device.end();
		rauc.restart();
		await boots("2.0.0");
		// ten minutes of probation
		await until(() => jobs().last, 5000);
		expect(jobs().last).toMatchObject({ version: "2.0.0", outcome: "succeeded", code: null, by: "stick" });
		expect(rauc.machine.slots.B).toMatchObject({ ok: true, tries: 0 });
		expect(device.statuses).toEqual([]);
		// what was offered is what runs now
		await until(() => shown()?.stick?.code === "update.not_newer");
		await until(() => shown()?.slots?.[1]?.state === "runs");
	});

	test("that does not start is rolled back, with the reason on the service page", async () => {
		await plugIn();
		await until(() => shown()?.stick);
		wants("2.0.0");
		await until(() => rauc.marks.includes("active B"));
		desk.close();
		device.end();
		await writeFile(at("failure"), "update.panel_not_painted\n");
		rauc.restart((slot) => slot === "A");
		await boots("1.0.0");
		await until(() => shown()?.last);
		expect(shown()?.last).toMatchObject({ outcome: "rolled_back", code: "update.panel_not_painted", by: "stick" });
		// that much the fleet hears
		expect(device.events).toContainEqual({ version: "2.0.0", reason: "update.panel_not_painted" });
	});

	test("waits for a call and for a meeting, says so, and is not replaced by the fleet meanwhile", async () => {
		await plugIn();
		await until(() => shown()?.stick);
		device.says({ status: { activity: "in_call" }, idleSince: null });
		wants("2.0.0");
		await until(() => update()?.state === "waiting");
		expect(update()?.waitsFor).toBe("update.in_call");
		device.job({ spec: spec({ version: "1.5.0" }) });
		device.jobGone();
		await device.pass(60_000);
		expect(update()).toMatchObject({ state: "waiting", version: "2.0.0" });
		expect(rauc.installs).toBe(0);
		device.says({ status: { activity: "free", nextBusyAt: device.clock.now() + 600_000 } });
		await until(() => update()?.waitsFor === "update.meeting");
		device.says({ status: { activity: "free" }, idleSince: device.clock.now() });
		await until(() => rauc.installs === 1);
	});

	test("holds although its timestamp has ended, and no longer than its snapshot", async () => {
		await plugIn();
		device.clock.advance(29 * DAY_MS);
		await until(() => shown()?.stick);
		expect(shown()?.stick?.code).toBeNull();
		device.clock.advance(2 * DAY_MS);
		// another stick
		await writeFile(stick("incamera-2.0.1.raucb"), "");
		await plugIn("2.0.2", { metadata: false });
		await until(() => shown()?.stick?.version === "2.0.2");
		expect(shown()?.stick?.code).toBe("update.metadata_expired");
	});
});

describe("a stick is refused, with the reason,", () => {
	test("without the repository's word, or with that of another one", async () => {
		await plugIn("2.0.0", { metadata: false });
		await until(() => shown()?.stick);
		expect(shown()?.stick).toEqual({ version: "2.0.0", code: "update.no_metadata" });
		const foreign = new ReleaseRepository({ folder: at("foreign"), clock: device.clock });
		await foreign.init(at("foreign-keys"), { development: true });
		await writeFile(at("2.1.raucb"), bundleOf({ version: "2.1.0" }));
		await foreign.publish(at("foreign-keys"), at("2.1.raucb"), "2.1.0");
		await copyFile(at("2.1.raucb"), stick("incamera-2.1.0.raucb"));
		await cp(at("foreign", "metadata"), stick("metadata"), { recursive: true });
		await until(() => shown()?.stick?.version === "2.1.0");
		expect(shown()?.stick?.code).toBe("update.metadata_forged");
		wants("2.1.0");
		await device.pass(60_000);
		expect(rauc.installs).toBe(0);
	});

	test("with something that was never released, or is older", async () => {
		await plugIn("2.0.0");
		await writeFile(stick("incamera-3.0.0.raucb"), bundleOf({ version: "3.0.0" }));
		await until(() => shown()?.stick);
		expect(shown()?.stick).toEqual({ version: "3.0.0", code: "update.not_published" });
		await rm(stick(), { recursive: true });
		await until(() => shown()?.stick === null);
		await mkdir(stick());
		await plugIn("0.9.0");
		await until(() => shown()?.stick);
		expect(shown()?.stick).toEqual({ version: "0.9.0", code: "update.not_newer" });
	});

	test("with other bytes than were released, after they were copied and before anything is written", async () => {
		const bytes = bundleOf({ version: "2.0.0" });
		bytes[3] = (bytes[3] as number) ^ 1;
		await plugIn("2.0.0", { bytes });
		await until(() => shown()?.stick);
		expect(shown()?.stick?.code).toBeNull();
		wants("2.0.0");
		await until(() => shown()?.last);
		expect(shown()?.last).toMatchObject({ outcome: "failed", code: "update.digest_wrong" });
		expect(rauc.installs).toBe(0);
	});

	test("if the wanted one is not there any more, nothing begins", async () => {
		await plugIn();
		await until(() => shown()?.stick);
		await rm(stick("incamera-2.0.0.raucb"));
		wants("2.0.0");
		wants("9.9.9");
		await until(() => shown()?.stick === null);
		expect(update()).toBeNull();
	});
});

describe("what lies on a stick", () => {
	test("is judged by its name and sort: no links, folders, empty files or other names", async () => {
		await symlink("/etc/hostname", stick("incamera-9.0.0.raucb"));
		await mkdir(stick("incamera-8.0.0.raucb"));
		await writeFile(stick("incamera-7.0.0.raucb"), "");
		await writeFile(stick("holiday.jpg"), "x");
		expect(await newestOnSticks(at("sticks"))).toBeNull();
		await writeFile(stick("incamera-1.9.0.raucb"), "x");
		await writeFile(stick("incamera-1.10.0.raucb"), "x");
		expect(await newestOnSticks(at("sticks"))).toMatchObject({ version: "1.10.0", bytes: 1 });
		await fc.assert(
			fc.asyncProperty(fc.string({ minLength: 1, maxLength: 40 }), async (name) => {
				const odd = at("odd", "a");
				await mkdir(odd, { recursive: true });
				await writeFile(join(odd, `incamera-${name.replaceAll(/[/\0]/g, "_")}.raucb`), "x").catch(() => {});
				const found = await newestOnSticks(at("odd"));
				if (found) expect(found.version).toMatch(/^\d+\.\d+\.\d+/);
				await rm(at("odd"), { recursive: true });
			}),
			{ numRuns: 50 },
		);
	});

	test("and is pulled out is no disk of ours that fails", async () => {
		const download = new Download({ folder: at("update"), clock: device.clock, rate: () => 1e9 });
		const url = pathToFileURL(stick("incamera-2.0.0.raucb")).href;
		const fetch = () =>
			download.fetch(
				{ url, bytes: 10, digest: "ab".repeat(32) },
				{ signal: new AbortController().signal, progress: () => {} },
			);
		await expect(fetch()).rejects.toMatchObject({ code: "update.stick_gone" });
		await writeFile(stick("incamera-2.0.0.raucb"), "x".repeat(11));
		await expect(fetch()).rejects.toMatchObject({ code: "update.size_wrong" });
	});
});
