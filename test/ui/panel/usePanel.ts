import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { launchChromium } from "../../sim/chromium.ts";
import { type PanelRig, startPanel } from "../../sim/panel/PanelRig.ts";
import { inLocale, type SceneName, scenes } from "../../sim/panel/scenes.ts";

/** What a file's tests have of their panel; each test has a new one. */
export interface UsedPanel {
	readonly rig: PanelRig;
	readonly page: Page;
	show(name: SceneName): void;
	/** The panel's first page in this scene. */
	open(name: SceneName): Promise<void>;
	/** Its page for technicians. */
	openService(name: SceneName): Promise<void>;
}

/** A panel in English, 1280×800, in one browser for all tests of the file that calls this at its top. */
export function usePanel(): UsedPanel {
	let browser: Browser;
	let rig: PanelRig;
	let page: Page;
	beforeAll(async () => {
		browser = await launchChromium();
	});
	afterAll(() => browser?.close());
	beforeEach(async () => {
		rig = await startPanel();
		page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
		page.setDefaultTimeout(20_000);
	});
	afterEach(async () => {
		await page?.close();
		await rig?.server.close();
	});
	return {
		get rig() {
			return rig;
		},
		get page() {
			return page;
		},
		show: (name) => rig.room.show(inLocale(scenes[name], "en")),
		async open(name) {
			this.show(name);
			await page.goto(rig.server.url, { waitUntil: "commit" });
		},
		async openService(name) {
			await this.open(name);
			await page.getByRole("button", { name: "More", exact: true }).click();
			await page.getByRole("button", { name: "Look", exact: true }).click();
		},
	};
}
