import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PortCheck } from "../../device/doctor/PortCheck.ts";
import { Desk } from "../../tools/building/Desk.ts";
import { SimulatedEquipment } from "../sim/equipment/SimulatedEquipment.ts";

describe("the desk of npm start", () => {
	let folder: string;
	let equipment: SimulatedEquipment;
	let desk: Desk;
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "incamera-desk-"));
		equipment = await SimulatedEquipment.open(join(folder, "camera"));
		desk = await Desk.open(equipment, 0);
	});
	afterAll(async () => {
		await desk.close();
		await equipment.close();
		await rm(folder, { recursive: true, force: true });
	});

	const hand = (what: string, headers: Record<string, string> = {}) =>
		fetch(`${desk.url}${what}`, { method: "POST", headers: { origin: desk.url, ...headers } });
	const state = async () => (await fetch(`${desk.url}/state`)).json();

	it("is a page with its parts", async () => {
		for (const path of ["/", "/desk.css", "/desk.js", "/room.png"])
			expect((await fetch(`${desk.url}${path}`)).status).toBe(200);
		expect((await fetch(`${desk.url}/../package.json`)).status).toBe(404);
	});

	it("is known by the doctor when it runs", async () => {
		const check = new PortCheck("desk", Number(new URL(desk.url).port));
		expect(await check.run(AbortSignal.timeout(30_000))).toMatchObject({ status: "ok" });
	});

	it("moves what a hand moves", async () => {
		expect(await state()).toMatchObject({ muteKey: false, occupied: false });
		for (const what of ["/mute-key", "/shutter", "/somebody"]) expect((await hand(what)).status).toBe(204);
		expect(equipment.bus.device.state).toMatchObject({ muteKey: true, occupied: true });
		expect(await state()).toMatchObject({ muteKey: true, occupied: true });
	});

	it("pulls the camera's cable out, and plugs it in again, however fast that is asked", async () => {
		await Promise.all([hand("/cable"), hand("/cable"), hand("/cable")]);
		await expect.poll(async () => (await state()).camera.cable).toBe(false);
		await hand("/cable");
		await expect.poll(async () => (await state()).camera.cable).toBe(true);
	});

	it("is nobody else's: neither another page's nor another name's", async () => {
		expect((await hand("/mute-key", { origin: "https://example.org" })).status).toBe(403);
		expect(equipment.bus.device.state.muteKey).toBe(true);
		expect((await hand("/format")).status).toBe(404);
	});
});
