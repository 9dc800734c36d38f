import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SystemBus } from "../../../../provisioning/agent/bus/SystemBus.ts";
import { diskFiles } from "../../../../provisioning/agent/identity/StateFiles.ts";
import { Download } from "../../../../provisioning/agent/jobs/download/Download.ts";
import { RaucFirmware } from "../../../../provisioning/agent/jobs/RaucFirmware.ts";
import { Rauc } from "../../../../provisioning/agent/jobs/rauc/Rauc.ts";
import { UpdateTrust } from "../../../../provisioning/agent/trust/UpdateTrust.ts";
import { ReleaseRepository } from "../../../../provisioning/cli/image/ReleaseRepository.ts";
import { openCa } from "../../../../provisioning/service/ca/FleetCa.ts";
import { firmwareFiles } from "../../../../provisioning/service/firmware/firmwareFiles.ts";
import { Director } from "../../../../provisioning/service/rollouts/Director.ts";
import type { Release } from "../../../../provisioning/trust/metadata.ts";
import { PrivateBus } from "../../../sim/dbus/PrivateBus.ts";
import { bundleOf, factory, SimulatedRauc } from "../../../sim/rauc/SimulatedRauc.ts";
import { begin, JobRig, jobId, self } from "./JobRig.ts";

let folder: string;
let bus: PrivateBus;
let rauc: SimulatedRauc;
let app: FastifyInstance;
let url: string;
let device: JobRig;
let director: Director;
let release: Release;

const at = (...names: string[]): string => join(folder, ...names);

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-update-"));
	bus = await PrivateBus.start();
	rauc = await SimulatedRauc.start(bus, factory());
	rauc.machine.slots.A.tries = 0;
	device = new JobRig();
	const { clock } = device;
	const repository = new ReleaseRepository({ folder: at("repository"), clock });
	await repository.init(at("keys"), { development: true });
	await writeFile(at("2.raucb"), bundleOf({ version: "2.0.0" }));
	release = await repository.publish(at("keys"), at("2.raucb"), "2.0.0");
	await copyFile(at("repository", "metadata", "1.root.json"), at("root.json"));
	app = fastify();
	await app.register(firmwareFiles, { folder: at("repository") });
	url = await app.listen({ port: 0, host: "127.0.0.1" });
	const ca = await openCa(at("ca"), { clock });
	director = await Director.start({ ca, clock });
	device.trust = new UpdateTrust({
		rootPath: at("root.json"),
		epochPath: at("epoch"),
		folder: at("trust"),
		files: diskFiles,
		clock,
		random: () => 0,
		device: self,
		authority: ca.certificate,
	});
	const paths = {
		osRelease: at("os"),
		bootId: at("boot"),
		commandLine: at("cmdline"),
		pstore: at("pstore"),
		healthFailure: at("failure"),
		restart: at("restart"),
	};
	device.wrap = () =>
		new RaucFirmware({
			rauc: new Rauc(new SystemBus({ address: bus.address })),
			download: new Download({ folder: at("update"), clock, rate: () => 1e9, random: () => 0 }),
			paths,
			statePath: at("firmware.json"),
			files: diskFiles,
			clock,
		});
	await boots("1.0.0");
});
afterEach(async () => {
	device.end();
	await director.close();
	await app.close();
	await rauc.stop();
	await bus.stop();
	await rm(folder, { recursive: true, force: true });
});

let starts = 0;
async function boots(version: string): Promise<void> {
	await writeFile(at("os"), `IMAGE_VERSION=${version}\n`);
	await writeFile(at("boot"), `boot-${++starts}`);
	await rm(at("restart"), { force: true });
	device.start();
}
/** Time passes, as slowly as bus, disk and network need it, until this was reported. */
async function until(state: string): Promise<void> {
	await expect
		.poll(
			() => {
				device.clock.advance(500);
				return device.states;
			},
			{ interval: 5, timeout: 50_000 },
		)
		.toContain(state);
}
function offer(): void {
	const { digest, bytes, version } = release;
	const spec = { digest, bytes, version, url: `${url}/firmware/${digest}.raucb`, deadline: null };
	const job = { jobId, seq: 1, spec, exp: begin + 7 * 86_400_000 };
	device.job({ ...job, director: director.direct({ device: self, ...job }) });
}

describe("a release", () => {
	test("is fetched from the fleet's own server, believed, written, started and proved", async () => {
		offer();
		await until("REBOOTING");
		await expect.poll(() => rauc.marks).toContain("active B");
		device.end();
		rauc.restart();
		await boots("2.0.0");
		await until("SUCCEEDED");
		expect(device.states).toEqual([
			...["ACCEPTED", "DOWNLOADING", "STAGED", "INSTALLING", "REBOOTING", "PROBATION", "SUCCEEDED"],
		]);
		expect(device.last).toMatchObject({ slot: "B", digest: release.digest });
		expect(rauc.machine.slots.B).toMatchObject({ ok: true, tries: 0 });
		device.check();
	});

	test("that does not start has been rolled back, and the fleet hears why", async () => {
		offer();
		await until("REBOOTING");
		await expect.poll(() => rauc.marks).toContain("active B");
		device.end();
		await writeFile(at("failure"), "update.panel_dark\n");
		rauc.restart((slot) => slot === "A");
		await boots("1.0.0");
		await until("ROLLED_BACK");
		expect(device.last).toMatchObject({ err: "update.panel_dark" });
		expect(device.events).toContainEqual({ version: "2.0.0", reason: "update.panel_dark" });
		device.check();
	});

	test("that the director says nothing about is not even asked for", async () => {
		const { digest, bytes, version } = release;
		device.job({ spec: { digest, bytes, version, url: `${url}/firmware/${digest}.raucb`, deadline: null } });
		await until("FAILED");
		expect(device.last).toMatchObject({ err: "update.director_missing" });
		expect(rauc.installs).toBe(0);
	});
});
