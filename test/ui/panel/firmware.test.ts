import { describe, expect, it } from "vitest";
import { inLocale, type SceneName, scenes } from "../../sim/panel/scenes.ts";
import { usePanel } from "./usePanel.ts";

const panel = usePanel();

/** The service page in this scene. */
async function open(name: SceneName): Promise<void> {
	await panel.openService(name);
	await panel.page.locator(".firmware").first().waitFor();
}
const hold = () => panel.page.getByRole("button", { name: "Hold to install" });
const wanted = () => panel.rig.room.intents.filter(({ type }) => type === "panel.install_stick");

describe("the service page", () => {
	it("says what runs, what could, and why the last update failed, with its code", async () => {
		await open("resting-stick");
		const text = await panel.page.locator(".firmware").first().innerText();
		expect(text).toContain("1.4.0");
		expect(text).toContain("B: 1.5.0, did not prove itself");
		expect(text).toContain("The update to 1.5.0 was taken back.");
		expect(text).toContain("The panel stayed dark.");
		expect(text).toContain("update.panel_not_painted");
	});

	it("installs what a stick brings when the key is held, and not when it is touched", async () => {
		await open("resting-stick");
		await hold().click();
		await hold().press("Enter");
		// a touch that is answered shows that nothing was asked before it
		await panel.page.getByRole("button", { name: "Deutsch" }).click();
		await expect.poll(() => panel.rig.room.intents.at(-1)?.type).toBe("panel.locale");
		expect(wanted()).toEqual([]);
		await hold().hover();
		await panel.page.mouse.down();
		await expect.poll(wanted, { timeout: 10_000 }).toEqual([{ type: "panel.install_stick", version: "1.5.1" }]);
		await panel.page.mouse.up();
	});

	it("also by a key of the keyboard, held", async () => {
		await open("resting-stick");
		await hold().focus();
		await panel.page.keyboard.down("Enter");
		await expect.poll(wanted, { timeout: 10_000 }).toHaveLength(1);
		await panel.page.keyboard.up("Enter");
	});

	it("says why a stick is refused, and what an update waits for; there is nothing to hold then", async () => {
		await open("resting-stick-refused");
		expect(await panel.page.locator(".firmware").last().innerText()).toContain(
			"It is not newer than the one that runs.",
		);
		expect(await hold().count()).toBe(0);
		panel.rig.room.show(inLocale(scenes["resting-stick-waiting"], "en"));
		await expect.poll(() => panel.page.locator(".firmware").first().innerText()).toContain("no meeting is on or near");
		expect(await hold().isDisabled()).toBe(true);
	});
});
