/** Byte helpers that exist alike in Node and in browsers. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export const utf8 = (text: string): Bytes => encoder.encode(text);

/** Throws a TypeError where the bytes are not UTF-8. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

export const randomBytes = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));

export function concat(...parts: Uint8Array[]): Bytes {
	const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let offset = 0;
	for (const part of parts) {
		whole.set(part, offset);
		offset += part.length;
	}
	return whole;
}

/** Without a branch on content. What is compared here is public, but nobody should have to check that at each use. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
	if (a.length !== b.length) return false;
	let difference = 0;
	for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] as number);
	return difference === 0;
}

export const sha256 = async (bytes: Bytes): Promise<Bytes> =>
	new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

function toBinary(bytes: Uint8Array): string {
	let binary = "";
	for (let start = 0; start < bytes.length; start += 0x2000)
		binary += String.fromCharCode(...bytes.subarray(start, start + 0x2000));
	return binary;
}

/** Base64 with padding (RFC 4648 §4), as `x5c` wants it. */
export const toBase64 = (bytes: Uint8Array): string => btoa(toBinary(bytes));

/** Base64url without padding (RFC 4648 §5). */
export const toBase64url = (bytes: Uint8Array): string =>
	toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Null where the text is not base64, or not the one way to write these bytes (unused bits set, RFC 4648 §3.5). */
export function fromBase64(text: string): Bytes | null {
	if (!base64Text.test(text)) return null;
	const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
	return toBase64(bytes) === text ? bytes : null;
}

/** Null where the text is not unpadded base64url, or not the one way to write these bytes. */
export function fromBase64url(text: string): Bytes | null {
	if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
	const plain = text.replaceAll("-", "+").replaceAll("_", "/");
	return fromBase64(plain.padEnd(Math.ceil(plain.length / 4) * 4, "="));
}
