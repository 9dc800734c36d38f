/**
 * What a device that belongs to a fleet is offered and must not install, what breaks off on the way, power that goes away while a slot is
 * written, and releases that don't draw or don't find their fleet. Real time: a room has to be free for a quarter of an hour, and who is on trial
 * has twenty minutes. As root; two hours on two cores that do nothing else.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Keys } from "../../../image/keys/keys.ts";
import { type FirmwareSpec, isJobOver } from "../../../provisioning/contract/jobs.ts";
import { ServiceUnderTest } from "../../bench/fleet/ServiceUnderTest.ts";
import { bundleOf, darkSlotOf, developmentKeys, diskOf, slotOf } from "./images.ts";
import { Machine } from "./Machine.ts";
import { Offers } from "./Offers.ts";

/** This machine's loopback, as the emulated one sees it. */
const HOST = "10.0.2.2";
/** For a machine without KVM. */
const patience = { timeout: 1_200_000, interval: 500 };
const everyDay = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

let folder: string;
let keys: Keys;
let offers: Offers;
let service: ServiceUnderTest;
let machine: Machine;
let device: string;

beforeAll(async () => {
	keys = await developmentKeys();
	machine = await Machine.unbox(await diskOf(keys, "0.1.0"), keys);
	offers = await Offers.open(keys, HOST);
	folder = await mkdtemp(join(tmpdir(), "incamera-fleet-"));
	// there is no meeting in these rooms
	service = await ServiceUnderTest.prepare(folder, { reachedAs: HOST, rendezvous: `https://${HOST}` });
	await service.start({ workers: 1 });
	const { code } = await service.client.call("enrolments.create", {
		body: { room: { name: "Bonn", locale: "en", timeZone: "Europe/Berlin" } },
	});
	const devices = { camera: "synthetic", microphone: "synthetic", speaker: "none", display: "auto" };
	await writeFile(join(folder, "setup.yaml"), JSON.stringify({ room: { devices } }));
	await machine.prepare([
		...["--setup", join(folder, "setup.yaml"), "--fleet", service.bootstrap, "--enrolment-code", code],
	]);
});
afterAll(async () => {
	await machine?.throwAway();
	await service?.stop();
	await offers?.close();
	if (folder) await rm(folder, { recursive: true, force: true });
});

const about = () => service.client.call("devices.get", { params: { id: device } });
async function rollOut(spec: FirmwareSpec): Promise<string> {
	const { id } = await service.client.call("rollouts.create", {
		body: { name: spec.version, spec, devices: [device] },
	});
	return id;
}
const job = async (rollout: string) =>
	(await service.client.call("rollouts.devices", { params: { id: rollout }, query: {} })).items[0];
const stateOf = (rollout: string) => async () => (await job(rollout))?.state ?? "";
/** One rollout at a time: whoever has failed is in the way of the next. */
const cancel = (rollout: string) => service.client.call("rollouts.cancel", { params: { id: rollout } });

/** Whether a wire is in its socket. */
const network = (up: boolean) => machine.running.qmp.command("set_link", { name: "net", up });

/** How a job ended, and why. */
async function outcome(rollout: string): Promise<string> {
	await expect.poll(async () => isJobOver((await job(rollout))?.state ?? "QUEUED"), patience).toBe(true);
	const { state, error } = (await job(rollout)) ?? {};
	await cancel(rollout);
	return `${state} ${error}`;
}

it("is put into service by the code in its set-up file, and may be updated at any hour", async () => {
	const emulator = await machine.on();
	await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
	const active = async () => (await service.client.call("devices.list", {})).items.find(({ online }) => online)?.id;
	await expect.poll(active, patience).toBeDefined();
	device = (await active()) ?? "";
	const { rev, doc } = (await about()).desired;
	const window = { days: [...everyDay], from: "00:00", to: "23:59" };
	await service.client.call("devices.twin", {
		params: { id: device },
		body: { rev, doc: { ...doc, update: { window } } },
	});
	await expect.poll(async () => (await about()).reported?.appliedRev, patience).toBe(rev + 1);
});

describe("a firmware that is offered", () => {
	const flipped = (bytes: Buffer, at: number): Buffer => {
		const other = Buffer.from(bytes);
		other.writeUInt8(other.readUInt8(at) ^ 1, at);
		return other;
	};

	it.each<[what: string, version: string, told: string, offer: (version: string) => Promise<FirmwareSpec>]>([
		[
			"is older than what runs",
			"0.0.9",
			"REJECTED update.not_newer",
			async (version) => offers.publish(version, await offers.bundle(version)),
		],
		[
			"ends in its middle",
			"0.2.1",
			"FAILED update.bundle_refused",
			async (version) => {
				const whole = await offers.bundle(version);
				return offers.publish(version, whole.subarray(0, whole.byteLength / 2));
			},
		],
		[
			"was signed by a stranger",
			"0.2.2",
			"FAILED update.bundle_refused",
			async (version) => offers.publish(version, await offers.bundle(version, { signer: "stranger" })),
		],
		[
			"was signed by somebody whose time is over",
			"0.2.3",
			"FAILED update.bundle_refused",
			async (version) => offers.publish(version, await offers.bundle(version, { signer: "expired" })),
		],
		[
			"is for another kind of machine",
			"0.2.4",
			"FAILED update.incompatible",
			async (version) => offers.publish(version, await offers.bundle(version, { compatible: "toaster" })),
		],
		[
			"calls itself by another version than its release",
			"0.2.5",
			"FAILED update.version_wrong",
			async (version) => offers.publish(version, await offers.bundle("0.2.4")),
		],
		[
			"has one bit wrong where it comes from",
			"0.2.6",
			"FAILED update.digest_wrong",
			async (version) => {
				const bytes = await offers.bundle(version);
				const spec = await offers.publish(version, bytes);
				offers.server.put(flipped(bytes, 500_000), new URL(spec.url).pathname.slice(1));
				return spec;
			},
		],
		[
			"was taken back",
			"0.2.7",
			"FAILED update.not_published",
			async (version) => {
				const spec = await offers.publish(version, await offers.bundle(version));
				await offers.withdraw(version);
				return spec;
			},
		],
		[
			"is of another size than its repository says",
			"0.2.8",
			"FAILED update.director_disagrees",
			async (version) => {
				const spec = await offers.publish(version, await offers.bundle(version));
				return { ...spec, bytes: spec.bytes + 1 };
			},
		],
		[
			"is in a repository that nobody has signed for a year",
			"0.2.9",
			"FAILED update.metadata_expired",
			async (version) => {
				const spec = await offers.publish(version, await offers.bundle(version));
				await offers.renew(400);
				return spec;
			},
		],
		[
			"is in a repository that goes back",
			"0.2.10",
			"FAILED update.metadata_rolled_back",
			async (version) => {
				const before = new Map(await offers.metadata()).get("timestamp.json") ?? Buffer.alloc(0);
				// the device has to have seen the newer one
				const seen = await rollOut(await offers.publish("0.2.99", await offers.bundle("0.2.98")));
				expect(await outcome(seen)).toBe("FAILED update.version_wrong");
				const spec = await offers.publish(version, await offers.bundle(version));
				offers.server.put(before, "metadata/timestamp.json");
				return spec;
			},
		],
		[
			"is in a repository whose parts are of different days",
			"0.2.11",
			"FAILED update.metadata_forged",
			async (version) => {
				const snapshots = async () => (await offers.metadata()).filter(([name]) => name.endsWith(".snapshot.json"));
				const [, before] = newest(await snapshots());
				const spec = await offers.publish(version, await offers.bundle(version));
				const [name] = newest(await snapshots());
				offers.server.put(before, `metadata/${name}`);
				return spec;
			},
		],
	])("and %s is not installed", async (_what, version, told, offer) => {
		const spec = await offer(version);
		expect(await outcome(await rollOut(spec))).toBe(told);
		// as the next one needs it
		await offers.renew();
	});

	it("and is right is fetched to its end, although the network goes away in its middle, and waits for a free room", async () => {
		const bytes = await offers.bundle("0.3.0", { size: 8 });
		const spec = await offers.publish("0.3.0", bytes);
		const path = new URL(spec.url).pathname;
		let gone = false;
		offers.server.misbehave = (request, response) => {
			if (request.url !== path || gone) return false;
			gone = true;
			response.writeHead(200, { "content-length": bytes.byteLength, etag: offers.server.etag ?? "" });
			response.write(bytes.subarray(0, bytes.byteLength / 2));
			return true;
		};
		const rollout = await rollOut(spec);
		await expect.poll(stateOf(rollout), patience).toBe("DOWNLOADING");
		await expect.poll(() => gone, patience).toBe(true);
		await network(false);
		await expect.poll(async () => (await about()).online, patience).toBe(false);
		await network(true);
		await expect.poll(stateOf(rollout), patience).toBe("WAITING");
		const ranges = offers.server.asked.filter(({ url }) => url === path).map(({ range }) => range);
		expect(ranges).toHaveLength(2);
		expect(ranges[1]).toMatch(/^bytes=[1-9]\d{5,}-$/);
		await cancel(rollout);
	});

	it("and is wrong inside of what its signature promises fails while it is written, and the room stays as it is", async () => {
		const whole = await offers.bundle("0.4.0");
		const rollout = await rollOut(await offers.publish("0.4.0", flipped(whole, 500_000)));
		expect(await outcome(rollout)).toBe("FAILED update.install_failed");
		expect(await about()).toMatchObject({ online: true, firmware: "0.1.0" });
	});
});

describe("a firmware that is what it says", () => {
	let spec: FirmwareSpec;

	it("and whose power goes away while it is written costs nothing: the device starts as before, and will try again", async () => {
		const made = await bundleOf(keys, await slotOf(keys, "0.5.0"), "0.5.0");
		spec = await offers.publish("0.5.0", await readFile(join(made.folder, "update.raucb")));
		const rollout = await rollOut(spec);
		await expect.poll(stateOf(rollout), patience).toBe("INSTALLING");
		await expect.poll(async () => (await job(rollout))?.pct ?? 0, patience).toBeGreaterThan(10);
		await machine.off();
		const emulator = await machine.on();
		await emulator.says(/incamera: starting slot A \(tries A 1, B 0\)/);
		await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
		await expect.poll(stateOf(rollout), patience).toBe("WAITING");
		expect(await about()).toMatchObject({ online: true, firmware: "0.1.0" });
		await cancel(rollout);
		await machine.off();
		expect(await machine.memory()).toMatchObject({ ORDER: "A B", A_TRY: "0" });
	});

	it("and never draws its panel is left after three starts, and the fleet hears why", async () => {
		const made = await bundleOf(keys, await darkSlotOf(keys, "0.6.0"), "0.6.0");
		const dark = await offers.publish("0.6.0", await readFile(join(made.folder, "update.raucb")));
		const emulator = await machine.on();
		const rollout = await rollOut(dark);
		await expect.poll(stateOf(rollout), patience).toBe("INSTALLING");
		for (const tries of [1, 2, 3]) {
			await emulator.says(new RegExp(`incamera: starting slot B \\(tries A 0, B ${tries}\\)`), 1200);
			await emulator.says(/incamera: not healthy, without painted/, 1200);
		}
		await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
		expect(await outcome(rollout)).toBe("ROLLED_BACK update.panel_not_painted");
		await machine.off();
		expect(await machine.memory()).toMatchObject({ ORDER: "A B", A_OK: "1", B_OK: "0" });
	});

	it("and does not find its fleet is left after its trial, for one that does", async () => {
		const emulator = await machine.on();
		const rollout = await rollOut(spec);
		await expect.poll(stateOf(rollout), patience).toBe("INSTALLING");
		await emulator.says(/incamera: starting slot B \(tries A 0, B 1\)/, 1200);
		// as if this firmware had no driver for it
		await network(false);
		await emulator.says(/incamera: healthy: 0\.5\.0 in slot B/);
		await emulator.says(/incamera: starting slot A \(tries A 1, B \d\)/, 2400);
		await network(true);
		await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
		expect(await outcome(rollout)).toBe("ROLLED_BACK update.probation_failed");
		expect(await about()).toMatchObject({ online: true, firmware: "0.1.0" });
	});
});

/** Of files that begin with their number. */
const newest = <T>(files: [name: string, content: T][]): [string, T] =>
	files.reduce((one, other) => (Number.parseInt(other[0], 10) > Number.parseInt(one[0], 10) ? other : one));
