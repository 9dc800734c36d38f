import { join } from "node:path";
import type { Browser } from "playwright-core";
import type { Locale } from "../../device/contract/snapshot.ts";
import { Guest, newLink } from "../../test/ui/guest/guestBrowser.ts";
import { startGuestServer } from "../../test/ui/guest/guestServer.ts";
import type { Picks } from "./Picks.ts";
import { shoot } from "./shoot.ts";

const sizes = { "1280x800": [1280, 800], "390x844": [390, 844], "1920x1080": [1920, 1080] } as const;
const tags: Record<Locale, string> = { de: "de-DE", en: "en-GB" };

/** The guest's page from the link to the end, in a real call between two browsers. Returns how many pictures. */
export async function guestScreens(browser: Browser, folder: string, picks: Picks): Promise<number> {
	const service = await startGuestServer();
	let count = 0;
	for (const size of picks(Object.keys(sizes) as (keyof typeof sizes)[])) {
		for (const locale of picks(["de", "en"] as const)) {
			const [width, height] = sizes[size];
			const guest = await Guest.create(browser, {
				viewport: { width, height },
				locale: tags[locale],
				reducedMotion: "reduce",
			});
			const far = await Guest.create(browser);
			const take = async (name: string) => {
				await shoot(guest.page, join(folder, `guest-${name}-${locale}-${size}.png`));
				count += 1;
			};
			await takeCall(guest, far, newLink(service.url), take);
			await Promise.all([guest.close(), far.close()]);
		}
	}
	await service.close();
	return count;
}

async function takeCall(guest: Guest, far: Guest, link: string, take: (name: string) => Promise<void>): Promise<void> {
	const { page } = guest;
	await guest.open(link);
	await take("lobby");
	await guest.turnOn();
	await take("lobby-on");
	await page.fill("[data-testid=name]", "Katharina Oberhäuser");
	await page.click(".join");
	await guest.waitForPhase("waiting");
	await take("waiting");
	await far.join(link, "Raum München");
	await Promise.all([guest.waitForPhase("connected"), far.waitForPhase("connected")]);
	await page.waitForFunction(() => [...document.querySelectorAll("video")].every((video) => video.videoWidth > 0));
	await take("call");
	await page.click("[data-testid=devices]");
	await take("call-devices");
	await page.click("[data-testid=compare]");
	await page.waitForSelector("[data-testid=compare-panel]");
	await take("call-compare");
	await page.click("[data-testid=compare]");
	await page.click("[data-testid=leave]");
	await guest.waitForScreen("ended");
	await take("ended");
	await guest.open(`${link.slice(0, link.indexOf("#"))}#1.broken`);
	await page.reload();
	await guest.waitForScreen("reloaded");
	await take("reloaded");
}
