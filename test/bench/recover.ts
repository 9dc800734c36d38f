/**
 * A call between a room and a guest in Chromium that is broken in two ways: the room's media engine is killed, and the network goes
 * away for five seconds, media and signalling. Measured is the time until a new picture on each side.
 */
import type { Browser, Page } from "playwright-core";
import type { PanelDriver } from "../e2e/PanelDriver.ts";
import type { Guest } from "../ui/guest/guestBrowser.ts";
import { BadNetwork } from "./BadNetwork.ts";
import { BenchBuilding } from "./BenchBuilding.ts";
import { frameAfter, framesOf, launchGuestBrowser, type ProbeOptions, waitingGuest } from "./pageProbe.ts";
import { atMost, median, type Row } from "./report.ts";
import { tvChangeAfter, watchTv } from "./tvProbe.ts";
import { pause } from "./waitFor.ts";

const outageMs = 5_000;
/** How long a call runs before it is broken, so that nothing of its beginning is measured. */
const settleMs = 2_000;

/** Milliseconds until there was a picture again. */
interface Recovery {
	room: number;
	guest: number;
}

interface Call {
	building: BenchBuilding;
	panel: PanelDriver;
	guest: Guest;
}

async function inCall(
	building: BenchBuilding,
	browser: Browser,
	breakAndMeasure: (call: Call) => Promise<Recovery>,
	options: ProbeOptions = {},
): Promise<Recovery> {
	const guest = await waitingGuest(browser, building.running.guestLink, options);
	const panel = await building.panel("berlin");
	const sinceMs = Date.now();
	await panel.join();
	await Promise.all([building.firstPicture("berlin", sinceMs), frameAfter(guest.page, sinceMs)]);
	await pause(settleMs);
	const recovery = await breakAndMeasure({ building, panel, guest });
	await panel.rest();
	panel.close();
	await guest.close();
	return recovery;
}

async function killEngine({ building, guest }: Call): Promise<Recovery> {
	const before = (await framesOf(guest.page)).at(-1)?.stream ?? "";
	const killedMs = Date.now();
	process.kill(building.enginePid("berlin"), "SIGKILL");
	const [room, far] = await Promise.all([
		building.firstPicture("berlin", killedMs, 60_000),
		frameAfter(guest.page, killedMs, { otherThan: before }),
	]);
	return { room: room - killedMs, guest: far - killedMs };
}

async function loseNetwork({ building, guest }: Call, network: BadNetwork, tv: Page): Promise<Recovery> {
	// the TV shows the far end moving
	await tvChangeAfter(tv, Date.now());
	network.down();
	await pause(outageMs);
	const backMs = network.up();
	const [seen, far] = await Promise.all([tvChangeAfter(tv, backMs), frameAfter(guest.page, backMs)]);
	// If ICE gave the path up, the TV's change may have been its scene: then the new path's first picture counts.
	await pause(settleMs);
	const room = building.rebuilt("berlin", backMs) ? await building.firstPicture("berlin", backMs) : seen;
	return { room: room - backMs, guest: far - backMs };
}

function rows(what: string, recoveries: Recovery[], mostSeconds: number): Row[] {
	return (["room", "guest"] as const).map((side) =>
		atMost(
			{ bench: "recover", metric: `${what}, ${side} side`, unit: "s" },
			median(recoveries.map((recovery) => recovery[side])) / 1000,
			mostSeconds,
			recoveries.length,
		),
	);
}

export async function bench({ quick }: { quick: boolean }): Promise<Row[]> {
	const n = quick ? 2 : 9;
	const browser = await launchGuestBrowser();
	const network = new BadNetwork();
	const killed: Recovery[] = [];
	const cut: Recovery[] = [];
	let building: BenchBuilding | null = null;
	try {
		// One kill each: three crashes within half a minute are a crash loop, which ends the call, and each makes the next start wait longer.
		for (let i = 0; i < n; i++) {
			building = await BenchBuilding.start();
			killed.push(await inCall(building, browser, killEngine));
			await building.stop();
		}
		building = await BenchBuilding.start(network.building);
		const tv = await watchTv(browser, building.running.rooms.berlin);
		for (let i = 0; i < n; i++) {
			cut.push(await inCall(building, browser, (call) => loseNetwork(call, network, tv), { relayOnly: true }));
		}
		return [...rows("engine killed", killed, 3), ...rows("5 s without network", cut, 2)];
	} finally {
		await browser.close();
		await building?.stop();
		await network.stop();
	}
}
