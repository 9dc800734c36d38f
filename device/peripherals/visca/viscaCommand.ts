/**
 * Commands of VISCA, each as its body: what stands between the address and the `FF` that ends it. Numbers out of range are cut to what
 * can be said, so that no body holds an `FF`. Sources: Sony EVI-D100 Technical Manual A-AYT-100-11 (1) pp. 18–30, EVI-H100S A-E4U-100-11 (1)
 * pp. 23–36, EVI-D70 p. 42, BRC-H700 Command List p. 12.
 */

/** Speeds with a sign: pan to the right, tilt upwards; 0: this axis stands still. Both 0 is a stop. */
export interface PanTiltDrive {
	/** -24 to 24. */
	readonly pan: number;
	/** -24 to 24; most cameras go to 20 or 23. */
	readonly tilt: number;
}

/** A place in the camera's own steps, and how fast to go there. */
export interface PanTiltTarget {
	readonly pan: number;
	readonly tilt: number;
	/** 1 to 24. */
	readonly speed: number;
	/** Digits in which this camera writes a pan position: 5 with the BRC series, whose tilt speed is fixed, 4 with all others. */
	readonly panDigits: 4 | 5;
}

export const FASTEST = 0x18;
/** Presets are one byte, and `FF` ends the message. */
export const LAST_PRESET = 0xfe;

export const viscaCommand = {
	/** Empties the camera's two sockets. */
	ifClear: () => bytes(0x01, 0x00, 0x01),
	cancel: (socket: 1 | 2) => bytes(0x20 | socket),
	power: (on: boolean) => bytes(0x01, 0x04, 0x00, onOff(on)),
	/** -8 (wide, fastest) to 8 (tele, fastest), 0 stops: one more than the speeds 0 to 7 on the wire. */
	zoom: (speed: number) => bytes(0x01, 0x04, 0x07, zoomByte(whole(speed, -8, 8))),
	zoomTo: (position: number) => bytes(0x01, 0x04, 0x47, ...digits(position, 4)),
	focus: (how: "auto" | "manual" | "far" | "near" | "stop") => bytes(0x01, 0x04, ...focusBytes[how]),
	drive: ({ pan, tilt }: PanTiltDrive) => {
		const [panSpeed, tiltSpeed] = [whole(pan, -FASTEST, FASTEST), whole(tilt, -FASTEST, FASTEST)];
		// A speed of 0 is a syntax error to some cameras, also where the direction says that it does not matter.
		const speeds = [Math.max(1, Math.abs(panSpeed)), Math.max(1, Math.abs(tiltSpeed))] as const;
		return bytes(0x01, 0x06, 0x01, ...speeds, direction(panSpeed), direction(-tiltSpeed));
	},
	goTo: (target: PanTiltTarget) => bytes(0x01, 0x06, 0x02, ...targetBytes(target)),
	goBy: (target: PanTiltTarget) => bytes(0x01, 0x06, 0x03, ...targetBytes(target)),
	home: () => bytes(0x01, 0x06, 0x04),
	/** Finds its end stops anew. */
	reset: () => bytes(0x01, 0x06, 0x05),
	forgetPreset: (preset: number) => bytes(0x01, 0x04, 0x3f, 0x00, whole(preset, 0, LAST_PRESET)),
	storePreset: (preset: number) => bytes(0x01, 0x04, 0x3f, 0x01, whole(preset, 0, LAST_PRESET)),
	recallPreset: (preset: number) => bytes(0x01, 0x04, 0x3f, 0x02, whole(preset, 0, LAST_PRESET)),
	/** Follows whoever speaks or walks: PTZOptics G3 VISCA over IP Commands, 27 October 2023; others of that platform have the same. */
	tracking: (on: boolean) => bytes(0x0a, 0x11, 0x54, onOff(on)),
} as const;

/** Stops panning and tilting, and nothing else. */
export const STILL: PanTiltDrive = { pan: 0, tilt: 0 };

/** A message to a camera, 1 to 7, from the controller, which is always 0. */
export function viscaMessage(address: number, body: Uint8Array): Uint8Array {
	const message = new Uint8Array(body.length + 2);
	message[0] = 0x80 | whole(address, 1, 7);
	message.set(body, 1);
	message[body.length + 1] = 0xff;
	return message;
}

/** Gives each camera of a chain its number, from the controller outwards: EVI-H100S p. 26. */
export const ADDRESS_SET: Uint8Array = bytes(0x88, 0x30, 0x01, 0xff);
export const IF_CLEAR_ALL: Uint8Array = bytes(0x88, 0x01, 0x00, 0x01, 0xff);

const focusBytes = {
	auto: [0x38, 0x02],
	manual: [0x38, 0x03],
	stop: [0x08, 0x00],
	far: [0x08, 0x02],
	near: [0x08, 0x03],
} as const;

function bytes(...values: number[]): Uint8Array {
	return Uint8Array.from(values);
}

const onOff = (on: boolean): number => (on ? 0x02 : 0x03);

function whole(value: number, least: number, most: number): number {
	return Number.isNaN(value) ? Math.max(0, least) : Math.trunc(Math.min(most, Math.max(least, value)));
}

function zoomByte(speed: number): number {
	if (speed === 0) return 0x00;
	return speed > 0 ? 0x20 | (speed - 1) : 0x30 | (-speed - 1);
}

/** 01 left or up, 02 right or down, 03 neither. */
function direction(speed: number): number {
	if (speed === 0) return 0x03;
	return speed < 0 ? 0x01 : 0x02;
}

/** One hexadecimal digit a byte, the highest first; negative numbers in two's complement. */
function digits(value: number, count: 4 | 5): number[] {
	const most = 16 ** count;
	const number = whole(value, -most / 2, most - 1);
	return Array.from({ length: count }, (_, index) => (number >> (4 * (count - 1 - index))) & 0x0f);
}

function targetBytes({ pan, tilt, speed, panDigits }: PanTiltTarget): number[] {
	const fast = whole(speed, 1, FASTEST);
	return [fast, panDigits === 5 ? 0x00 : fast, ...digits(pan, panDigits), ...digits(tilt, 4)];
}
