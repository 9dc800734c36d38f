import { RoomError } from "../../../device/core/RoomError.ts";

/**
 * As much of DER (X.690) as a certification request and the frame of a revocation list need. Own code because a library for X.509 costs
 * the agent a third of the memory that it may have (docs/adr/0006); what is inside of certificates is read by OpenSSL, through node:crypto.
 */
export interface Der {
	tag: number;
	content: Uint8Array;
	/** With tag and length, as it was signed. */
	whole: Uint8Array;
}

export const tags = { integer: 0x02, bitString: 0x03, utcTime: 0x17, generalizedTime: 0x18, sequence: 0x30 } as const;

const malformed = (): RoomError => new RoomError("der.malformed", "not DER");

/** The elements that follow each other in `bytes`, to its end. Throws RoomError `der.malformed`. */
export function readDer(bytes: Uint8Array): Der[] {
	const elements: Der[] = [];
	for (let at = 0; at < bytes.length; ) {
		const tag = bytes[at] as number;
		const first = bytes[at + 1];
		if (first === undefined || (tag & 0x1f) === 0x1f) throw malformed();
		let from = at + 2;
		let length = first;
		if (first >= 0x80) {
			const octets = first & 0x7f;
			if (octets < 1 || octets > 3 || from + octets > bytes.length) throw malformed();
			length = 0;
			for (let i = 0; i < octets; i++) length = length * 256 + (bytes[from + i] as number);
			// in the fewest octets, or one thing could be written in two ways
			if (length < 0x80 || length < 256 ** (octets - 1)) throw malformed();
			from += octets;
		}
		if (from + length > bytes.length) throw malformed();
		elements.push({ tag, content: bytes.subarray(from, from + length), whole: bytes.subarray(at, from + length) });
		at = from + length;
	}
	return elements;
}

/** The one element that `bytes` is, which must have this tag. Throws RoomError `der.malformed`. */
export function readOne(bytes: Uint8Array, tag: number): Der {
	const [element, ...more] = readDer(bytes);
	if (!element || more.length > 0 || element.tag !== tag) throw malformed();
	return element;
}

export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
	const length = contents.reduce((sum, content) => sum + content.length, 0);
	const octets: number[] = [];
	for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
	const header = length < 0x80 ? [tag, length] : [tag, 0x80 | octets.length, ...octets];
	return new Uint8Array(Buffer.concat([new Uint8Array(header), ...contents]));
}

/** UTCTime or GeneralizedTime in the form of RFC 5280 section 4.1.2.5, in milliseconds. Throws RoomError `der.malformed`. */
export function readTime({ tag, content }: Der): number {
	const text = Buffer.from(content).toString("latin1");
	const parts = (
		tag === tags.utcTime ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
	).exec(text);
	if (!parts || (tag !== tags.utcTime && tag !== tags.generalizedTime)) throw malformed();
	const [, year = "", month = "", day = "", hour = "", minute = "", second = ""] = parts;
	const fullYear = year.length === 4 ? year : `${Number(year) < 50 ? "20" : "19"}${year}`;
	const ms = Date.parse(`${fullYear}-${month}-${day}T${hour}:${minute}:${second}Z`);
	if (Number.isNaN(ms)) throw malformed();
	return ms;
}
