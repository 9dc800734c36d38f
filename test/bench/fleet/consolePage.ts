import type { Page } from "playwright-core";
import { buildPage } from "../../../tools/build-ui.ts";
import { launchChromium } from "../../sim/chromium.ts";
import type { ServiceUnderTest } from "./ServiceUnderTest.ts";

interface ConsoleProbe {
	/** Milliseconds from the navigation until rooms were drawn; null until then. */
	drawnMs: number | null;
	/** Milliseconds from a key's moment until what fits was drawn, and what then stood there. */
	filtered: { ms: number; shown: string }[];
}

/** Runs in the page, before its own scripts. */
function install(): void {
	const probe: ConsoleProbe = { drawnMs: null, filtered: [] };
	(globalThis as unknown as { benchProbe: ConsoleProbe }).benchProbe = probe;
	/** The second animation frame begins once the first was drawn: an upper bound of when the change was on the screen. */
	const afterPaint = (then: () => void) => requestAnimationFrame(() => requestAnimationFrame(then));
	const observer = new MutationObserver(() => {
		if (!document.querySelector(".room")) return;
		observer.disconnect();
		afterPaint(() => {
			probe.drawnMs = performance.now();
		});
	});
	observer.observe(document, { childList: true, subtree: true });
	const shown = () => document.querySelector(".shown [role=status]")?.textContent ?? "";
	addEventListener(
		"input",
		({ timeStamp }) => afterPaint(() => probe.filtered.push({ ms: performance.now() - timeStamp, shown: shown() })),
		{ capture: true },
	);
}

const probeOf = (page: Page): Promise<ConsoleProbe> =>
	page.evaluate(() => (globalThis as unknown as { benchProbe: ConsoleProbe }).benchProbe);

/** What is typed: letters that many rooms have, and such as fewer and fewer have. */
const searched = ["elbe 12", "neisse", "donau 1", "r"];

/**
 * Milliseconds until the console's first rooms are drawn, each time in a fresh profile of a real Chromium, and until each letter of a search is
 * answered on the screen.
 */
export async function consoleTimes(
	service: ServiceUnderTest,
	n: number,
): Promise<{ drawn: number[]; filtered: number[] }> {
	await buildPage("console");
	const browser = await launchChromium();
	try {
		const cookie = await service.cookie();
		const open = async () => {
			const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
			await context.addCookies([cookie]);
			const page = await context.newPage();
			await page.addInitScript(install);
			await page.goto(`${service.origin}/console/`, { waitUntil: "commit" });
			await page.waitForFunction(
				() => (globalThis as unknown as { benchProbe: ConsoleProbe }).benchProbe.drawnMs !== null,
			);
			return page;
		};
		// once for the server to be warm
		await (await open()).context().close();
		const drawn: number[] = [];
		for (let i = 0; i < n; i++) {
			const page = await open();
			drawn.push((await probeOf(page)).drawnMs as number);
			await page.context().close();
		}
		return { drawn, filtered: await searchTimes(await open()) };
	} finally {
		await browser.close();
	}
}

async function searchTimes(page: Page): Promise<number[]> {
	const search = page.getByRole("searchbox");
	const status = page.locator(".shown [role=status]");
	// all five thousand
	await page.waitForFunction(() => /\d{4}/.test(document.querySelector(".head small")?.textContent ?? ""));
	await search.focus();
	const times: number[] = [];
	for (const text of searched) {
		await search.fill("");
		for (const letter of text) {
			await page.waitForTimeout(150);
			await page.keyboard.press(letter === " " ? "Space" : letter);
			// long after: what stands there now is right
			await page.waitForTimeout(150);
			const last = (await probeOf(page)).filtered.at(-1);
			times.push(last && last.shown === (await status.textContent()) ? last.ms : Number.POSITIVE_INFINITY);
		}
	}
	return times;
}
