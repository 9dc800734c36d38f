import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SerialPort } from "serialport";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRoomConfig } from "../../../../device/config/parseRoomConfig.ts";
import type { Clock } from "../../../../device/core/clock.ts";
import { configurationOf } from "../../../../device/peripherals/probe/configurationOf.ts";
import { listCecDevices, listPorts } from "../../../../device/peripherals/probe/listPorts.ts";
import type { Probe, ProbeWay } from "../../../../device/peripherals/probe/Probe.ts";
import { probeCec } from "../../../../device/peripherals/probe/probeCec.ts";
import { probeHost, probePort, type Sighting } from "../../../../device/peripherals/probe/probePlace.ts";
import { probes } from "../../../../device/peripherals/probe/probes.ts";
import { CameraFirmware } from "../../../sim/camera/CameraFirmware.ts";
import { CameraOnTcp } from "../../../sim/camera/CameraOnTcp.ts";
import { MessageSplitter } from "../../../sim/camera/MessageSplitter.ts";
import { SimulatedCamera } from "../../../sim/camera/SimulatedCamera.ts";
import { SimulatedCecLine } from "../../../sim/display/cec/SimulatedCecLine.ts";
import { DisplayModel } from "../../../sim/display/DisplayModel.ts";
import type { DisplayVoice } from "../../../sim/display/DisplayVoice.ts";
import { pjlinkVoice } from "../../../sim/display/pjlinkVoice.ts";
import { lineProtocols } from "../../../sim/display/protocols.ts";
import { SimulatedDisplay } from "../../../sim/display/SimulatedDisplay.ts";
import { PtyDevice } from "../../../sim/line/PtyDevice.ts";
import { PtyPair } from "../../../sim/line/PtyPair.ts";
import { ReferenceDevice } from "../../../sim/panel-bus/ReferenceDevice.ts";
import { patientClock as clock } from "../../../sim/patientClock.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

const options = (more: Partial<Parameters<typeof probePort>[1]> = {}) => ({
	probes,
	clock,
	signal: new AbortController().signal,
	...more,
});

function newDisplay(voice: (model: DisplayModel, clock: Clock) => DisplayVoice): SimulatedDisplay {
	const model = new DisplayModel({ clock, on: true });
	const display = new SimulatedDisplay({ clock, model, voice: () => voice(model, clock) });
	ends.push(() => display.close());
	return display;
}

/** Where nobody answers, nobody has to be waited for. */
const hasty: Clock = { now: clock.now, after: (ms, callback) => clock.after(ms / 50, callback) };

const newCamera = () => new CameraFirmware(new SimulatedCamera({ clock }), { clock });

describe("at a serial port", () => {
	let pty: PtyPair;
	beforeEach(async () => {
		pty = await PtyPair.open();
		ends.push(() => pty.close());
	});
	async function attach(hear: Parameters<typeof PtyDevice.attach>[1]) {
		const device = await PtyDevice.attach(pty.farPath, hear);
		ends.push(() => device.detach());
		return device;
	}

	it("finds a camera, and asks nothing more", async () => {
		const camera = newCamera();
		const messages = new MessageSplitter();
		await attach((bytes, say) => {
			for (const message of messages.push(bytes)) camera.hear(message, say);
		});
		const asked: string[] = [];
		const report = await probePort(pty.path, options({ asking: (driver) => asked.push(driver) }));
		expect(report).toMatchObject({
			place: pty.path,
			state: "found",
			sightings: [{ driver: "visca", at: { by: "serial", baudRate: 9600 }, usual: true, settings: {} }],
		});
		expect(report.sightings[0]?.model).toMatch(/VISCA|Sony/);
		expect(asked).toEqual(["visca"]);
	});

	it("finds a device of the panel bus, after it heard all that others are asked", async () => {
		let say: (bytes: Uint8Array) => void = () => {};
		const device = new ReferenceDevice({ clock, send: (frame) => say(frame), model: "Sign 3000" });
		const port = await attach((bytes) => device.receive(bytes));
		say = (bytes) => port.say(bytes);
		device.start();
		ends.push(() => device.stop());
		const report = await probePort(pty.path, options());
		expect(report.sightings).toMatchObject([{ driver: "panel-bus", model: "Sign 3000", settings: {} }]);
	});

	it.each(["samsung-mdc", "lg", "sharp-nec"] as const)("finds a display, %s", async (name) => {
		const { voice, model } = lineProtocols[name];
		const display = newDisplay(voice);
		await display.attach(pty.farPath);
		const report = await probePort(pty.path, options());
		expect(report.sightings).toMatchObject([{ driver: name, model, settings: {}, usual: true }]);
		expect(display.model.told).toEqual([]);
	});

	it("says that nobody answers, and has asked in each protocol at each of its speeds", async () => {
		const asked: string[] = [];
		const report = await probePort(
			pty.path,
			options({ clock: hasty, asking: (driver, at) => asked.push(`${driver} ${at.by === "serial" && at.baudRate}`) }),
		);
		expect(report).toEqual({ place: pty.path, state: "silent", sightings: [] });
		const serial = probes.flatMap(({ driver, ways }) =>
			ways.flatMap((way) => (way.by === "serial" ? way.speeds.map((speed) => `${driver} ${speed}`) : [])),
		);
		expect(asked.toSorted()).toEqual(serial.toSorted());
		expect(asked[0]).toBe("visca 9600");
	});

	it("says that another program holds the port, or that there is none", async () => {
		const holder = new SerialPort({ path: pty.path, baudRate: 9600, autoOpen: false });
		await new Promise((resolve) => holder.open(resolve));
		expect(await probePort(pty.path, options())).toMatchObject({ state: "link.busy" });
		await new Promise((resolve) => holder.close(resolve));
		expect(await probePort(join(pty.path, "..", "nothing"), options())).toMatchObject({ state: "link.absent" });
	});

	it("asks no further when it is told to end", async () => {
		const abort = new AbortController();
		const asked: string[] = [];
		const asking = (driver: string) => {
			asked.push(driver);
			abort.abort();
		};
		await probePort(pty.path, options({ signal: abort.signal, asking }));
		expect(asked).toHaveLength(1);
	});
});

describe("at a host", () => {
	/** The same probes, at the ports where the test's devices are; the others where nobody is. */
	const moved = (ports: Partial<Record<`${Probe["driver"]} ${ProbeWay["by"]}`, number>>): Probe[] =>
		probes.map((probe) => ({
			...probe,
			ways: probe.ways.flatMap((way): ProbeWay[] => {
				const port = ports[`${probe.driver} ${way.by}`];
				return way.by === "serial" || port === undefined ? [] : [{ by: way.by, port }];
			}),
		}));

	it("finds a camera by TCP", async () => {
		const camera = await CameraOnTcp.start(newCamera());
		ends.push(() => camera.close());
		const report = await probeHost("127.0.0.1", options({ probes: moved({ "visca tcp": camera.port }) }));
		expect(report).toMatchObject({ state: "found", sightings: [{ driver: "visca", at: { by: "tcp" } }] });
	});

	it.each(["samsung-mdc", "lg", "sharp-nec", "pjlink"] as const)("finds a display, %s", async (name) => {
		const { voice, model } = lineProtocols[name];
		const display = newDisplay(voice);
		const port = await display.listen();
		const report = await probeHost("127.0.0.1", options({ probes: moved({ [`${name} tcp`]: port }) }));
		expect(report.sightings).toMatchObject([{ driver: name, model, settings: {} }]);
		expect(display.model.told).toEqual([]);
	});

	it("finds a projector that asks for a password, says so, and guesses none", async () => {
		const display = newDisplay((model) => pjlinkVoice(model, { password: "secret" }));
		const port = await display.listen();
		const report = await probeHost("127.0.0.1", options({ probes: moved({ "pjlink tcp": port }) }));
		expect(report.sightings).toMatchObject([{ driver: "pjlink", note: expect.stringContaining("password") }]);
		expect(display.heard).toEqual([]);
	});

	it("says that nobody is there", async () => {
		const report = await probeHost("127.0.0.1", options({ probes: moved({ "pjlink tcp": 1 }) }));
		expect(report).toEqual({ place: "127.0.0.1", state: "link.unreachable", sightings: [] });
	});
});

describe("at an HDMI output", () => {
	async function newLine(odd: Partial<SimulatedCecLine["odd"]> = {}): Promise<SimulatedCecLine> {
		const line = await SimulatedCecLine.open(new DisplayModel({ clock, on: true }));
		Object.assign(line.odd, odd);
		ends.push(() => line.close());
		return line;
	}
	const cec = (line: SimulatedCecLine) => ({ clock, signal: new AbortController().signal, binary: line.cecCtl });

	it("finds the television, and tells it nothing", async () => {
		const line = await newLine();
		const report = await probeCec(line.device, cec(line));
		expect(report).toMatchObject({ state: "found", sightings: [{ driver: "cec", model: "LG TV" }] });
		expect(line.model.told).toEqual([]);
	});

	it("says that there is no cable, or no program for it", async () => {
		const line = await newLine({ unplugged: true });
		expect(await probeCec(line.device, cec(line))).toMatchObject({ state: expect.not.stringMatching("found") });
		const missing = { clock, signal: new AbortController().signal, binary: "/nowhere/cec-ctl" };
		expect(await probeCec("/dev/cec0", missing)).toMatchObject({ state: "peripheral.tool_missing" });
	});
});

describe("the ports of a machine", () => {
	let dev: string;
	beforeEach(() => {
		dev = mkdtempSync(join(tmpdir(), "incamera-dev-"));
		ends.push(() => rmSync(dev, { recursive: true }));
	});
	const make = (...names: string[]) => {
		for (const name of names) writeFileSync(join(dev, name), "");
	};

	it("are named by their lasting names, and plainly where they have none", async () => {
		expect(await listPorts(dev)).toEqual([]);
		make("ttyUSB0", "ttyUSB1", "ttyACM0", "ttyS0", "tty1", "null", "cec0", "cecils");
		expect(await listCecDevices(dev)).toEqual([join(dev, "cec0")]);
		const byId = join(dev, "serial", "by-id");
		mkdirSync(byId, { recursive: true });
		symlinkSync("../../ttyUSB1", join(byId, "usb-FTDI-if00"));
		symlinkSync("../../ttyUSB7", join(byId, "usb-gone-if00"));
		expect(await listPorts(dev)).toEqual([
			join(byId, "usb-FTDI-if00"),
			join(byId, "usb-gone-if00"),
			join(dev, "ttyACM0"),
			join(dev, "ttyUSB0"),
		]);
	});
});

describe("the configuration", () => {
	const sighting = (more: Partial<Sighting>): Sighting => ({
		driver: "visca",
		at: { by: "serial", path: "/dev/serial/by-id/usb-a", baudRate: 9600 },
		usual: true,
		model: null,
		settings: {},
		...more,
	});
	const complete = (block: string) => parseRoomConfig(`panel: { port: 8081 }\nstate: state\n${block}`);

	it("is one that a room takes, with what is not usual", () => {
		const block = configurationOf([
			sighting({ model: "Sony EVI-D90, ROM 0100" }),
			sighting({
				settings: { address: 2 },
				at: { by: "serial", path: "/dev/ttyUSB0", baudRate: 38_400 },
				usual: false,
			}),
			sighting({ driver: "samsung-mdc", at: { by: "tcp", host: "192.0.2.7", port: 1515 }, settings: { id: 0 } }),
			sighting({ driver: "pjlink", at: { by: "tcp", host: "fe80::1", port: 4352 }, note: "add a password" }),
			sighting({ driver: "cec", at: { by: "cec", path: "/dev/cec0" } }),
			sighting({ driver: "panel-bus", at: { by: "serial", path: "/dev/ttyACM0", baudRate: 115_200 } }),
		]);
		expect(block).toContain("# Sony EVI-D90, ROM 0100\n");
		expect(block).toContain("# add a password\n");
		const parsed = complete(block);
		expect(parsed).toMatchObject({ ok: true });
		expect(parsed.ok && parsed.config.peripherals).toMatchObject([
			{ name: "camera", driver: "visca", at: { by: "serial", path: "/dev/serial/by-id/usb-a", baudRate: 9600 } },
			{ name: "camera-2", address: 2, at: { baudRate: 38_400 } },
			{ name: "tv", driver: "samsung-mdc", id: 0, at: { host: "192.0.2.7", port: 1515 } },
			{ name: "tv-2", driver: "pjlink", at: { host: "fe80::1", port: 4352 } },
			{ name: "tv-3", driver: "cec", at: { by: "cec", path: "/dev/cec0" } },
			{ name: "sign", driver: "panel-bus", at: { by: "serial", baudRate: 115_200 } },
		]);
	});

	it("holds nothing but a remark of what a device says of itself", () => {
		const block = configurationOf([sighting({ model: "x\nscenes: {}\r\u2028state: /\u0000# y" })]);
		const parsed = complete(block);
		expect(parsed.ok && parsed.config).toMatchObject({ state: "state", peripherals: [{ name: "camera" }] });
	});
});

it("what a probe takes as usual is what a configuration need not name", () => {
	const usual = probes.flatMap(({ driver, ways }) =>
		ways.map((way): Sighting => {
			const at =
				way.by === "serial"
					? { by: "serial" as const, path: "/dev/ttyUSB0", baudRate: way.speeds[0] as number }
					: { by: way.by, host: "192.0.2.1", port: way.port };
			return { driver, at, usual: true, model: null, settings: {} };
		}),
	);
	const parsed = parseRoomConfig(`panel: { port: 8081 }\nstate: state\n${configurationOf(usual)}`);
	expect(parsed.ok && parsed.config.peripherals.map(({ at }) => at)).toEqual(usual.map(({ at }) => at));
});
