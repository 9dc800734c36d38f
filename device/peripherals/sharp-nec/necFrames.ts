import { textOf } from "../link/textOf.ts";

/**
 * Sharp/NEC displays' external control: header, message, check code and a carriage return; numbers are written in hexadecimal digits.
 * Source: NEC, "External Control, NEC LCD Monitor", Rev. 3.5, §4 and §5 (p. 6–19); power §7 (p. 36–39); model name §12.2 (p. 67).
 */
const SOH = 0x01;
const STX = 0x02;
const ETX = 0x03;
const CR = 0x0d;
/** SOH, reserved, receiver, sender, type and two digits of length (§4.1). */
const HEADER = 7;
/** Check code and carriage return. */
const TAIL = 2;
/** At most 32 bytes of data, each of two digits, come in one answer (§12.2); beyond it is noise. */
const MOST_MESSAGE = 80;

/** Every monitor on the line heeds it, and none answers (§4.1). */
export const NEC_EVERYBODY = "*";

/** OP code page and code in one number (Rev. 3.5, §6.3). */
export const necCodes = { input: 0x0060, volume: 0x0062, audioMute: 0x008d } as const;

/** §7.1: what a monitor says of its power. */
export const necPowerModes = { on: 1, standby: 2, suspend: 3, off: 4 } as const;

export type NecAnswer =
	/** Nothing to say, or not now (§5.5.3). */
	| { readonly kind: "null"; readonly monitor: number }
	/** `ok` false: it can't do that, or not now (§5.2, §5.4). */
	| {
			readonly kind: "parameter";
			readonly monitor: number;
			readonly ok: boolean;
			readonly set: boolean;
			readonly code: number;
			readonly most: number;
			readonly value: number;
	  }
	| {
			readonly kind: "power";
			readonly monitor: number;
			readonly ok: boolean;
			readonly set: boolean;
			readonly mode: number;
	  }
	| { readonly kind: "model"; readonly monitor: number; readonly model: string };

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, "0");

/** Monitors 1 to 100 are addressed by 41h to A4h (§4.1). */
const addressOf = (monitor: number | typeof NEC_EVERYBODY): number =>
	monitor === NEC_EVERYBODY ? 0x2a : 0x40 + monitor;

function encode(monitor: number | typeof NEC_EVERYBODY, type: "A" | "C" | "E", message: string): Uint8Array {
	const text = `\x010@0${type}${hex(message.length + 2, 2)}\x02${message}\x03`;
	const frame = new Uint8Array(text.length + TAIL);
	for (let index = 0; index < text.length; index += 1) frame[index] = text.charCodeAt(index);
	frame[2] = addressOf(monitor);
	frame[text.length] = checkOf(frame.subarray(0, text.length));
	frame[text.length + 1] = CR;
	return frame;
}

/** Exclusive or of all after SOH up to and with ETX (§4.3). */
function checkOf(bytes: Uint8Array): number {
	return bytes.subarray(1).reduce((check, byte) => check ^ byte, 0);
}

type Monitor = number | typeof NEC_EVERYBODY;
export const necGet = (monitor: Monitor, code: number): Uint8Array => encode(monitor, "C", hex(code, 4));
export const necSet = (monitor: Monitor, code: number, value: number): Uint8Array =>
	encode(monitor, "E", hex(code, 4) + hex(value, 4));
export const necPower = (monitor: Monitor, on: boolean): Uint8Array =>
	encode(monitor, "A", `C203D6${hex(on ? necPowerModes.on : necPowerModes.off, 4)}`);
export const necPowerRead = (monitor: Monitor): Uint8Array => encode(monitor, "A", "01D6");
export const necModelRead = (monitor: Monitor): Uint8Array => encode(monitor, "A", "C217");

/** Null where the frame is none of the answers to what we ask. */
export function parseNec(frame: Uint8Array): NecAnswer | null {
	if (measureNec(frame, 0) !== frame.length || frame[2] !== 0x30) return null;
	const monitor = (frame[3] as number) - 0x40;
	const type = String.fromCharCode(frame[4] as number);
	const message = textOf(frame, HEADER + 1, frame.length - TAIL - 1);
	if (type === "B") return parseReply(monitor, message);
	const set = type === "F";
	if (!set && type !== "D") return null;
	const match = /^([0-9A-F]{2})([0-9A-F]{4})[0-9A-F]{2}([0-9A-F]{4})([0-9A-F]{4})$/i.exec(message);
	if (!match) return null;
	const [result, code, most, value] = match.slice(1).map((digits) => Number.parseInt(digits, 16)) as Four;
	return { kind: "parameter", monitor, ok: result === 0, set, code, most, value };
}
type Four = [number, number, number, number];

function parseReply(monitor: number, message: string): NecAnswer | null {
	if (/^BE$/i.test(message)) return { kind: "null", monitor };
	const read = /^02([0-9A-F]{2})D6[0-9A-F]{2}[0-9A-F]{4}([0-9A-F]{4})$/i.exec(message);
	const control = /^([0-9A-F]{2})C203D6([0-9A-F]{4})$/i.exec(message);
	const power = read ?? control;
	if (power) {
		const [result, mode] = power.slice(1).map((digits) => Number.parseInt(digits, 16)) as [number, number];
		return { kind: "power", monitor, ok: result === 0, set: power === control, mode };
	}
	const model = /^C317((?:[0-9A-F]{2}){0,32})$/i.exec(message);
	return model ? { kind: "model", monitor, model: printable(model[1] as string) } : null;
}

/** Names are written as the digits of their characters (§12.2). */
const printable = (digits: string): string =>
	Buffer.from(digits, "hex")
		.toString("latin1")
		.replace(/[^ -~]/g, "")
		.trim();

/** For a `scanSplitter`: whole packets whose check code is right. */
export function measureNec(bytes: Uint8Array, at: number): number | "more" | "none" {
	if (bytes[at] !== SOH) return "none";
	if (at + 1 < bytes.length && bytes[at + 1] !== 0x30) return "none";
	if (at + HEADER > bytes.length) return "more";
	const length = Number(`0x${String.fromCharCode(bytes[at + 5] as number, bytes[at + 6] as number)}`);
	if (!(length >= 2 && length <= MOST_MESSAGE)) return "none";
	const whole = HEADER + length + TAIL;
	if (at + whole > bytes.length) return "more";
	const packet = bytes.subarray(at, at + whole);
	const right =
		packet[HEADER] === STX &&
		packet[HEADER + length - 1] === ETX &&
		packet[whole - 2] === checkOf(packet.subarray(0, -TAIL)) &&
		packet[whole - 1] === CR;
	return right ? whole : "none";
}
