/** From unboxing to retirement, whole and real: the building of `npm start`, a console and a panel in Chromium. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FleetBuilding, type RunningFleetBuilding } from "../../tools/building/FleetBuilding.ts";
import { freePortBase } from "../../tools/building/ports.ts";
import { launchChromium } from "../sim/chromium.ts";
import { PanelDriver } from "./PanelDriver.ts";

const devices = { camera: "synthetic", microphone: "synthetic", speaker: "none", display: "none" };

describe("the fleet", { timeout: 120_000 }, () => {
	let building: FleetBuilding;
	let running: RunningFleetBuilding;
	let browser: Browser;
	/** An admin's browser. */
	let admin: Page;
	let panel: Page;
	let berlin: PanelDriver;
	/** What the new device's agent logs of its line to the broker, in order. */
	const line: string[] = [];

	beforeAll(async () => {
		building = new FleetBuilding({
			base: await freePortBase(),
			devices,
			log: "quiet",
			onLogLine: (device, text) => {
				const state = /"event":"broker\.connection","state":"(\w+)"/.exec(text)?.[1];
				if (device === "new" && state) line.push(state);
			},
		});
		[browser, running] = await Promise.all([launchChromium(), building.start()]);
		[admin, panel] = await Promise.all([browser.newPage({ locale: "en-GB" }), browser.newPage()]);
		berlin = await PanelDriver.connect(running.rooms.berlin);
	}, 180_000);
	afterAll(async () => {
		berlin?.close();
		await browser?.close();
		await building?.stop();
	});

	const rooms = () => admin.locator(".room strong").allTextContents();
	const button = (name: string) => admin.getByRole("button", { name, exact: true });
	const directory = (test: (rooms: { id: string; name: string; online: boolean | null }[]) => boolean, what: string) =>
		berlin.until((snapshot) => test(snapshot.directory), what);

	it("lets the first admin in by the link that start prints, and shows the rooms that were enrolled", async () => {
		const session = await admin.context().newCDPSession(admin);
		await session.send("WebAuthn.enable");
		await session.send("WebAuthn.addVirtualAuthenticator", {
			options: {
				protocol: "ctap2",
				transport: "internal",
				hasResidentKey: true,
				hasUserVerification: true,
				isUserVerified: true,
				automaticPresenceSimulation: true,
			},
		});
		await admin.goto(running.invitation);
		await admin.getByLabel("Your name").fill("Kim Weber");
		await button("Register a passkey").click();
		await admin.getByRole("heading", { name: "Rooms" }).waitFor();
		await expect.poll(rooms).toEqual(["Berlin", "München"]);
	});

	it("takes a new device in by a code made in the console and typed at its panel", async () => {
		await admin.goto(`${running.console}#/enrol`);
		await admin.getByLabel("Name", { exact: true }).fill("Bonn");
		await button("Make a code").click();
		const code = (await admin.getByTestId("code").textContent()) ?? "";
		await panel.goto(running.newDevice);
		for (const key of code) await panel.locator(".code-keys").getByRole("button", { name: key, exact: true }).click();
		await panel.locator(".code-line button").click();
		await panel.locator('.panel[data-screen="resting"]').waitFor();
		expect(await panel.locator("h1").textContent()).toContain("Bonn");
		await admin.goto(`${running.console}#/rooms`);
		await expect.poll(rooms).toEqual(["Berlin", "Bonn", "München"]);
		// the other rooms hear of it by their own twins
		await directory((all) => all.some(({ name, online }) => name === "Bonn" && online === true), "Bonn in Berlin");
	});

	it("changes its name in the twin, and panel and other rooms show it", async () => {
		await admin.locator(".room", { hasText: "Bonn" }).click();
		await admin.getByLabel("Name", { exact: true }).fill("Bonn, Rheinblick");
		await button("Save").click();
		await expect.poll(() => panel.locator("h1").textContent()).toContain("Bonn, Rheinblick");
		await directory((all) => all.some(({ name }) => name === "Bonn, Rheinblick"), "the new name in Berlin");
	});

	it("asks which device it is, and its panel says so", async () => {
		await button("Show a number on its panel").click();
		await panel.locator(".identify").click();
		await panel.locator(".identify").waitFor({ state: "detached" });
	});

	it("rings it from Berlin over both agents, and the call is verified; the console sees that, and nothing of whom", async () => {
		const bonn = await PanelDriver.connect(running.newDevice);
		const { snapshot } = berlin;
		const id = snapshot.directory.find(({ name }) => name.startsWith("Bonn"))?.id ?? "";
		await berlin.until(({ can }) => can.call, "that rooms can be called");
		expect(await berlin.touch({ type: "panel.call", room: id })).toBe("ack");
		expect(await bonn.untilScreen("ringing-in")).toMatchObject({ from: "Berlin", verified: true });
		await bonn.touch({ type: "panel.answer", camera: true });
		const [call] = await Promise.all([berlin.untilPhase("connected"), bonn.untilPhase("connected")]);
		expect(call).toMatchObject({ security: "verified", far: { name: "Bonn, Rheinblick" } });
		await admin.goto(`${running.console}#/rooms`);
		await expect.poll(() => admin.locator(".room", { hasText: "Berlin" }).textContent()).toContain("call");
		await berlin.rest();
		await bonn.rest();
		bonn.close();
	});

	it("shuts it out, and it is gone from the other rooms", async () => {
		await admin.locator(".room", { hasText: "Bonn" }).click();
		await button("Shut out").click();
		await admin.getByLabel("Why").selectOption("stolen");
		await button("Shut this device out for good").click();
		await admin.getByText("Left the fleet").first().waitFor();
		await directory((all) => all.every(({ name }) => !name.startsWith("Bonn")), "no Bonn in Berlin");
		await admin.goto(`${running.console}#/rooms`);
		await expect.poll(rooms).toEqual(["Berlin", "München"]);
		// it goes on by itself, and can reach nobody: it calls the broker, which does not let it in again
		await panel.locator(".missing", { hasText: /Räume anrufen|calling rooms/ }).waitFor();
		await expect
			.poll(() => line.slice(line.lastIndexOf("lost")).filter((state) => state === "refused"))
			.not.toEqual([]);
		expect(line.slice(line.lastIndexOf("lost"))).not.toContain("connected");
	});

	it("starts München's program anew, which is the same room again", async () => {
		const { room, agent } = building.device("muenchen").pids;
		await admin.goto(`${running.console}#/rooms`);
		await admin.locator(".room", { hasText: "München" }).click();
		await button("Restart").click();
		await expect.poll(() => building.device("muenchen").pids.room).not.toBe(room);
		await expect
			.poll(() =>
				fetch(`${running.rooms.muenchen}/healthz`).then(
					({ status }) => status,
					() => 0,
				),
			)
			.toBe(200);
		expect(building.device("muenchen").pids.agent).toBe(agent);
	});

	it("resets München to factory, which is nobody's afterwards and remembers nothing", async () => {
		const muenchen = await PanelDriver.connect(running.rooms.muenchen);
		await admin.goto(`${running.console}#/rooms`);
		await admin.locator(".room", { hasText: "München" }).click();
		await button("Reset to factory").click();
		await button("Reset this device").click();
		expect(await muenchen.untilScreen("unclaimed")).toMatchObject({ step: "code", failure: null });
		expect(JSON.stringify(muenchen.snapshot)).not.toContain("München");
		muenchen.close();
	});
});
