import { RoomError } from "../core/RoomError.ts";
import type { LinkFailure } from "../peripherals/link/FrameLink.ts";
import { type Check, care, type Finding, fine } from "./Check.ts";

/** A serial port of the room's configuration. */
export interface ConfiguredPort {
	/** What the configuration calls the device at its end. */
	device: string;
	path: string;
	baudRate: number;
	/** What a room program that runs knows of it: whether it holds the port, and if not, why. Null: none runs that could tell. */
	known: "held" | LinkFailure | null;
}

/** Whether the serial port of a device is there, free for us (or held by us), and ours to open. A device that is missing stops no call. */
export class SerialPortCheck implements Check {
	readonly id: string;
	readonly title: string;
	readonly #port: ConfiguredPort;

	constructor(port: ConfiguredPort) {
		this.id = `serial.${port.device}`;
		this.title = `Serial port of ${port.device}`;
		this.#port = port;
	}

	async run(signal: AbortSignal): Promise<Finding> {
		const { known } = this.#port;
		if (known === "held") return fine("in use by this room");
		if (known !== null) return findingOf(known);
		try {
			await this.#tryIt(signal);
		} catch (thrown) {
			return findingOf(RoomError.from(thrown, "link.absent").code);
		}
		return fine("free");
	}

	async #tryIt(signal: AbortSignal): Promise<void> {
		// only now: native code that a machine without serial ports may do without
		const { openSerial } = await import("../peripherals/link/openSerial.ts");
		const { path, baudRate } = this.#port;
		const line = await openSerial({ path, baudRate })({ bytes() {}, ended() {} }, signal);
		await line.close();
	}
}

function findingOf(failure: string): Finding {
	switch (failure) {
		case "link.busy":
			return care(
				"doctor.serial_busy",
				"another program holds it",
				"If the room runs, that is the room. Else see which: fuser -v <port>, and end it; ModemManager and brltty take serial adapters for theirs.",
			);
		case "link.denied":
			return care(
				"doctor.serial_denied",
				"this user may not open it",
				"Add the room's user to the group dialout (usermod -aG dialout <user>) and start the room again.",
			);
		case "link.silent":
			return care(
				"doctor.serial_silent",
				"open, and nothing answers",
				"Is the device on, and its cable crossed? See what is there: npm run incamera -- room probe",
			);
		default:
			return care(
				"doctor.serial_absent",
				"there is no such port",
				"Plug the adapter in, or correct `serial` in the room's configuration: ls -l /dev/serial/by-id names those that are there.",
			);
	}
}
