import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Service } from "../../../provisioning/service/startService.ts";
import { allowMedia, launchChromium } from "../../sim/chromium.ts";
import { Guest, newLink, patience } from "./guestBrowser.ts";
import { startGuestServer } from "./guestServer.ts";

describe("the guest's lobby in Chromium", { timeout: 60_000 }, () => {
	let browser: Browser;
	let service: Service;
	let guest: Guest;

	beforeAll(async () => {
		service = await startGuestServer();
		browser = await launchChromium([allowMedia]);
	}, 60_000);
	afterAll(async () => {
		await browser?.close();
		await service?.close();
	});
	beforeEach(async () => {
		guest = await Guest.create(browser);
	});
	afterEach(async () => {
		expect(guest.complaints).toEqual([]);
		await guest.close();
	});

	it("takes the fragment out of the address bar and out of the history", async () => {
		const link = newLink(service.url);
		await guest.open(link);
		expect(await guest.screen()).toBe("lobby");
		expect(guest.page.url()).toBe(link.slice(0, link.indexOf("#")));
		expect(await guest.page.evaluate(() => [location.hash, document.URL.includes("#"), history.length])).toEqual([
			"",
			false,
			2,
		]);
		const secret = /#1\.([^.]+)/.exec(link)?.[1] as string;
		const kept = await guest.page.evaluate(() =>
			JSON.stringify([document.documentElement.outerHTML, history.state, { ...localStorage }, { ...sessionStorage }]),
		);
		expect(kept).not.toContain(secret);
	});

	it("explains after a reload how to come back", async () => {
		await guest.open(newLink(service.url));
		await guest.page.reload();
		await guest.waitForScreen("reloaded");
		expect(await guest.page.textContent("h1")).toBe("Please open the link again.");
		expect(await guest.axe()).toEqual([]);
	});

	it("takes a link that is pasted into the open page", async () => {
		const link = newLink(service.url);
		await guest.open(link);
		await guest.page.reload();
		await guest.waitForScreen("reloaded");
		await guest.page.goto(link);
		await guest.waitForScreen("lobby");
		expect(guest.page.url()).not.toContain("#");
	});

	for (const [what, change, code] of [
		["without a fragment", (link: string) => link.slice(0, link.indexOf("#")), "link.invalid"],
		["that was cut", (link: string) => link.slice(0, -5), "link.invalid"],
		["of a newer version", (link: string) => link.replace("#1.", "#2."), "link.version_unknown"],
		["with a fragment of another page", (link: string) => `${link.slice(0, link.indexOf("#"))}#top`, "link.invalid"],
	] as const) {
		it(`refuses a link ${what}, with a code and the next step`, async () => {
			await guest.open(change(newLink(service.url)));
			expect(await guest.screen()).toBe("link-refused");
			expect(await guest.page.textContent(".code code")).toBe(code);
			expect(guest.page.url()).not.toContain("#");
		});
	}

	it("opens no device before a touch, though the browser would allow it", async () => {
		await guest.page.addInitScript(() => {
			const media = navigator.mediaDevices;
			const real = media.getUserMedia.bind(media);
			media.getUserMedia = (constraints) => {
				performance.mark("test:asked");
				return real(constraints);
			};
		});
		await guest.open(newLink(service.url));
		await guest.page.waitForSelector(".turn-on");
		const asked = () => guest.page.evaluate(() => performance.getEntriesByName("test:asked").length);
		expect(await asked()).toBe(0);
		await guest.turnOn();
		expect(await asked()).toBe(1);
	});

	it("shows the own picture, hears the microphone, mutes and releases", async () => {
		await guest.open(newLink(service.url));
		await guest.turnOn();
		const width = () => guest.page.$eval("[data-testid=self-video]", (video) => (video as HTMLVideoElement).videoWidth);
		await expect.poll(width, patience).toBe(1280);
		// Chromium's fake microphone beeps.
		const level = () =>
			guest.page.$eval(".meter i", (bar) => Number((bar as HTMLElement).style.getPropertyValue("--level")));
		await expect.poll(level, patience).toBeGreaterThan(0.3);

		await guest.page.click("[data-testid=microphone]");
		await guest.page.waitForSelector("[data-testid=microphone][data-state=off]");
		expect(await level()).toBe(0);
		expect(await guest.page.textContent("[role=status]")).toBe("Your microphone is off.");

		await guest.page.evaluate(() => {
			const video = document.querySelector("[data-testid=self-video]") as HTMLVideoElement;
			(globalThis as { held?: MediaStreamTrack | undefined }).held = (
				video.srcObject as MediaStream
			).getVideoTracks()[0];
		});
		await guest.page.click("[data-testid=camera]");
		await guest.page.waitForSelector("[data-testid=camera][data-state=off]");
		expect(await guest.page.evaluate(() => (globalThis as { held?: MediaStreamTrack }).held?.readyState)).toBe("ended");
		await guest.page.click("[data-testid=camera]");
		await guest.page.waitForSelector("[data-testid=camera][data-state=on]");
	});

	it("offers the devices by name", async () => {
		await guest.open(newLink(service.url));
		await guest.turnOn();
		await guest.page.click("summary >> nth=0");
		const options = await guest.page.$$eval("[data-testid=choose-microphone] option", (list) =>
			list.map(({ textContent }) => textContent),
		);
		expect(options.length).toBeGreaterThan(1);
		expect(options.join()).toContain("Fake");
		const second = await guest.page.$eval(
			"[data-testid=choose-microphone] option:last-child",
			(option) => (option as HTMLOptionElement).value,
		);
		await guest.page.selectOption("[data-testid=choose-microphone]", second);
		await guest.page.waitForSelector("[data-testid=microphone][data-state=on]");
	});

	it("says honestly whom a guest trusts", async () => {
		await guest.open(newLink(service.url));
		await guest.page.click("[data-testid=trust] summary");
		expect(await guest.page.textContent("[data-testid=trust]")).toContain(new URL(service.url).host);
	});

	it("speaks both languages and switches in one touch", async () => {
		const german = await Guest.create(browser, { locale: "de-AT" });
		await german.open(newLink(service.url));
		expect(await german.page.textContent("h1")).toBe("Bereit?");
		await german.page.click(".language");
		expect(await german.page.textContent("h1")).toBe("Ready to join?");
		expect(await german.page.getAttribute("html", "lang")).toBe("en");
		await german.close();
	});

	for (const [name, viewport] of [
		["a desktop", { width: 1280, height: 800 }],
		["a phone", { width: 360, height: 800 }],
		["a phone on its side", { width: 800, height: 360 }],
	] as const) {
		it(`fits ${name} and leaves axe nothing to find`, async () => {
			await guest.page.setViewportSize(viewport);
			await guest.open(newLink(service.url));
			expect(await guest.axe()).toEqual([]);
			await guest.turnOn();
			expect(await guest.axe()).toEqual([]);
			expect(await guest.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
		});
	}

	it("can be used by keyboard alone", async () => {
		await guest.open(newLink(service.url));
		const name = guest.page.locator("[data-testid=name]");
		await name.focus();
		await guest.page.keyboard.type("Ada");
		await guest.page.keyboard.press("Enter");
		await guest.page.waitForSelector("[data-testid=camera][data-state=on]");
		expect(await name.inputValue()).toBe("Ada");
		await guest.page.locator(".join").focus();
		await guest.page.keyboard.press("Enter");
		await guest.waitForScreen("call");
	});
});

describe("what the guest's page says of a browser or machine that can't", { timeout: 60_000 }, () => {
	let browser: Browser;
	let service: Service;

	beforeAll(async () => {
		service = await startGuestServer();
		// No permission is given here: the browser's question is answered with no.
		browser = await launchChromium(["--deny-permission-prompts"]);
	}, 60_000);
	afterAll(async () => {
		await browser?.close();
		await service?.close();
	});

	for (const [why, hide] of [
		["no_calls", "delete globalThis.RTCPeerConnection"],
		["insecure", "Object.defineProperty(globalThis, 'isSecureContext', { value: false })"],
		["no_cryptography", "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })"],
		["too_old", "delete RTCRtpSender.prototype.replaceTrack"],
	] as const) {
		it(`explains ${why} in a sentence with a code`, async () => {
			const guest = await Guest.create(browser);
			await guest.page.addInitScript(hide);
			await guest.open(newLink(service.url));
			expect(await guest.screen()).toBe("unsupported");
			expect(await guest.page.textContent(".code code")).toBe(`guest.${why}`);
			expect(await guest.axe()).toEqual([]);
			expect(guest.complaints).toEqual([]);
			await guest.close();
		});
	}

	it("lets a guest join who refused camera and microphone, and says what that means", async () => {
		const guest = await Guest.create(browser);
		await guest.open(newLink(service.url));
		await guest.page.click(".turn-on");
		await guest.page.waitForSelector("[data-testid=microphone][data-state=denied]");
		await guest.page.waitForSelector("[data-testid=camera][data-state=denied]");
		expect(await guest.page.textContent(".troubles")).toContain("The microphone is not allowed");
		expect(await guest.axe()).toEqual([]);
		await guest.page.click(".join");
		await guest.waitForScreen("call");
		await guest.close();
	});
});
