import { expect, it } from "vitest";
import { usePanel } from "./usePanel.ts";

const panel = usePanel();

const row = () => panel.page.locator(".support-row");
const save = () => panel.page.getByRole("button", { name: "Save onto the stick" });

it("the report for support says what is in it, is saved by a touch, and how that goes: the file's name, or why not and what to do", async () => {
	await panel.openService("resting-support");
	await expect.poll(() => row().innerText()).toContain("No names, links, titles or addresses.");
	await save().click();
	await expect.poll(() => panel.rig.room.intents.at(-1)).toEqual({ type: "panel.save_support" });
	panel.show("resting-support-writing");
	await expect.poll(() => row().innerText()).toContain("being written");
	expect(await save().count()).toBe(0);
	panel.show("resting-support-done");
	await expect.poll(() => row().innerText()).toContain("incamera-support-20261123-085702.json");
	panel.show("resting-support-full");
	await expect.poll(() => row().innerText()).toContain("support.stick_full");
	expect(await row().innerText()).toContain("Make room on it");
	expect(await save().isEnabled()).toBe(true);
	// without a stick there is nothing to be seen of it
	panel.show("resting");
	await expect.poll(() => row().count()).toBe(0);
});
