import { type Bytes, concat, utf8 } from "./bytes.ts";

/** The code that two people compare: the same 42 bits as seven pictures of 64, or as three numbers. */
export interface Sas {
	/** Seven indices, 0–63. */
	indices: number[];
	/** Three numbers, 0–16383, for where pictures can't be said or seen. */
	numbers: number[];
}

/**
 * Short authentication string: the first 42 bits of HKDF-SHA256(nA‖nB, salt `sas1`, info transcript).
 *
 * nA was committed to before nB was known, so a person in the middle gets one guess in 2⁴² a call (the idea of ZRTP's hash
 * commitment, RFC 6189 §4.4.1.1).
 */
export async function deriveSas(nA: Bytes, nB: Bytes, transcript: Bytes): Promise<Sas> {
	const material = await crypto.subtle.importKey("raw", concat(nA, nB), "HKDF", false, ["deriveBits"]);
	const derivation = { name: "HKDF", hash: "SHA-256", salt: utf8("sas1"), info: transcript };
	const bytes = new Uint8Array(await crypto.subtle.deriveBits(derivation, material, 48));
	let bits = 0n;
	for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
	bits >>= 6n;
	const piece = (width: bigint, fromTop: bigint): number =>
		Number((bits >> (42n - width * (fromTop + 1n))) & ((1n << width) - 1n));
	return {
		indices: Array.from({ length: 7 }, (_, index) => piece(6n, BigInt(index))),
		numbers: Array.from({ length: 3 }, (_, index) => piece(14n, BigInt(index))),
	};
}
