import { LONGEST_MESSAGE } from "./ViscaReply.ts";

/**
 * VISCA over IP puts a message into a UDP datagram behind eight bytes: kind (2), length (2), sequence number (4), the highest byte first.
 * Source: Sony SRG-300H Technical Manual pp. 30–32, BRC-X400 Command List pp. 10–13.
 */
export const VISCA_OVER_IP_PORT = 52381;
const HEADER = 8;
export const LONGEST_DATAGRAM = HEADER + LONGEST_MESSAGE;

const codes = {
	command: 0x0100,
	inquiry: 0x0110,
	reply: 0x0111,
	/** IF_Clear and its like. */
	setting: 0x0120,
	/** About the conversation itself. */
	control: 0x0200,
	control_reply: 0x0201,
} as const;
export type DatagramKind = keyof typeof codes;
const kinds = new Map<number, DatagramKind>(Object.entries(codes).map(([kind, code]) => [code, kind as DatagramKind]));

export interface ViscaDatagram {
	readonly kind: DatagramKind;
	/** Counted by the controller from 0 to 2³² - 1 and round again; an answer has that of its question. */
	readonly sequence: number;
	/** 1 to 16 bytes; when parsed, a view of the datagram. */
	readonly payload: Uint8Array;
}

/** Payloads of `control` and `control_reply`. `RESET` sets the camera's count to 0; `ACCEPTED` answers it. */
export const RESET: Uint8Array = Uint8Array.of(0x01);
export const ACCEPTED: Uint8Array = Uint8Array.of(0x01);

export function encodeDatagram({ kind, sequence, payload }: ViscaDatagram): Uint8Array {
	const datagram = new Uint8Array(HEADER + payload.length);
	const view = new DataView(datagram.buffer);
	view.setUint16(0, codes[kind]);
	view.setUint16(2, payload.length);
	view.setUint32(4, sequence >>> 0);
	datagram.set(payload, HEADER);
	return datagram;
}

/** Null where the bytes are no datagram of VISCA, or more or fewer than it says. */
export function parseDatagram(bytes: Uint8Array): ViscaDatagram | null {
	const length = bytes.length - HEADER;
	if (length < 1 || length > LONGEST_MESSAGE) return null;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const kind = kinds.get(view.getUint16(0));
	if (!kind || view.getUint16(2) !== length) return null;
	return { kind, sequence: view.getUint32(4), payload: bytes.subarray(HEADER) };
}

/** What a camera has against a datagram: its number was not the next, or its kind is none. Null where it has nothing. */
export function datagramRefusal({ kind, payload }: ViscaDatagram): "sequence" | "kind" | null {
	if ((kind !== "control" && kind !== "control_reply") || payload.length !== 2 || payload[0] !== 0x0f) return null;
	return payload[1] === 0x01 ? "sequence" : "kind";
}
