import { RoomError } from "../../core/RoomError.ts";
import { crc16 } from "./crc16.ts";

/** The layout that is spoken here: docs/panel-bus.md. */
export const VERSION = 1;
export const HEADER_BYTES = 4;
export const MOST_PAYLOAD_BYTES = 64;
const CHECK_BYTES = 3;
/** Header and payload stuffed, check, end. */
export const MOST_FRAME_BYTES = HEADER_BYTES + MOST_PAYLOAD_BYTES + 1 + CHECK_BYTES + 1;

/** What a frame carries. `payload` may be a view into the bytes it was read from. */
export interface Packet {
	readonly version: number;
	readonly type: number;
	readonly sequence: number;
	readonly payload: Uint8Array;
}

/**
 * One frame as it goes over the line: the packet stuffed (COBS, Cheshire and Baker 1999, section II), the check, 00.
 *
 * A packet is shorter than the 254 bytes after which COBS needs a block more, so each zero is replaced by the distance to the next one
 * and that is all. The check is made over the stuffed bytes: what is stuffed spreads one flipped bit over many, and a check from before
 * the stuffing would miss one such error in 65 536. Its 16 bits go in three bytes of which none is zero.
 * @throws RoomError `peripheral.frame_too_long`
 */
export function writeFrame({ version, type, sequence, payload }: Packet): Uint8Array {
	if (payload.length > MOST_PAYLOAD_BYTES)
		throw new RoomError("peripheral.frame_too_long", "more than fits into a frame of the panel bus");
	const stuffedBytes = HEADER_BYTES + payload.length + 1;
	const frame = new Uint8Array(stuffedBytes + CHECK_BYTES + 1);
	frame[1] = version;
	frame[2] = type;
	frame[3] = sequence;
	frame[4] = payload.length;
	frame.set(payload, HEADER_BYTES + 1);
	let mark = 0;
	for (let at = 1; at < stuffedBytes; at++) {
		if (frame[at] !== 0) continue;
		frame[mark] = at - mark;
		mark = at;
	}
	frame[mark] = stuffedBytes - mark;
	const check = crc16(frame, 0, stuffedBytes);
	frame[stuffedBytes] = 0x80 | (check & 0x7f);
	frame[stuffedBytes + 1] = 0x80 | ((check >> 7) & 0x7f);
	frame[stuffedBytes + 2] = 0x80 | (check >> 14);
	return frame;
}

/** Reads a frame without its final 00, in which no other 00 may be. Null: broken. */
export function readFrame(frame: Uint8Array): Packet | null {
	const stuffedBytes = frame.length - CHECK_BYTES;
	if (stuffedBytes < HEADER_BYTES + 1 || frame.length >= MOST_FRAME_BYTES) return null;
	const check = crc16(frame, 0, stuffedBytes);
	if (frame[stuffedBytes] !== (0x80 | (check & 0x7f))) return null;
	if (frame[stuffedBytes + 1] !== (0x80 | ((check >> 7) & 0x7f))) return null;
	if (frame[stuffedBytes + 2] !== (0x80 | (check >> 14))) return null;
	const packet = frame.slice(1, stuffedBytes);
	let mark = 0;
	for (;;) {
		const distance = frame[mark] as number;
		if (distance === 0) return null;
		mark += distance;
		if (mark >= stuffedBytes) break;
		packet[mark - 1] = 0;
	}
	if (mark !== stuffedBytes || packet[3] !== packet.length - HEADER_BYTES) return null;
	return {
		version: packet[0] as number,
		type: packet[1] as number,
		sequence: packet[2] as number,
		payload: packet.subarray(HEADER_BYTES),
	};
}
