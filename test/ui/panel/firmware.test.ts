import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchChromium } from "../../sim/chromium.ts";
import { type PanelRig, startPanel } from "../../sim/panel/PanelRig.ts";
import { inLocale, type SceneName, scenes } from "../../sim/panel/scenes.ts";

let browser: Browser;
let rig: PanelRig;
let page: Page;

beforeAll(async () => {
	browser = await launchChromium();
});
afterAll(() => browser.close());

beforeEach(async () => {
	rig = await startPanel();
	page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
	page.setDefaultTimeout(20_000);
});

afterEach(async () => {
	await page.close();
	await rig.server.close();
});

/** The service page in this scene. */
async function open(name: SceneName): Promise<void> {
	rig.room.show(inLocale(scenes[name], "en"));
	await page.goto(rig.server.url, { waitUntil: "commit" });
	await page.getByRole("button", { name: "More", exact: true }).click();
	await page.getByRole("button", { name: "Look", exact: true }).click();
	await page.locator(".firmware").first().waitFor();
}
const hold = () => page.getByRole("button", { name: "Hold to install" });
const wanted = () => rig.room.intents.filter(({ type }) => type === "panel.install_stick");

describe("the service page", () => {
	it("says what runs, what could, and why the last update failed, with its code", async () => {
		await open("resting-stick");
		const text = await page.locator(".firmware").first().innerText();
		expect(text).toContain("1.4.0");
		expect(text).toContain("B: 1.5.0, did not prove itself");
		expect(text).toContain("The update to 1.5.0 was taken back.");
		expect(text).toContain("The panel stayed dark.");
		expect(text).toContain("update.panel_not_painted");
	});

	it("installs what a stick brings when the key is held, and not when it is touched", async () => {
		await open("resting-stick");
		await hold().click();
		await hold().press("Enter");
		// a touch that is answered shows that nothing was asked before it
		await page.getByRole("button", { name: "Deutsch" }).click();
		await expect.poll(() => rig.room.intents.at(-1)?.type).toBe("panel.locale");
		expect(wanted()).toEqual([]);
		await hold().hover();
		await page.mouse.down();
		await expect.poll(wanted, { timeout: 10_000 }).toEqual([{ type: "panel.install_stick", version: "1.5.1" }]);
		await page.mouse.up();
	});

	it("also by a key of the keyboard, held", async () => {
		await open("resting-stick");
		await hold().focus();
		await page.keyboard.down("Enter");
		await expect.poll(wanted, { timeout: 10_000 }).toHaveLength(1);
		await page.keyboard.up("Enter");
	});

	it("says why a stick is refused, and what an update waits for; there is nothing to hold then", async () => {
		await open("resting-stick-refused");
		expect(await page.locator(".firmware").last().innerText()).toContain("It is not newer than the one that runs.");
		expect(await hold().count()).toBe(0);
		rig.room.show(inLocale(scenes["resting-stick-waiting"], "en"));
		await expect.poll(() => page.locator(".firmware").first().innerText()).toContain("no meeting is on or near");
		expect(await hold().isDisabled()).toBe(true);
	});
});
