/**
 * A call that no direct path is open for: everything of it goes through coturn, and is as closed to the relay as to anybody. The guest's
 * browser is one whose network lets it reach the relay alone.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Building, type RunningBuilding } from "../../tools/building/Building.ts";
import { freePortBase } from "../../tools/building/ports.ts";
import { allowMedia, launchChromium } from "../sim/chromium.ts";
import { ownAddress } from "../sim/network/ownAddress.ts";
import { listenToFar, loudestSound, probePicture } from "../ui/guest/farMedia.ts";
import { Guest, patience } from "../ui/guest/guestBrowser.ts";
import { PanelDriver } from "./PanelDriver.ts";
import { untilTvShows } from "./tvPicture.ts";

/** Where the page keeps its transports and what they were told of the room's. */
interface Relayed {
	transports: RTCPeerConnection[];
	/** Kinds of the room's candidates: `host`, `srflx`, `relay`. */
	offered: string[];
}
type RelayedPage = typeof globalThis & { relayed: Relayed };

/** Runs in the page: relays only, by one transport to them, and no other candidate of the room's than its own relayed ones. */
function relayOnly(transport: "udp" | "tcp"): void {
	const relayed: Relayed = { transports: [], offered: [] };
	(globalThis as RelayedPage).relayed = relayed;
	const Native = globalThis.RTCPeerConnection;
	globalThis.RTCPeerConnection = class extends Native {
		constructor(configuration: RTCConfiguration = {}) {
			const iceServers = (configuration.iceServers ?? []).map(({ urls, ...server }) => ({
				...server,
				urls: [urls].flat().filter((url) => url.endsWith(`transport=${transport}`)),
			}));
			super({ ...configuration, iceServers, iceTransportPolicy: "relay" });
			relayed.transports.push(this);
		}

		override addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
			const kind = / typ (\w+)/.exec(candidate?.candidate ?? "")?.[1];
			if (kind) relayed.offered.push(kind);
			return !kind || kind === "relay" ? super.addIceCandidate(candidate ?? undefined) : Promise.resolve();
		}
	};
}

/** Of the path that the call took: the guest's end, and how it speaks to its relay. */
async function path({ page }: Guest): Promise<{ kind: string; relayProtocol: string } | null> {
	return await page.evaluate(async () => {
		const reports = await (globalThis as RelayedPage).relayed.transports.at(-1)?.getStats();
		const all = [...(reports?.values() ?? [])];
		const chosen = all.find(({ type }) => type === "transport")?.selectedCandidatePairId;
		const local = all.find(({ id }) => id === chosen)?.localCandidateId;
		const candidate = all.find(({ id }) => id === local);
		return candidate ? { kind: candidate.candidateType, relayProtocol: candidate.relayProtocol } : null;
	});
}

describe("a call through a relay", { timeout: 120_000 }, () => {
	let browser: Browser;
	let building: Building;
	let running: RunningBuilding;
	beforeAll(async () => {
		building = new Building({
			base: await freePortBase(),
			turn: { host: ownAddress() },
			configure: (_room, { config }) => {
				config["devices"] = { camera: "synthetic", microphone: "synthetic", speaker: "none", display: "none" };
			},
		});
		[running, browser] = await Promise.all([building.start(), launchChromium([allowMedia])]);
	});
	afterAll(async () => {
		await browser?.close();
		await building?.stop();
	});

	it.each(["udp", "tcp"] as const)(
		"over %s: picture and sound on both sides, the same code, and no other path",
		async (by) => {
			const berlin = await PanelDriver.connect(running.rooms.berlin);
			const guest = await Guest.create(browser);
			await guest.page.addInitScript(relayOnly, by);
			await berlin.join();
			const { guestLink } = await berlin.untilScreen("alone");
			await guest.join(guestLink, "Ada");
			const [call] = await Promise.all([berlin.untilPhase("connected"), guest.waitForPhase("connected")]);

			await expect.poll(async () => (await probePicture(guest.page)).brightness, patience).toBeGreaterThan(20);
			await listenToFar(guest.page);
			await expect.poll(() => loudestSound(guest.page), patience).toBeGreaterThan(0.02);
			await untilTvShows(
				running.rooms.berlin,
				({ red, green, blue }) => green > 80 && green > red + 40 && green > blue + 40,
			);
			await berlin.until(() => berlin.loudestFar > 0.05, "the guest's beep");

			expect(await path(guest)).toEqual({ kind: "relay", relayProtocol: by });
			// the room has a relay of its own: were it the one that is shut in, the call would find this way too
			const offered = await guest.page.evaluate(() => (globalThis as RelayedPage).relayed.offered);
			expect(offered).toContain("relay");
			expect(call.security).toBe("encrypted");
			await guest.page.click("[data-testid=compare]");
			const code = await guest.page.getAttribute("[data-testid=compare-panel]", "data-code");
			expect(code?.split(" ").map(Number)).toEqual(call.code);
			expect(guest.complaints).toEqual([]);

			await guest.close();
			await berlin.rest();
			berlin.close();
		},
	);
});
