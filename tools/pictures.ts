/**
 * `node tools/pictures.ts`: draws the SVGs in `tools/pictures` as PNGs: the pictures that the TV and the room without a camera are made of,
 * and the room that the simulated camera looks at. The results are in the repository: neither a room nor a test needs a browser to draw.
 */
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { launchChromium } from "../test/sim/chromium.ts";

const root = join(import.meta.dirname, "..");
const drawings = join(import.meta.dirname, "pictures");
const places = [
	{ drawings, pictures: join(root, "device", "media", "assets"), omitBackground: true },
	{ drawings: join(drawings, "simulators"), pictures: join(root, "test", "sim", "camera"), omitBackground: false },
];

const browser = await launchChromium();
try {
	const page = await browser.newPage();
	for (const { drawings, pictures, omitBackground } of places) {
		for (const file of globSync("*.svg", { cwd: drawings })) {
			await page.setContent(
				`<body style="margin:0;background:transparent">${await readFile(join(drawings, file), "utf8")}`,
			);
			const path = join(pictures, `${basename(file, ".svg")}.png`);
			await page.locator("svg").screenshot({ path, omitBackground });
			console.log(path);
		}
	}
} finally {
	await browser.close();
}
