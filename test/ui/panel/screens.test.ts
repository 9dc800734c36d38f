import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Locale } from "../../../device/contract/snapshot.ts";
import { launchChromium } from "../../sim/chromium.ts";
import { type Aside, asides, openAside } from "../../sim/panel/asides.ts";
import { type PanelRig, startPanel } from "../../sim/panel/PanelRig.ts";
import { greyJpeg } from "../../sim/panel/ScriptedRoom.ts";
import {
	calendarFailures,
	failures,
	inLocale,
	peripheralFailures,
	type SceneName,
	scenes,
	serviceTroubles,
} from "../../sim/panel/scenes.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const names = Object.keys(scenes) as SceneName[];
const locales: Locale[] = ["de", "en"];

let browser: Browser;
let rig: PanelRig;

beforeAll(async () => {
	browser = await launchChromium();
	rig = await startPanel();
	for (const number of [0, 1, 2, 3]) rig.room.presetPictures.set(`${number} ${number}a`, greyJpeg);
}, 60_000);

afterAll(async () => {
	await browser.close();
	await rig.server.close();
});

async function open(width: number, height: number): Promise<Page> {
	// axe is not of the page, so it isn't bound by the page's policy.
	const context = await browser.newContext({ viewport: { width, height }, bypassCSP: true, reducedMotion: "reduce" });
	const page = await context.newPage();
	page.setDefaultTimeout(15_000);
	await page.goto(rig.server.url, { waitUntil: "commit" });
	return page;
}

async function show(page: Page, name: SceneName, locale: Locale): Promise<void> {
	const snapshot = inLocale(scenes[name], locale);
	rig.room.show(snapshot);
	await drawn(page);
}

/** The page has drawn the room's newest snapshot, its fonts and its pictures. */
async function drawn(page: Page): Promise<void> {
	const { screen, room, rev } = rig.room.snapshot();
	// Like a camera, as long as something waits for its picture: whoever looks later gets one too.
	const filming = setInterval(() => rig.room.film(), 50);
	try {
		await page.locator(`html[lang=${room.locale}] .panel[data-screen="${screen.name}"][data-rev="${rev}"]`).waitFor();
		await page.evaluate(() => document.fonts.ready.then(() => undefined));
		await page.waitForFunction(() => [...document.images].every((image) => image.naturalWidth > 0));
	} finally {
		clearInterval(filming);
	}
}

/** Shows the screen and opens what one of its buttons opens, however the page was left. */
async function showAside(page: Page, aside: Aside, locale: Locale): Promise<void> {
	await show(page, "joining", locale);
	await show(page, aside.scene, locale);
	await openAside(page, aside, locale);
	await drawn(page);
}

/** Everything that sticks out of what holds it, or is cut where nothing says that it goes on. */
function overflows(page: Page): Promise<string[]> {
	return page.evaluate(() => {
		const found: string[] = [];
		// What comes from outside may be of any length, and is shortened with dots.
		const data = ".heard-only, .guest-link, .slot h2, .lit h2, .who h1, .room-name, .sources, .preset";
		const describe = (element: Element) =>
			`${element.className || element.tagName}: ${element.textContent?.slice(0, 40)}`;
		const visible = (element: Element) => getComputedStyle(element).visibility !== "hidden";
		for (const element of document.querySelectorAll(
			".stage, .camera-side, .bar, .dock, .wall, .card, .button, .tile, .invite",
		)) {
			if (!visible(element)) continue;
			const style = getComputedStyle(element);
			const tall = element.scrollHeight > element.clientHeight + 1 && style.overflowY !== "auto";
			if (tall || element.scrollWidth > element.clientWidth + 1) found.push(describe(element));
		}
		// What stands beside each other, with all that is in it: what does not fit there may hang out to the left, which no width tells.
		for (const dock of document.querySelectorAll(".dock")) {
			const boxes = [...dock.children].map((child) =>
				[child, ...child.querySelectorAll("*")].map((part) => part.getBoundingClientRect()),
			);
			const over = (one: DOMRect, other: DOMRect) =>
				one.left < other.right - 1 &&
				other.left < one.right - 1 &&
				one.top < other.bottom - 1 &&
				other.top < one.bottom - 1;
			boxes.forEach((parts, place) => {
				const others = boxes.slice(place + 1).flat();
				if (parts.some((part) => others.some((other) => over(part, other))))
					found.push(`over its neighbour: ${describe(dock.children[place] as Element)}`);
			});
		}
		for (const element of document.querySelectorAll("h1, h2, p, .button span, .button small, .badge span, li span")) {
			if (!visible(element) || element.closest(data)) continue;
			const box = element.getBoundingClientRect();
			const cut = element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline";
			if (cut || box.right > innerWidth || box.bottom > innerHeight || box.left < 0) found.push(describe(element));
		}
		return found;
	});
}

/** What is touched and is too small, and what is read and is too small. */
function tooSmall(page: Page): Promise<string[]> {
	return page.evaluate(() => {
		const found: string[] = [];
		const shown = (element: Element) =>
			getComputedStyle(element).visibility !== "hidden" && !element.closest(".heard-only");
		for (const element of document.querySelectorAll("button, input")) {
			const { width, height } = element.getBoundingClientRect();
			const key = element.closest(".keyboard") !== null;
			if (shown(element) && (height < 63.5 || width < (key ? 48 : 63.5))) {
				found.push(`${Math.round(width)}×${Math.round(height)} ${element.textContent}`);
			}
		}
		const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		for (let node = walker.nextNode(); node; node = walker.nextNode()) {
			const parent = node.parentElement;
			if (!parent || !node.textContent?.trim() || !shown(parent) || parent.closest("script, style")) continue;
			const size = Number.parseFloat(getComputedStyle(parent).fontSize);
			if (size < 20) found.push(`${size}px ${node.textContent}`);
		}
		return found;
	});
}

/** What axe finds against WCAG 2.2 AA, and contrast below 7:1 (AAA's rule). */
async function axe(page: Page): Promise<string[]> {
	if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
	return page.evaluate(async () => {
		interface Axe {
			run(
				options: object,
			): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
		}
		const results = await (window as unknown as { axe: Axe }).axe.run({
			runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
			rules: { "color-contrast-enhanced": { enabled: true } },
		});
		return results.violations.flatMap(({ id, nodes }) =>
			nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
		);
	});
}

describe.each([
	[1280, 800],
	[1024, 600],
	[1920, 1080],
])("at %i×%i", (width, height) => {
	let page: Page;
	beforeAll(async () => {
		page = await open(width, height);
	});
	afterAll(() => page.context().close());

	describe.each(locales)("in %s", (locale) => {
		it.each(names)("%s fits, and can be read and touched", async (name) => {
			await show(page, name, locale);
			expect(await overflows(page)).toEqual([]);
			expect(await tooSmall(page)).toEqual([]);
		});

		it.each(asides)("$name fits, and can be read and touched", async (aside) => {
			await showAside(page, aside, locale);
			expect(await overflows(page)).toEqual([]);
			expect(await tooSmall(page)).toEqual([]);
		});

		it("has room for the longest failure", async () => {
			for (const failure of [...failures, ...calendarFailures, ...serviceTroubles]) {
				rig.room.show(inLocale(failure, locale));
				await drawn(page);
				expect(await overflows(page), JSON.stringify(failure.screen)).toEqual([]);
			}
			const service = asides.find(({ name }) => name === "resting-service") as Aside;
			for (const failure of peripheralFailures) {
				await show(page, "joining", locale);
				rig.room.show(inLocale(failure, locale));
				await drawn(page);
				await openAside(page, service, locale);
				expect(await overflows(page), JSON.stringify(failure.peripherals.devices)).toEqual([]);
			}
		});
	});
});

// in one language: what it looks at is the same in both, but for the words
describe("axe", () => {
	let page: Page;
	beforeAll(async () => {
		page = await open(1280, 800);
	});
	afterAll(() => page.context().close());

	it.each(names)("finds nothing on %s", async (name) => {
		await show(page, name, "de");
		expect(await axe(page)).toEqual([]);
	});

	it.each(asides)("finds nothing on $name", async (aside) => {
		await showAside(page, aside, "de");
		expect(await axe(page)).toEqual([]);
	});
});
