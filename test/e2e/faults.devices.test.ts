/** Cameras and microphones that are absent, can't be opened, or are files: the call is made with what is there, and the panel says the rest. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { formatLink } from "../../device/meeting/link.ts";
import { allowMedia, launchChromium } from "../sim/chromium.ts";
import { listenToFar, loudestSound } from "../ui/guest/farMedia.ts";
import { Guest, patience } from "../ui/guest/guestBrowser.ts";
import type { PanelDriver } from "./PanelDriver.ts";
import { TestBuilding } from "./TestBuilding.ts";

const speechless = { speaker: "none", display: "none" };

describe("a room", { timeout: 90_000 }, () => {
	const folder = mkdtempSync(join(tmpdir(), "incamera-devices-"));
	const file = (name: string) => join(folder, name);
	let browser: Browser;
	let building: TestBuilding | null = null;
	beforeAll(async () => {
		const launch = (description: string) => execFileSync("gst-launch-1.0", ["-q", ...description.split(" ")]);
		launch(
			`videotestsrc num-buffers=1 pattern=red ! video/x-raw,width=320,height=180 ! pngenc ! filesink location=${file("red.png")}`,
		);
		launch(
			`videotestsrc num-buffers=30 pattern=blue ! video/x-raw,width=320,height=180,framerate=15/1 ! vp8enc deadline=1 ! webmmux ! filesink location=${file("blue.webm")}`,
		);
		writeFileSync(file("minutes.txt"), "This is no film.\n".repeat(1_000));
		browser = await launchChromium([allowMedia]);
	}, 120_000);
	afterAll(async () => {
		await browser?.close();
		rmSync(folder, { recursive: true, force: true });
	});
	afterEach(async () => {
		await building?.stop();
		building = null;
	});

	/** A building whose rooms have these devices, with Berlin and München in calls with a guest each. */
	async function calls(berlin: object, muenchen: object): Promise<[[PanelDriver, Guest], [PanelDriver, Guest]]> {
		const devices = { berlin, muenchen };
		const made = await TestBuilding.start({
			configure: (room, { config }) => {
				config["devices"] = { ...speechless, ...devices[room] };
			},
		});
		building = made;
		const call = async (room: "berlin" | "muenchen"): Promise<[PanelDriver, Guest]> => {
			const panel = await made.panel(room);
			const link = await made.roomAlone(panel);
			const guest = await Guest.create(browser);
			await guest.join(formatLink(link));
			await Promise.all([panel.untilPhase("connected"), guest.waitForPhase("connected")]);
			return [panel, guest];
		};
		return Promise.all([call("berlin"), call("muenchen")]);
	}

	/** Mean colour of what the guest's page shows of the room. */
	function colourAt(guest: Guest): Promise<{ red: number; green: number; blue: number }> {
		return guest.page.$eval("[data-testid=far-video]", (element) => {
			const canvas = document.createElement("canvas");
			canvas.width = canvas.height = 8;
			const context = canvas.getContext("2d") as CanvasRenderingContext2D;
			context.drawImage(element as HTMLVideoElement, 0, 0, 8, 8);
			const [red = 0, green = 0, blue = 0] = context.getImageData(4, 4, 1, 1).data;
			return { red, green, blue };
		});
	}

	async function heard(guest: Guest): Promise<void> {
		await listenToFar(guest.page);
		await expect.poll(() => loudestSound(guest.page), patience).toBeGreaterThan(0.02);
	}

	it("without a camera is heard, without a microphone is seen; each panel says what is missing", async () => {
		const [[berlin, hearing], [muenchen, seeing]] = await calls(
			{ camera: "none", microphone: "synthetic" },
			{ camera: { file: file("red.png") }, microphone: "none" },
		);
		await heard(hearing);
		await berlin.until(({ media, missing }) => media.camera.state === "absent" && missing.includes("camera"));
		expect(berlin.snapshot.can.camera).toBe(false);
		expect(berlin.snapshot.media.camera.flowing).toBe(false);
		expect(berlin.snapshot.missing).not.toContain("microphone");
		await expect
			.poll(async () => {
				const { red, green, blue } = await colourAt(seeing);
				return red > 120 && green < 90 && blue < 90;
			}, patience)
			.toBe(true);
		await muenchen.until(({ media, missing }) => media.microphone.state === "absent" && missing.includes("microphone"));
		expect(muenchen.snapshot.media.microphone.flowing).toBe(false);
		await Promise.all([hearing.close(), seeing.close()]);
	});

	it("with a film as its camera shows it, over and over; with a file that isn't there it is heard all the same", async () => {
		const [[berlin, seeing], [muenchen, hearing]] = await calls(
			{ camera: { file: file("blue.webm") }, microphone: "synthetic" },
			{ camera: { file: file("nothing.webm") }, microphone: "synthetic" },
		);
		// the film has two seconds: what is shown after the mute round below is shown anew
		for (const on of [false, true]) {
			await expect
				.poll(async () => {
					const { red, blue } = await colourAt(seeing);
					return blue > 120 && red < 90;
				}, patience)
				.toBe(true);
			await berlin.touch({ type: "panel.camera", on });
			await berlin.until(({ media }) => media.camera.state === (on ? "open" : "off"), `camera ${on}`);
		}
		await heard(hearing);
		await muenchen.until(({ media }) => media.camera.state === "absent" && !media.camera.flowing, "an absent camera");
		await Promise.all([hearing.close(), seeing.close()]);
	});

	it("whose camera can't be opened, or is no camera, is heard all the same; so is one without its loudspeaker", async () => {
		const [[berlin, one], [muenchen, other]] = await calls(
			{ camera: { device: "v4l2:/dev/video77" }, microphone: "synthetic", speaker: { device: "alsa:hw:9" } },
			{ camera: { file: file("minutes.txt") }, microphone: { device: "alsa:hw:9" } },
		);
		await heard(one);
		await berlin.until(({ media, missing }) => media.camera.state === "absent" && missing.includes("camera"));
		expect(berlin.snapshot.missing).toContain("speaker");
		expect(muenchen.snapshot.missing).not.toContain("speaker");
		await muenchen.until(
			({ media }) => media.camera.state === "absent" && media.microphone.state === "absent",
			"no camera and no microphone",
		);
		expect(muenchen.snapshot.screen).toMatchObject({ name: "call", phase: "connected" });
		for (const room of ["berlin", "muenchen"] as const) {
			const started = building?.lines.filter((line) => line.room === room && line.event === "engine.started");
			expect(started).toHaveLength(1);
		}
		await Promise.all([one.close(), other.close()]);
	});
});
