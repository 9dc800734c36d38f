/** The panel's page: how much script it is, how soon it shows the room, how soon a finger is answered. Real page, real room, Chromium. */
import type { Browser, CDPSession, Page } from "playwright-core";
import { scriptBytes } from "../../tools/build-ui.ts";
import { BenchBuilding } from "./BenchBuilding.ts";
import { launchGuestBrowser } from "./pageProbe.ts";
import { atMost, median, percentile, type Row } from "./report.ts";
import { pause } from "./waitFor.ts";

/** A ten-inch panel. */
const viewport = { width: 1280, height: 800 };

interface PanelProbe {
	/** Milliseconds since the navigation began; null while the room is not drawn. */
	drawnMs: number | null;
	/** Milliseconds from a finger's moment to the presentation of the picture that shows it (Event Timing, in steps of 8). */
	felt: number[];
	/** Touches after which the button did not show that it was touched. */
	unfelt: number;
}

/** Event Timing tells of nothing faster; what it doesn't tell of took at most this long. */
const fastestMs = 16;

/** Runs in the page, before its own scripts. */
function install(fastestMs: number): void {
	const probe: PanelProbe = { drawnMs: null, felt: [], unfelt: 0 };
	(globalThis as unknown as { benchProbe: PanelProbe }).benchProbe = probe;
	/** The second animation frame begins once the first was drawn: an upper bound of when the change was on the screen. */
	const afterPaint = (then: () => void) => requestAnimationFrame(() => requestAnimationFrame(then));
	const observer = new MutationObserver(() => {
		if (!document.querySelector(".panel[data-screen]")) return;
		observer.disconnect();
		afterPaint(() => {
			const [contentful] = performance.getEntriesByName("first-contentful-paint");
			probe.drawnMs = Math.max(performance.now(), contentful?.startTime ?? 0);
		});
	});
	observer.observe(document, { childList: true, subtree: true });
	addEventListener(
		"pointerdown",
		(event) => {
			const button = (event.target as Element).closest("button");
			requestAnimationFrame(() => {
				if (!button?.hasAttribute("data-pressed")) probe.unfelt += 1;
			});
		},
		{ capture: true },
	);
	new PerformanceObserver((list) => {
		for (const { name, duration } of list.getEntries()) if (name === "pointerdown") probe.felt.push(duration);
	}).observe({ type: "event", durationThreshold: fastestMs } as PerformanceObserverInit);
}

const probeOf = (page: Page): Promise<PanelProbe> =>
	page.evaluate(() => (globalThis as unknown as { benchProbe: PanelProbe }).benchProbe);

/** A page in a fresh profile: nothing is in a cache. */
async function openPanel(browser: Browser, url: string): Promise<{ page: Page; drawnMs: number }> {
	const context = await browser.newContext({ viewport, hasTouch: true });
	const page = await context.newPage();
	await page.addInitScript(install, fastestMs);
	await page.goto(url, { waitUntil: "commit" });
	await page.waitForFunction(() => (globalThis as unknown as { benchProbe: PanelProbe }).benchProbe.drawnMs !== null);
	return { page, drawnMs: (await probeOf(page)).drawnMs as number };
}

/** Lays a finger on a button and takes it away without pressing it: the button shows the touch, nothing follows. */
async function touch(session: CDPSession, at: { x: number; y: number }): Promise<void> {
	await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [at] });
	await pause(80);
	await session.send("Input.dispatchTouchEvent", { type: "touchCancel", touchPoints: [] });
	// at other moments of the frame each time
	await pause(30 + Math.random() * 40);
}

async function feltMs(page: Page, n: number): Promise<number[]> {
	const session = await page.context().newCDPSession(page);
	const buttons = await page.locator(".dock button, .resting-main button").all();
	const boxes = (await Promise.all(buttons.map((button) => button.boundingBox()))).filter((box) => box !== null);
	for (let i = 0; i < n; i++) {
		const { x, y, width, height } = boxes[i % boxes.length] as NonNullable<(typeof boxes)[number]>;
		await touch(session, { x: x + width / 2, y: y + height / 2 });
	}
	// the last entries come with a delay
	await pause(500);
	const { felt, unfelt } = await probeOf(page);
	// a touch that showed nothing counts as one that was never answered
	return [
		...felt.slice(0, n - unfelt),
		...Array<number>(unfelt).fill(10_000),
		...Array<number>(Math.max(0, n - unfelt - felt.length)).fill(fastestMs),
	];
}

export async function bench({ quick }: { quick: boolean }): Promise<Row[]> {
	const [drawings, touches] = quick ? [5, 20] : [20, 100];
	const building = await BenchBuilding.start();
	let browser: Browser | null = null;
	try {
		browser = await launchGuestBrowser();
		const url = `${building.running.rooms.berlin}/`;
		// once for the server to be warm
		await (await openPanel(browser, url)).page.context().close();
		const drawn: number[] = [];
		for (let i = 0; i < drawings; i++) {
			const { page, drawnMs } = await openPanel(browser, url);
			drawn.push(drawnMs);
			await page.context().close();
		}
		const { page } = await openPanel(browser, url);
		const felt = await feltMs(page, touches);
		const bench = "panel";
		return [
			atMost({ bench, metric: "script, gzipped", unit: "KB" }, (await scriptBytes("panel")).first / 1000, 45, 1),
			atMost({ bench, metric: "first drawing, p50", unit: "ms" }, median(drawn), 300, drawn.length),
			atMost({ bench, metric: "tap felt, p95", unit: "ms" }, percentile(felt, 95), 50, felt.length),
		];
	} finally {
		await browser?.close();
		await building.stop();
	}
}
