import { afterEach, describe, expect, it } from "vitest";
import { DisplayRig, type DisplayRigOptions } from "../../../sim/display/DisplayRig.ts";
import { type LineProtocolName, lineProtocols } from "../../../sim/display/protocols.ts";

const rigs: DisplayRig[] = [];
afterEach(async () => {
	for (const rig of rigs.splice(0)) await rig.close();
});

interface Moment {
	readonly options?: DisplayRigOptions;
	/** Brings it there; what was asked of it and has no answer yet. */
	readonly reach: (rig: DisplayRig) => Promise<Promise<string>[]>;
}

const warming: DisplayRigOptions = { on: false, warmUpMs: 8000 };

/** Every state that a driver of a display can be in when its line goes. */
const moments: Record<string, Moment> = {
	"before a word was said": {
		options: { odd: { deaf: true } },
		reach: async (rig) => {
			await rig.begin();
			await rig.until(() => rig.display.counters.opened === 1);
			return [];
		},
	},
	"while it is greeted": {
		options: { odd: { lateMs: 1000 } },
		reach: async (rig) => {
			await rig.begin();
			await rig.until(() => rig.sim.heard.length === 1);
			return [];
		},
	},
	"at rest": {
		reach: async (rig) => {
			await rig.ready();
			await rig.status({ power: "on" });
			return [];
		},
	},
	"while it is asked how it is": {
		reach: async (rig) => {
			await rig.ready();
			await rig.status({ power: "on" });
			rig.sim.odd.lateMs = 1500;
			const before = rig.sim.heard.length;
			await rig.until(() => rig.sim.heard.length > before);
			return [];
		},
	},
	"while a command is under way": {
		reach: async (rig) => {
			await rig.ready();
			await rig.status({ power: "on" });
			rig.sim.odd.lateMs = 1500;
			const before = rig.sim.heard.length;
			const command = rig.outcome(rig.display.select("hdmi2"));
			await rig.until(() => rig.sim.heard.length > before);
			return [command];
		},
	},
	"while commands wait for it to come on": {
		options: warming,
		reach: async (rig) => {
			await rig.ready();
			await rig.status({ power: "off" });
			await rig.outcome(rig.display.power(true));
			const commands = [rig.display.select("hdmi2"), rig.display.mute(true)].map((command) => rig.outcome(command));
			await rig.status({ power: "warming" });
			return commands;
		},
	},
	"in standby, silent": {
		options: { odd: { silentInStandby: true } },
		reach: async (rig) => {
			await rig.ready();
			await rig.status({ power: "on" });
			await rig.outcome(rig.display.power(false));
			await rig.status({ power: "off" });
			return [];
		},
	},
	"when it was lost already": {
		options: { odd: { deaf: true } },
		reach: async (rig) => {
			await rig.begin();
			await rig.health("lost link.silent");
			return [];
		},
	},
};

const names = Object.keys(lineProtocols) as LineProtocolName[];
/** What a serial port does is the same for each protocol and takes another process: all of it is tried with one. */
const cases = Object.keys(moments).flatMap((moment) => [
	...names.map((name) => ({ name, over: "tcp" as const, moment })),
	...names
		.filter((name) => (name === "samsung-mdc" || moment === "at rest") && name !== "pjlink")
		.map((name) => ({ name, over: "serial" as const, moment })),
]);

describe("the line is pulled out and plugged in again", () => {
	it.each(cases)("$name over $over, $moment", async ({ name, over, moment }) => {
		const { options, reach } = moments[moment] as Moment;
		const rig = new DisplayRig(name, { ...options, over });
		rigs.push(rig);
		const asked = await reach(rig);
		await rig.pullOut();
		await rig.until(() => /^link\.(lost|absent|unreachable)$/.test(rig.display.health.failure ?? ""));
		expect(rig.display.status).toEqual({ power: null, input: null, volume: null, muted: null });
		for (const outcome of asked) expect(await outcome).toMatch(/^(link\.lost|peripheral\.timeout)$/);
		await expect(rig.display.select("hdmi2")).rejects.toMatchObject({ code: "link.lost" });

		Object.assign(rig.sim.odd, { deaf: false, lateMs: 0, silentInStandby: false });
		await rig.until(() => rig.model.settled);
		rig.model.switch(true);
		await rig.plugIn();
		await rig.until(() => rig.model.power === "on");
		await rig.health("ok");
		await rig.status({ power: "on" });
		expect(await rig.outcome(rig.display.select("displayport1"))).toBe("done");
		await rig.status({ input: "displayport1" });
	});
});
