import { PtyDevice } from "../line/PtyDevice.ts";
import { PtyPair } from "../line/PtyPair.ts";
import type { CameraFirmware } from "./CameraFirmware.ts";
import { MessageSplitter } from "./MessageSplitter.ts";

/** VISCA on a serial line of its own. */
export class CameraOnSerial {
	readonly #firmware: CameraFirmware;
	readonly #cable: PtyPair;
	#device: PtyDevice | null = null;

	private constructor(firmware: CameraFirmware, cable: PtyPair) {
		this.#firmware = firmware;
		this.#cable = cable;
	}

	static async start(firmware: CameraFirmware): Promise<CameraOnSerial> {
		const camera = new CameraOnSerial(firmware, await PtyPair.open());
		await camera.#attach();
		return camera;
	}

	/** Of the port that the room opens. */
	get path(): string {
		return this.#cable.path;
	}

	/** Says something unasked. */
	say(bytes: Uint8Array): void {
		this.#device?.say(bytes);
	}

	/** Pulls the cable: the port is gone, until what it returns is called. */
	async unplug(): Promise<() => Promise<void>> {
		await this.#device?.detach();
		await this.#cable.unplug();
		return async () => {
			await this.#cable.replug();
			await this.#attach();
		};
	}

	async close(): Promise<void> {
		await this.#device?.detach();
		await this.#cable.close();
	}

	async #attach(): Promise<void> {
		const splitter = new MessageSplitter();
		this.#device = await PtyDevice.attach(this.#cable.farPath, (bytes, say) => {
			for (const message of splitter.push(bytes)) this.#firmware.hear(message, say);
		});
	}
}
