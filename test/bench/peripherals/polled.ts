/** What eight devices cost that are asked how they are, time and again: five on serial cables, three in the network. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { systemClock as clock } from "../../../device/core/clock.ts";
import type { DeviceSetup } from "../../../device/peripherals/equipment/DeviceSetup.ts";
import { CameraFirmware } from "../../sim/camera/CameraFirmware.ts";
import { CameraOnTcp } from "../../sim/camera/CameraOnTcp.ts";
import { MessageSplitter } from "../../sim/camera/MessageSplitter.ts";
import { SimulatedCamera } from "../../sim/camera/SimulatedCamera.ts";
import { DisplayModel } from "../../sim/display/DisplayModel.ts";
import { type LineProtocolName, lineProtocols } from "../../sim/display/protocols.ts";
import { SimulatedDisplay } from "../../sim/display/SimulatedDisplay.ts";
import { PtyDevice } from "../../sim/line/PtyDevice.ts";
import { PtyPair } from "../../sim/line/PtyPair.ts";
import { ReferenceDevice } from "../../sim/panel-bus/ReferenceDevice.ts";
import { atMost, type Row } from "../report.ts";
import type { PolledCost, PolledOrder } from "./polledMain.ts";

const ends: (() => unknown)[] = [];

async function cable(): Promise<PtyPair> {
	const pty = await PtyPair.open();
	ends.push(() => pty.close());
	return pty;
}

const on = (pty: PtyPair, baudRate = 9600) => ({ by: "serial", path: pty.path, baudRate }) as const;
const at = (port: number) => ({ by: "tcp", host: "127.0.0.1", port }) as const;
const newCamera = () => new CameraFirmware(new SimulatedCamera({ clock }), { clock });

function newDisplay(name: LineProtocolName): SimulatedDisplay {
	const model = new DisplayModel({ clock, on: true });
	const display = new SimulatedDisplay({ clock, model, voice: () => lineProtocols[name].voice(model, clock) });
	ends.push(() => display.close());
	return display;
}

async function cameras(): Promise<DeviceSetup[]> {
	const pty = await cable();
	const firmware = newCamera();
	const messages = new MessageSplitter();
	const device = await PtyDevice.attach(pty.farPath, (bytes, say) => {
		for (const message of messages.push(bytes)) firmware.hear(message, say);
	});
	const network = await CameraOnTcp.start(newCamera());
	ends.push(
		() => device.detach(),
		() => network.close(),
	);
	const common = { driver: "visca", address: 1, presets: [], tracking: "none" } as const;
	return [
		{ ...common, name: "camera", at: on(pty) },
		{ ...common, name: "camera-2", at: at(network.port) },
	];
}

async function displays(): Promise<DeviceSetup[]> {
	const setups: DeviceSetup[] = [];
	for (const driver of ["samsung-mdc", "lg", "sharp-nec"] as const) {
		const pty = await cable();
		await newDisplay(driver).attach(pty.farPath);
		setups.push({ name: `${driver}-serial`, driver, at: on(pty), id: 1, input: null } as DeviceSetup);
	}
	for (const driver of ["samsung-mdc", "pjlink"] as const) {
		const port = await newDisplay(driver).listen();
		setups.push({ name: driver, driver, at: at(port), id: 1, input: null } as unknown as DeviceSetup);
	}
	return setups;
}

async function sign(): Promise<DeviceSetup> {
	const pty = await cable();
	let say: (bytes: Uint8Array) => void = () => {};
	const device = new ReferenceDevice({ clock, send: (frame) => say(frame) });
	const port = await PtyDevice.attach(pty.farPath, (bytes) => device.receive(bytes));
	say = (bytes) => port.say(bytes);
	device.start();
	ends.push(
		() => device.stop(),
		() => port.detach(),
	);
	return { name: "sign", driver: "panel-bus", at: on(pty, 115_200) };
}

export async function polledRows(quick: boolean): Promise<Row[]> {
	const bench = "peripherals";
	const seconds = quick ? 10 : 60;
	try {
		const setups = [...(await cameras()), ...(await displays()), await sign()];
		const room = fork(join(import.meta.dirname, "polledMain.ts"));
		ends.push(() => room.kill());
		room.send({ setups, seconds } satisfies PolledOrder);
		const answer = await Promise.race([once(room, "message"), once(room, "exit").then(() => null)]);
		if (!answer) throw new Error("the room's side ended");
		const [{ corePercent, keptMegabytes, residentMegabytes }] = answer as [PolledCost];
		const n = setups.length;
		const memory = (metric: string, value: number) =>
			atMost({ bench, metric: `${n} devices polled: ${metric}`, unit: "MB" }, Math.max(0, value), 5, n);
		return [
			atMost({ bench, metric: `${n} devices polled: of one core`, unit: "%" }, corePercent, 2, seconds),
			memory("heap and buffers, their code too", keptMegabytes),
			memory("resident memory", residentMegabytes),
		];
	} finally {
		for (const end of ends.splice(0).reverse()) await end();
	}
}
