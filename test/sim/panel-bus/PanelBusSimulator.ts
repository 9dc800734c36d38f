import { systemClock } from "../../../device/core/clock.ts";
import { PtyDevice } from "../line/PtyDevice.ts";
import { PtyPair } from "../line/PtyPair.ts";
import { OddLine } from "./OddLine.ts";
import { type DeviceOptions, ReferenceDevice } from "./ReferenceDevice.ts";

/** The reference device at the far end of a serial line, with a cable that can be pulled out and a line that can go wrong. */
export class PanelBusSimulator {
	readonly line: OddLine;
	readonly device: ReferenceDevice;
	readonly #pty: PtyPair;
	#end: PtyDevice | null = null;

	static async open(options: Partial<DeviceOptions> = {}): Promise<PanelBusSimulator> {
		const simulator = new PanelBusSimulator(await PtyPair.open(), options);
		await simulator.#connect();
		simulator.device.start();
		return simulator;
	}

	private constructor(pty: PtyPair, options: Partial<DeviceOptions>) {
		this.#pty = pty;
		this.line = new OddLine((bytes) => this.#end?.say(bytes));
		const send = (frame: Uint8Array) => this.line.pass(frame);
		this.device = new ReferenceDevice({ clock: systemClock, ...options, send });
	}

	/** The room's end. */
	get path(): string {
		return this.#pty.path;
	}

	/** Pulls the cable. The device stays powered, and hands may move it. */
	async unplug(): Promise<void> {
		await this.#disconnect();
		await this.#pty.unplug();
	}

	async replug(): Promise<void> {
		await this.#pty.replug();
		await this.#connect();
	}

	async close(): Promise<void> {
		this.device.stop();
		await this.#disconnect();
		await this.#pty.close();
	}

	async #connect(): Promise<void> {
		this.#end = await PtyDevice.attach(this.#pty.farPath, (bytes) => {
			if (!this.line.deaf) this.device.receive(bytes);
		});
	}

	async #disconnect(): Promise<void> {
		const end = this.#end;
		this.#end = null;
		await end?.detach();
	}
}
