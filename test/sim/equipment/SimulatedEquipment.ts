import { systemClock } from "../../../device/core/clock.ts";
import { usualRange, type ViscaRange } from "../../../device/peripherals/visca/viscaModels.ts";
import { CameraEye } from "../camera/CameraEye.ts";
import { CameraFirmware } from "../camera/CameraFirmware.ts";
import { CameraOnSerial } from "../camera/CameraOnSerial.ts";
import { SimulatedCamera } from "../camera/SimulatedCamera.ts";
import { DisplayModel } from "../display/DisplayModel.ts";
import { lineProtocols } from "../display/protocols.ts";
import { SimulatedDisplay } from "../display/SimulatedDisplay.ts";
import { PanelBusSimulator } from "../panel-bus/PanelBusSimulator.ts";

/** 100° to each side and 56° up and down: of its picture, as many pixels each. */
const range: ViscaRange = { ...usualRange, left: -1333, right: 1333, down: -750, up: 750 };
/** Half as fast as a real one, whose fastest is a jump in a picture so small. */
const haste = 0.5;

/** Places in `wideRoom.png`, as the panel names them and where the camera looks for them. */
const presets = [
	{ number: 1, name: "Tisch", place: { pan: 0, tilt: -620, zoom: 0x1000 } },
	{ number: 2, name: "Whiteboard", place: { pan: 960, tilt: 270, zoom: 0x2c00 } },
	{ number: 3, name: "Tür", place: { pan: -1250, tilt: 60, zoom: 0x2000 } },
];

/**
 * A room's equipment, simulated, each piece at the end of a real line: a camera that speaks VISCA on a serial port and whose picture moves, a
 * display in the network, and light bar, mute key, shutter and occupancy sensor on a panel bus.
 */
export class SimulatedEquipment {
	readonly camera: SimulatedCamera;
	readonly cameraLine: CameraOnSerial;
	readonly eye: CameraEye;
	readonly display: SimulatedDisplay;
	readonly bus: PanelBusSimulator;

	/** @param folder is made: what the engine opens as the camera's picture. */
	static async open(folder: string): Promise<SimulatedEquipment> {
		const camera = new SimulatedCamera({ clock: systemClock, range, haste });
		for (const { number, place } of presets) camera.presets.set(number, place);
		const firmware = new CameraFirmware(camera, { clock: systemClock, version: { vendor: 1, model: 0, rom: 1 } });
		const clock = systemClock;
		const model = new DisplayModel({ clock, warmUpMs: 1500, coolDownMs: 800 });
		const display = new SimulatedDisplay({ clock, model, voice: () => lineProtocols["samsung-mdc"].voice(model) });
		const [cameraLine, eye, bus] = await Promise.all([
			CameraOnSerial.start(firmware),
			CameraEye.open(folder, () => camera.position),
			PanelBusSimulator.open(),
			display.listen(),
		]);
		return new SimulatedEquipment({ camera, cameraLine, eye, display, bus });
	}

	private constructor(parts: Pick<SimulatedEquipment, "camera" | "cameraLine" | "eye" | "display" | "bus">) {
		this.camera = parts.camera;
		this.cameraLine = parts.cameraLine;
		this.eye = parts.eye;
		this.display = parts.display;
		this.bus = parts.bus;
	}

	/** What a device's configuration file says of it. */
	get peripherals(): Record<string, unknown> {
		return {
			camera: {
				driver: "visca",
				serial: this.cameraLine.path,
				presets: Object.fromEntries(presets.map(({ number, name }) => [number, name])),
			},
			display: { driver: "samsung-mdc", tcp: `127.0.0.1:${this.display.tcpPort}`, input: "hdmi1" },
			sign: { driver: "panel-bus", serial: this.bus.path },
		};
	}

	/** The camera as a source of pictures: `devices.camera` of the same file. */
	get source(): { virtual: string } {
		return { virtual: this.eye.folder };
	}

	async close(): Promise<void> {
		await Promise.allSettled([this.cameraLine.close(), this.eye.close(), this.display.close(), this.bus.close()]);
	}
}
