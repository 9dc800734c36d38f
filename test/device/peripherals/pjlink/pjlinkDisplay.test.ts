import { afterEach, describe, expect, it } from "vitest";
import { type PjlinkOptions, pjlinkDisplay } from "../../../../device/peripherals/pjlink/pjlinkDisplay.ts";
import { DisplayRig, type DisplayRigOptions } from "../../../sim/display/DisplayRig.ts";
import { type PjlinkVoiceOptions, pjlinkVoice } from "../../../sim/display/pjlinkVoice.ts";

const rigs: DisplayRig[] = [];
afterEach(async () => {
	for (const rig of rigs.splice(0)) await rig.close();
});

function makeRig(
	voice: PjlinkVoiceOptions = {},
	driver: Omit<PjlinkOptions, "clock"> = {},
	options: DisplayRigOptions = {},
): DisplayRig {
	const rig = new DisplayRig("pjlink", {
		voice: (model) => pjlinkVoice(model, voice),
		drive: (link, clock) => pjlinkDisplay(link, { clock, ...driver }),
		...options,
	});
	rigs.push(rig);
	return rig;
}

const lines = (rig: DisplayRig) =>
	rig.sim.heard.map((bytes) => Buffer.from(bytes).toString("latin1").replace("\r", ""));

describe("password", () => {
	it("goes with the first command of each connection, and with no other", async () => {
		const rig = await makeRig({ password: "secret" }, { password: "secret" }).ready();
		await rig.status({ power: "on" });
		const first = rig.sim.heard.length;
		rig.sim.hangUp();
		await rig.until(() => rig.sim.connections === 2 && rig.sim.heard.length > first);
		expect(await rig.outcome(rig.display.mute(true))).toBe("done");
		const withDigest = lines(rig).filter((line) => /^[0-9a-f]{32}%/.test(line));
		expect(withDigest).toHaveLength(2);
		expect(lines(rig).join()).not.toContain("secret");
	});

	it("is not sent to a projector that asks for none", async () => {
		const rig = await makeRig({}, { password: "secret" }).ready();
		expect(lines(rig)[0]).toBe("%1CLSS ?");
	});

	it.each([
		["wrong", "other"],
		["missing", ""],
	])("%s: lost for that reason, and tried again so seldom that nobody is locked out", async (_what, password) => {
		const rig = await makeRig({ password: "secret" }, { password }, { idleMs: 30_000 }).begin();
		await rig.health("lost peripheral.wrong_password");
		await expect(rig.display.power(true)).rejects.toMatchObject({ code: "peripheral.wrong_password" });
		const begun = rig.clock.now();
		const tried = lines(rig).length;
		await rig.until(() => rig.clock.now() - begun > 300_000);
		expect(lines(rig).length - tried).toBeLessThanOrEqual(6);
		// The projector hung up on us meanwhile, time and again: the reason is still the same.
		expect(rig.sim.connections).toBeGreaterThan(3);
		expect(rig.healths.at(-1)).toBe("lost peripheral.wrong_password");
	});

	it("that was wrong and is set right at the projector is taken", async () => {
		const voice: PjlinkVoiceOptions = { password: "old" };
		const rig = await makeRig(voice, { password: "new" }).begin();
		await rig.health("lost peripheral.wrong_password");
		voice.password = "new";
		rig.sim.hangUp();
		await rig.health("ok");
		await rig.status({ power: "on" });
	});
});

describe("errors", () => {
	it.each([
		["ERR1", "peripheral.not_supported"],
		["ERR2", "peripheral.not_supported"],
		["ERR4", "peripheral.fault"],
	] as const)("%s to a command is %s", async (error, code) => {
		let now: "ERR1" | "ERR2" | "ERR4" | null = null;
		const rig = await makeRig({ error: () => now }).ready();
		await rig.status({ power: "on" });
		now = error;
		expect(await rig.outcome(rig.display.mute(true))).toBe(code);
	});

	it("ERR3 asks to wait, and what was asked is done later", async () => {
		let now: "ERR3" | null = null;
		const rig = await makeRig({ error: () => now }).ready();
		await rig.status({ power: "on" });
		now = "ERR3";
		const mute = rig.outcome(rig.display.mute(true));
		const heard = rig.sim.heard.length;
		await rig.until(() => rig.sim.heard.length > heard + 5);
		expect(rig.display.health.state).toBe("ok");
		now = null;
		expect(await mute).toBe("done");
	});

	it("ERR4 to everything is the projector's fault, until it is repaired", async () => {
		let now: "ERR4" | null = "ERR4";
		const rig = await makeRig({ error: () => now }).begin();
		await rig.health("lost peripheral.fault");
		now = null;
		await rig.health("ok");
	});
});

describe("inputs", () => {
	it("of class 2 are found by the names that the projector gives them", async () => {
		const codes = new Map([
			["hdmi1", "32"],
			["hdmi2", "3B"],
			["usb-c", "5A"],
		] as const);
		const names = new Map([
			["hdmi1", "HDMI1"],
			["hdmi2", "HDMI-2"],
			["usb-c", "USB-C"],
		] as const);
		const rig = await makeRig({ codes, names }, {}, { inputs: ["hdmi1", "hdmi2", "usb-c"] }).ready();
		await rig.status({ power: "on", input: "hdmi1" });
		expect(await rig.outcome(rig.display.select("usb-c"))).toBe("done");
		await rig.status({ input: "usb-c" });
		expect(lines(rig)).toContain("%2INPT 5A");
		expect(await rig.outcome(rig.display.select("vga1"))).toBe("peripheral.not_supported");
	});

	it("of class 1 are the usual ones, as far as the projector has them", async () => {
		const rig = await makeRig({ class: 1 }, {}, { inputs: ["hdmi1", "vga1"] }).ready();
		await rig.status({ power: "on", input: "hdmi1" });
		expect(await rig.outcome(rig.display.select("vga1"))).toBe("done");
		expect(lines(rig)).toContain("%1INPT 11");
		expect(await rig.outcome(rig.display.select("hdmi2"))).toBe("peripheral.not_supported");
		expect(lines(rig).some((line) => line.startsWith("%2"))).toBe(false);
	});

	it("are as the configuration has them, whatever the projector calls them", async () => {
		const rig = await makeRig({}, { inputs: { hdmi1: "32" } }, { inputs: ["hdmi1", "hdmi2"] }).ready();
		await rig.status({ power: "on" });
		expect(await rig.outcome(rig.display.select("hdmi1"))).toBe("done");
		expect(rig.model.input).toBe("hdmi2");
		await rig.status({ input: "hdmi1" });
	});
});

describe("a connection", () => {
	it("that is closed after 30 idle seconds is kept busy, and lasts", async () => {
		const rig = await makeRig({}, {}, { idleMs: 30_000 }).ready();
		const begun = rig.clock.now();
		await rig.until(() => rig.clock.now() - begun > 300_000);
		expect(rig.sim.connections).toBe(1);
	});

	it("that is closed after each answer is opened for each command, and the projector is well", async () => {
		const rig = await makeRig({ password: "secret" }, { password: "secret" }, { odd: { hangsUpAfter: true } }).begin();
		await rig.health("ok");
		await rig.status({ power: "on" });
		expect(await rig.outcome(rig.display.power(false))).toBe("done");
		await rig.status({ power: "off" });
		expect(rig.healths.filter((health) => health.startsWith("lost"))).toEqual([]);
	});

	it.each([
		["nothing", null],
		["another protocol", "NTCONTROL 0"],
		["half a challenge", "PJLINK 1 49"],
	])("that begins with %s is of no projector that can be spoken to", async (_what, greeting) => {
		const rig = await makeRig({ greeting }).begin();
		await rig.health("lost link.silent");
		expect(rig.sim.heard).toEqual([]);
	});
});

it("tells that it warms up and cools down, whoever switched it", async () => {
	const rig = await makeRig({}, {}, { on: false, warmUpMs: 30_000, coolDownMs: 40_000 }).ready();
	await rig.status({ power: "off" });
	rig.model.switch(true);
	await rig.status({ power: "warming" });
	await rig.status({ power: "on" });
	rig.model.switch(false);
	await rig.status({ power: "cooling" });
	// It can't be lit again before it is cold; it is when it is.
	const on = rig.outcome(rig.display.power(true));
	expect(await on).toBe("done");
	await rig.status({ power: "on" });
});

it("has no volume that could be set to a level", async () => {
	const rig = await makeRig().ready();
	await rig.status({ power: "on", volume: null });
	expect(await rig.outcome(rig.display.volume(10))).toBe("peripheral.not_supported");
});

it("that can only mute picture and sound together does not mute", async () => {
	const rig = await makeRig({}, {}, { sound: false }).ready();
	await rig.status({ power: "on" });
	expect(await rig.outcome(rig.display.mute(true))).toBe("peripheral.not_supported");
});
