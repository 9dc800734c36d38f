import type { CameraFirmware } from "./CameraFirmware.ts";

const REPLY = 0x0111;
const CONTROL = 0x0200;
const CONTROL_REPLY = 0x0201;
const KINDS = [0x0100, 0x0110, 0x0120, CONTROL];

/**
 * The camera's end of VISCA over IP, by SRG-300H Technical Manual pp. 30–32: works on no number twice, and answers each message under its
 * number. Datagrams can be dropped in either direction.
 */
export class CameraDatagrams {
	/** Asked for each datagram to the camera, and from it: true loses it. */
	loses: { in: () => boolean; out: () => boolean } = { in: () => false, out: () => false };
	/** Numbers of the messages that it worked on, in order. */
	readonly worked: number[] = [];
	/** Datagrams that it refused for their number. */
	refused = 0;
	resets = 0;
	readonly #firmware: CameraFirmware;
	/** The last number that it worked on; null: any will do. */
	#last: number | null = null;

	constructor(firmware: CameraFirmware) {
		this.#firmware = firmware;
	}

	/** Counts from somewhere else from now on: another controller spoke to it. */
	losePlace(): void {
		this.#last = 0x7fffffff;
	}

	hear(datagram: Uint8Array, say: (datagram: Uint8Array) => void): void {
		if (this.loses.in()) return;
		this.#hear(datagram, (kind, sequence, payload) => {
			if (this.loses.out()) return;
			const bytes = new Uint8Array(8 + payload.length);
			const view = new DataView(bytes.buffer);
			view.setUint16(0, kind);
			view.setUint16(2, payload.length);
			view.setUint32(4, sequence);
			bytes.set(payload, 8);
			say(bytes);
		});
	}

	#hear(bytes: Uint8Array, say: (kind: number, sequence: number, payload: Uint8Array) => void): void {
		if (bytes.length < 9) return;
		const view = new DataView(bytes.buffer, bytes.byteOffset);
		const [kind, length, sequence] = [view.getUint16(0), view.getUint16(2), view.getUint32(4)];
		const payload = bytes.slice(8);
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
