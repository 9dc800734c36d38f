import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { CameraDatagrams } from "./CameraDatagrams.ts";
import type { CameraFirmware } from "./CameraFirmware.ts";

/** VISCA over IP on a free UDP port of this machine. */
export class CameraOnUdp {
	readonly datagrams: CameraDatagrams;
	#socket: Socket;

	private constructor(firmware: CameraFirmware) {
		this.datagrams = new CameraDatagrams(firmware);
		this.#socket = createSocket("udp4");
	}

	static async start(firmware: CameraFirmware): Promise<CameraOnUdp> {
		const camera = new CameraOnUdp(firmware);
		await camera.#bind(0);
		return camera;
	}

	get port(): number {
		return this.#socket.address().port;
	}

	/** Pulls the cable: nobody listens, until what it returns is called. */
	async unplug(): Promise<() => Promise<void>> {
		const { port } = this;
		await this.close();
		return async () => {
			this.#socket = createSocket("udp4");
			await this.#bind(port);
		};
	}

	async close(): Promise<void> {
		this.#socket.close();
		await once(this.#socket, "close");
	}

	async #bind(port: number): Promise<void> {
		const socket = this.#socket;
		let open = true;
		socket.on("close", () => {
			open = false;
		});
		socket.on("message", (bytes, from) => {
			this.datagrams.hear(bytes, (datagram) => {
				// It may be unplugged while an answer is on its way.
				if (open) socket.send(datagram, from.port, from.address, () => {});
			});
		});
		socket.bind(port, "127.0.0.1");
		await once(socket, "listening");
	}
}
