import { afterEach, expect, test } from "vitest";
import { samsungMdcDisplay } from "../../../../device/peripherals/samsung-mdc/samsungMdcDisplay.ts";
import { DisplayRig, type DisplayRigOptions } from "../../../sim/display/DisplayRig.ts";
import { encodeMdcAnswer } from "../../../sim/display/mdcAnswers.ts";
import { mdcVoice } from "../../../sim/display/mdcVoice.ts";
import { toHex } from "../display/splitting.ts";

const rigs: DisplayRig[] = [];
afterEach(async () => {
	for (const rig of rigs.splice(0)) await rig.close();
});

function makeRig(options: DisplayRigOptions = {}): DisplayRig {
	const rig = new DisplayRig("samsung-mdc", options);
	rigs.push(rig);
	return rig;
}

test("an input that the display has not is refused, one that Samsung has not is not supported", async () => {
	const rig = await makeRig({ inputs: ["hdmi1"] }).ready();
	await rig.status({ power: "on" });
	expect(await rig.outcome(rig.display.select("hdmi2"))).toBe("peripheral.refused");
	expect(await rig.outcome(rig.display.select("usb-c"))).toBe("peripheral.not_supported");
	expect(rig.model.told).toEqual([]);
});

test("a display without sound says so, and refuses", async () => {
	const rig = await makeRig({ sound: false }).ready();
	await rig.status({ power: "on", volume: null, muted: null });
	expect(await rig.outcome(rig.display.volume(10))).toBe("peripheral.refused");
	expect(await rig.outcome(rig.display.mute(true))).toBe("peripheral.refused");
});

test("a display that does not tell its model is a Samsung", async () => {
	const voice = (model: DisplayRig["model"]) => {
		const its = mdcVoice(model);
		const nak = encodeMdcAnswer({ id: 1, ok: false, command: 0x8a, values: [1] });
		return { ...its, hear: (bytes: Uint8Array) => (bytes[1] === 0x8a ? [nak] : its.hear(bytes)) };
	};
	const rig = await makeRig({ voice }).ready();
	expect(rig.display.health).toMatchObject({ state: "ok", model: "Samsung" });
});

test("a status without its parts is the display's fault, and lost it is only if that goes on", async () => {
	let broken = true;
	const voice = (model: DisplayRig["model"]) => {
		const its = mdcVoice(model);
		const short = encodeMdcAnswer({ id: 1, ok: true, command: 0, values: [1, 20] });
		return { ...its, hear: (bytes: Uint8Array) => (broken && bytes[1] === 0 ? [short] : its.hear(bytes)) };
	};
	const rig = await makeRig({ voice }).begin();
	await rig.health("lost peripheral.fault");
	broken = false;
	await rig.health("ok");
});

test("PC at an HDMI input is that input", async () => {
	const voice = (model: DisplayRig["model"]) => {
		const its = mdcVoice(model);
		const pc = encodeMdcAnswer({ id: 1, ok: true, command: 0, values: [1, 20, 0, 0x24, 0, 0, 0] });
		return { ...its, hear: (bytes: Uint8Array) => (bytes[1] === 0 ? [pc] : its.hear(bytes)) };
	};
	const rig = await makeRig({ voice }).ready();
	await rig.status({ input: "hdmi2" });
});

test("FE is everybody: it is sent, nothing is asked, and nothing is waited for", async () => {
	const rig = makeRig({ on: false, drive: (link, clock) => samsungMdcDisplay(link, { clock, id: 0xfe }) });
	await rig.ready();
	expect(await rig.outcome(rig.display.power(true))).toBe("done");
	expect(await rig.outcome(rig.display.select("hdmi2"))).toBe("done");
	await rig.until(() => rig.model.told.length === 2);
	expect(rig.model.told).toEqual(["on", "input hdmi2"]);
	expect(rig.sim.heard.map(toHex)).toEqual(["aa 11 fe 01 01 11", "aa 14 fe 01 23 36"]);
	expect(rig.display.health).toMatchObject({ state: "ok", failure: null });
	expect(rig.display.counters.timeouts).toBe(0);
});

test("one that is known to be silent in standby is off when it falls silent, by whoever's hand", async () => {
	const drive: DisplayRigOptions["drive"] = (link, clock) =>
		samsungMdcDisplay(link, { clock, id: 1, silentWhenOff: true });
	const rig = await makeRig({ drive, odd: { silentInStandby: true } }).ready();
	await rig.status({ power: "on" });
	rig.model.switch(false);
	await rig.status({ power: "off" });
	expect(rig.display.health.state).toBe("ok");
	expect(await rig.outcome(rig.display.power(true))).toBe("done");
	await rig.status({ power: "on" });
	expect(rig.healths.filter((health) => health.startsWith("lost"))).toEqual([]);
});

test("one that is not known to be, and was not told to go off, is lost when it falls silent, and told to come on all the same", async () => {
	const rig = await makeRig({ odd: { silentInStandby: true } }).ready();
	await rig.status({ power: "on" });
	rig.model.switch(false);
	await rig.health("lost link.silent");
	expect(await rig.outcome(rig.display.power(true))).toBe("done");
	await rig.health("ok");
	await rig.status({ power: "on" });
});
