import { describe, it, type TestContext } from "vitest";
import { type Clock, systemClock } from "../../device/core/clock.ts";
import { type LinkAddress, openLink } from "../../device/peripherals/link/openLink.ts";
import { scanSplitter } from "../../device/peripherals/link/scanSplitter.ts";
import type { Display } from "../../device/peripherals/model/Display.ts";
import { DisplayModel } from "../sim/display/DisplayModel.ts";
import { type LineProtocol, type LineProtocolName, lineProtocols } from "../sim/display/protocols.ts";
import { SimulatedDisplay } from "../sim/display/SimulatedDisplay.ts";
import { PtyPair } from "../sim/line/PtyPair.ts";

/**
 * What every display must do, whatever it is and however it is connected. Against a real one:
 * `INCAMERA_SERIAL_PORT=/dev/serial/by-id/… INCAMERA_DISPLAY=lg INCAMERA_DISPLAY_ID=1`, with the cable in place and the display off; it
 * is switched on and off, its input changed to hdmi2 and hdmi1, its volume to 11 and 12.
 */
interface Place {
	readonly name: string;
	readonly protocol: LineProtocolName;
	/** Null: a real display, of which only is known what it says. */
	readonly begin: (
		finished: TestContext["onTestFinished"],
	) => Promise<{ address: LinkAddress; model: DisplayModel | null; id?: number }>;
	readonly clock: Clock;
	/** Milliseconds in which it must have come on, gone off or changed. */
	readonly patienceMs: number;
}

/** Four times as fast: a Sharp/NEC display is left alone for 15 seconds after a power command, as its manual asks. */
const hurried: Clock = {
	now: () => systemClock.now() * 4,
	after: (ms, callback) => systemClock.after(ms / 4, callback),
};

const names = Object.keys(lineProtocols) as LineProtocolName[];
const places: Place[] = names.flatMap((protocol) =>
	lineProtocols[protocol].transports.map((over) => ({
		name: `${protocol} over ${over}`,
		protocol,
		begin: (finished: TestContext["onTestFinished"]) => simulated(protocol, over, finished),
		clock: hurried,
		patienceMs: 30_000,
	})),
);
const realPort = process.env["INCAMERA_SERIAL_PORT"];
const realProtocol = process.env["INCAMERA_DISPLAY"];
if (realPort && realProtocol && realProtocol in lineProtocols) {
	places.push({
		name: `${realProtocol} at ${realPort}`,
		protocol: realProtocol as LineProtocolName,
		begin: async () => ({
			address: { by: "serial", path: realPort, baudRate: 9600 },
			model: null,
			id: Number(process.env["INCAMERA_DISPLAY_ID"] ?? 1),
		}),
		clock: systemClock,
		patienceMs: 90_000,
	});
}

async function simulated(protocol: LineProtocolName, over: "serial" | "tcp", finished: TestContext["onTestFinished"]) {
	const { voice }: LineProtocol = lineProtocols[protocol];
	const model = new DisplayModel({ clock: hurried, warmUpMs: 2000, coolDownMs: 2000 });
	const display = new SimulatedDisplay({ clock: hurried, model, voice: () => voice(model, hurried) });
	finished(() => display.close());
	if (over === "tcp") {
		const address: LinkAddress = { by: "tcp", host: "127.0.0.1", port: await display.listen() };
		return { address, model };
	}
	const pty = await PtyPair.open();
	finished(() => pty.close());
	await display.attach(pty.farPath);
	const address: LinkAddress = { by: "serial", path: pty.path, baudRate: 9600 };
	return { address, model };
}

describe.concurrent.each(places)("$name", ({ protocol, begin, clock, patienceMs }) => {
	const timeout = 6 * patienceMs;
	it("is found, switched on, set and switched off, and says so each time", { timeout }, async ({
		onTestFinished,
		expect,
	}) => {
		const { address, model, id } = await begin(onTestFinished);
		const { measure, drive, volume, ...its }: LineProtocol = lineProtocols[protocol];
		const link = openLink(address, { splitter: () => scanSplitter(measure), clock });
		const display: Display = drive(link, clock, id);
		onTestFinished(() => display.stop());
		const soon = <T>(look: () => T) => expect.poll(look, { timeout: patienceMs, interval: 20 });
		display.start();

		await soon(() => display.health.state).toBe("ok");
		await soon(() => display.status.power).toBe("off");
		if (model) expect(display.health.model).toBe(its.model);
		await expect(display.select("hdmi1")).rejects.toMatchObject({ code: "peripheral.not_now" });

		const on = display.power(true);
		// Asked together with the power, done when it is on.
		const select = display.select("hdmi2");
		await on;
		await select;
		await soon(() => display.status).toMatchObject({ power: "on", input: "hdmi2", muted: false });
		await display.mute(true);
		await soon(() => display.status.muted).toBe(true);
		await display.mute(false);
		await soon(() => display.status.muted).toBe(false);
		if (volume) {
			await display.volume(11);
			await soon(() => display.status.volume).toBe(11);
			await display.volume(12);
			await soon(() => display.status.volume).toBe(12);
		} else {
			await expect(display.volume(11)).rejects.toMatchObject({ code: "peripheral.not_supported" });
		}
		if (model) {
			await expect(display.select("dvi1")).rejects.toMatchObject({ code: /^peripheral\.(not_supported|refused)$/ });
			// Somebody with the remote control.
			model.select("displayport1");
			if (protocol === "pjlink") await soon(() => display.status.input).toBe("displayport1");
		}
		await display.select("hdmi1");
		await soon(() => display.status.input).toBe("hdmi1");
		await display.power(false);
		await soon(() => display.status.power).toBe("off");
		expect(display.health).toMatchObject({ state: "ok", failure: null });
		if (model) await soon(() => model.power).toBe("off");
	});
});
