import { describe, it, type TestContext } from "vitest";
import { type Clock, systemClock } from "../../device/core/clock.ts";
import { cecDisplay } from "../../device/peripherals/cec/cecDisplay.ts";
import { type LinkAddress, openLink } from "../../device/peripherals/link/openLink.ts";
import { scanSplitter } from "../../device/peripherals/link/scanSplitter.ts";
import type { Display, DisplayInput } from "../../device/peripherals/model/Display.ts";
import { SimulatedCecLine } from "../sim/display/cec/SimulatedCecLine.ts";
import { DisplayModel } from "../sim/display/DisplayModel.ts";
import { type LineProtocol, lineProtocols } from "../sim/display/protocols.ts";
import { SimulatedDisplay } from "../sim/display/SimulatedDisplay.ts";
import { PtyPair } from "../sim/line/PtyPair.ts";
import { patientClock } from "../sim/patientClock.ts";

/**
 * What every display must do, whatever it is and however it is connected. Against a real one:
 * `INCAMERA_SERIAL_PORT=/dev/serial/by-id/… INCAMERA_DISPLAY=lg INCAMERA_DISPLAY_ID=1`, with the cable in place and the display off; it
 * is switched on and off, its input changed to hdmi2 and hdmi1, its volume to 11 and 12.
 */
interface Place {
	readonly name: string;
	readonly begin: (finished: TestContext["onTestFinished"]) => Promise<Found>;
	/** What it can be told besides its power. */
	readonly inputs: readonly DisplayInput[];
	readonly volume: boolean;
	/** It tells which input it shows. */
	readonly tellsInput: boolean;
	/** Milliseconds in which it must have come on, gone off or changed. */
	readonly patienceMs: number;
}

interface Found {
	readonly display: Display;
	/** Null: a real display, of which only is known what it says. */
	readonly model: DisplayModel | null;
}

/** Four times as fast: a Sharp/NEC display is left alone for 15 seconds after a power command, as its manual asks. */
const hurried: Clock = {
	now: () => patientClock.now() * 4,
	after: (ms, callback) => patientClock.after(ms / 4, callback),
};

const onLines = { inputs: ["hdmi2", "hdmi1"], tellsInput: true, patienceMs: 30_000 } as const;
const places: Place[] = [];
for (const [name, protocol] of Object.entries<LineProtocol>(lineProtocols)) {
	for (const over of protocol.transports) {
		const begin: Place["begin"] = (finished) => onLine(protocol, over, finished);
		places.push({ ...onLines, name: `${name} over ${over}`, begin, volume: protocol.volume });
	}
}
places.push({ ...onLines, name: "HDMI-CEC", begin: onCable, inputs: ["hdmi1"], tellsInput: false, volume: true });

const realPort = process.env["INCAMERA_SERIAL_PORT"];
const realProtocol = Object.entries<LineProtocol>(lineProtocols).find(
	([name]) => name === process.env["INCAMERA_DISPLAY"],
)?.[1];
if (realPort && realProtocol) {
	const id = Number(process.env["INCAMERA_DISPLAY_ID"] ?? 1);
	const address: LinkAddress = { by: "serial", path: realPort, baudRate: 9600 };
	places.push({
		...onLines,
		name: `the real one at ${realPort}`,
		begin: async () => ({ display: driven(realProtocol, address, systemClock, id), model: null }),
		volume: realProtocol.volume,
		patienceMs: 90_000,
	});
}

function driven({ measure, drive }: LineProtocol, address: LinkAddress, clock: Clock, id?: number): Display {
	return drive(openLink(address, { splitter: () => scanSplitter(measure), clock }), clock, id);
}

async function onLine(
	protocol: LineProtocol,
	over: "serial" | "tcp",
	finished: TestContext["onTestFinished"],
): Promise<Found> {
	const model = new DisplayModel({ clock: hurried, warmUpMs: 2000, coolDownMs: 2000 });
	const simulated = new SimulatedDisplay({ clock: hurried, model, voice: () => protocol.voice(model, hurried) });
	finished(() => simulated.close());
	if (over === "tcp") {
		const address: LinkAddress = { by: "tcp", host: "127.0.0.1", port: await simulated.listen() };
		return { display: driven(protocol, address, hurried), model };
	}
	const pty = await PtyPair.open();
	finished(() => pty.close());
	await simulated.attach(pty.farPath);
	return { display: driven(protocol, { by: "serial", path: pty.path, baudRate: 9600 }, hurried), model };
}

/** Through Debian's cec-ctl. */
async function onCable(finished: TestContext["onTestFinished"]): Promise<Found> {
	const model = new DisplayModel({ clock: systemClock, warmUpMs: 500, coolDownMs: 500 });
	const line = await SimulatedCecLine.open(model);
	finished(() => line.close());
	return { display: cecDisplay({ device: line.device, clock: systemClock, binary: line.cecCtl }), model };
}

describe.concurrent.each(places)("$name", ({ begin, inputs, tellsInput, volume, patienceMs }) => {
	const timeout = 6 * patienceMs;
	it("is found, switched on, set and switched off, and says so each time", { timeout }, async ({
		onTestFinished,
		expect,
	}) => {
		const { display, model } = await begin(onTestFinished);
		onTestFinished(() => display.stop());
		const soon = <T>(look: () => T) => expect.poll(look, { timeout: patienceMs, interval: 20 });
		display.start();

		await soon(() => display.health.state).toBe("ok");
		await soon(() => display.status.power).toBe("off");
		expect(display.health.model).toMatch(/./);
		await expect(display.mute(true)).rejects.toMatchObject({ code: "peripheral.not_now" });

		const [first, ...others] = inputs;
		const on = display.power(true);
		// Asked together with the power, done when it is on.
		const select = display.select(first ?? "hdmi1");
		await on;
		await select;
		await soon(() => display.status).toMatchObject({ power: "on", input: tellsInput ? first : null, muted: false });
		for (const input of others) {
			await display.select(input);
			await soon(() => display.status.input).toBe(input);
		}
		if (model) expect(model.input).toBe("hdmi1");
		await display.mute(true);
		await soon(() => display.status.muted).toBe(true);
		await display.mute(false);
		await soon(() => display.status.muted).toBe(false);
		if (volume) {
			for (const level of [11, 12]) {
				await display.volume(level);
				await soon(() => display.status.volume).toBe(level);
			}
		} else {
			await expect(display.volume(11)).rejects.toMatchObject({ code: "peripheral.not_supported" });
		}
		if (model) {
			await expect(display.select("usb-c")).rejects.toMatchObject({ code: "peripheral.not_supported" });
			// Somebody with the remote control.
			model.mute(true);
			await soon(() => display.status.muted).toBe(true);
		}
		await display.power(false);
		await soon(() => display.status.power).toBe("off");
		expect(display.health).toMatchObject({ state: "ok", failure: null });
		if (model) await soon(() => model.power).toBe("off");
	});
});
