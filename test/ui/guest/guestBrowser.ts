import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { createLink, formatLink } from "../../../device/meeting/link.ts";

/** Ceiling for a condition on a busy machine; a pass takes as long as it takes. */
export const patience = { timeout: 30_000, interval: 50 };

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A guest: one page in a browser profile of its own, and what its console said that must not be said. */
export class Guest {
	readonly page: Page;
	/** Errors, warnings of the security policy, uncaught exceptions. */
	readonly complaints: string[] = [];

	private constructor(page: Page) {
		this.page = page;
		page.setDefaultTimeout(patience.timeout);
		page.on("console", (message) => {
			if (message.type() === "error" || /content security policy/i.test(message.text()))
				this.complaints.push(message.text());
		});
		page.on("pageerror", (error) => this.complaints.push(String(error)));
	}

	static async create(browser: Browser, options: BrowserContextOptions = {}): Promise<Guest> {
		const context = await browser.newContext({ locale: "en-GB", ...options });
		return new Guest(await context.newPage());
	}

	async open(link: string): Promise<void> {
		await this.page.goto(link);
		await this.page.waitForSelector("main[data-screen]");
	}

	async turnOn(): Promise<void> {
		await this.page.click(".turn-on");
		await this.page.waitForSelector("[data-testid=microphone][data-state=on]");
		await this.page.waitForSelector("[data-testid=camera][data-state=on]");
	}

	/** Opens the link, turns the devices on and joins. */
	async join(link: string, name = ""): Promise<void> {
		await this.open(link);
		await this.turnOn();
		if (name) await this.page.fill("[data-testid=name]", name);
		await this.page.click(".join");
	}

	screen(): Promise<string | null> {
		return this.page.getAttribute("main", "data-screen");
	}

	waitForPhase(phase: string): Promise<unknown> {
		return this.page.waitForSelector(`main[data-phase=${phase}]`);
	}

	waitForScreen(screen: string): Promise<unknown> {
		return this.page.waitForSelector(`main[data-screen=${screen}]`);
	}

	/** What axe-core finds against WCAG 2.2 A and AA, one line each. */
	async axe(): Promise<string[]> {
		await this.page.evaluate(axe);
		const results = (await this.page.evaluate(
			`axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })`,
		)) as AxeResults;
		return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
	}

	close(): Promise<void> {
		return this.page.context().close();
	}
}

export function newLink(origin: string): string {
	return formatLink(createLink({ origin, caPin: new Uint8Array(32).fill(7) }));
}
