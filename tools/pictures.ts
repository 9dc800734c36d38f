/**
 * `node tools/pictures.ts`: draws `tools/pictures/*.svg` into `device/media/assets/*.png`, the pictures that the TV and the room without
 * a camera are made of. The result is in the repository: a room needs no browser to draw.
 */
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { launchChromium } from "../test/sim/chromium.ts";

const drawings = join(import.meta.dirname, "pictures");
const assets = join(import.meta.dirname, "..", "device", "media", "assets");

const browser = await launchChromium();
try {
	const page = await browser.newPage();
	for (const file of globSync("*.svg", { cwd: drawings })) {
		await page.setContent(
			`<body style="margin:0;background:transparent">${await readFile(join(drawings, file), "utf8")}`,
		);
		const path = join(assets, `${basename(file, ".svg")}.png`);
		await page.locator("svg").screenshot({ path, omitBackground: true });
		console.log(path);
	}
} finally {
	await browser.close();
}
