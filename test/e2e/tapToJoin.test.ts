/**
 * What the README promises a newcomer, tapped through in Chromium: the room's panel in one tab, the guest link in another, the second
 * room's panel in a third.
 */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Building, type RunningBuilding } from "../../tools/building/Building.ts";
import { freePortBase } from "../../tools/building/ports.ts";
import { allowMedia, launchChromium } from "../sim/chromium.ts";
import { probePicture } from "../ui/guest/farMedia.ts";
import { Guest, patience } from "../ui/guest/guestBrowser.ts";
import { PanelPage } from "./PanelPage.ts";

const nameOf = (address: string) => address.replace(/^.*\//, "");

describe("tap to join, in Chromium", { timeout: 120_000 }, () => {
	let browser: Browser;
	let building: Building;
	let running: RunningBuilding;
	let berlin: PanelPage;
	let guest: Guest;

	beforeAll(async () => {
		building = new Building({ base: await freePortBase() });
		[running, browser] = await Promise.all([building.start(), launchChromium([allowMedia])]);
	});
	afterAll(async () => {
		await browser?.close();
		await building?.stop();
	});
	beforeEach(async () => {
		berlin = await PanelPage.open(browser, running.rooms.berlin);
		guest = await Guest.create(browser);
	});
	afterEach(async () => {
		expect([...berlin.complaints, ...guest.complaints]).toEqual([]);
		await berlin.close();
		await guest.close();
	});

	it("one tap joins; the guest is seen; the pictures of the code are the same ones; leaving is one tap", async () => {
		await berlin.tap("Beitreten");
		await berlin.untilScreen("alone");
		const link = await berlin.page.textContent(".guest-link");
		expect(link).toBe(running.guestLink);
		await guest.join(link as string, "Ada");
		await Promise.all([berlin.untilScreen("call"), guest.waitForPhase("connected")]);
		await berlin.page.getByText("Ada").first().waitFor();
		await expect.poll(async () => (await probePicture(guest.page)).brightness, patience).toBeGreaterThan(20);

		// the panel shows the room's own picture, from the engine
		await expect
			.poll(
				() =>
					berlin.page.$$eval("img", (list) =>
						list.some((image) => image.src.includes("/preview/self") && image.naturalWidth > 0),
					),
				patience,
			)
			.toBe(true);

		const here = await berlin.codePictures();
		await guest.page.click("[data-testid=compare]");
		const there = await guest.page.$$eval(".code-pictures img", (list) =>
			list.map((image) => (image as HTMLImageElement).src),
		);
		expect(here).toHaveLength(7);
		expect(here.map(nameOf)).toEqual(there.map(nameOf));
		await berlin.tap("Gleich");
		await berlin.page
			.getByText(/verifiziert|verglichen/)
			.first()
			.waitFor();

		await berlin.tap("Verlassen");
		await guest.waitForScreen("ended");
		await berlin.untilScreen("ended");
	});

	it("a second room is called from the first, and answers by a tap", async () => {
		const muenchen = await PanelPage.open(browser, running.rooms.muenchen);
		if ((await berlin.page.getAttribute(".panel", "data-screen")) === "ended")
			await berlin.tap(/^(Fertig|Schließen|Zurück)$/);
		await berlin.untilScreen("resting");
		await berlin.tap("Raum anrufen");
		await berlin.tap(/München/);
		await muenchen.untilScreen("ringing-in");
		await muenchen.page.getByText("Berlin").first().waitFor();
		await muenchen.tap(/^Annehmen$/);
		await Promise.all([berlin.untilScreen("call"), muenchen.untilScreen("call")]);
		const [here, there] = [await berlin.codePictures(), await muenchen.codePictures()];
		expect(here.map(nameOf)).toEqual(there.map(nameOf));
		await muenchen.close();
	});
});
