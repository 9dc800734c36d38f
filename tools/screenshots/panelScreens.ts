import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { Locale } from "../../device/contract/snapshot.ts";
import { asides, openAside } from "../../test/sim/panel/asides.ts";
import { type PanelRig, startPanel } from "../../test/sim/panel/PanelRig.ts";
import { inLocale, type SceneName, scenes } from "../../test/sim/panel/scenes.ts";
import type { Picks } from "./Picks.ts";
import { shoot } from "./shoot.ts";

const sizes = { "1280x800": [1280, 800], "1024x600": [1024, 600], "1920x1080": [1920, 1080] } as const;

/** Every screen of the panel, from the scripted scenes of the tests, through the real panel server. Returns how many pictures. */
export async function panelScreens(browser: Browser, folder: string, picks: Picks): Promise<number> {
	const rig = await startPanel();
	rig.room.picture = await drawRoom(browser);
	for (const [number, viewBox] of viewBoxes.entries()) {
		rig.room.presetPictures.set(`${number} ${number}a`, await drawRoom(browser, viewBox));
	}
	// Like a camera: whoever looks later gets a picture too.
	const filming = setInterval(() => rig.room.film(), 100);
	let count = 0;
	for (const size of picks(Object.keys(sizes) as (keyof typeof sizes)[])) {
		const [width, height] = sizes[size];
		const page = await browser.newPage({ viewport: { width, height }, reducedMotion: "reduce" });
		await page.goto(rig.server.url, { waitUntil: "commit" });
		for (const locale of picks(["de", "en"] as const)) {
			for (const name of picks([...Object.keys(scenes), ...asides.map((aside) => aside.name)])) {
				const aside = asides.find((one) => one.name === name);
				await showScene(page, rig, aside?.scene ?? (name as SceneName), locale);
				if (aside) await openAside(page, aside, locale);
				await shoot(page, join(folder, `panel-${name}-${locale}-${size}.png`));
				await page.keyboard.press("Escape");
				count += 1;
			}
		}
		await page.close();
	}
	clearInterval(filming);
	await rig.server.close();
	return count;
}

const whole = "0 90 960 540";
/** Where a camera may look in it. */
const viewBoxes = [whole, "520 60 400 225", "120 210 640 360", "150 240 240 135"];

/** A meeting room in shapes and light, for the self view. */
const roomScene = (
	viewBox: string,
) => `<body style="margin:0"><svg xmlns="http://www.w3.org/2000/svg" width="960" height="540" viewBox="${viewBox}">
	<defs><linearGradient id="w" x2="0" y2="1"><stop stop-color="#6d7682"/><stop offset="1" stop-color="#444c57"/></linearGradient>
	<radialGradient id="l" cx=".3" cy=".2" r=".9"><stop stop-color="#ffe2ac" stop-opacity=".55"/><stop offset="1" stop-color="#ffe2ac" stop-opacity="0"/></radialGradient></defs>
	<path fill="url(#w)" d="M0 0h960v720H0z"/><path fill="#8fa6b8" d="M600 90h270v210H600z"/><path fill="#a9bccb" d="M600 90h130v210H600z"/>
	<g fill="#2c323b"><circle cx="250" cy="330" r="58"/><path d="M140 560c0-120 50-170 110-170s110 50 110 170z"/></g>
	<g fill="#353c46"><circle cx="480" cy="310" r="54"/><path d="M375 540c0-115 48-165 105-165s105 50 105 165z"/></g>
	<g fill="#272d35"><circle cx="715" cy="340" r="60"/><path d="M600 570c0-125 52-175 115-175s115 50 115 175z"/></g>
	<path fill="#7b5b3e" d="M0 560l190-70h580l190 70v160H0z"/><path fill="url(#l)" d="M0 0h960v720H0z"/></svg>`;

async function drawRoom(browser: Browser, viewBox = whole): Promise<Buffer> {
	const page = await browser.newPage({ viewport: { width: 960, height: 540 } });
	await page.setContent(roomScene(viewBox));
	const picture = await page.screenshot({ type: "jpeg", quality: 85 });
	await page.close();
	return picture;
}

async function showScene(page: Page, rig: PanelRig, name: SceneName, locale: Locale): Promise<void> {
	const snapshot = inLocale(scenes[name], locale);
	rig.room.show(snapshot);
	const { rev } = rig.room.snapshot();
	await page.locator(`html[lang=${locale}] .panel[data-rev="${rev}"]`).waitFor();
	rig.room.hear({ microphone: 0.62, far: 0.3 });
}
