import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { scriptBytes } from "../../../tools/build-ui.ts";
import { pictureFile } from "../../../ui/kit/code/pictures.ts";
import { launchChromium } from "../../sim/chromium.ts";
import { type PanelRig, startPanel } from "../../sim/panel/PanelRig.ts";
import { code, guestLink, inLocale, scenes } from "../../sim/panel/scenes.ts";

let browser: Browser;
let rig: PanelRig;
let page: Page;
let complaints: string[];

beforeAll(async () => {
	browser = await launchChromium();
});
afterAll(() => browser.close());

beforeEach(async () => {
	rig = await startPanel();
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
	page = await context.newPage();
	page.setDefaultTimeout(20_000);
	complaints = [];
	page.on("pageerror", (error) => complaints.push(error.message));
	page.on("console", (message) => {
		if (message.type() === "error") complaints.push(message.text());
	});
});

afterEach(async () => {
	await page.context().close();
	await rig.server.close();
});

async function open(name: keyof typeof scenes, locale: "de" | "en" = "en"): Promise<void> {
	rig.room.show(inLocale(scenes[name], locale));
	await page.goto(rig.server.url, { waitUntil: "commit" });
	await drawn();
}

/** The page has drawn the room's newest snapshot. */
async function drawn(): Promise<void> {
	await page.locator(`.panel[data-rev="${rig.room.snapshot().rev}"]`).waitFor();
}

/** The page's time stands still, but for what a test lets pass. */
async function stopTime(): Promise<void> {
	await page.clock.install({ time: 0 });
	await page.clock.pauseAt(1000);
}

const button = (name: string | RegExp) => page.getByRole("button", { name, exact: true });
const control = (name: string) => page.getByRole("switch", { name, exact: true });
const asked = async (intent: unknown) => expect.poll(() => rig.room.intents.at(-1)).toEqual(intent);

describe("a touch", () => {
	// No mark or notice goes away by time, however slow the machine.
	beforeEach(() => stopTime());

	it("is felt in the very event of the touch, before the device has said anything", async () => {
		await open("resting");
		// Later than the page's own listener, in the same event: what is marked here is in the next frame.
		await page.evaluate(() => {
			document.addEventListener("pointerdown", (event) => {
				const felt = (event.target as Element).closest("button")?.hasAttribute("data-pressed");
				document.body.dataset["felt"] = String(felt);
			});
		});
		await button("Join").hover();
		await page.mouse.down();
		expect(await page.evaluate(() => document.body.dataset["felt"])).toBe("true");
		expect(rig.room.intents).toEqual([]);
		await page.mouse.up();
		await asked({ type: "panel.join", entry: "a" });
		await expect.poll(() => page.locator("[data-pressed]").count()).toBe(0);
	});

	it("is marked as on its way until the device has drawn what came of it", async () => {
		await open("resting");
		let release = () => {};
		rig.room.react = () => {
			release = () => rig.room.show(inLocale(scenes.joining, "en"));
		};
		await button("Join").click();
		await page.locator(".join[aria-busy=true]").waitFor();
		release();
		await page.getByRole("heading", { name: "Joining" }).waitFor();
		expect(await page.locator("[aria-busy=true]").count()).toBe(0);
	});

	it("that the device refuses says so in words", async () => {
		await open("resting");
		rig.room.answer = "panel.not_now";
		await button("Meet now").click();
		await page.getByRole("alert").getByText("That is not possible right now.").waitFor();
		expect(await button("Meet now").getAttribute("aria-busy")).toBe("false");
	});

	it("that comes twice is asked once", async () => {
		await open("resting");
		await button("Join").dblclick();
		await asked({ type: "panel.join", entry: "a" });
		await button("Meet now").click();
		await asked({ type: "panel.meet_now" });
		expect(rig.room.intents).toHaveLength(2);
	});

	it("on the volume counts from the last one, however slow the device", async () => {
		await open("call-verified");
		for (let step = 0; step < 3; step += 1) await button("Louder").click();
		await asked({ type: "panel.volume", level: 90 });
		expect(rig.room.intents.map((intent) => (intent.type === "panel.volume" ? intent.level : null))).toEqual([
			70, 80, 90,
		]);
		rig.room.show({
			...inLocale(scenes["call-verified"], "en"),
			media: { ...scenes["call-verified"].media, volume: 40 },
		});
		await page.getByText("40 %").waitFor();
	});
});

describe("what the device doesn't allow", () => {
	it("can't be touched", async () => {
		rig.room.show({ ...inLocale(scenes.resting, "en"), can: scenes.trouble.can });
		await page.goto(rig.server.url, { waitUntil: "commit" });
		await drawn();
		expect(await button("Join").isDisabled()).toBe(true);
		expect(await button("Meet now").isDisabled()).toBe(true);
	});

	it("says why a meeting can't be joined", async () => {
		await open("resting-busy");
		const reasons = [
			"Teams is not possible here yet",
			"The mail server removed the link",
			"No link in the invitation",
			"Cancelled",
		];
		for (const reason of reasons) await page.getByText(reason).waitFor();
	});

	it("never calls a room free of which it knows nothing", async () => {
		await open("resting-missing");
		await page.getByText("The calendar cannot be reached").waitFor();
		await page.getByText("please tell IT").waitFor();
		expect(await page.getByText(/free/i).count()).toBe(0);
	});
});

describe("a call", () => {
	it("is one touch of each control away from what it asks", async () => {
		await open("call-encrypted");
		await control("Microphone").click();
		await asked({ type: "panel.microphone", on: false });
		await control("Camera").click();
		await asked({ type: "panel.camera", on: false });
		await control("Self view on TV").click();
		await asked({ type: "panel.self_view", on: false });
		await button("Leave").click();
		await asked({ type: "panel.leave" });
	});

	it("keeps leave at one place on every screen, the code's included", async () => {
		const places = new Set<string>();
		await open("call-encrypted");
		const place = async (name: string) => JSON.stringify(await button(name).boundingBox());
		places.add(await place("Leave"));
		await button("Compare code").click();
		await page.getByRole("heading", { name: "Do both sides see the same?" }).waitFor();
		places.add(await place("Leave"));
		rig.room.show(inLocale(scenes["call-equipped"], "en"));
		for (const sheet of ["Turn camera", "Display"]) {
			await page.keyboard.press("Escape");
			await button(sheet).click();
			places.add(await place("Leave"));
		}
		for (const [scene, name] of [
			["alone", "Leave"],
			["call-recovering", "Leave"],
			["joining", "Cancel"],
			["ringing-out", "Cancel"],
			["ringing-in", "Decline"],
			["ended-left", "Done"],
		] as const) {
			rig.room.show(inLocale(scenes[scene], "en"));
			await drawn();
			places.add(await place(name));
		}
		expect([...places]).toHaveLength(1);
	});

	it("compares the code by seven named pictures", async () => {
		await open("call-encrypted");
		await button("Compare code").click();
		const pictures = page.getByRole("list", { name: "The code’s seven pictures" }).getByRole("listitem");
		expect(await pictures.allInnerTexts()).toEqual([
			"Turtle",
			"Light bulb",
			"Sunflower",
			"Bicycle",
			"Key",
			"Locomotive",
			"Rainbow",
		]);
		const sources = await page
			.locator(".code-pictures img")
			.evaluateAll((images) => images.map((image) => image.getAttribute("src")));
		expect(sources).toEqual(code.map((index) => `/${pictureFile(index)}`));
		await button("The same").click();
		await asked({ type: "panel.compare", same: true });
		await button(/^Different/).click();
		await asked({ type: "panel.compare", same: false });
	});

	it("says aloud when its security changes", async () => {
		await open("call-securing");
		const said = page.locator("[aria-live=assertive]");
		await said.getByText("Nothing is sent yet").waitFor({ state: "attached" });
		rig.room.show(inLocale(scenes["call-encrypted"], "en"));
		await said.getByText("The code has not been compared yet").waitFor({ state: "attached" });
		rig.room.show(inLocale(scenes["call-compared"], "en"));
		await said.getByText("the code is the same").waitFor({ state: "attached" });
	});

	it("moves its meter without drawing the page anew", async () => {
		await open("call-verified");
		const level = () => page.locator(".meter > i").evaluate((bar) => bar.style.getPropertyValue("--level"));
		await vi.waitUntil(
			async () => {
				rig.room.hear({ microphone: 0.42, far: 0 });
				return (await level()) === "0.42";
			},
			{ timeout: 20_000 },
		);
	});

	it("looks at the self view only while it is shown", async () => {
		await open("call-verified");
		await expect.poll(() => rig.room.watched.self).toBe(1);
		await page.waitForFunction(() => document.images[0]?.naturalWidth === 16);
		rig.room.show(inLocale(scenes["call-muted"], "en"));
		await expect.poll(() => rig.room.watched.self).toBe(0);
	});

	it("offers the guest's link as text, as a QR code and to copy", async () => {
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		await open("alone");
		expect(await page.locator(".guest-link").textContent()).toBe(guestLink);
		await page.getByRole("img", { name: "QR code of the link" }).waitFor();
		await button("Copy link").click();
		await button("Link copied").waitFor();
		expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(guestLink);
	});
});

describe("language", () => {
	it("is switched in one touch, and the whole page says so", async () => {
		rig.room.react = (intent) => {
			if (intent.type === "panel.locale") rig.room.show(inLocale(rig.room.snapshot(), intent.locale));
		};
		await open("resting", "de");
		await page.getByText("Montag, 23. November").waitFor();
		await button("English").click();
		await page.getByText("Monday 23 November").waitFor();
		expect(await page.locator("html").getAttribute("lang")).toBe("en");
		await button("Deutsch").waitFor();
	});
});

describe("by keyboard", () => {
	it("joins, compares and leaves", async () => {
		await open("resting");
		const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
		const tabTo = async (name: string) => {
			for (let step = 0; step < 30 && !(await focused()).startsWith(name); step += 1) await page.keyboard.press("Tab");
			expect(await focused()).toMatch(new RegExp(`^${name}`));
		};
		await tabTo("Join");
		await page.keyboard.press("Enter");
		await asked({ type: "panel.join", entry: "a" });

		rig.room.show(inLocale(scenes["call-encrypted"], "en"));
		await drawn();
		// A new screen is read from its heading, and Tab goes on from there.
		expect(await focused()).toBe("Katharina Oberhäuser");
		await tabTo("Compare code");
		await page.keyboard.press("Enter");
		await tabTo("The same");
		await page.keyboard.press("Space");
		await asked({ type: "panel.compare", same: true });
		await page.keyboard.press("Escape");
		await button("Compare code").waitFor();
		await tabTo("Leave");
		await page.keyboard.press("Enter");
		await asked({ type: "panel.leave" });
	});

	it("enters a link by keys on the glass and by a scanner that types", async () => {
		await open("resting");
		await button("Enter link").last().click();
		await button("a").click();
		await button("Capitals").click();
		await button("B").click();
		await button("#").click();
		await button("Erase").click();
		const field = page.getByRole("textbox", { name: "Link" });
		expect(await field.inputValue()).toBe("aB");
		await field.fill("");
		await field.focus();
		await page.keyboard.type(guestLink);
		await page.keyboard.press("Enter");
		await asked({ type: "panel.join_link", link: guestLink });
	});

	it("calls a room that is there, and none that is known to be away", async () => {
		await open("resting");
		await button("Call a room").click();
		// somebody wants to know who is there
		await asked({ type: "panel.look" });
		expect(await button(/Köln/).isDisabled()).toBe(true);
		await button(/München/).click();
		await asked({ type: "panel.call", room: "muenchen" });
	});
});

describe("a device that is nobody's", () => {
	const field = () => page.getByLabel("Code", { exact: true });
	const enrol = () => button("Put into service");

	it("takes a code by keys on the glass, one at a time, and sends it once it is whole", async () => {
		await open("unclaimed-code");
		await button("A").click();
		await button("B").click();
		await button("Erase").click();
		for (const key of "BCDEFGHJKMNPQR") await button(key).click();
		expect(await field().inputValue()).toBe("ABCD-EFGH-JKMN-PQR");
		expect(await enrol().isDisabled()).toBe(true);
		await button("S").click();
		await button("T").click();
		expect(await field().inputValue()).toBe("ABCD-EFGH-JKMN-PQRS");
		await enrol().click();
		await asked({ type: "panel.enrol", code: "ABCDEFGHJKMNPQRS" });
	});

	it("takes it from a scanner that types and ends with Enter, without a touch before", async () => {
		await open("unclaimed-code");
		await expect.poll(() => field().evaluate((element) => element === document.activeElement)).toBe(true);
		await page.keyboard.type("abcd efgh-jkmn-pqrs");
		await page.keyboard.press("Enter");
		await asked({ type: "panel.enrol", code: "ABCDEFGHJKMNPQRS" });
	});

	it("takes it pasted, with what printed letters are mistaken for, and lets a character in the middle be put right", async () => {
		await open("unclaimed-code");
		await field().fill(" Oi1l-efgh JKMN-pqrs\n");
		expect(await field().inputValue()).toBe("0111-EFGH-JKMN-PQRS");
		await field().evaluate((element: HTMLInputElement) => element.setSelectionRange(6, 6));
		await page.keyboard.press("Backspace");
		await page.keyboard.type("x");
		expect(await field().inputValue()).toBe("0111-XFGH-JKMN-PQRS");
		await page.keyboard.type("u!");
		expect(await field().inputValue()).toBe("0111-XFGH-JKMN-PQRS");
	});

	it("says how it goes, and why it did not, and keeps the code for another try", async () => {
		await open("unclaimed-code");
		await page.keyboard.type("ABCDEFGHJKMNPQRS");
		rig.room.show(inLocale(scenes["unclaimed-proving"], "en"));
		await drawn();
		expect(await page.locator("[aria-current=step]").textContent()).toContain("prove themselves");
		rig.room.show(inLocale(scenes["unclaimed-wrong"], "en"));
		await drawn();
		expect(await page.getByRole("alert").allTextContents()).toEqual(
			expect.arrayContaining([expect.stringMatching(/not right.*enrol\.code_wrong/)]),
		);
		expect(await field().inputValue()).toBe("ABCD-EFGH-JKMN-PQRS");
		await enrol().click();
		await asked({ type: "panel.enrol", code: "ABCDEFGHJKMNPQRS" });
	});

	it("shows its serial number, and a QR code of where it can be given a code", async () => {
		await open("unclaimed-code");
		await page.getByRole("img", { name: /No code yet/ }).waitFor();
		expect(await page.locator(".code-aside code").textContent()).toBe("IC1-2611-0042");
		await open("unclaimed-offline");
		await page.getByRole("img", { name: "Serial number" }).waitFor();
		await page.getByText("No network").waitFor();
	});
});

describe("over every screen", () => {
	it("the number that IT asked for is seen, never over leave, and goes by a touch", async () => {
		await open("identify-call");
		const number = button(/^42/);
		await number.waitFor();
		await button("Leave").click();
		await asked({ type: "panel.leave" });
		await number.click();
		await number.waitFor({ state: "detached" });
		// asked for again, it is there again
		const { identify } = rig.room.snapshot();
		const later = identify && { ...identify, until: identify.until + 1000 };
		rig.room.show({ ...rig.room.snapshot(), identify: later });
		await number.waitFor();
		rig.room.show({ ...rig.room.snapshot(), identify: null });
		await number.waitFor({ state: "detached" });
	});

	it("an update that waits is let happen, or not yet", async () => {
		await open("update-asks");
		await button("Later").click();
		await asked({ type: "panel.update", now: false });
		await button("Now").click();
		await asked({ type: "panel.update", now: true });
		rig.room.show(inLocale(scenes["update-downloading"], "en"));
		await drawn();
		expect(await page.locator(".update-line").textContent()).toBe("Downloading an update · 1.4.0 · 42 %");
		expect(await button("Now").count()).toBe(0);
	});
});

describe("the connection", () => {
	const lost = () => page.getByRole("alert").getByText("No contact with the room");

	it("that goes silent is said to be lost before 2 s are over", async () => {
		await rig.server.close();
		// A device that hangs: its clock stands still, so it sends no ping.
		rig = await startPanel({ clock: new ManualClock(0) });
		// The page's time stands still between the steps, and its first try to come back waits for its longest.
		await stopTime();
		await page.addInitScript(() => {
			Math.random = () => 0.999;
		});
		await open("call-verified");
		await page.clock.runFor(1500);
		expect(await lost().count()).toBe(0);
		await page.clock.runFor(350);
		await lost().waitFor();
		expect(await page.locator(".drawn").getAttribute("inert")).not.toBeNull();
	});

	it("that is lost is said, comes back by itself, and then shows what is now", async () => {
		await open("call-verified");
		const listenPort = Number(new URL(rig.server.url).port);
		await rig.server.close();
		await lost().waitFor();
		rig = await startPanel({ listenPort });
		rig.room.show(inLocale(scenes["ended-left"], "en"));
		await page.getByRole("heading", { name: "You left the call." }).waitFor();
		await lost().waitFor({ state: "detached" });
		await button("Done").click();
		await asked({ type: "panel.dismiss" });
	});
});

describe("the page", () => {
	it("weighs at most 45 KB of script, gzipped", async () => {
		expect((await scriptBytes("panel")).first).toBeLessThanOrEqual(45 * 1024);
	});

	it("keeps its own policy, and loads nothing from elsewhere", async () => {
		const hosts = new Set<string>();
		page.on("request", (request) => hosts.add(new URL(request.url()).origin));
		await open("call-encrypted");
		await button("Compare code").click();
		await page.waitForFunction(() => [...document.images].every((image) => image.naturalWidth > 0));
		expect([...hosts]).toEqual([rig.server.url]);
		expect(complaints).toEqual([]);
	});

	it("moves nothing for someone who wants it still", async () => {
		await page.emulateMedia({ reducedMotion: "reduce" });
		await open("joining");
		expect(
			await page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === "running").length),
		).toBe(0);
	});

	it("dims its clock at night until somebody touches it", async () => {
		const night = { ...inLocale(scenes["resting-free"], "en"), now: Date.UTC(2026, 10, 23, 21, 0, 0) };
		await page.clock.install();
		rig.room.show(night);
		await page.goto(rig.server.url, { waitUntil: "commit" });
		await drawn();
		const dim = () => page.locator(".drawn[data-dim]").count();
		expect(await dim()).toBe(0);
		// Short steps, so that the device's pings get between them.
		await vi.waitUntil(
			async () => {
				await page.clock.runFor(1000);
				return (await dim()) === 1;
			},
			{ timeout: 50_000, interval: 0 },
		);
		await page.mouse.click(640, 200);
		await expect.poll(dim).toBe(0);
	});

	it("shows the TV, and says when there is no picture", async () => {
		rig.room.waitsFor = "engine.starting";
		await page.goto(`${rig.server.url}/tv`, { waitUntil: "commit" });
		await page.getByText(/No picture/).waitFor();
		rig.room.waitsFor = null;
		await page.waitForFunction(() => (document.getElementById("tv") as HTMLImageElement).naturalWidth === 16);
		expect(await page.getByText(/No picture/).count()).toBe(0);
		expect(complaints.filter((text) => !text.includes("503"))).toEqual([]);
	});
});
