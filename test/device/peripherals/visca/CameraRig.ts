import { ManualClock } from "../../../../device/core/clock.ts";
import type { Log, LogEvents } from "../../../../device/core/log.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { DatagramTransport } from "../../../../device/peripherals/visca/DatagramTransport.ts";
import { StreamTransport } from "../../../../device/peripherals/visca/StreamTransport.ts";
import { ViscaCamera, type ViscaCameraOptions } from "../../../../device/peripherals/visca/ViscaCamera.ts";
import { CameraDatagrams } from "../../../sim/camera/CameraDatagrams.ts";
import { CameraFirmware, type FirmwareOptions } from "../../../sim/camera/CameraFirmware.ts";
import { cameraInMemory, datagramsInMemory } from "../../../sim/camera/cameraInMemory.ts";
import { SimulatedCamera, type SimulatedCameraOptions } from "../../../sim/camera/SimulatedCamera.ts";
import type { MemoryLink } from "../../../sim/line/MemoryLink.ts";

type RigOptions = Partial<Omit<SimulatedCameraOptions, "clock">> &
	Partial<Omit<FirmwareOptions, "clock">> &
	Partial<Omit<ViscaCameraOptions, "link" | "transport" | "clock" | "log">> & {
		/** Number of the camera that the driver speaks to. Default 1. */
		address?: number;
		/** `chain`: serial; `datagrams`: VISCA over IP. Default `chain`. */
		over?: "chain" | "tcp" | "datagrams";
	};

/** A driver and a simulated camera on a line without a length, in a time that the test moves. */
export class CameraRig {
	readonly clock = new ManualClock(1_000_000);
	readonly body: SimulatedCamera;
	readonly firmware: CameraFirmware;
	readonly datagrams: CameraDatagrams;
	readonly link: MemoryLink;
	/** What the camera says unasked, on a line that is no network. */
	readonly say: (bytes: Uint8Array) => void;
	readonly camera: ViscaCamera;
	/** Codes of what was logged as refused. */
	readonly refused: string[] = [];
	/** What the health was, one after the other: state, or failure where it is lost. */
	readonly healths: string[] = [];

	constructor(options: RigOptions = {}) {
		const { clock } = this;
		const { address = 1, presets = 16, over = "chain" } = options;
		this.body = new SimulatedCamera({ ...options, clock, presets });
		this.firmware = new CameraFirmware(this.body, { answerMs: 20, ...options, clock });
		this.datagrams = new CameraDatagrams(this.firmware);
		const stream = cameraInMemory(this.firmware);
		this.say = stream.say;
		this.link = over === "datagrams" ? datagramsInMemory(this.datagrams) : stream;
		const chain = over === "chain";
		const transport = over === "datagrams" ? new DatagramTransport() : new StreamTransport({ address, chain });
		this.camera = new ViscaCamera({ ...options, link: this.link, transport, clock, log: this.#log() });
		this.camera.onHealth(({ state, failure }) => this.healths.push(failure ?? state));
	}

	/** A rig whose camera is there. */
	static async ready(options: RigOptions = {}): Promise<CameraRig> {
		const rig = new CameraRig(options);
		rig.camera.start();
		await rig.until(() => rig.camera.health.state === "ok");
		return rig;
	}

	/** Bodies of the commands that the camera heard since the last call. */
	heard(): string[] {
		const { commands } = this.firmware;
		this.firmware.heard.length = 0;
		return commands;
	}

	/** Moves the clock on, and lets everything that follows from it happen. */
	async pass(ms: number): Promise<void> {
		for (let left = ms; left > 0; left -= 10) {
			this.clock.advance(Math.min(10, left));
			await new Promise((resolve) => setImmediate(resolve));
		}
	}

	/** Moves the clock until something is so. */
	async until(condition: () => boolean, mostMs = 60_000): Promise<void> {
		for (let waited = 0; !condition(); waited += 10) {
			if (waited > mostMs) throw new Error(`not within ${mostMs} ms`);
			await this.pass(10);
		}
	}

	/** What a promise comes to while time passes: its value, or its code. */
	async outcome(promise: Promise<unknown>): Promise<unknown> {
		let outcome: { is: unknown } | null = null;
		promise.then(
			(value) => {
				outcome = { is: value };
			},
			(error) => {
				outcome = { is: error instanceof RoomError ? error.code : error };
			},
		);
		await this.until(() => outcome !== null);
		return (outcome as { is: unknown } | null)?.is;
	}

	async end(): Promise<void> {
		let over = false;
		void this.camera.stop().then(() => {
			over = true;
		});
		await this.until(() => over);
	}

	#log(): Log {
		return {
			write: <E extends keyof LogEvents>(_level: string, event: E, fields: LogEvents[E]) => {
				if (event === "peripheral.refused") this.refused.push((fields as LogEvents["peripheral.refused"]).code);
			},
		};
	}
}
