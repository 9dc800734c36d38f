/** Parts of the building that die, hang or can't be reached, and what the people in the room notice of it. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Snapshot } from "../../device/contract/snapshot.ts";
import { formatLink } from "../../device/meeting/link.ts";
import { allowMedia, launchChromium } from "../sim/chromium.ts";
import { PanelClient } from "../sim/panel/PanelClient.ts";
import { Guest, patience } from "../ui/guest/guestBrowser.ts";
import { mediaCount, watchTransport } from "./guestTransport.ts";
import type { PanelDriver } from "./PanelDriver.ts";
import { TestBuilding } from "./TestBuilding.ts";

describe("a fault", { timeout: 120_000 }, () => {
	let building: TestBuilding;
	let browser: Browser;
	let berlin: PanelDriver;
	beforeAll(async () => {
		[building, browser] = await Promise.all([
			// a relay that nobody answers at: calls find their direct path all the same
			TestBuilding.start({
				turn: true,
				front: { turn: async () => ["turn:127.0.0.1:9", "turn:127.0.0.1:9?transport=tcp"] },
			}),
			launchChromium([allowMedia]),
		]);
	}, 120_000);
	afterAll(() => Promise.all([browser?.close(), building?.stop()]));
	beforeEach(async () => {
		building.middle.down = false;
		berlin = await building.panel("berlin");
	});
	afterEach(() => building.clearAndClosePanels());

	/** A guest in Chromium, in a call with Berlin whose media flows both ways. */
	async function call(): Promise<Guest> {
		const link = await building.roomAlone(berlin);
		const guest = await Guest.create(browser);
		await watchTransport(guest.page);
		await guest.join(formatLink(link));
		await Promise.all([berlin.untilPhase("connected"), guest.waitForPhase("connected")]);
		await mediaGoesOn(guest);
		return guest;
	}

	/** From here on, packets come and go at the guest. */
	async function mediaGoesOn(guest: Guest): Promise<void> {
		const before = await mediaCount(guest.page);
		await expect
			.poll(async () => {
				const now = await mediaCount(guest.page);
				return Math.min(now.received - before.received, now.sent - before.sent);
			}, patience)
			.toBeGreaterThan(20);
	}

	describe("of the media engine", () => {
		it("killed in a call: recovering, then media again, and what was muted stays muted at every moment", async () => {
			const guest = await call();
			await berlin.touch({ type: "panel.microphone", on: false });
			await berlin.until(({ media }) => media.microphone.state === "off" && !media.microphone.flowing, "mute");
			const watcher = await PanelClient.connect(building.running.rooms.berlin);
			await watcher.frame("snapshot");
			const transports = (await mediaCount(guest.page)).transports;
			process.kill(building.enginePid("berlin"), "SIGKILL");
			await berlin.untilPhase("recovering");
			await berlin.untilPhase("connected");
			await guest.waitForPhase("connected");
			await berlin.until(
				({ media }) => media.camera.state === "open" && media.camera.flowing && media.microphone.state === "off",
				"camera back, microphone off",
			);
			await expect.poll(async () => (await mediaCount(guest.page)).transports, patience).toBeGreaterThan(transports);
			await guest.page.waitForSelector("[data-testid=far-microphone-off]");
			const microphones = watcher.frames.flatMap((frame) =>
				frame.t === "snapshot" ? [frame.snapshot.media.microphone] : [],
			);
			expect(microphones.filter(({ state, flowing }) => state === "open" || flowing)).toEqual([]);
			expect(watcher.frames.filter((frame) => frame.t === "levels" && frame.microphone > 0)).toEqual([]);
			watcher.close();
			await guest.close();
		});

		it("that crashes again and again: trouble on the panel with its code, and a pause that grows; a touch tries at once", async () => {
			const pids = () =>
				building.lines.filter(({ room, event }) => room === "berlin" && event === "engine.started").length;
			const kill = async (): Promise<void> => {
				const started = pids();
				process.kill(building.enginePid("berlin"), "SIGKILL");
				await expect.poll(pids, patience).toBeGreaterThan(started);
			};
			const trouble = ({ screen }: Snapshot) => (screen.name === "trouble" ? screen : null);
			await kill();
			await kill();
			const started = pids();
			process.kill(building.enginePid("berlin"), "SIGKILL");
			const shown = await berlin.untilScreen("trouble");
			expect(shown).toMatchObject({ failure: "media.engine_failed" });
			expect(berlin.snapshot.can).toMatchObject({ join: false, meetNow: false });
			expect(await berlin.touch({ type: "panel.meet_now" })).toBe("panel.not_now");
			// an engine that is back by itself in the same moment is sooner than the touch: each further crash leaves it more time
			let answer: string;
			let running = started;
			do {
				await expect.poll(() => trouble(berlin.snapshot)?.retryAt, patience).toBeNull();
				// the panel may hear of the new engine before its line is read here
				await expect.poll(pids, patience).toBeGreaterThan(running);
				running = pids();
				process.kill(building.enginePid("berlin"), "SIGKILL");
				const again = await berlin.until((snapshot) => snapshot.can.retry, "a way to try again");
				expect((trouble(again)?.retryAt ?? 0) - again.now).toBeGreaterThan(10_000);
				answer = await berlin.touch({ type: "panel.retry" });
			} while (answer === "panel.not_now");
			expect(answer).toBe("ack");
			await berlin.untilScreen("resting");
			await (await call()).close();
		});
	});

	describe("of the rendezvous", () => {
		it("gone in a call: the call goes on, the panel says what is missing until it is back", async () => {
			const guest = await call();
			building.middle.down = true;
			await berlin.until(({ missing }) => missing.includes("rendezvous"), "a line on what is missing");
			await mediaGoesOn(guest);
			expect(berlin.snapshot.screen).toMatchObject({ name: "call", phase: "connected" });
			building.middle.down = false;
			await berlin.until(({ missing }) => !missing.includes("rendezvous"), "nothing missing");
			await mediaGoesOn(guest);
			expect(berlin.history.filter((step) => step === "connected" || step === "recovering")).toEqual(["connected"]);
			await berlin.touch({ type: "panel.leave" });
			// The guest finds the rendezvous again at its own pace: it hears the farewell, or that the room closed the path.
			await guest.waitForScreen("ended");
			await guest.close();
		});

		it("gone when one leaves: the other end hears it on the path itself, and that it was no accident once it is back", async () => {
			for (const leaving of ["room", "guest"] as const) {
				const guest = await call();
				building.middle.down = true;
				await berlin.until(({ missing }) => missing.includes("rendezvous"), "a line on what is missing");
				if (leaving === "room") await berlin.touch({ type: "panel.leave" });
				else await guest.page.click("[data-testid=leave]");
				if (leaving === "room") await guest.waitForPhase("recovering");
				else await berlin.untilPhase("recovering");
				building.middle.down = false;
				if (leaving === "room") {
					await guest.waitForScreen("ended");
					expect(await guest.page.locator(".code code").count()).toBe(0);
				} else {
					expect(await berlin.untilScreen("ended")).toMatchObject({ failure: null, end: "far_end_left" });
				}
				await guest.close();
				await berlin.rest();
			}
		});

		it("unreachable at a join: rendezvous.unreachable, and what was opened is closed", async () => {
			const link = await building.meeting();
			building.middle.down = true;
			await berlin.touch({ type: "panel.join_link", link: formatLink(link) });
			expect(await berlin.untilScreen("ended")).toMatchObject({ failure: "rendezvous.unreachable" });
			await berlin.until(({ media }) => media.camera.state === "closed" && media.microphone.state === "closed");
			building.middle.down = false;
			await berlin.rest();
			await building.roomAlone(berlin);
		});
	});

	describe("of the broker", () => {
		it("that hangs: a ring ends as ring.broker_unreachable, and works again once it answers", async () => {
			const pid = building.building.broker?.pid ?? 0;
			expect(pid).toBeGreaterThan(1);
			const muenchen = await building.panel("muenchen");
			const online = () => berlin.until(({ directory }) => directory[0]?.online === true, "München online");
			await online();
			process.kill(pid, "SIGSTOP");
			try {
				await berlin.touch({ type: "panel.call", room: "room-muenchen" });
				expect(await berlin.untilScreen("ended")).toMatchObject({ failure: "ring.broker_unreachable" });
			} finally {
				process.kill(pid, "SIGCONT");
			}
			await berlin.rest();
			await online();
			await berlin.until(({ can }) => can.call, "that rooms can be called");
			// the ring that was given up reaches München now, and is taken back at once
			await berlin.touch({ type: "panel.call", room: "room-muenchen" });
			await berlin.untilScreen("ringing-out");
			await muenchen.untilScreen("ringing-in");
			expect(berlin.snapshot.screen.name).toBe("ringing-out");
			await berlin.touch({ type: "panel.cancel" });
			await muenchen.untilScreen("resting");
		});

		it("gone for good: a call goes on, joining by link works, calling a room is not offered", async () => {
			const guest = await call();
			await building.building.broker?.close();
			await berlin.until(({ missing }) => missing.includes("broker"), "a line on what is missing");
			await mediaGoesOn(guest);
			expect(berlin.history).not.toContain("recovering");
			await guest.close();
			await building.clear();
			expect(berlin.snapshot.directory).toMatchObject([{ online: null }]);
			expect(await berlin.touch({ type: "panel.call", room: "room-muenchen" })).toBe("panel.not_now");
			await (await call()).close();
		});
	});
});
