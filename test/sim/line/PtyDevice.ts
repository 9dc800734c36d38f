import { SerialPort } from "serialport";
import { deliverAtOnce } from "../../../device/peripherals/link/deliverAtOnce.ts";

/** Sits at the far end of a serial cable: `hear` is given what comes in, and says what it wants. */
export class PtyDevice {
	readonly #port: SerialPort;

	private constructor(port: SerialPort) {
		this.#port = port;
	}

	static async attach(
		path: string,
		hear: (bytes: Uint8Array, say: (bytes: Uint8Array) => void) => void,
	): Promise<PtyDevice> {
		const port = new SerialPort({ path, baudRate: 9600, autoOpen: false });
		await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
		deliverAtOnce(port);
		const device = new PtyDevice(port);
		// the cable may be pulled out
		port.on("error", () => {});
		port.on("data", (bytes: Buffer) => hear(bytes, (said) => device.say(said)));
		return device;
	}

	say(bytes: Uint8Array): void {
		if (this.#port.isOpen) this.#port.write(bytes);
	}

	async detach(): Promise<void> {
		if (this.#port.isOpen) await new Promise((resolve) => this.#port.close(resolve));
	}
}
