import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
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

const show = (name: SceneName) => rig.room.show(inLocale(scenes[name], "en"));
const row = () => page.locator(".support-row");
const save = () => page.getByRole("button", { name: "Save onto the stick" });

it("the report for support says what is in it, is saved by a touch, and how that goes: the file's name, or why not and what to do", async () => {
	show("resting-support");
	await page.goto(rig.server.url, { waitUntil: "commit" });
	await page.getByRole("button", { name: "More", exact: true }).click();
	await page.getByRole("button", { name: "Look", exact: true }).click();
	await expect.poll(() => row().innerText()).toContain("No names, links, titles or addresses.");
	await save().click();
	await expect.poll(() => rig.room.intents.at(-1)).toEqual({ type: "panel.save_support" });
	show("resting-support-writing");
	await expect.poll(() => row().innerText()).toContain("being written");
	expect(await save().count()).toBe(0);
	show("resting-support-done");
	await expect.poll(() => row().innerText()).toContain("incamera-support-20261123-085702.json");
	show("resting-support-full");
	await expect.poll(() => row().innerText()).toContain("support.stick_full");
	expect(await row().innerText()).toContain("Make room on it");
	expect(await save().isEnabled()).toBe(true);
	// without a stick there is nothing to be seen of it
	show("resting");
	await expect.poll(() => row().count()).toBe(0);
});
