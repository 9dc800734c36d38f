import { type Light, lights } from "../model/PanelBus.ts";
import { type Packet, VERSION, writeFrame } from "./frame.ts";

/** Type bytes. Those of the device have bit 7. */
export const types = {
	hello: 0x01,
	beat: 0x02,
	recall: 0x03,
	set_light: 0x10,
	set_shutter: 0x11,
	set_mute_lamp: 0x12,
	identity: 0x81,
	report: 0x82,
	history: 0x83,
	done: 0x84,
	refused: 0x85,
	noise: 0x86,
} as const;

/** Parts by the bit that says in `identity` that the device has them, and in `report` that they are broken. */
export const parts = {
	lightBar: 1 << 0,
	shutter: 1 << 1,
	shutterMotor: 1 << 2,
	muteKey: 1 << 3,
	muteLamp: 1 << 4,
	occupancy: 1 << 5,
} as const;

/** Why the device did not do it; its number is the place in this list. */
export const refusals = [
	"other",
	"held_by_hand",
	"no_such_part",
	"bad_value",
	"unknown_type",
	"unknown_version",
	"not_greeted",
	"broken",
] as const;
export type Refusal = (typeof refusals)[number];

/** What the hardware is. What a device has not, it reports as false. */
export interface HardwareState {
	readonly muteKey: boolean;
	readonly shutterClosed: boolean;
	/** A hand closed the shutter: software can't open it. */
	readonly shutterByHand: boolean;
	readonly occupied: boolean;
}

export type HostMessage =
	/** The versions that the room speaks. Begins the conversation anew. */
	| { readonly name: "hello"; readonly lowest: number; readonly highest: number }
	/** The room is alive. Never answered. */
	| { readonly name: "beat" }
	/** Asks for the states from this counter on. */
	| { readonly name: "recall"; readonly counter: number }
	| { readonly name: "set_light"; readonly light: Light }
	| { readonly name: "set_shutter"; readonly closed: boolean }
	| { readonly name: "set_mute_lamp"; readonly on: boolean };

export type DeviceMessage =
	| {
			readonly name: "identity";
			readonly lowest: number;
			readonly highest: number;
			/** Bits of `parts`. */
			readonly parts: number;
			/** Maker and model, as it is to be shown. At most 32 characters of ASCII. */
			readonly model: string;
			/** At most 16 characters. */
			readonly firmware: string;
	  }
	/** `counter` grows by one with each change, modulo 2³². `broken`: bits of `parts`. */
	| { readonly name: "report"; readonly counter: number; readonly state: HardwareState; readonly broken: number }
	/** The states of the counters from `counter` on, one each. */
	| { readonly name: "history"; readonly counter: number; readonly states: readonly HardwareState[] }
	| { readonly name: "done"; readonly of: number }
	| { readonly name: "refused"; readonly of: number; readonly refusal: Refusal }
	/** Bytes that reached the device and were no frame, since its start, modulo 2¹⁶. */
	| { readonly name: "noise"; readonly badBytes: number };

export type PanelBusMessage = HostMessage | DeviceMessage;

export const MOST_STATES = 32;
const MODEL_BYTES = 32;
const FIRMWARE_BYTES = 16;

/** @param sequence of a request 1 to 255, of its answer the same, of what nobody asked for 0 */
export function writeMessage(message: PanelBusMessage, sequence: number, version = VERSION): Uint8Array {
	return writeFrame({ version, type: types[message.name], sequence, payload: payloadOf(message) });
}

/** What stands in a packet; null where it makes no sense. What newer devices add behind the known fields is passed over. */
export function readMessage({ version, type, payload }: Packet): PanelBusMessage | null {
	const { length } = payload;
	const bytes = new DataView(payload.buffer, payload.byteOffset, length);
	// Both ends must be able to say which versions they speak, whichever these are: these three never change.
	const timeless = type === types.hello || type === types.identity || type === types.refused;
	if (version !== VERSION && !timeless) return null;
	switch (type) {
		case types.hello:
			return length < 2 ? null : { name: "hello", lowest: bytes.getUint8(0), highest: bytes.getUint8(1) };
		case types.beat:
			return { name: "beat" };
		case types.recall:
			return length < 4 ? null : { name: "recall", counter: bytes.getUint32(0, true) };
		case types.set_light: {
			const light = length < 1 ? undefined : lights[bytes.getUint8(0)];
			return light === undefined ? null : { name: "set_light", light };
		}
		case types.set_shutter:
			return length < 1 || bytes.getUint8(0) > 1 ? null : { name: "set_shutter", closed: bytes.getUint8(0) === 1 };
		case types.set_mute_lamp:
			return length < 1 || bytes.getUint8(0) > 1 ? null : { name: "set_mute_lamp", on: bytes.getUint8(0) === 1 };
		case types.identity: {
			if (length < 4) return null;
			const model = text(payload, 4, MODEL_BYTES);
			const firmware = model === null ? null : text(payload, 5 + model.length, FIRMWARE_BYTES);
			if (model === null || firmware === null) return null;
			const [lowest, highest, has] = [bytes.getUint8(0), bytes.getUint8(1), bytes.getUint16(2, true)];
			return { name: "identity", lowest, highest, parts: has, model, firmware };
		}
		case types.report: {
			if (length < 7) return null;
			const state = stateOf(bytes.getUint8(4));
			return { name: "report", counter: bytes.getUint32(0, true), state, broken: bytes.getUint16(5, true) };
		}
		case types.history: {
			const count = length < 5 ? 0 : bytes.getUint8(4);
			if (count === 0 || count > MOST_STATES || length < 5 + count) return null;
			const states = [...payload.subarray(5, 5 + count)].map(stateOf);
			return { name: "history", counter: bytes.getUint32(0, true), states };
		}
		case types.done:
			return length < 1 ? null : { name: "done", of: bytes.getUint8(0) };
		case types.refused:
			// a reason that came later than this program is still a refusal
			return length < 2
				? null
				: { name: "refused", of: bytes.getUint8(0), refusal: refusals[bytes.getUint8(1)] ?? "other" };
		case types.noise:
			return length < 2 ? null : { name: "noise", badBytes: bytes.getUint16(0, true) };
		default:
			return null;
	}
}

function payloadOf(message: PanelBusMessage): Uint8Array {
	switch (message.name) {
		case "hello":
			return Uint8Array.of(message.lowest, message.highest);
		case "beat":
			return new Uint8Array(0);
		case "recall":
			return Uint8Array.of(...uint32(message.counter));
		case "set_light":
			return Uint8Array.of(lights.indexOf(message.light));
		case "set_shutter":
			return Uint8Array.of(message.closed ? 1 : 0);
		case "set_mute_lamp":
			return Uint8Array.of(message.on ? 1 : 0);
		case "identity": {
			const { lowest, highest, parts: has, model, firmware } = message;
			const texts = [model.slice(0, MODEL_BYTES), firmware.slice(0, FIRMWARE_BYTES)];
			const written = texts.flatMap((one) => [one.length, ...Buffer.from(one, "latin1")]);
			return Uint8Array.of(lowest, highest, has, has >> 8, ...written);
		}
		case "report": {
			const { counter, state, broken } = message;
			return Uint8Array.of(...uint32(counter), bitsOf(state), broken, broken >> 8);
		}
		case "history":
			return Uint8Array.of(...uint32(message.counter), message.states.length, ...message.states.map(bitsOf));
		case "done":
			return Uint8Array.of(message.of);
		case "refused":
			return Uint8Array.of(message.of, refusals.indexOf(message.refusal));
		case "noise":
			return Uint8Array.of(message.badBytes, message.badBytes >> 8);
	}
}

const uint32 = (value: number): number[] => [value, value >>> 8, value >>> 16, value >>> 24];

function stateOf(bits: number): HardwareState {
	return {
		muteKey: (bits & 1) !== 0,
		shutterClosed: (bits & 2) !== 0,
		shutterByHand: (bits & 4) !== 0,
		occupied: (bits & 8) !== 0,
	};
}

function bitsOf({ muteKey, shutterClosed, shutterByHand, occupied }: HardwareState): number {
	return (muteKey ? 1 : 0) | (shutterClosed ? 2 : 0) | (shutterByHand ? 4 : 0) | (occupied ? 8 : 0);
}

/** A length and as many characters, drawn on a page later: printable ASCII or nothing. */
function text(payload: Uint8Array, at: number, most: number): string | null {
	const length = payload[at];
	if (length === undefined || length > most || at + 1 + length > payload.length) return null;
	const characters = payload.subarray(at + 1, at + 1 + length);
	return characters.every((one) => one >= 0x20 && one <= 0x7e) ? String.fromCharCode(...characters) : null;
}
