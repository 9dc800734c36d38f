/**
 * `npm run screenshots`: pictures of every panel screen in both languages and three sizes, of the guest's page, of the console and of the installer, into
 * `build/screenshots/`, to be looked at. Words after it pick pages (`panel`, `guest`, `console`, `installer`), scenes (`call`), languages (`de`) and sizes
 * (`1280x800`) whose names begin so.
 */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { allowMedia, launchChromium } from "../test/sim/chromium.ts";
import { consoleScreens } from "./screenshots/consoleScreens.ts";
import { guestScreens } from "./screenshots/guestScreens.ts";
import { installerScreens } from "./screenshots/installerScreens.ts";
import { picksFrom } from "./screenshots/Picks.ts";
import { panelScreens } from "./screenshots/panelScreens.ts";

const folder = fileURLToPath(new URL("../build/screenshots", import.meta.url));
const picks = picksFrom(process.argv.slice(2));
const makers = { panel: panelScreens, guest: guestScreens, console: consoleScreens, installer: installerScreens };

await mkdir(folder, { recursive: true });
const browser = await launchChromium([allowMedia]);
try {
	for (const page of picks(Object.keys(makers) as (keyof typeof makers)[])) {
		const count = await makers[page](browser, folder, picks);
		console.log(`${count} pictures of the ${page} page in ${folder}`);
	}
} finally {
	await browser.close();
}
