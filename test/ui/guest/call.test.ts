import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Service } from "../../../provisioning/service/startService.ts";
import { allowMedia, launchChromium } from "../../sim/chromium.ts";
import { listenToFar, loudestFromNow, loudestSound, probePicture } from "./farMedia.ts";
import { Guest, newLink, patience } from "./guestBrowser.ts";
import { startGuestServer } from "./guestServer.ts";

describe("two guests in Chromium", { timeout: 90_000 }, () => {
	let browser: Browser;
	let service: Service;
	let link: string;
	let ada: Guest;
	let ben: Guest;
	let others: Guest[];

	beforeAll(async () => {
		service = await startGuestServer();
		browser = await launchChromium([allowMedia]);
	}, 60_000);
	afterAll(async () => {
		await browser?.close();
		await service?.close();
	});
	beforeEach(async () => {
		link = newLink(service.url);
		ada = await Guest.create(browser);
		ben = await Guest.create(browser);
		others = [];
	});
	afterEach(async () => {
		for (const guest of [ada, ben, ...others]) {
			expect(guest.complaints).toEqual([]);
			await guest.close();
		}
	});

	const meet = async () => {
		await ada.join(link, "Ada");
		await ada.waitForPhase("waiting");
		await ben.join(link, "Ben");
		await Promise.all([ada.waitForPhase("connected"), ben.waitForPhase("connected")]);
	};
	const code = async ({ page }: Guest) => {
		await page.click("[data-testid=compare]");
		return page.getAttribute("[data-testid=compare-panel]", "data-code");
	};
	const badge = ({ page }: Guest) => page.getAttribute("[data-testid=security]", "data-security");

	it("see and hear each other, and read the same code", async () => {
		await meet();
		expect(await ada.page.textContent("h1")).toBe("Ben");
		expect(await ben.page.textContent("h1")).toBe("Ada");
		for (const { page } of [ada, ben]) {
			await expect.poll(async () => (await probePicture(page)).brightness, patience).toBeGreaterThan(60);
			const first = await probePicture(page);
			expect(first.width).toBeGreaterThanOrEqual(320);
			await expect.poll(async () => (await probePicture(page)).print, patience).not.toBe(first.print);
			await listenToFar(page);
			await expect.poll(() => loudestSound(page), patience).toBeGreaterThan(0.05);
		}
		const codes = [await code(ada), await code(ben)];
		expect(codes[0]).toMatch(/^(\d+ ){6}\d+$/);
		expect(codes[0]).toBe(codes[1]);
		expect(
			await ada.page.$$eval(".code-pictures img", (list) => list.map((image) => (image as HTMLImageElement).src)),
		).toEqual(
			await ben.page.$$eval(".code-pictures img", (list) => list.map((image) => (image as HTMLImageElement).src)),
		);
	});

	it("mark the moments of the join", async () => {
		await meet();
		const moments = () =>
			ben.page.evaluate(() =>
				performance
					.getEntriesByType("mark")
					.map(({ name }) => name)
					.filter((name) => name.startsWith("incamera:")),
			);
		await expect.poll(moments, patience).toContain("incamera:first-frame");
		const inOrder = await moments();
		for (const moment of ["ready", "join", "securing", "released", "connected", "gate-open", "first-frame"])
			expect(inOrder.filter((name) => name === `incamera:${moment}`)).toHaveLength(1);
	});

	it("show the badge of an encrypted call, and of a verified one once the code was compared", async () => {
		await meet();
		expect(await badge(ada)).toBe("encrypted");
		expect(await ada.page.textContent("[data-testid=security]")).toBe("Encrypted end to end · not compared");
		await code(ada);
		await ada.page.click(".same");
		await ada.page.waitForSelector("[data-testid=security][data-security=verified]");
		expect(await ada.page.textContent(".compared")).toBe("Compared: the code is the same");
		// Each side compares for itself.
		expect(await badge(ben)).toBe("encrypted");
	});

	it("end on both sides when one says that the pictures differ", async () => {
		await meet();
		await code(ben);
		await ben.page.click(".different");
		await Promise.all([ada.waitForScreen("ended"), ben.waitForScreen("ended")]);
		for (const { page } of [ada, ben]) expect(await page.textContent(".code code")).toBe("call.codes_differ");
		expect(await ben.axe()).toEqual([]);
	});

	it("see when the other mutes, and hear nothing then", async () => {
		await meet();
		await listenToFar(ada.page);
		await expect.poll(() => loudestSound(ada.page), patience).toBeGreaterThan(0.05);
		await ben.page.click("[data-testid=microphone]");
		await ada.page.waitForSelector("[data-testid=far-microphone-off]");
		// What was on its way is heard out first.
		await expect.poll(() => loudestFromNow(ada.page), patience).toBeLessThan(0.01);
		await ben.page.click("[data-testid=microphone]");
		await ada.page.waitForSelector("[data-testid=far-microphone-off]", { state: "detached" });
		await expect.poll(() => loudestSound(ada.page), patience).toBeGreaterThan(0.05);
	});

	it("see when the other's camera goes off, and its picture again when it is on", async () => {
		await meet();
		await ben.page.click("[data-testid=camera]");
		await ada.page.waitForSelector("[data-testid=far-camera-off]");
		expect(await ada.axe()).toEqual([]);
		await ben.page.click("[data-testid=camera]");
		await ada.page.waitForSelector("[data-testid=far-camera-off]", { state: "detached" });
		const before = await probePicture(ada.page);
		await expect.poll(async () => (await probePicture(ada.page)).print, patience).not.toBe(before.print);
	});

	it("can join without devices and turn them on later, by a touch", async () => {
		await ada.join(link);
		await ben.open(link);
		await ben.page.click(".join");
		await Promise.all([ada.waitForPhase("connected"), ben.waitForPhase("connected")]);
		await ada.page.waitForSelector("[data-testid=far-microphone-off]");
		await ada.page.waitForSelector("[data-testid=far-camera-off]");
		expect((await probePicture(ada.page)).brightness).toBe(0);
		await expect.poll(async () => (await probePicture(ben.page)).brightness, patience).toBeGreaterThan(60);
		await ben.page.click("[data-testid=camera]");
		await ada.page.waitForSelector("[data-testid=far-camera-off]", { state: "detached" });
		await expect.poll(async () => (await probePicture(ada.page)).brightness, patience).toBeGreaterThan(60);
	});

	it("are told when the other leaves, by the button or by closing the window", async () => {
		await meet();
		await ben.page.click("[data-testid=leave]");
		await Promise.all([ada.waitForScreen("ended"), ben.waitForScreen("ended")]);
		expect(await ben.page.textContent("h1")).toBe("You left the call.");
		expect(await ada.page.textContent("h1")).toBe("The other side has left.");
		expect(await ada.axe()).toEqual([]);

		await ada.page.click(".again");
		await ben.page.click(".again");
		for (const guest of [ada, ben]) {
			await guest.turnOn();
			await guest.page.click(".join");
		}
		await Promise.all([ada.waitForPhase("connected"), ben.waitForPhase("connected")]);
		await ben.page.goto("about:blank");
		await ada.waitForScreen("ended");
		expect(await ada.page.textContent("h1")).toBe("The other side has left.");
	});

	it("find each other again when the path is lost, with a new code, and what was muted stays muted", async () => {
		for (const { page } of [ada, ben])
			await page.addInitScript(() => {
				const kept: RTCPeerConnection[] = [];
				const Real = RTCPeerConnection;
				globalThis.RTCPeerConnection = class extends Real {
					constructor(configuration?: RTCConfiguration) {
						super(configuration);
						kept.push(this);
					}
				};
				Object.assign(globalThis, { kept });
			});
		await meet();
		await ben.page.click("[data-testid=microphone]");
		await ada.page.waitForSelector("[data-testid=far-microphone-off]");
		const before = await code(ada);
		await ben.page.evaluate(() => {
			for (const peer of (globalThis as unknown as { kept: RTCPeerConnection[] }).kept) peer.close();
		});
		const panel = "[data-testid=compare-panel]";
		await expect.poll(() => ada.page.getAttribute(panel, "data-code"), patience).not.toBe(before);
		await Promise.all([ada.waitForPhase("connected"), ben.waitForPhase("connected")]);
		expect(await ada.page.getAttribute(panel, "data-code")).toBe(await code(ben));
		const picture = await probePicture(ada.page);
		await expect.poll(async () => (await probePicture(ada.page)).print, patience).not.toBe(picture.print);
		expect(await ada.page.isVisible("[data-testid=far-microphone-off]")).toBe(true);
		expect(await ben.page.getAttribute("[data-testid=microphone]", "data-state")).toBe("off");
		await listenToFar(ben.page);
		await expect.poll(() => loudestSound(ben.page), patience).toBeGreaterThan(0.05);
	});

	it("release camera and microphone when the call ends", async () => {
		await meet();
		await ada.page.evaluate(() => {
			const video = document.querySelector("[data-testid=self-video]") as HTMLVideoElement;
			Object.assign(globalThis, { held: (video.srcObject as MediaStream).getTracks() });
		});
		await ada.page.click("[data-testid=leave]");
		await ada.waitForScreen("ended");
		const states = await ada.page.evaluate(() =>
			(globalThis as unknown as { held: MediaStreamTrack[] }).held.map(({ readyState }) => readyState),
		);
		expect(states).toEqual(["ended"]);
	});

	it("tell a third that the meeting is full", async () => {
		await meet();
		const third = await Guest.create(browser);
		others.push(third);
		await third.join(link);
		await third.waitForScreen("ended");
		expect(await third.page.textContent(".code code")).toBe("rendezvous.meeting_full");
		expect(await third.axe()).toEqual([]);
		expect(await ada.page.getAttribute("main", "data-phase")).toBe("connected");
	});

	it("can cancel while waiting", async () => {
		await ada.join(link);
		await ada.waitForPhase("waiting");
		expect(await ada.page.textContent("[data-testid=message]")).toContain("You are the first");
		expect(await ada.axe()).toEqual([]);
		await ada.page.click("[data-testid=leave]");
		await ada.waitForScreen("ended");
		expect(await ada.page.textContent("h1")).toBe("Cancelled.");
	});

	for (const [name, viewport] of [
		["a desktop", { width: 1280, height: 800 }],
		["a phone", { width: 360, height: 800 }],
		["a phone on its side", { width: 800, height: 360 }],
	] as const) {
		it(`fits ${name}: nothing covers Leave, and axe finds nothing`, async () => {
			await ada.page.setViewportSize(viewport);
			await meet();
			expect(await ada.axe()).toEqual([]);
			for (const panel of ["compare", "devices"] as const) {
				await ada.page.click(`[data-testid=${panel}]`);
				await ada.page.waitForSelector(".panel");
				expect(await ada.axe()).toEqual([]);
				const reachable = await ada.page.$eval("[data-testid=leave]", (button) => {
					const { left, top, width, height } = button.getBoundingClientRect();
					const hit = document.elementFromPoint(left + width / 2, top + height / 2);
					return button.contains(hit) && top >= 0 && top + height <= innerHeight;
				});
				expect(reachable).toBe(true);
			}
			expect(await ada.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
			await ada.page.keyboard.press("Escape");
			await ada.page.waitForSelector(".panel", { state: "detached" });
			expect(await ada.page.evaluate(() => document.activeElement?.getAttribute("data-testid"))).toBe("devices");
		});
	}
});
