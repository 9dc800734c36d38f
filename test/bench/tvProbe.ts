import type { Browser, Page } from "playwright-core";

interface TvProbe {
	/** When the far end's part of the TV changed, epoch ms; as often as the page draws. */
	changes: number[];
}

/** Runs in the page of the TV: looks at the far end's picture where neither self view, name nor clock is over it. */
function watch(): void {
	const probe: TvProbe = { changes: [] };
	(globalThis as unknown as { benchTv: TvProbe }).benchTv = probe;
	const canvas = document.createElement("canvas");
	canvas.width = 48;
	canvas.height = 36;
	const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
	const tv = document.getElementById("tv") as HTMLImageElement;
	let before = "";
	const look = () => {
		requestAnimationFrame(look);
		if (!tv.naturalWidth) return;
		const { naturalWidth: width, naturalHeight: height } = tv;
		context.drawImage(tv, width / 8, height / 8, width / 2, height / 2, 0, 0, canvas.width, canvas.height);
		const now = context.getImageData(0, 0, canvas.width, canvas.height).data.join();
		if (before && now !== before) probe.changes.push(Date.now());
		before = now;
	};
	look();
}

/**
 * Looks at a room's TV in a page, as a person would. Good to a tenth of a second (the preview has 12 pictures a second), and it takes
 * its share of the processor: for benches that count seconds.
 */
export async function watchTv(browser: Browser, room: string): Promise<Page> {
	const page = await (await browser.newContext({ viewport: { width: 320, height: 180 } })).newPage();
	await page.goto(`${room}/tv`);
	await page.evaluate(watch);
	return page;
}

/** When the TV's far-end picture first changed after a moment (epoch ms), waited for. */
export async function tvChangeAfter(page: Page, sinceMs: number, timeout = 60_000): Promise<number> {
	const handle = await page.waitForFunction(
		(since) => (globalThis as unknown as { benchTv: TvProbe }).benchTv.changes.find((at) => at >= since),
		sinceMs,
		{ timeout },
	);
	return handle.jsonValue() as Promise<number>;
}
