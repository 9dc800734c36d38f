import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
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

const show = (snapshot: Snapshot) => rig.room.show(inLocale(snapshot, "en"));
/** The service page in this scene. */
async function open(name: SceneName): Promise<void> {
	show(scenes[name]);
	await page.goto(rig.server.url, { waitUntil: "commit" });
	await page.getByRole("button", { name: "More", exact: true }).click();
	await page.getByRole("button", { name: "Look", exact: true }).click();
}
const row = () => page.locator(".reset-row");
const first = () => page.getByRole("button", { name: "Hold to open" });
const second = () => page.getByRole("button", { name: "Hold to erase" });
const question = () => page.getByRole("heading", { name: "Erase everything?" });
const wanted = () => rig.room.intents.filter(({ type }) => type === "panel.factory_reset").length;
async function holdUntil(button: ReturnType<typeof first>, seen: () => Promise<void>): Promise<void> {
	await button.hover();
	await page.mouse.down();
	await seen();
	await page.mouse.up();
}
/** A touch that is answered shows that nothing was asked before it. */
async function answered(): Promise<void> {
	await page.getByRole("button", { name: "Deutsch" }).click();
	await expect.poll(() => rig.room.intents.at(-1)?.type).toBe("panel.locale");
}

describe("a factory reset", () => {
	it("is asked for by two keys that are each held, the second beside all that will be gone", async () => {
		await open("resting-reset");
		await first().click();
		expect(await question().count()).toBe(0);
		await holdUntil(first(), () => question().waitFor());
		const text = await page.locator(".reset .stage").innerText();
		for (const thing of ["belongs to your organisation", "camera views", "all keys", "set-up file"]) {
			expect(text).toContain(thing);
		}
		await second().click();
		await second().press("Enter");
		await answered();
		expect(wanted()).toBe(0);
		await holdUntil(second(), () => expect.poll(wanted, { timeout: 10_000 }).toBe(1));
		show({ ...scenes["resting-reset"], reset: { state: "begun", code: null }, can: scenes.resting.can });
		await page.getByText("The device erases everything and restarts.").waitFor();
		expect(await second().count()).toBe(0);
	});

	it("can be gone back from, to where it was opened", async () => {
		await open("resting-reset");
		await holdUntil(first(), () => question().waitFor());
		await page.getByRole("button", { name: "Back" }).click();
		await row().waitFor();
		expect(wanted()).toBe(0);
	});

	it("is let go when it is not allowed any more, and says why", async () => {
		await open("resting-reset");
		await holdUntil(first(), () => question().waitFor());
		await second().hover();
		await page.mouse.down();
		show({ ...scenes["resting-reset-waiting"], rev: 9 });
		await page.getByText("Not while an update is being installed.").waitFor();
		await page.mouse.up();
		expect(await second().isDisabled()).toBe(true);
		await answered();
		expect(wanted()).toBe(0);
	});

	it("is not offered where nobody can do it; why the last one failed stands beside the key", async () => {
		await open("resting-stick");
		await page.locator(".firmware").first().waitFor();
		expect(await row().count()).toBe(0);
		show(scenes["resting-reset-failed"]);
		await expect.poll(() => row().innerText()).toContain("reset.failed");
		expect(await first().isEnabled()).toBe(true);
	});
});
