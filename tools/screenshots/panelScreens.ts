import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { Locale } from "../../device/contract/snapshot.ts";
import { type PanelRig, startPanel } from "../../test/sim/panel/PanelRig.ts";
import { inLocale, type SceneName, scenes } from "../../test/sim/panel/scenes.ts";
import type { Picks } from "./Picks.ts";
import { shoot } from "./shoot.ts";

const sizes = { "1280x800": [1280, 800], "1024x600": [1024, 600], "1920x1080": [1920, 1080] } as const;

/** Every screen of the panel, from the scripted scenes of the tests, through the real panel server. Returns how many pictures. */
export async function panelScreens(browser: Browser, folder: string, picks: Picks): Promise<number> {
	const rig = await startPanel();
	rig.room.picture = await drawRoom(browser);
	let count = 0;
	for (const size of picks(Object.keys(sizes) as (keyof typeof sizes)[])) {
		const [width, height] = sizes[size];
		const page = await browser.newPage({ viewport: { width, height }, reducedMotion: "reduce" });
		await page.goto(rig.server.url, { waitUntil: "commit" });
		for (const locale of picks(["de", "en"] as const)) {
			for (const name of picks(Object.keys(scenes) as SceneName[])) {
				count += await takeScene(page, rig, name, locale, join(folder, `panel-${name}-${locale}-${size}.png`));
			}
		}
		await page.close();
	}
	await rig.server.close();
	return count;
}

/** A meeting room in shapes and light, for the self view. */
const roomScene = `<body style="margin:0"><svg xmlns="http://www.w3.org/2000/svg" width="960" height="540" viewBox="0 90 960 540">
	<defs><linearGradient id="w" x2="0" y2="1"><stop stop-color="#6d7682"/><stop offset="1" stop-color="#444c57"/></linearGradient>
	<radialGradient id="l" cx=".3" cy=".2" r=".9"><stop stop-color="#ffe2ac" stop-opacity=".55"/><stop offset="1" stop-color="#ffe2ac" stop-opacity="0"/></radialGradient></defs>
	<path fill="url(#w)" d="M0 0h960v720H0z"/><path fill="#8fa6b8" d="M600 90h270v210H600z"/><path fill="#a9bccb" d="M600 90h130v210H600z"/>
	<g fill="#2c323b"><circle cx="250" cy="330" r="58"/><path d="M140 560c0-120 50-170 110-170s110 50 110 170z"/></g>
	<g fill="#353c46"><circle cx="480" cy="310" r="54"/><path d="M375 540c0-115 48-165 105-165s105 50 105 165z"/></g>
	<g fill="#272d35"><circle cx="715" cy="340" r="60"/><path d="M600 570c0-125 52-175 115-175s115 50 115 175z"/></g>
	<path fill="#7b5b3e" d="M0 560l190-70h580l190 70v160H0z"/><path fill="url(#l)" d="M0 0h960v720H0z"/></svg>`;

async function drawRoom(browser: Browser): Promise<Buffer> {
	const page = await browser.newPage({ viewport: { width: 960, height: 540 } });
	await page.setContent(roomScene);
	const picture = await page.screenshot({ type: "jpeg", quality: 85 });
	await page.close();
	return picture;
}

async function takeScene(page: Page, rig: PanelRig, name: SceneName, locale: Locale, path: string): Promise<number> {
	const snapshot = inLocale(scenes[name], locale);
	rig.room.show(snapshot);
	await page.locator(`html[lang=${locale}] .panel[data-screen=${snapshot.screen.name}]`).waitFor();
	rig.room.hear({ microphone: 0.62, far: 0.3 });
	rig.room.film();
	await shoot(page, path);
	for (const { open, close, suffix } of aside[name] ?? []) {
		await page.getByRole("button", { name: open[locale] }).last().click();
		await shoot(page, path.replace(".png", `-${suffix}.png`));
		await page.getByRole("button", { name: close }).click();
	}
	return 1 + (aside[name]?.length ?? 0);
}

interface Aside {
	/** The button that opens it. */
	open: Record<Locale, string>;
	close: RegExp;
	/** Of the picture's name. */
	suffix: string;
}

/** What can be opened on a screen. */
const aside: Partial<Record<SceneName, Aside[]>> = {
	resting: [
		{ open: { de: "Raum anrufen", en: "Call a room" }, close: /^(Zurück|Back)$/, suffix: "rooms" },
		{ open: { de: "Link eingeben", en: "Enter link" }, close: /^(Zurück|Back)$/, suffix: "link" },
	],
	"call-encrypted": [
		{ open: { de: "Code vergleichen", en: "Compare code" }, close: /^(Später|Later)$/, suffix: "compare" },
	],
};
