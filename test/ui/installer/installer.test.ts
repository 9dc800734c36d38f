import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launchChromium } from "../../sim/chromium.ts";
import { disksForShow, ScriptedInstaller } from "../../sim/installer/ScriptedInstaller.ts";

/** The installer's page on its own server, tapped in a real browser. */
let browser: Browser;
let installer: ScriptedInstaller;
let page: Page;

beforeAll(async () => {
	browser = await launchChromium();
});
afterAll(() => browser?.close());
beforeEach(async () => {
	installer = await ScriptedInstaller.start();
	installer.disks = disksForShow;
	page = await browser.newPage({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
	await page.goto(installer.url);
});
afterEach(async () => {
	await page.close();
	await installer.close();
});

const hold = () => page.locator(".button.hold");
const pressed = async () => {
	const box = await hold().boundingBox();
	if (!box) throw new Error("there is no key to hold");
	await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
	await page.mouse.down();
};

test("erases the disk that was touched, and only when its key was held", async () => {
	await page.getByText("Install InCamera 1.4.0").waitFor();
	await expect.poll(() => installer.asked).toEqual(["painted"]);
	expect(await hold().isDisabled()).toBe(true);
	expect(await page.getByRole("button", { name: /too small/ }).isDisabled()).toBe(true);
	await page.getByRole("button", { name: /TS64G/ }).click();
	await page.getByText("Hold to erase and install").waitFor();
	await pressed();
	await page.mouse.up();
	await pressed();
	await expect.poll(() => installer.asked).toEqual(["painted", "install sda"]);
	await page.mouse.up();
});

test("says how far it is, what is done, and that the stick can go", async () => {
	installer.state = { is: "busy", step: "writing", done: 0.421, disk: "sda" };
	await page.getByText("Please leave the machine switched on").waitFor();
	await expect.poll(() => page.locator("progress").getAttribute("value")).toBe("42");
	expect(await page.locator(".steps .done").innerText()).toContain("Checking the stick");
	installer.state = { is: "installed", disk: "sda", prepared: false };
	await page.getByText("pull the stick out").waitFor();
	await page.getByRole("button", { name: "Switch off" }).click();
	await expect.poll(() => installer.asked).toContain("off");
});

test("says why it failed with the code, and goes back to the disks; in both languages", async () => {
	installer.state = { is: "failed", fault: "setup_file", code: "setup.refused" };
	await page.getByText("The set-up file is wrong.").waitFor();
	expect(await page.locator("code").innerText()).toBe("setup.refused");
	await page.getByRole("button", { name: "Deutsch" }).click();
	await page.getByText("Die Einrichtungsdatei ist falsch.").waitFor();
	await page.getByRole("button", { name: "Zurück zu den Datenträgern" }).click();
	await page.getByText("InCamera 1.4.0 installieren").waitFor();
	expect(installer.asked).toContain("again");
});

test("a machine without a disk is told so", async () => {
	installer.disks = disksForShow.slice(2);
	await page.getByText("There is no disk to install on.").waitFor();
	expect(await page.getByText(/too small/).isVisible()).toBe(true);
});

test("nobody but its own page is answered", async () => {
	const wish = { method: "POST", headers: { "content-type": "application/json" }, body: '{"disk":"sda"}' };
	const foreign = { ...wish, headers: { ...wish.headers, "sec-fetch-site": "cross-site" } };
	expect((await fetch(`${installer.url}/install`, foreign)).status).toBe(403);
	expect((await fetch(`${installer.url.replace("127.0.0.1", "localhost")}/state`)).status).toBe(403);
	expect((await fetch(`${installer.url}/install`, { ...wish, body: '{"disk":"../sda"}' })).status).toBe(400);
	expect((await fetch(`${installer.url}/off`, wish)).status).toBe(409);
	expect(await (await fetch(`${installer.url}/healthz`)).json()).toMatchObject({ status: "ok" });
	expect(installer.asked.filter((one) => one !== "painted")).toEqual([]);
});
