/**
 * The whole product on an emulated device: out of its box, put into service by a code typed at its panel, updated by its fleet while nobody
 * is there, and what the console says of it. Real time: a room has to be free for a quarter of an hour, and a firmware is on trial for ten minutes. An hour.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServiceUnderTest } from "../../bench/fleet/ServiceUnderTest.ts";
import { developmentKeys, diskOf, publish } from "./images.ts";
import { Machine } from "./Machine.ts";

/** This machine's loopback, as the emulated one sees it. */
const HOST = "10.0.2.2";
const patience = { timeout: 1_200_000, interval: 1000 };
const everyDay = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

describe("a device and its fleet", () => {
	let folder: string;
	let releases: Awaited<ReturnType<typeof publish>>;
	let service: ServiceUnderTest;
	let machine: Machine;
	let device: string;

	beforeAll(async () => {
		const keys = await developmentKeys();
		const image = await diskOf(keys, "0.1.0");
		machine = await Machine.unbox(image, keys);
		releases = await publish(keys, "0.2.0");
		folder = await mkdtemp(join(tmpdir(), "incamera-fleet-"));
		service = await ServiceUnderTest.prepare(folder, { reachedAs: HOST, firmware: releases.folder });
		await service.start({ workers: 1 });
	});
	afterAll(async () => {
		await machine?.throwAway();
		await service?.stop();
		await releases?.remove();
		if (folder) await rm(folder, { recursive: true, force: true });
	});

	const about = () => service.client.call("devices.get", { params: { id: device } });

	it("is told where its fleet is before its first start, and shows the field for a code", async () => {
		await machine.prepare(["--fleet", service.bootstrap]);
		const emulator = await machine.on();
		await emulator.says(/incamera: set-up file taken/);
		await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
		await machine.picture("product-1-unclaimed");
	});

	it("is enrolled by a code that is typed at its panel", async () => {
		const { code } = await service.client.call("enrolments.create", {
			body: { room: { name: "Bonn", locale: "en", timeZone: "Europe/Berlin" } },
		});
		await machine.running.qmp.type(code);
		await machine.picture("product-2-code");
		await machine.running.qmp.press("ret");
		const active = async () =>
			(await service.client.call("devices.list", {})).items.find(({ online }) => online)?.id ?? "";
		await expect.poll(active, patience).not.toBe("");
		device = await active();
		// its panel is a room's now; for a person's eyes
		await expect.poll(async () => (await about()).reported?.appliedRev, patience).toBeDefined();
		await machine.picture("product-3-room");
		expect((await about()).firmware).toBe("0.1.0");
	});

	it("gets a firmware, installs it when its room is free, starts from the other slot, and is believed only after its trial", async () => {
		const { rev, doc } = (await about()).desired;
		await service.client.call("devices.twin", {
			params: { id: device },
			body: { rev, doc: { ...doc, update: { window: { days: [...everyDay], from: "00:00", to: "23:59" } } } },
		});
		const [release] = (await service.client.call("releases.list")).items;
		if (!release) throw new Error("nothing is released");
		expect(release.version).toBe("0.2.0");
		const rollout = await service.client.call("rollouts.create", {
			body: { name: "Second", spec: { ...release, deadline: null }, devices: [device] },
		});
		const state = async () =>
			(await service.client.call("rollouts.devices", { params: { id: rollout.id }, query: {} })).items[0]?.state;
		await expect.poll(state, patience).toBe("INSTALLING");
		await machine.picture("product-4-installing");
		await machine.running.says(/incamera: starting slot B/, 1800);
		await machine.running.says(/incamera: healthy: 0\.2\.0 in slot B/);
		expect(await state()).not.toBe("SUCCEEDED");
		await expect.poll(state, { ...patience, timeout: 1_800_000 }).toBe("SUCCEEDED");
		await machine.picture("product-5-updated");
		expect((await about()).firmware).toBe("0.2.0");
	});

	it("stays there after a power cut", async () => {
		await machine.off();
		const emulator = await machine.on();
		await emulator.says(/incamera: starting slot B/);
		await emulator.says(/incamera: healthy: 0\.2\.0 in slot B/);
		await expect.poll(async () => (await about()).online, patience).toBe(true);
		await machine.off();
		expect(await machine.memory()).toMatchObject({ ORDER: "B A", B_TRY: "0" });
	});
});
