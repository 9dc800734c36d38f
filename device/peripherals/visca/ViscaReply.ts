/** Why a camera refuses: EVI-D100 Technical Manual p. 24, `length` from BRC-H700 Command List p. 5. */
export type ViscaRefusal =
	| "length"
	| "syntax"
	| "buffer_full"
	| "cancelled"
	| "no_socket"
	| "not_executable"
	| "unknown";

/**
 * What a camera says. `from`: its address, 1 to 7. `socket`: 1 or 2 names the command that it works on, 0 is none. `data` is what an inquiry
 * is answered with, empty after a command; it is a view of the frame.
 */
export type ViscaReply =
	| { readonly is: "ack"; readonly from: number; readonly socket: number }
	| { readonly is: "completion"; readonly from: number; readonly socket: number; readonly data: Uint8Array }
	| { readonly is: "refusal"; readonly from: number; readonly socket: number; readonly why: ViscaRefusal }
	/** A camera was switched on, or the chain changed: addresses are to be given anew. */
	| { readonly is: "network_change"; readonly from: number }
	/** What AddressSet comes back with; `cameras`: how many took a number. */
	| { readonly is: "addressed"; readonly cameras: number }
	/** IF_Clear went round. */
	| { readonly is: "cleared" };

/** The longest message, with its `FF`: EVI-D100 Technical Manual p. 19. */
export const LONGEST_MESSAGE = 16;

const refusals: Readonly<Record<number, ViscaRefusal>> = {
	1: "length",
	2: "syntax",
	3: "buffer_full",
	4: "cancelled",
	5: "no_socket",
	65: "not_executable",
};

/** Null where the bytes are no reply to a controller. They must end with `FF`. */
export function parseReply(frame: Uint8Array): ViscaReply | null {
	const { length } = frame;
	if (length < 3 || length > LONGEST_MESSAGE || frame[length - 1] !== 0xff) return null;
	const header = frame[0] as number;
	const second = frame[1] as number;
	const socket = second & 0x0f;
	if (header === 0x88) return parseBroadcast(frame, second);
	if (header < 0x90 || (header & 0x0f) !== 0) return null;
	const from = (header >> 4) - 8;
	if (length === 3 && second === 0x38) return { is: "network_change", from };
	if (socket > 2) return null;
	switch (second & 0xf0) {
		case 0x40:
			return length === 3 ? { is: "ack", from, socket } : null;
		case 0x50:
			return { is: "completion", from, socket, data: frame.subarray(2, length - 1) };
		case 0x60:
			return length === 4 ? { is: "refusal", from, socket, why: refusals[frame[2] as number] ?? "unknown" } : null;
		default:
			return null;
	}
}

/** `88 30 0w FF`, where w is the number that the next camera would have; `88 01 00 01 FF`. */
function parseBroadcast(frame: Uint8Array, second: number): ViscaReply | null {
	const third = frame[2] as number;
	if (frame.length === 4 && second === 0x30 && third >= 1 && third <= 8) return { is: "addressed", cameras: third - 1 };
	const cleared = frame.length === 5 && second === 0x01 && third === 0x00 && frame[3] === 0x01;
	return cleared ? { is: "cleared" } : null;
}
