/**
 * From the touch on Join to the first decoded far-end frame, on both sides. A guest in Chromium waits in the meeting; then the room's
 * panel is touched, or, as the peer, a second Chromium in the lobby (devices already on) joins. Same page, same rendezvous, in turn.
 */
import type { Browser } from "playwright-core";
import type { PanelDriver } from "../e2e/PanelDriver.ts";
import { BenchBuilding } from "./BenchBuilding.ts";
import { frameAfter, launchGuestBrowser, markOf, pressJoin, probedGuest, waitingGuest } from "./pageProbe.ts";
import { against, type Row } from "./report.ts";
import { pause } from "./waitFor.ts";

/** Milliseconds from the touch. */
interface Join {
	joining: number;
	waiting: number;
}

/** What a page still does after it says that it waits (pictures, fonts, garbage) belongs to nobody's join. */
const settleMs = 1_000;

async function roomJoins(bench: BenchBuilding, panel: PanelDriver, browser: Browser): Promise<Join> {
	const guest = await waitingGuest(browser, bench.running.guestLink);
	await pause(settleMs);
	const touchedMs = Date.now();
	await panel.join();
	const [joining, waiting] = await Promise.all([
		bench.firstPicture("berlin", touchedMs),
		frameAfter(guest.page, touchedMs),
	]);
	await panel.rest();
	await guest.close();
	return { joining: joining - touchedMs, waiting: waiting - touchedMs };
}

async function chromiumJoins(link: string, browser: Browser, other: Browser): Promise<Join> {
	const guest = await waitingGuest(browser, link);
	const joiner = await probedGuest(other);
	await joiner.open(link);
	await joiner.turnOn();
	await pause(settleMs);
	await pressJoin(joiner.page);
	const touchedMs = await markOf(joiner.page, "join");
	const [joining, waiting] = await Promise.all([frameAfter(joiner.page, touchedMs), frameAfter(guest.page, touchedMs)]);
	await joiner.close();
	await guest.close();
	return { joining: joining - touchedMs, waiting: waiting - touchedMs };
}

export async function bench({ quick }: { quick: boolean }): Promise<Row[]> {
	const n = quick ? 3 : 15;
	const building = await BenchBuilding.start();
	const browsers: Browser[] = [];
	try {
		const waiting = await launchGuestBrowser();
		browsers.push(waiting);
		const joining = await launchGuestBrowser();
		browsers.push(joining);
		const panel = await building.panel("berlin");
		const ours: Join[] = [];
		const peer: Join[] = [];
		for (let i = 0; i < n; i++) {
			ours.push(await roomJoins(building, panel, waiting));
			peer.push(await chromiumJoins(building.running.guestLink, waiting, joining));
		}
		return (
			[
				["room side", "joining"],
				["guest side", "waiting"],
			] as const
		).map(([metric, side]) =>
			against(
				{ bench: "join", metric, unit: "ms" },
				ours.map((join) => join[side]),
				peer.map((join) => join[side]),
				1,
			),
		);
	} finally {
		await Promise.allSettled(browsers.map((browser) => browser.close()));
		await building.stop();
	}
}
