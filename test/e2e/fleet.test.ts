/**
 * What IT does on its first day, tapped through in Chromium on a whole building: a code is made in the console and typed on the panel of a device that
 * nobody owns; the room appears, is renamed, shows its number, and is shut out.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePortBase } from "../../tools/building/Building.ts";
import { FleetBuilding, type RunningFleetBuilding } from "../../tools/building/FleetBuilding.ts";
import { launchChromium } from "../sim/chromium.ts";

describe("the fleet, in Chromium", { timeout: 180_000 }, () => {
	let browser: Browser;
	let building: FleetBuilding;
	let running: RunningFleetBuilding;
	let desk: BrowserContext;
	let console: Page;
	let panel: Page;

	beforeAll(async () => {
		building = new FleetBuilding({
			base: await freePortBase(),
			log: "quiet",
			devices: { camera: "synthetic", microphone: "synthetic", speaker: "none", display: "none" },
		});
		[running, browser] = await Promise.all([building.start(), launchChromium()]);
		desk = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
		console = await desk.newPage();
		const touch = await browser.newContext({ viewport: { width: 1280, height: 800 }, hasTouch: true, locale: "en-GB" });
		panel = await touch.newPage();
	}, 180_000);
	afterAll(async () => {
		await browser?.close();
		await building?.stop();
	});

	it("lets the first admin in by a link, once, and shows the two rooms that are in service", async () => {
		const session = await desk.newCDPSession(console);
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
		await console.goto(running.invitation);
		await console.getByLabel("Your name").fill("Kim Weber");
		await console.getByRole("button", { name: "Register a passkey" }).click();
		await expect.poll(() => console.locator(".room strong").allTextContents()).toEqual(["Berlin", "München"]);
	});

	it("puts a device into service by a code that is made in the console and typed on its panel", async () => {
		await panel.goto(running.newDevice);
		await panel.waitForSelector(".panel[data-screen=unclaimed]");

		await console.getByRole("link", { name: "Add a room" }).click();
		await console.getByLabel("Name", { exact: true }).fill("Weser");
		await console.getByRole("button", { name: "Make a code" }).click();
		const code = (await console.getByTestId("code").textContent()) ?? "";
		expect(code).toMatch(/^[0-9A-Z]{16}$/);

		for (const character of code) await panel.getByRole("button", { name: character, exact: true }).tap();
		await panel.locator(".code-form button[type=submit]").tap();
		await panel.waitForSelector(".panel[data-screen=resting]");
		await panel.getByText("Weser").first().waitFor();

		await console.getByText("The device is here.").waitFor();
		await console.getByRole("link", { name: "Open the room" }).click();
		await console.getByRole("heading", { name: "Weser" }).waitFor();
		await console.getByText("The room has all of this.").waitFor();
	});

	it("renames the room, and its panel says so, as do the directories of the others", async () => {
		await console.getByLabel("Name", { exact: true }).fill("Werre");
		await console.getByRole("button", { name: "Save" }).click();
		await panel.getByText("Werre").first().waitFor();
		await console.getByText("The room has all of this.").waitFor();
		const berlin = await panel.context().newPage();
		await berlin.goto(running.rooms.berlin);
		await berlin.getByRole("button", { name: /^(Raum anrufen|Call a room)$/ }).tap();
		await berlin.getByText("Werre").waitFor();
		await berlin.close();
	});

	it("shows the device's number on its panel, and asks it how it is", async () => {
		await console.getByRole("button", { name: "Show a number on its panel" }).click();
		await panel.locator(".identify strong").waitFor();
		await console.getByText("done").first().waitFor();
		await console.getByRole("button", { name: "Examine itself" }).click();
		await console.getByText(/\d+ of \d+ checks are fine/).waitFor();
	});

	it("shuts the device out: it is gone from the wall, and what it did is in the log", async () => {
		await console.getByRole("button", { name: "Shut out", exact: true }).click();
		await console.getByRole("button", { name: "Shut this device out for good" }).click();
		await console.getByText("Left the fleet").first().waitFor();
		await console.getByRole("link", { name: "Rooms" }).click();
		await expect.poll(() => console.locator(".room strong").allTextContents()).toEqual(["Berlin", "München"]);
		const { db } = building.fleet.database;
		await expect
			.poll(() => db.selectFrom("devices").select(["state", "online"]).where("label", "=", "Werre").executeTakeFirst())
			.toEqual({ state: "revoked", online: false });
		await console.getByRole("link", { name: "Audit log" }).click();
		await console.getByRole("button", { name: "Check that it is whole" }).click();
		await console.getByText(/^Whole: each of/).waitFor();
		for (const action of ["enrolment.create", "twin.set", "command.send", "device.revoke"]) {
			await console
				.getByRole("cell", { name: new RegExp(`^${action}`) })
				.first()
				.waitFor();
		}
	});
});
