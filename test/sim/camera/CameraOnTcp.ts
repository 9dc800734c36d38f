import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { CameraFirmware } from "./CameraFirmware.ts";
import { MessageSplitter } from "./MessageSplitter.ts";

/** Raw VISCA over TCP, on a free port of this machine. */
export class CameraOnTcp {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();

	private constructor(firmware: CameraFirmware) {
		this.#server = createServer((socket) => {
			this.#sockets.add(socket);
			const splitter = new MessageSplitter();
			socket.on("data", (bytes: Uint8Array) => {
				for (const message of splitter.push(bytes)) firmware.hear(message, (reply) => socket.write(reply));
			});
			socket.on("error", () => {});
			socket.on("close", () => this.#sockets.delete(socket));
		});
	}

	static async start(firmware: CameraFirmware, port = 0): Promise<CameraOnTcp> {
		const camera = new CameraOnTcp(firmware);
		await camera.#listen(port);
		return camera;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** Says something unasked to everyone who is connected. */
	say(bytes: Uint8Array): void {
		for (const socket of this.#sockets) socket.write(bytes);
	}

	/** Pulls the cable: connections end and nobody listens, until `replug`. */
	async unplug(): Promise<() => Promise<void>> {
		const { port } = this;
		await this.close();
		return () => this.#listen(port);
	}

	async close(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		if (!this.#server.listening) return;
		this.#server.close();
		await once(this.#server, "close");
	}

	async #listen(port: number): Promise<void> {
		this.#server.listen(port, "127.0.0.1");
		await once(this.#server, "listening");
	}
}
