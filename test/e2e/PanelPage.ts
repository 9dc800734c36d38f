import type { Browser, Page } from "playwright-core";
import { patience } from "../ui/guest/guestBrowser.ts";

/** A person before a panel. */
export class PanelPage {
	readonly page: Page;
	/** Errors and uncaught exceptions. */
	readonly complaints: string[] = [];

	constructor(page: Page) {
		this.page = page;
		page.setDefaultTimeout(patience.timeout);
		page.on("console", (message) => message.type() === "error" && this.complaints.push(message.text()));
		page.on("pageerror", (error) => this.complaints.push(String(error)));
	}

	static async open(browser: Browser, url: string): Promise<PanelPage> {
		const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, hasTouch: true });
		const panel = new PanelPage(await context.newPage());
		await panel.page.goto(url);
		await panel.page.waitForSelector(".panel[data-screen]");
		return panel;
	}

	async tap(name: string | RegExp): Promise<void> {
		await this.page.getByRole("button", { name, exact: true }).tap();
	}

	untilScreen(name: string): Promise<unknown> {
		return this.page.waitForSelector(`.panel[data-screen=${name}]`);
	}

	/** The addresses of the code's pictures, in order. */
	async codePictures(): Promise<string[]> {
		await this.tap(/^(Code vergleichen|Compare code)$/);
		await this.page.waitForSelector(".code-pictures img");
		return this.page.$$eval(".code-pictures img", (list) => list.map((image) => (image as HTMLImageElement).src));
	}

	close(): Promise<void> {
		return this.page.context().close();
	}
}
