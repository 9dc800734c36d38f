import { describe, expect, it } from "vitest";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { inLocale, scenes } from "../../sim/panel/scenes.ts";
import { usePanel } from "./usePanel.ts";

const panel = usePanel();

const show = (snapshot: Snapshot) => panel.rig.room.show(inLocale(snapshot, "en"));
const row = () => panel.page.locator(".reset-row");
const first = () => panel.page.getByRole("button", { name: "Hold to open" });
const second = () => panel.page.getByRole("button", { name: "Hold to erase" });
const question = () => panel.page.getByRole("heading", { name: "Erase everything?" });
const wanted = () => panel.rig.room.intents.filter(({ type }) => type === "panel.factory_reset").length;
async function holdUntil(button: ReturnType<typeof first>, seen: () => Promise<void>): Promise<void> {
	await button.hover();
	await panel.page.mouse.down();
	await seen();
	await panel.page.mouse.up();
}
/** A touch that is answered shows that nothing was asked before it. */
async function answered(): Promise<void> {
	await panel.page.getByRole("button", { name: "Deutsch" }).click();
	await expect.poll(() => panel.rig.room.intents.at(-1)?.type).toBe("panel.locale");
}

describe("a factory reset", () => {
	it("is asked for by two keys that are each held, the second beside all that will be gone", async () => {
		await panel.openService("resting-reset");
		await first().click();
		expect(await question().count()).toBe(0);
		await holdUntil(first(), () => question().waitFor());
		const text = await panel.page.locator(".reset .stage").innerText();
		for (const thing of ["belongs to your organisation", "camera views", "all keys", "set-up file"]) {
			expect(text).toContain(thing);
		}
		await second().click();
		await second().press("Enter");
		await answered();
		expect(wanted()).toBe(0);
		await holdUntil(second(), () => expect.poll(wanted, { timeout: 10_000 }).toBe(1));
		show({ ...scenes["resting-reset"], reset: { state: "begun", code: null }, can: scenes.resting.can });
		await panel.page.getByText("The device erases everything and restarts.").waitFor();
		expect(await second().count()).toBe(0);
	});

	it("can be gone back from, to where it was opened", async () => {
		await panel.openService("resting-reset");
		await holdUntil(first(), () => question().waitFor());
		await panel.page.getByRole("button", { name: "Back" }).click();
		await row().waitFor();
		expect(wanted()).toBe(0);
	});

	it("is let go when it is not allowed any more, and says why", async () => {
		await panel.openService("resting-reset");
		await holdUntil(first(), () => question().waitFor());
		await second().hover();
		await panel.page.mouse.down();
		show({ ...scenes["resting-reset-waiting"], rev: 9 });
		await panel.page.getByText("Not while an update is being installed.").waitFor();
		await panel.page.mouse.up();
		expect(await second().isDisabled()).toBe(true);
		await answered();
		expect(wanted()).toBe(0);
	});

	it("is not offered where nobody can do it; why the last one failed stands beside the key", async () => {
		await panel.openService("resting-stick");
		await panel.page.locator(".firmware").first().waitFor();
		expect(await row().count()).toBe(0);
		show(scenes["resting-reset-failed"]);
		await expect.poll(() => row().innerText()).toContain("reset.failed");
		expect(await first().isEnabled()).toBe(true);
	});
});
