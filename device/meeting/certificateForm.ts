import { type Bytes, equalBytes } from "./bytes.ts";

/** One TLV of DER: `whole` with its header, `content` without. */
interface Element {
	tag: number;
	whole: Bytes;
	content: Bytes;
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const SEQUENCE = 0x30;
const VERSION = 0xa0;

/**
 * Whether the bytes are a certificate (RFC 5280 §4.1) in the one way in which DER writes it, as far as nobody signed it: the frame, the
 * second naming of the algorithm, and the ECDSA signature itself. Of these the parser takes other spellings for the same (a length in
 * too many octets, unused bits, whatever follows), so that one certificate would have many forms. What is inside is signed.
 */
export function isWellFormed(der: Bytes): boolean {
	const [certificate, ...more] = elementsOf(der) ?? [];
	if (certificate?.tag !== SEQUENCE || more.length > 0) return false;
	const [signed, algorithm, signature, ...others] = elementsOf(certificate.content) ?? [];
	if (!signed || !algorithm || !signature || others.length > 0) return false;
	if (signed.tag !== SEQUENCE || algorithm.tag !== SEQUENCE || signature.tag !== BIT_STRING) return false;
	const fields = elementsOf(signed.content) ?? [];
	// version (not there in version 1), serial number, algorithm
	const named = fields[fields[0]?.tag === VERSION ? 2 : 1];
	if (!named || !equalBytes(named.whole, algorithm.whole)) return false;
	return signature.content[0] === 0 && isEcdsaSignature(signature.content.subarray(1));
}

/** Ecdsa-Sig-Value (RFC 3279 §2.2.3): two positive integers. */
function isEcdsaSignature(bytes: Bytes): boolean {
	const [pair, ...more] = elementsOf(bytes) ?? [];
	if (pair?.tag !== SEQUENCE || more.length > 0) return false;
	const numbers = elementsOf(pair.content) ?? [];
	return numbers.length === 2 && numbers.every(isPositive);
}

/** A leading zero only where the number would be negative without it (X.690 §8.3.2). */
function isPositive({ tag, content: [first = 0x80, second = 0] }: Element): boolean {
	return tag === INTEGER && first < 0x80 && (first > 0 || second >= 0x80);
}

/** The elements that fill these bytes (X.690 §8.1.3 and §10.1: definite length, in the fewest octets); null where they don't. */
function elementsOf(bytes: Bytes): Element[] | null {
	const elements: Element[] = [];
	for (let at = 0; at < bytes.length; ) {
		const [tag = 0, first = 0, second = 0, third = 0] = bytes.subarray(at);
		const long = first === 0x81 ? 1 : first === 0x82 ? 2 : 0;
		const length = long === 0 ? first : long === 1 ? second : (second << 8) + third;
		const fewest = long === 0 ? length < 0x80 : length >= (long === 1 ? 0x80 : 0x100);
		const start = at + 2 + long;
		const end = start + length;
		if (!fewest || end > bytes.length) return null;
		elements.push({ tag, whole: bytes.subarray(at, end), content: bytes.subarray(start, end) });
		at = end;
	}
	return elements;
}
