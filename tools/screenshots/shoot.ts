import type { Page } from "playwright-core";

/** A picture of the page once its fonts and pictures are there and it has been drawn. */
export async function shoot(page: Page, path: string): Promise<void> {
	await page.evaluate(() => document.fonts.ready.then(() => undefined));
	await page.waitForFunction(() =>
		[...document.images].every((image) => image.naturalWidth > 0 || image.checkVisibility() === false),
	);
	await page.waitForFunction(() => document.querySelector('.qr path[d=""]') === null);
	await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
	await page.mouse.move(0, 0);
	await page.screenshot({ path, animations: "disabled" });
}
