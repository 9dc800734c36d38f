import { connect, type Socket } from "node:net";
import type { Clock } from "../../core/clock.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { LinkFailure } from "./FrameLink.ts";
import type { Line, LineEvents, OpenLine } from "./Line.ts";

export interface TcpAddress {
	readonly host: string;
	readonly port: number;
}

/** DNS, and a device that is switched off and answers nothing. */
const CONNECT_MS = 5000;
/** A device that was unplugged says no goodbye: after so long without a byte the kernel asks, and gives up some ten seconds later. */
const KEEPALIVE_MS = 10_000;

/** Connects to a device in the network. @throws RoomError `link.absent` (no such host name), `link.unreachable`, `link.denied`. */
export function openTcp({ host, port }: TcpAddress, clock: Clock): OpenLine {
	return async (events, signal) => {
		const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS });
		await new Promise<void>((resolve, reject) => {
			const give = (error?: NodeJS.ErrnoException): void => {
				socket.destroy();
				settle();
				reject(connectFailed(error));
			};
			const abort = (): void => give();
			const cancelTimer = clock.after(CONNECT_MS, abort);
			const settle = (): void => {
				cancelTimer();
				signal.removeEventListener("abort", abort);
				socket.off("error", give);
			};
			signal.addEventListener("abort", abort, { once: true });
			socket.once("error", give);
			socket.once("connect", () => {
				settle();
				resolve();
			});
			if (signal.aborted) abort();
		});
		return new TcpLine(socket, events);
	};
}

class TcpLine implements Line {
	readonly #socket: Socket;
	#closed = false;

	constructor(socket: Socket, events: LineEvents) {
		this.#socket = socket;
		let over = false;
		const ended = (): void => {
			if (over || this.#closed) return;
			over = true;
			events.ended("link.lost");
		};
		socket.on("data", (bytes: Uint8Array) => events.bytes(bytes));
		// A device that ends its half answers nothing any more.
		socket.on("end", ended);
		socket.on("error", ended);
		socket.on("close", ended);
	}

	write(bytes: Uint8Array): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#socket.write(bytes, (error) =>
				error ? reject(new RoomError("link.lost", "the connection broke", { cause: error })) : resolve(),
			);
		});
	}

	async close(): Promise<void> {
		this.#closed = true;
		if (this.#socket.closed) return;
		const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
		this.#socket.destroy();
		await closed;
	}
}

function connectFailed(error?: NodeJS.ErrnoException): RoomError {
	const code: LinkFailure =
		error?.code === "ENOTFOUND" ? "link.absent" : error?.code === "EACCES" ? "link.denied" : "link.unreachable";
	return new RoomError(code, "nobody answers at the address", error ? { cause: error } : {});
}
