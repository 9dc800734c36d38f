import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { RoomError } from "../../core/RoomError.ts";
import type { LinkFailure } from "./FrameLink.ts";
import type { Line, LineEvents, OpenLine } from "./Line.ts";

export interface UdpAddress {
	readonly host: string;
	readonly port: number;
}

/**
 * Sends to and hears from this one address only: the kernel drops what others send, and tells when nobody listens there. Each piece of
 * bytes is a datagram. @throws RoomError `link.absent` (no such host name), `link.unreachable`.
 */
export function openUdp({ host, port }: UdpAddress): OpenLine {
	return async (events, signal) => {
		const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
		await new Promise<void>((resolve, reject) => {
			const give = (error?: NodeJS.ErrnoException): void => {
				settle();
				close(socket);
				reject(connectFailed(error));
			};
			const abort = (): void => give();
			const settle = (): void => signal.removeEventListener("abort", abort);
			signal.addEventListener("abort", abort, { once: true });
			socket.connect(port, host, ((error?: NodeJS.ErrnoException) => {
				if (signal.aborted) return;
				if (error) return give(error);
				settle();
				resolve();
				// its declared type does not know that it is told of errors
			}) as () => void);
			if (signal.aborted) abort();
		});
		return new UdpLine(socket, events);
	};
}

class UdpLine implements Line {
	readonly #socket: Socket;
	#closing: Promise<void> | null = null;

	constructor(socket: Socket, events: LineEvents) {
		this.#socket = socket;
		let over = false;
		socket.on("message", (datagram: Uint8Array) => {
			if (!this.#closing) events.bytes(datagram);
		});
		// ECONNREFUSED: the host is there, and nobody listens at the port.
		socket.on("error", () => {
			if (over || this.#closing) return;
			over = true;
			events.ended("link.unreachable");
		});
	}

	write(bytes: Uint8Array): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#socket.send(bytes, (error) =>
				error ? reject(new RoomError("link.lost", "the datagram was not sent", { cause: error })) : resolve(),
			);
		});
	}

	close(): Promise<void> {
		this.#closing ??= close(this.#socket);
		return this.#closing;
	}
}

function close(socket: Socket): Promise<void> {
	return new Promise((resolve) => {
		// Errors of the past may still arrive.
		socket.on("error", () => {});
		socket.close(() => resolve());
	});
}

function connectFailed(error?: NodeJS.ErrnoException): RoomError {
	const code: LinkFailure = error?.code === "ENOTFOUND" ? "link.absent" : "link.unreachable";
	return new RoomError(code, "the address can't be reached", error ? { cause: error } : {});
}
