import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { CameraFirmware } from "./CameraFirmware.ts";

const REPLY = 0x0111;
const CONTROL = 0x0200;
const CONTROL_REPLY = 0x0201;
const KINDS = [0x0100, 0x0110, 0x0120, CONTROL];

/**
 * VISCA over IP on a free UDP port of this machine, by SRG-300H Technical Manual pp. 30–32: works on no number twice, and answers each
 * message under its number. Datagrams can be dropped in either direction.
 */
export class CameraOnUdp {
	/** Asked for each datagram to the camera, and from it: true loses it. */
	loses: { in: () => boolean; out: () => boolean } = { in: () => false, out: () => false };
	/** Numbers of the messages that it worked on, in order. */
	readonly worked: number[] = [];
	/** Datagrams that it refused for their number. */
	refused = 0;
	resets = 0;
	readonly #firmware: CameraFirmware;
	#socket: Socket;
	/** The last number that it worked on; null: any will do. */
	#last: number | null = null;

	private constructor(firmware: CameraFirmware) {
		this.#firmware = firmware;
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

	/** Counts from somewhere else from now on: another controller spoke to it. */
	losePlace(): void {
		this.#last = 0x7fffffff;
	}

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
		socket.on("message", (bytes, from) => {
			if (this.loses.in()) return;
			this.#hear(bytes, (kind, sequence, payload) => {
				if (this.loses.out()) return;
				const header = Buffer.alloc(8);
				header.writeUInt16BE(kind);
				header.writeUInt16BE(payload.length, 2);
				header.writeUInt32BE(sequence, 4);
				// It may be unplugged while an answer is on its way.
				if (socket === this.#socket) socket.send(Buffer.concat([header, payload]), from.port, from.address, () => {});
			});
		});
		socket.bind(port, "127.0.0.1");
		await once(socket, "listening");
	}

	#hear(bytes: Buffer, say: (kind: number, sequence: number, payload: Uint8Array) => void): void {
		if (bytes.length < 9) return;
		const [kind, length, sequence] = [bytes.readUInt16BE(), bytes.readUInt16BE(2), bytes.readUInt32BE(4)];
		const payload = Uint8Array.from(bytes.subarray(8));
		const refuse = (why: number): void => say(CONTROL_REPLY, sequence, Uint8Array.of(0x0f, why));
		if (!KINDS.includes(kind) || length !== payload.length) refuse(0x02);
		else if (kind === CONTROL) {
			this.resets += 1;
			this.#last = null;
			say(CONTROL_REPLY, sequence, Uint8Array.of(0x01));
		} else if (this.#last !== null && sequence <= this.#last) {
			this.refused += 1;
			refuse(0x01);
		} else {
			this.#last = sequence;
			this.worked.push(sequence);
			// Whatever number it is called by: BRC-X400 Command List p. 13
			payload[0] = 0x80 | (this.#firmware.address ?? 1);
			this.#firmware.hear(payload, (reply) => say(REPLY, sequence, reply));
		}
	}
}
