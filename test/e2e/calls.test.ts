/**
 * The main job, whole and real: two rooms with their engines, broker and rendezvous as processes, and Chromium as the guest.
 * Content is checked, not counters: pixels of the decoded picture; at a guest the pitch of the decoded tone, at a room, which has no more
 * than a meter, its loudness. The pitch that a room plays: `test/device/media/GstPeer.test.ts`.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Building, type RunningBuilding } from "../../tools/building/Building.ts";
import { freePortBase } from "../../tools/building/ports.ts";
import { allowMedia, launchChromium } from "../sim/chromium.ts";
import { listenToFar, loudestFromNow, loudestSound, pitchOfFar, probePicture } from "../ui/guest/farMedia.ts";
import { Guest, patience } from "../ui/guest/guestBrowser.ts";
import { PanelDriver } from "./PanelDriver.ts";
import { selfPicture, untilTvShows, untilTvShowsPicture } from "./tvPicture.ts";

/** By the meter, which has a whole for 60 dB: the synthetic tone at −29 dB, and one that is 20 dB louder. */
const toneLevel = 0.516;
const loudLevel = 0.85;

describe("calls", { timeout: 120_000 }, () => {
	const folder = mkdtempSync(join(tmpdir(), "incamera-calls-"));
	const loudTone = join(folder, "tone.wav");
	let browser: Browser;
	let building: Building;
	let running: RunningBuilding;
	let berlin: PanelDriver;
	let muenchen: PanelDriver;
	let guest: Guest;

	beforeAll(async () => {
		const tone = `audiotestsrc freq=660 volume=0.5 num-buffers=500 samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=1`;
		execFileSync("gst-launch-1.0", ["-q", ...`${tone} ! wavenc ! filesink location=${loudTone}`.split(" ")]);
		const rooms = {
			// a drawn room, and a tone of 880 Hz
			berlin: { camera: "synthetic", microphone: "synthetic:high" },
			muenchen: { camera: "synthetic:blue", microphone: { file: loudTone } },
		};
		building = new Building({
			base: await freePortBase(),
			configure: (room, { config }) => {
				config["devices"] = { ...rooms[room], speaker: "none", display: "none" };
			},
		});
		[running, browser] = await Promise.all([building.start(), launchChromium([allowMedia])]);
	});
	afterAll(async () => {
		await browser?.close();
		await building?.stop();
		rmSync(folder, { recursive: true, force: true });
	});
	beforeEach(async () => {
		[berlin, muenchen] = await Promise.all([
			PanelDriver.connect(running.rooms.berlin),
			PanelDriver.connect(running.rooms.muenchen),
		]);
		guest = await Guest.create(browser);
	});
	afterEach(async () => {
		await guest.close();
		for (const panel of [berlin, muenchen]) {
			await panel.rest();
			panel.close();
		}
	});

	const guestCode = async () => {
		await guest.page.click("[data-testid=compare]");
		const text = await guest.page.getAttribute("[data-testid=compare-panel]", "data-code");
		return (text ?? "").split(" ").map(Number);
	};

	it("a room and a guest in Chromium see and hear each other, with the same code", async () => {
		await berlin.join();
		const { guestLink } = await berlin.untilScreen("alone");
		expect(guestLink).toBe(running.guestLink);
		await guest.join(guestLink, "Ada");
		const [call] = await Promise.all([berlin.untilPhase("connected"), guest.waitForPhase("connected")]);
		expect(call.security).toBe("encrypted");

		// guest: the room's moving picture and its tone
		await expect.poll(async () => (await probePicture(guest.page)).brightness, patience).toBeGreaterThan(20);
		const first = await probePicture(guest.page);
		expect([first.width, first.height]).toEqual([1280, 720]);
		await expect.poll(async () => (await probePicture(guest.page)).print, patience).not.toBe(first.print);
		await listenToFar(guest.page);
		await expect.poll(() => loudestSound(guest.page), patience).toBeGreaterThan(0.02);
		await expect.poll(async () => Math.abs((await pitchOfFar(guest.page)) - 880), patience).toBeLessThan(10);

		// room: Chromium's green test picture fills the TV, its beep moves the far meter
		await berlin.until(({ screen }) => screen.name === "call" && screen.far.name === "Ada", "the guest's name");
		await untilTvShows(
			running.rooms.berlin,
			({ red, green, blue }) => green > 80 && green > red + 40 && green > blue + 40,
		);
		await berlin.until(() => berlin.loudestFar > 0.05, "the guest's beep");

		expect(await guestCode()).toEqual(call.code);
	});

	it("a guest who is there first is joined by one touch", async () => {
		await guest.join(running.guestLink);
		await guest.waitForPhase("waiting");
		await berlin.join();
		await Promise.all([berlin.untilPhase("connected"), guest.waitForPhase("connected")]);
		await expect.poll(async () => (await probePicture(guest.page)).brightness, patience).toBeGreaterThan(20);
	});

	it("one room rings the other, both are verified, and each sees the other's picture and hears its sound", async () => {
		await berlin.until(({ can }) => can.call, "that rooms can be called");
		await berlin.until(({ directory }) => directory[0]?.online === true, "München online");
		expect(await berlin.touch({ type: "panel.call", room: "room-muenchen" })).toBe("ack");
		expect(await muenchen.untilScreen("ringing-in")).toMatchObject({ from: "Berlin", verified: true });
		// nothing but a touch opens a source: a ring does not
		expect(muenchen.snapshot.media).toMatchObject({ microphone: { state: "closed" }, camera: { state: "closed" } });
		await muenchen.touch({ type: "panel.answer", camera: true });
		const [there, here] = await Promise.all([berlin.untilPhase("connected"), muenchen.untilPhase("connected")]);
		expect([there.security, here.security]).toEqual(["verified", "verified"]);
		expect(there.code).toEqual(here.code);
		await untilTvShows(running.rooms.berlin, ({ red, green, blue }) => blue > 120 && red < 90 && green < 90);
		await untilTvShowsPicture(running.rooms.muenchen, await selfPicture(running.rooms.berlin));
		const steady = (levels: number[], level: number) =>
			levels.length === 10 && levels.every((far) => Math.abs(far - level) < 0.04);
		await Promise.all([
			berlin.until(() => steady(berlin.lastFar, loudLevel), "München's tone"),
			muenchen.until(() => steady(muenchen.lastFar, toneLevel), "Berlin's tone"),
		]);
		await berlin.until(({ screen }) => screen.name === "call" && screen.key !== null, "a memory of the key");
	});

	it("two rooms that ring each other at the same moment are in one call", async () => {
		for (const panel of [berlin, muenchen])
			await panel.until(({ can, directory }) => can.call && directory[0]?.online === true, "the other room online");
		const rung = [
			berlin.touch({ type: "panel.call", room: "room-muenchen" }),
			muenchen.touch({ type: "panel.call", room: "room-berlin" }),
		];
		expect(await Promise.all(rung)).toEqual(["ack", "ack"]);
		const [there, here] = await Promise.all([berlin.untilPhase("connected"), muenchen.untilPhase("connected")]);
		expect(there.code).toEqual(here.code);
		expect([there.security, here.security]).toEqual(["verified", "verified"]);
		for (const { history } of [berlin, muenchen]) expect(history).not.toContain("ringing-in");
	});

	it("a declined ring and one that is taken back leave both at rest, with nothing opened", async () => {
		await berlin.until(({ directory }) => directory[0]?.online === true, "München online");
		await berlin.touch({ type: "panel.call", room: "room-muenchen" });
		await muenchen.untilScreen("ringing-in");
		await muenchen.touch({ type: "panel.decline" });
		expect((await berlin.untilScreen("ended")).failure).toBe("call.declined");
		await berlin.rest();
		await berlin.touch({ type: "panel.call", room: "room-muenchen" });
		await muenchen.untilScreen("ringing-in");
		await berlin.touch({ type: "panel.cancel" });
		await muenchen.untilScreen("resting");
		expect(muenchen.snapshot.media.camera.state).toBe("closed");
	});

	it("mute and camera off are seen and heard by the guest, and stay so", async () => {
		await guest.join(running.guestLink);
		await guest.waitForPhase("waiting");
		await berlin.join();
		await Promise.all([berlin.untilPhase("connected"), guest.waitForPhase("connected")]);
		await listenToFar(guest.page);
		await expect.poll(() => loudestSound(guest.page), patience).toBeGreaterThan(0.02);
		await berlin.touch({ type: "panel.microphone", on: false });
		await guest.page.waitForSelector("[data-testid=far-microphone-off]");
		await expect.poll(() => loudestFromNow(guest.page), patience).toBeLessThan(0.002);
		await berlin.touch({ type: "panel.camera", on: false });
		await guest.page.waitForSelector("[data-testid=far-camera-off]");
	});

	it("leaving tells the other side and releases the room's devices", async () => {
		await guest.join(running.guestLink);
		await guest.waitForPhase("waiting");
		await berlin.join();
		await Promise.all([berlin.untilPhase("connected"), guest.waitForPhase("connected")]);
		await berlin.touch({ type: "panel.leave" });
		await guest.waitForScreen("ended");
		await berlin.until(
			({ media }) => media.camera.state === "closed" && media.microphone.state === "closed" && !media.camera.flowing,
			"closed sources",
		);
	});

	it("pictures that differ end the call on both sides", async () => {
		await guest.join(running.guestLink);
		await guest.waitForPhase("waiting");
		await berlin.join();
		await berlin.untilPhase("connected");
		await berlin.touch({ type: "panel.compare", same: false });
		expect((await berlin.untilScreen("ended")).failure).toBe("call.codes_differ");
		await guest.waitForScreen("ended");
		expect(await guest.page.textContent(".code code")).toBe("call.codes_differ");
	});

	it("a third member is told that the meeting is full", async () => {
		await guest.join(running.guestLink);
		await guest.waitForPhase("waiting");
		await berlin.join();
		await berlin.untilPhase("connected");
		await muenchen.touch({ type: "panel.join_link", link: running.guestLink });
		expect((await muenchen.untilScreen("ended")).failure).toBe("rendezvous.meeting_full");
		await muenchen.until(({ media }) => media.camera.state === "closed", "a closed camera");
		await berlin.until(({ screen }) => screen.name === "call" && screen.phase === "connected");
	});
});
