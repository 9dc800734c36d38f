/** A question, as a command's body, and how its answer is read: null where it is none to this question. */
export interface ViscaInquiry<T> {
	readonly body: Uint8Array;
	parse(data: Uint8Array): T | null;
}

/** Who the camera is. `vendor` 0001 and 0020 are Sony. */
export interface ViscaVersion {
	readonly vendor: number;
	readonly model: number;
	readonly rom: number;
	/** Commands that it works on at the same time. */
	readonly sockets: number;
}

/** In the camera's own steps. `panDigits`: in how many it writes them, and wants them written. */
export interface ViscaPosition {
	readonly pan: number;
	readonly tilt: number;
	readonly panDigits: 4 | 5;
}

/** Sources: EVI-D100 Technical Manual pp. 29–30; BRC-300 Command List p. 14 for positions of nine digits. */
export const viscaInquiry = {
	version: inquiry<ViscaVersion>([0x00, 0x02], (data) => {
		if (data.length !== 7) return null;
		const word = (at: number): number => ((data[at] as number) << 8) | (data[at + 1] as number);
		return { vendor: word(0), model: word(2), rom: word(4), sockets: data[6] as number };
	}),
	/** `between`: it says something of its own while it warms up. */
	power: inquiry<"on" | "standby" | "between">([0x04, 0x00], (data) => {
		if (data.length !== 1) return null;
		return data[0] === 0x02 ? "on" : data[0] === 0x03 ? "standby" : "between";
	}),
	zoom: inquiry<number>([0x04, 0x47], (data) => (data.length === 4 ? unsigned(data) : null)),
	focus: inquiry<"auto" | "manual">([0x04, 0x38], (data) => {
		if (data.length !== 1) return null;
		return data[0] === 0x02 ? "auto" : data[0] === 0x03 ? "manual" : null;
	}),
	panTilt: inquiry<ViscaPosition>([0x06, 0x12], (data) => {
		if (data.length !== 8 && data.length !== 9) return null;
		const panDigits = data.length === 9 ? 5 : 4;
		const [pan, tilt] = [signed(data.subarray(0, panDigits)), signed(data.subarray(panDigits))];
		return pan === null || tilt === null ? null : { pan, tilt, panDigits };
	}),
	fastest: inquiry<{ pan: number; tilt: number }>([0x06, 0x11], (data) =>
		data.length === 2 ? { pan: data[0] as number, tilt: data[1] as number } : null,
	),
} as const;

function inquiry<T>(
	question: [category: number, what: number],
	parse: (data: Uint8Array) => T | null,
): ViscaInquiry<T> {
	return { body: Uint8Array.of(0x09, ...question), parse };
}

/** One hexadecimal digit a byte; null where a byte is more than a digit. */
function unsigned(data: Uint8Array): number | null {
	let value = 0;
	for (const digit of data) {
		if (digit > 0x0f) return null;
		value = value * 16 + digit;
	}
	return value;
}

function signed(data: Uint8Array): number | null {
	const value = unsigned(data);
	const range = 16 ** data.length;
	return value !== null && value >= range / 2 ? value - range : value;
}
