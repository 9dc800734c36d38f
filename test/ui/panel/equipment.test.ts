import { describe, expect, it } from "vitest";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { greyJpeg } from "../../sim/panel/ScriptedRoom.ts";
import { inLocale, peripheralFailures, type SceneName, scenes } from "../../sim/panel/scenes.ts";
import { usePanel } from "./usePanel.ts";

const panel = usePanel();

async function show(snapshot: Snapshot): Promise<void> {
	panel.rig.room.show(inLocale(snapshot, "en"));
	await panel.page.locator(`.panel[data-rev="${panel.rig.room.snapshot().rev}"]`).waitFor();
}

async function open(name: SceneName): Promise<void> {
	await panel.open(name);
	await show(scenes[name]);
}

const button = (name: string | RegExp) => panel.page.getByRole("button", { name, exact: true });
const control = (name: string | RegExp) => panel.page.getByRole("switch", { name });
const asked = async (intent: unknown) => expect.poll(() => panel.rig.room.intents.at(-1)).toEqual(intent);

describe("the camera's sheet", () => {
	it("goes to a kept view by one touch of its picture", async () => {
		for (const number of [0, 1, 2, 3]) panel.rig.room.presetPictures.set(`${number} ${number}a`, greyJpeg);
		await open("call-equipped");
		await button("Turn camera").click();
		const views = panel.page.getByRole("list", { name: "Kept views" });
		expect(await views.getByRole("button").allInnerTexts()).toEqual([
			"Tisch",
			"Tafel",
			"Alle am Tisch",
			"View 4",
			"Rednerpult",
		]);
		const sources = await views
			.locator("img")
			.evaluateAll((images) => images.map((image) => image.getAttribute("src")));
		expect(sources).toEqual([0, 1, 2, 3].map((number) => `/preset/${number}.jpg?v=${number}a`));
		await button("Tafel").click();
		await asked({ type: "panel.preset_recall", number: 1 });
		await button("Home").click();
		await asked({ type: "panel.camera_home" });
	});

	it("shows a view without a picture as one, also where its picture can't be had", async () => {
		for (const number of [0, 2, 3]) panel.rig.room.presetPictures.set(`${number} ${number}a`, greyJpeg);
		await open("call-equipped");
		await button("Turn camera").click();
		await expect.poll(() => panel.page.locator(".preset img").count()).toBe(3);
		await panel.page.waitForFunction(() =>
			[...document.querySelectorAll<HTMLImageElement>(".preset img")].every((image) => image.naturalWidth === 16),
		);
		expect(await button("Tafel").isVisible()).toBe(true);
	});

	it("keeps a view where a person says, and only after they have said it twice", async () => {
		await open("call-equipped");
		await button("Turn camera").click();
		await button("Keep this view").click();
		await panel.page.getByRole("status").getByText("Replace which?").waitFor();
		await button("Tisch").click();
		await button("Tafel").click();
		expect(await button("Tafel").getAttribute("aria-pressed")).toBe("true");
		expect(await button("Tisch").getAttribute("aria-pressed")).toBe("false");
		expect(panel.rig.room.intents).toEqual([]);
		await button("Cancel").click();
		await button("Keep this view").click();
		await button("Tafel").click();
		await button("Replace “Tafel”").click();
		await asked({ type: "panel.preset_store", number: 1 });
		expect(panel.rig.room.intents).toHaveLength(1);
		await button("Tafel").click();
		await asked({ type: "panel.preset_recall", number: 1 });
	});

	it("has a switch for following people, and one for the other side, where there is one", async () => {
		await open("call-equipped");
		await button("Turn camera").click();
		await control("Follows people").click();
		await asked({ type: "panel.camera_tracking", on: true });
		expect(await control("Other side may turn it").count()).toBe(0);
		await show(scenes["call-far-control"]);
		await control("Other side may turn it").click();
		await asked({ type: "panel.far_control", on: false });
		expect(await control("Follows people").getAttribute("aria-checked")).toBe("true");
	});

	it.each([
		["call-equipment-lost", "its control does not answer"],
		["call-unsteerable", "The camera cannot be turned right now."],
	] as const)("says in %s why the camera can't be turned", async (scene, why) => {
		await open(scene);
		await button("Turn camera").click();
		await panel.page.getByRole("main").getByText(why).waitFor();
		expect(await panel.page.getByRole("group", { name: "Turn: hold and drag" }).count()).toBe(0);
		for (const name of ["Tafel", "Keep this view"]) {
			for (const found of await button(name).all()) expect(await found.isDisabled()).toBe(true);
		}
	});

	it("can be aimed before it is opened", async () => {
		await open("call-camera-off");
		await button("Turn camera").click();
		await panel.page.getByRole("main").getByText("Camera off").waitFor();
		await button("Home").click();
		await asked({ type: "panel.camera_home" });
	});

	it("isn't there in a room whose camera can't be turned", async () => {
		await open("call-verified");
		expect(await button("Turn camera").count()).toBe(0);
		expect(await button("Display").count()).toBe(0);
	});

	it("leaves leave, microphone and camera where they are, and closes without them", async () => {
		await open("call-equipped");
		const places = async () =>
			Promise.all([button("Leave"), control("Microphone"), control("Camera")].map((one) => one.boundingBox()));
		const before = await places();
		for (const name of ["Turn camera", "Display"]) {
			await button(name).click();
			await panel.page
				.getByRole("heading", { level: 1, name: name === "Display" ? "Display and sound" : name })
				.waitFor();
			expect(await places()).toEqual(before);
			await button("Back").click();
		}
		await button("Turn camera").click();
		await control("Microphone").click();
		await asked({ type: "panel.microphone", on: false });
		await button("Leave").click();
		await asked({ type: "panel.leave" });
	});

	it("can be opened while nobody else is there", async () => {
		await open("alone-equipped");
		await button("Turn camera").click();
		await button("Home").click();
		await asked({ type: "panel.camera_home" });
		await button("Back").click();
		await panel.page.getByRole("heading", { name: "You are the first" }).waitFor();
	});
});

describe("the display", () => {
	it("is switched, and is as loud as it is asked, beside the call's own volume", async () => {
		// No mark of a touch goes away by time, however slow the machine.
		await panel.page.clock.install({ time: 0 });
		await panel.page.clock.pauseAt(1000);
		await open("call-equipped");
		await button("Display").click();
		await panel.page.getByRole("status").getByText("It is on.").waitFor();
		await button("Switch off").click();
		await asked({ type: "panel.display_power", on: false });
		for (let step = 0; step < 3; step += 1) await button("Display louder").click();
		await asked({ type: "panel.display_volume", level: 50 });
		await panel.page.getByText("50 %").waitFor();
		await button("Louder").click();
		await asked({ type: "panel.volume", level: 70 });
	});

	it("is switched without a meeting, too", async () => {
		await open("resting-equipped");
		await button("More").click();
		await button("Switch on").click();
		await asked({ type: "panel.display_power", on: true });
		await button("Back").click();
		await button("Meet now").waitFor();
	});

	it("can't be switched while the device doesn't allow it, and says what it does", async () => {
		await open("call-far-control");
		await button("Display").click();
		await panel.page.getByText("It is going off.").waitFor();
		await panel.page.getByText("Its sound is off at the display.").waitFor();
		expect(await button("Switch on").isDisabled()).toBe(true);
		expect(await button("Display louder").isDisabled()).toBe(true);
		await show(scenes["call-camera-off"]);
		await panel.page.getByText("It has not said whether it is on.").waitFor();
		expect(await button("Display louder").count()).toBe(0);
		await show(scenes["call-equipment-lost"]);
		await panel.page.getByText("The display does not answer.").waitFor();
		expect(await button(/Switch/).count()).toBe(0);
	});
});

describe("what a hand closed at the hardware", () => {
	it("no touch opens, and the tile says where it is opened", async () => {
		await open("call-held");
		const microphone = control(/^Microphone off/);
		expect(await microphone.innerText()).toContain("Key on the table");
		expect(await microphone.getAttribute("aria-checked")).toBe("false");
		expect(await microphone.getAttribute("aria-disabled")).toBe("true");
		await microphone.click({ force: true });
		await panel.page.getByRole("alert").getByText("Release it there.").waitFor();
		const camera = control(/^Camera off/);
		expect(await camera.innerText()).toContain("Shutter is closed");
		await camera.click({ force: true });
		await panel.page.getByRole("alert").getByText("Open it by hand.").waitFor();
		await panel.page.keyboard.press("Enter");
		expect(panel.rig.room.intents).toEqual([]);
		// No picture is shown of a room that nobody sees.
		await panel.page.getByText("Nobody sees this room").waitFor();
		expect(panel.rig.room.watched.self).toBe(0);
	});

	it("is said aloud when it happens, in a call and at rest", async () => {
		await open("call-equipped");
		const said = panel.page.locator(".heard-only");
		expect(await said.getByText("Release it there").count()).toBe(0);
		await show(scenes["call-held"]);
		await said.getByText("The key on the table keeps the microphone muted.").waitFor({ state: "attached" });
		await said.getByText("The shutter before the camera is closed.").waitFor({ state: "attached" });
		await show(scenes["call-equipped"]);
		expect(await said.getByText("Release it there").count()).toBe(0);
		await show(scenes["resting-held"]);
		await said.getByText("The key on the table keeps the microphone muted.").waitFor({ state: "attached" });
		await panel.page.getByText("Muted by the key on the table").waitFor();
		await panel.page.getByText("The camera’s shutter is closed").waitFor();
	});

	it("is open to touch again once it was opened there", async () => {
		await open("call-held");
		await show(scenes["call-equipped"]);
		await control("Microphone").click();
		await asked({ type: "panel.microphone", on: false });
	});
});

describe("the service page", () => {
	const rows = () =>
		panel.page.getByRole("list", { name: "Devices of this room" }).getByRole("listitem").allInnerTexts();

	it("says of each device what it is, where, and how it is since when", async () => {
		await open("resting-held");
		await button("More").click();
		await panel.page.getByText("One device is missing.").waitFor();
		await button("Look").click();
		const [camera, display, table] = await rows();
		expect(camera).toMatch(/Camera VISCA 04A2\s+serial usb-FTDI_FT232R_A50285BI-if00-port0\s+connected since 06:57/);
		expect(display).toMatch(/Display Samsung QM65R\s+TCP 192\.0\.2\.7\s+starting since 09:56/);
		expect(table).toMatch(/Keys and sensors table\s+serial ttyUSB1\s+missing since Sunday 22 November, 17:57/);
		expect(table).toMatch(/The connection broke\. Check cable and power\. It comes back by itself\. Code link\.lost/);
	});

	it("has a sentence for each failure", async () => {
		await open("joining");
		const titles = new Set<string>();
		for (const failure of peripheralFailures) {
			await show(scenes.joining);
			await show(failure);
			await button("More").click();
			await button("Look").click();
			titles.add((await panel.page.locator(".device-failure strong").first().innerText()).trim());
		}
		expect(titles.size).toBe(peripheralFailures.length);
		expect(titles.has("")).toBe(false);
	});

	it("shows what key, shutter and sensor say just now", async () => {
		await open("resting-equipped");
		await button("More").click();
		await button("Look").click();
		await panel.page.getByText("Key released · Shutter open · Someone is here").waitFor();
		const { peripherals } = scenes["resting-equipped"];
		const hardware = { muteKey: true, shutterClosed: null, occupied: false };
		await show({ ...scenes["resting-equipped"], peripherals: { ...peripherals, hardware } });
		await panel.page.getByText("Key pressed · Nobody is here").waitFor();
	});

	it("is reached in trouble, and the way back leads to the trouble", async () => {
		await open("trouble");
		await button("More").click();
		await button("Look").click();
		expect(await rows()).toHaveLength(3);
		await button("Back").click();
		await button("Try again").waitFor();
	});

	it("says so where the room has no devices", async () => {
		await open("resting");
		await button("More").click();
		await button("Look").click();
		await panel.page.getByText("No devices are set up in this room.").waitFor();
	});

	it("is no modal: a device that is lost changes nothing on the clock and in a call", async () => {
		await open("call-equipped");
		await show(scenes["call-equipment-lost"]);
		expect(await panel.page.getByRole("alert").innerText()).toBe("");
		await panel.page.getByRole("heading", { name: "Raum München" }).waitFor();
		await show(scenes["resting-held"]);
		expect(await panel.page.getByRole("alert").innerText()).toBe("");
		expect(await panel.page.locator(".dock .missing").innerText()).toBe("");
	});
});
