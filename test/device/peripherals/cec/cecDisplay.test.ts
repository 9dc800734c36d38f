import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock, systemClock } from "../../../../device/core/clock.ts";
import { cecDisplay } from "../../../../device/peripherals/cec/cecDisplay.ts";
import type { Display } from "../../../../device/peripherals/model/Display.ts";
import { SimulatedCecLine } from "../../../sim/display/cec/SimulatedCecLine.ts";
import { DisplayModel, type DisplayModelOptions } from "../../../sim/display/DisplayModel.ts";
import { nameOf } from "../../../sim/display/DisplayRig.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

const soon = <T>(look: () => T) => expect.poll(look, { timeout: 20_000, interval: 10 });
const healthOf = (display: Display) => soon(() => nameOf(display.health));

/** Debian's cec-ctl on a simulated line. */
describe("the real cec-ctl", () => {
	async function begin(options: Partial<DisplayModelOptions> = {}, odd: Partial<SimulatedCecLine["odd"]> = {}) {
		const line = await SimulatedCecLine.open(new DisplayModel({ on: true, ...options, clock: systemClock }));
		Object.assign(line.odd, odd);
		ends.push(() => line.close());
		const display = cecDisplay({ device: line.device, clock: systemClock, binary: line.cecCtl });
		ends.push(() => display.stop());
		display.start();
		return { line, display };
	}
	const keysOf = (line: SimulatedCecLine) => line.sent.filter((message) => message.startsWith("40 44")).length;

	it("switches the display on and off, shows us, sets volume and mute", async () => {
		const { line, display } = await begin({ on: false, warmUpMs: 300 });
		await healthOf(display).toBe("ok");
		expect(display.health.model).toBe("LG TV");
		await soon(() => display.status.power).toBe("off");
		await expect(display.mute(true)).rejects.toMatchObject({ code: "peripheral.not_now" });
		await display.power(true);
		await display.select("hdmi1");
		await soon(() => display.status).toEqual({ power: "on", input: null, volume: 20, muted: false });
		expect(line.model.told).toEqual(["on", "on", "input hdmi1"]);
		await display.volume(35);
		expect(line.model.volume).toBe(35);
		await display.volume(12);
		await soon(() => display.status.volume).toBe(12);
		await display.mute(true);
		await soon(() => display.status.muted).toBe(true);
		await display.power(false);
		await soon(() => display.status.power).toBe("off");
		expect(line.model.power).toBe("off");
	});

	it("comes as near to a level as the display's steps allow, and never presses for ever", async () => {
		const { line, display } = await begin({}, { volumeStep: 3 });
		await soon(() => display.status.volume).toBe(20);
		await display.volume(31);
		expect(line.model.volume).toBe(32);
		const keys = keysOf(line);
		expect(keys).toBeLessThanOrEqual(6);
		line.odd.volumeStep = 0;
		await expect(display.volume(80)).rejects.toMatchObject({ code: "peripheral.not_supported" });
		expect(keysOf(line) - keys).toBe(1);
	});

	it("mutes a display that knows only one key for it", async () => {
		const { line, display } = await begin({}, { onlyToggles: true });
		await soon(() => display.status.muted).toBe(false);
		await display.mute(true);
		expect(line.model.muted).toBe(true);
		await display.mute(true);
		expect(line.model.muted).toBe(true);
		await display.mute(false);
		expect(line.model.muted).toBe(false);
	});

	it("what a display can't do over this cable is not supported", async () => {
		const { display } = await begin({}, { noSound: true });
		await soon(() => display.status).toEqual({ power: "on", input: null, volume: null, muted: null });
		await expect(display.volume(10)).rejects.toMatchObject({ code: "peripheral.not_supported" });
		await expect(display.mute(true)).rejects.toMatchObject({ code: "peripheral.not_supported" });
		await expect(display.select("hdmi2")).rejects.toMatchObject({ code: "peripheral.not_supported" });
		await expect(display.select("displayport1")).rejects.toMatchObject({ code: "peripheral.not_supported" });
	});

	it("a display that doesn't tell its power is well all the same, and told what it is to do", async () => {
		const { line, display } = await begin({}, { noPowerStatus: true });
		await soon(() => display.status).toEqual({ power: null, input: null, volume: 20, muted: false });
		await display.power(true);
		await display.select("hdmi1");
		expect(line.model.told).toEqual(["on", "on", "input hdmi1"]);
		expect(display.health.state).toBe("ok");
	});

	it.each(["absent", "deaf", "unplugged"] as const)("a display that is %s is silent, and found again", async (odd) => {
		const { line, display } = await begin({}, { [odd]: true });
		await healthOf(display).toBe("lost link.silent");
		expect(display.status).toEqual({ power: null, input: null, volume: null, muted: null });
		line.odd[odd] = false;
		await healthOf(display).toBe("ok");
		await soon(() => display.status.power).toBe("on");
	});

	it("a display that lets go of the line in standby is off, and the cable is claimed again when it is back", async () => {
		const { line, display } = await begin();
		await soon(() => display.status.power).toBe("on");
		await display.power(false);
		line.odd.unplugged = true;
		await soon(() => display.status.power).toBe("off");
		expect(display.health.state).toBe("ok");
		line.odd.unplugged = false;
		line.model.switch(true);
		await soon(() => display.status.power).toBe("on");
	});

	it("an adapter that is pulled out is absent, and is used again when it is back", async () => {
		const { line, display } = await begin();
		await soon(() => display.status.power).toBe("on");
		await line.pullOut();
		await expect(display.select("hdmi1")).rejects.toMatchObject({ code: "link.absent" });
		await healthOf(display).toBe("lost link.absent");
		await line.plugIn();
		await healthOf(display).toBe("ok");
		await display.select("hdmi1");
	});
});

/** Programs that are not cec-ctl, or one that broke. */
describe("a cec-ctl that misbehaves", () => {
	let folder: string;
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "incamera-cec-"));
		ends.push(() => rm(folder, { recursive: true, force: true }));
	});

	/** `script`: what it is instead; null: nothing. Time goes on by itself, faster than the real one. */
	async function begin(script: string | null) {
		const binary = join(folder, "cec-ctl");
		if (script !== null) {
			await writeFile(binary, `#!/bin/sh\n${script}\n`);
			await chmod(binary, 0o755);
		}
		const clock = new ManualClock(1_000_000);
		const display = cecDisplay({ device: "/dev/cec0", clock, binary });
		ends.push(() => display.stop());
		display.start();
		const timer = setInterval(() => clock.advance(100), 10);
		ends.push(() => clearInterval(timer));
		return display;
	}
	const complains = (reason: string) => `echo 'Failed to open /dev/cec0: ${reason}' >&2; exit 1`;
	const info = String.raw`printf 'Driver Info:\n\tPhysical Address           : 1.0.0.0\n'`;

	it.each([
		["is not there", null, "lost peripheral.tool_missing"],
		["is told that there is no adapter", complains("No such file or directory"), "lost link.absent"],
		["may not open the adapter", complains("Permission denied"), "lost link.denied"],
		["finds it held by another", complains("Device or resource busy"), "lost link.busy"],
		["ends with an error of its own", "exit 3", "lost peripheral.fault"],
		["dies", "kill -9 $$", "lost peripheral.fault"],
		["says nothing", "exit 0", "lost link.silent"],
		["says something else", `${info}; echo nonsense`, "lost peripheral.fault"],
		["never stops talking", "while :; do echo nonsense; done", "lost peripheral.fault"],
		["never stops complaining", "while :; do echo nonsense >&2; done", "lost peripheral.fault"],
		["hangs", "exec sleep 1000", "lost link.silent"],
		["leaves somebody behind who holds its output", "sleep 5 & exit 0", "lost link.silent"],
	])("%s", async (_what, script, health) => {
		const display = await begin(script);
		await healthOf(display).toBe(health);
		await expect(display.power(true)).rejects.toMatchObject({ code: expect.stringMatching(/^(link|peripheral)\./) });
	});

	it("that is missing says what to install", async () => {
		const display = await begin(null);
		await expect(display.power(true)).rejects.toMatchObject({
			code: "peripheral.tool_missing",
			message: expect.stringContaining("v4l-utils"),
		});
	});

	it("that hangs is killed when the display is stopped", async () => {
		const file = join(folder, "pid");
		const display = await begin(`echo $$ > ${file}; exec sleep 1000`);
		const pid = () =>
			readFile(file, "utf8").then(
				(text) => Number(text),
				() => 0,
			);
		await soon(pid).toBeGreaterThan(0);
		const running = await pid();
		await display.stop();
		const runs = () => {
			try {
				return process.kill(running, 0);
			} catch {
				return false;
			}
		};
		await soon(runs).toBe(false);
	});
});
