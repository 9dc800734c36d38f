import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { SerialPort } from "serialport";
import { RoomError } from "../../core/RoomError.ts";
import { deliverAtOnce } from "./deliverAtOnce.ts";
import type { LinkFailure } from "./FrameLink.ts";
import type { Line, LineEvents, OpenLine } from "./Line.ts";

export interface SerialAddress {
	/** Of the port, best by its lasting name under /dev/serial/by-id. */
	readonly path: string;
	readonly baudRate: number;
	/** Default none; always 8 data bits and 1 stop bit. */
	readonly parity?: "none" | "even" | "odd";
}

/** Opens a serial port for us alone. @throws RoomError `link.absent`, `link.busy`, `link.denied`. */
export function openSerial({ path, baudRate, parity = "none" }: SerialAddress): OpenLine {
	return async (events) => {
		await checkPort(path);
		const port = new SerialPort({ path, baudRate, parity, dataBits: 8, stopBits: 1, lock: true, autoOpen: false });
		await new Promise<void>((resolve, reject) => {
			port.open((error) => (error ? reject(openFailed(path, error)) : resolve()));
		});
		deliverAtOnce(port);
		return new SerialLine(port, events);
	};
}

class SerialLine implements Line {
	readonly #port: SerialPort;
	#closing: Promise<void> | null = null;

	constructor(port: SerialPort, events: LineEvents) {
		this.#port = port;
		let over = false;
		// `close` may come twice, and an `error` before it or without it.
		const ended = (): void => {
			if (over || this.#closing) return;
			over = true;
			events.ended("link.lost");
		};
		port.on("data", (bytes: Uint8Array) => events.bytes(bytes));
		port.on("error", ended);
		port.on("close", ended);
		port.on("end", ended);
	}

	write(bytes: Uint8Array): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#port.write(bytes, (error) => (error ? reject(lost(error)) : resolve()));
		});
	}

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close(): Promise<void> {
		const port = this.#port;
		if (!port.isOpen) return;
		// What the device did not take is thrown away, or the kernel would wait for it to be sent (up to 30 s, `closing_wait`).
		await new Promise<void>((resolve) => port.flush(() => resolve()));
		if (port.isOpen) await new Promise<void>((resolve) => port.close(() => resolve()));
	}
}

/** Says by itself what serialport only says in the words of the C library. */
async function checkPort(path: string): Promise<void> {
	try {
		if (!(await stat(path)).isCharacterDevice()) throw failed("link.absent", path);
		await access(path, constants.R_OK | constants.W_OK);
	} catch (error) {
		if (error instanceof RoomError) throw error;
		const denied = ["EACCES", "EPERM", "EROFS"].includes(String((error as NodeJS.ErrnoException).code));
		throw failed(denied ? "link.denied" : "link.absent", path, error);
	}
}

function openFailed(path: string, error: Error): RoomError {
	if (/lock|busy/i.test(error.message)) return failed("link.busy", path, error);
	return failed(/denied|permitted/i.test(error.message) ? "link.denied" : "link.absent", path, error);
}

function failed(code: LinkFailure, path: string, cause?: unknown): RoomError {
	const because = cause === undefined ? {} : { cause };
	return new RoomError(code, "the serial port can't be opened", { context: { path }, ...because });
}

const lost = (cause: unknown): RoomError => new RoomError("link.lost", "the serial port broke", { cause });
