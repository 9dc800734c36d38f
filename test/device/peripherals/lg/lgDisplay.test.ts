import { afterEach, expect, test } from "vitest";
import { lgDisplay } from "../../../../device/peripherals/lg/lgDisplay.ts";
import { DisplayRig, type DisplayRigOptions } from "../../../sim/display/DisplayRig.ts";
import { lgVoice } from "../../../sim/display/lgVoice.ts";

const rigs: DisplayRig[] = [];
afterEach(async () => {
	for (const rig of rigs.splice(0)) await rig.close();
});

function makeRig(options: DisplayRigOptions = {}): DisplayRig {
	const rig = new DisplayRig("lg", options);
	rigs.push(rig);
	return rig;
}

/** A set that answers a command in its own way. */
const answering = (command: string, answer: string) => (model: DisplayRig["model"]) => {
	const its = lgVoice(model);
	const hear = (bytes: Uint8Array) =>
		Buffer.from(bytes).toString("latin1").startsWith(command) ? [Buffer.from(answer)] : its.hear(bytes);
	return { ...its, hear };
};

test.each([
	["e 01 NG00x", "peripheral.refused"],
	["e 01 NG01x", "peripheral.refused"],
	["e 01 NG02x", "peripheral.not_supported"],
	["e 01 OKx", "peripheral.fault"],
])("%s is %s", async (answer, code) => {
	const rig = await makeRig({ voice: answering("ke 01 00", answer) }).ready();
	await rig.status({ power: "on" });
	expect(await rig.outcome(rig.display.mute(true))).toBe(code);
	expect(rig.display.health.state).toBe("ok");
});

test("NG03 asks to wait: it is tried again, and not for ever", async () => {
	const rig = await makeRig({ voice: answering("ke 01 00", "e 01 NG03x") }).ready();
	await rig.status({ power: "on" });
	const before = rig.sim.heard.length;
	expect(await rig.outcome(rig.display.mute(true))).toBe("peripheral.not_now");
	expect(rig.sim.heard.length - before).toBeGreaterThan(10);
});

test("a set that echoes what it is told is understood, and its echo is no bad byte", async () => {
	const rig = await makeRig({ voice: (model) => lgVoice(model, { echoes: true }) }).ready();
	await rig.status({ power: "on" });
	expect(await rig.outcome(rig.display.select("hdmi2"))).toBe("done");
	await rig.status({ input: "hdmi2" });
	expect(rig.display.counters).toMatchObject({ badBytes: 0, timeouts: 0 });
});

test("a set without sound is asked for it no more", async () => {
	const rig = await makeRig({ sound: false }).ready();
	await rig.status({ power: "on", input: "hdmi1", volume: null, muted: null });
	expect(await rig.outcome(rig.display.select("hdmi2"))).toBe("done");
	await rig.status({ input: "hdmi2" });
	const asked = rig.sim.heard.filter((bytes) => Buffer.from(bytes).toString("latin1").startsWith("kf"));
	expect(asked).toHaveLength(1);
	expect(await rig.outcome(rig.display.volume(3))).toBe("peripheral.not_supported");
});

test("set ID 0 is everybody: it is sent, and nothing is waited for", async () => {
	const rig = makeRig({ on: false, drive: (link, clock) => lgDisplay(link, { clock, id: 0 }) });
	await rig.ready();
	expect(await rig.outcome(rig.display.power(true))).toBe("done");
	expect(await rig.outcome(rig.display.volume(12))).toBe("done");
	await rig.until(() => rig.model.told.length === 2);
	expect(rig.model.told).toEqual(["on", "volume 12"]);
	expect(rig.display.counters.timeouts).toBe(0);
});
