import { afterEach, expect, test } from "vitest";
import { NEC_EVERYBODY } from "../../../../device/peripherals/sharp-nec/necFrames.ts";
import { sharpNecDisplay } from "../../../../device/peripherals/sharp-nec/sharpNecDisplay.ts";
import { DisplayRig, type DisplayRigOptions } from "../../../sim/display/DisplayRig.ts";
import { type NecVoiceOptions, necVoice } from "../../../sim/display/necVoice.ts";

const rigs: DisplayRig[] = [];
afterEach(async () => {
	for (const rig of rigs.splice(0)) await rig.close();
});

function makeRig(options: DisplayRigOptions = {}, voice: Partial<NecVoiceOptions> = {}): DisplayRig {
	const rig = new DisplayRig("sharp-nec", {
		voice: (model, clock) => necVoice(model, { clock, ...voice }),
		...options,
	});
	rigs.push(rig);
	return rig;
}

test("after a power command the line rests for 15 seconds, after an input command for 10", async () => {
	const rig = await makeRig({ on: false }).ready();
	await rig.status({ power: "off" });
	const pausesAfter = async (command: Promise<void>) => {
		expect(await rig.outcome(command)).toBe("done");
		const { length } = rig.sim.heard;
		const from = rig.clock.now();
		await rig.until(() => rig.sim.heard.length > length);
		return rig.clock.now() - from;
	};
	expect(await pausesAfter(rig.display.power(true))).toBeGreaterThanOrEqual(14_900);
	await rig.status({ power: "on" });
	expect(await pausesAfter(rig.display.select("hdmi2"))).toBeGreaterThanOrEqual(9_900);
});

test("a monitor that has nothing to say but NULL is there, and what it was told is done when it is no longer busy", async () => {
	const rig = await makeRig({ on: false }, { busyMs: 25_000 }).ready();
	await rig.status({ power: "off" });
	const on = rig.outcome(rig.display.power(true));
	const mute = rig.outcome(rig.display.mute(true));
	expect(await on).toBe("done");
	await rig.status({ power: "warming" });
	expect(await mute).toBe("done");
	expect(rig.model.muted).toBe(true);
	expect(rig.healths.filter((health) => health.startsWith("lost"))).toEqual([]);
});

test("what the monitor can't do is not supported", async () => {
	const rig = await makeRig({ inputs: ["hdmi1"], sound: false }).ready();
	await rig.status({ power: "on", volume: null, muted: null });
	expect(await rig.outcome(rig.display.select("hdmi2"))).toBe("peripheral.not_supported");
	expect(await rig.outcome(rig.display.volume(10))).toBe("peripheral.not_supported");
	expect(await rig.outcome(rig.display.select("usb-c"))).toBe("peripheral.not_supported");
});

test("a monitor that says nothing to what it doesn't know is well, and is not asked for it for ever", async () => {
	const rig = await makeRig({ sound: false }, { silentOnUnknown: true }).ready();
	await rig.status({ power: "on", volume: null });
	await rig.until(() => rig.display.counters.timeouts >= 6);
	const { timeouts } = rig.display.counters;
	const polls = rig.sim.heard.length;
	await rig.until(() => rig.sim.heard.length > polls + 10);
	expect(rig.display.counters.timeouts).toBe(timeouts);
	expect(rig.display.health).toMatchObject({ state: "ok", model: "NEC P403" });
});

test("volume is told on the monitor's own scale", async () => {
	const rig = await makeRig({}, { fullVolume: 63 }).ready();
	await rig.status({ power: "on" });
	expect(await rig.outcome(rig.display.volume(100))).toBe("done");
	expect(rig.model.volume).toBe(100);
	await rig.status({ volume: 100 });
	expect(await rig.outcome(rig.display.volume(50))).toBe("done");
	await rig.status({ volume: 51 });
});

test("* is every monitor: it is sent, and nothing is waited for", async () => {
	const rig = makeRig({ on: false, drive: (link, clock) => sharpNecDisplay(link, { clock, id: NEC_EVERYBODY }) });
	await rig.ready();
	expect(await rig.outcome(rig.display.power(true))).toBe("done");
	expect(await rig.outcome(rig.display.select("hdmi2"))).toBe("done");
	await rig.until(() => rig.model.told.length === 2);
	expect(rig.model.told).toEqual(["on", "input hdmi2"]);
	expect(rig.display.counters.timeouts).toBe(0);
});

test("packets are 600 milliseconds apart and more", async () => {
	const rig = makeRig();
	const times: number[] = [];
	const hear = rig.sim.heard.push.bind(rig.sim.heard);
	rig.sim.heard.push = (...pieces) => {
		times.push(rig.clock.now());
		return hear(...pieces);
	};
	await rig.ready();
	await rig.status({ power: "on" });
	for (const level of [10, 20, 30]) expect(await rig.outcome(rig.display.volume(level))).toBe("done");
	await rig.until(() => times.length > 12);
	const pauses = times.slice(1).map((time, at) => time - (times[at] ?? 0));
	expect(Math.min(...pauses)).toBeGreaterThan(600);
});
