import { join } from "node:path";
import type { Browser } from "playwright-core";
import type { Installation } from "../../provisioning/contract/installation.ts";
import { disksForShow, ScriptedInstaller } from "../../test/sim/installer/ScriptedInstaller.ts";
import type { Picks } from "./Picks.ts";
import { shoot } from "./shoot.ts";

const sizes = { "1280x800": [1280, 800], "800x480": [800, 480], "1920x1080": [1920, 1080] } as const;
const states: Record<string, Installation["state"]> = {
	"installer-choose": { is: "choosing" },
	"installer-chosen": { is: "choosing" },
	"installer-no-disk": { is: "choosing" },
	"installer-busy": { is: "busy", step: "writing", done: 0.42, disk: "sda" },
	"installer-installed": { is: "installed", disk: "sda", prepared: true },
	"installer-failed": { is: "failed", fault: "stick", code: "firmware.altered" },
};

/** What the installer's stick shows on a panel. Returns how many pictures. */
export async function installerScreens(browser: Browser, folder: string, picks: Picks): Promise<number> {
	const installer = await ScriptedInstaller.start();
	let count = 0;
	for (const size of picks(Object.keys(sizes) as (keyof typeof sizes)[])) {
		for (const locale of picks(["de", "en"] as const)) {
			const [width, height] = sizes[size];
			const page = await browser.newPage({ viewport: { width, height }, locale, reducedMotion: "reduce" });
			for (const scene of picks(Object.keys(states))) {
				installer.state = states[scene] ?? { is: "choosing" };
				installer.disks = scene === "installer-no-disk" ? disksForShow.slice(2) : disksForShow;
				await page.goto(installer.url);
				await page.locator("h1").waitFor();
				await page.locator(".underway").waitFor({ state: "detached" });
				if (scene === "installer-chosen") await page.locator(".disk").nth(1).click();
				await shoot(page, join(folder, `${scene}-${locale}-${size}.png`));
				count += 1;
			}
			await page.close();
		}
	}
	await installer.close();
	return count;
}
