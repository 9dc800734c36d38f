/**
 * Samsung's Multiple Display Control: `AA command id length data… sum` asks, `AA FF id length 'A'|'N' command value… sum` answers. The sum
 * is that of all bytes but the first, modulo 256. Source: Samsung, "Multiple Display Control Protocol", 13.7c (2016-02-23), §1.2 and §2.
 */
export const mdcCommands = {
	status: 0x00,
	power: 0x11,
	volume: 0x12,
	mute: 0x13,
	input: 0x14,
	model: 0x8a,
} as const;

/** Every display on the line heeds it, and none answers (§1.2.1). */
export const MDC_EVERYBODY = 0xfe;

const HEADER = 0xaa;
const ANSWER = 0xff;
const ACK = 0x41;
const NAK = 0x4e;
/** Header, command, id and length before the data, the sum after it. */
const AROUND = 5;
/** What we ask for is answered in less; a length beyond it is noise that would swallow what comes after it. */
const MOST_DATA = 64;

export interface MdcAnswer {
	readonly id: number;
	readonly ok: boolean;
	/** What was asked. */
	readonly command: number;
	/** The values after it; of a refusal its error code. */
	readonly values: Uint8Array;
}

const sumOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0);

/** Without data it asks, with data it sets. */
export function encodeMdc(command: number, id: number, data: readonly number[] = []): Uint8Array {
	const frame = Uint8Array.of(HEADER, command, id, data.length, ...data, 0);
	frame[frame.length - 1] = sumOf(frame.subarray(1, -1));
	return frame;
}

/** Null where the frame is none of an answer. */
export function parseMdc(frame: Uint8Array): MdcAnswer | null {
	const [header, answer, id, length, ack, command] = frame;
	if (header !== HEADER || answer !== ANSWER || id === undefined || length === undefined || command === undefined)
		return null;
	if (length < 2 || frame.length !== length + AROUND || (ack !== ACK && ack !== NAK)) return null;
	if (sumOf(frame.subarray(1, -1)) !== frame.at(-1)) return null;
	return { id, ok: ack === ACK, command, values: frame.slice(6, -1) };
}

/** What a display says in letters, such as its model. */
export const mdcText = (values: Uint8Array): string =>
	Buffer.from(values)
		.toString("latin1")
		.replace(/[^ -~]/g, "")
		.trim();

/** For a `scanSplitter`: answers whose sum is right. */
export function measureMdc(bytes: Uint8Array, at: number): number | "more" | "none" {
	if (bytes[at] !== HEADER) return "none";
	if (at + 1 < bytes.length && bytes[at + 1] !== ANSWER) return "none";
	const data = bytes[at + 3];
	if (data === undefined) return "more";
	if (data < 2 || data > MOST_DATA) return "none";
	const length = data + AROUND;
	if (at + length > bytes.length) return "more";
	return parseMdc(bytes.subarray(at, at + length)) ? length : "none";
}
