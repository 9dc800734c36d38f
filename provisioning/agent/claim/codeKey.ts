import { createHmac, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { codeKeyCost, codeSalt } from "../../contract/enrolment.ts";

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

/**
 * The key that a typed code stands for. In libuv's pool: it takes about 60 ms and 32 MB, both on purpose.
 */
export function codeKey(code: { lookup: string; secret: string }, serial: string): Promise<Buffer> {
	const { length, ...cost } = codeKeyCost;
	const maxmem = 2 * 128 * cost.N * cost.r;
	return derive(code.secret, codeSalt(code.lookup, serial), length, { ...cost, maxmem });
}

/** HMAC-SHA256, base64url. */
export const macOf = (key: Uint8Array, input: Uint8Array): string =>
	createHmac("sha256", key).update(input).digest("base64url");

/** Whether it is the MAC, in a time that tells nothing of where it differs. */
export function macHolds(mac: string, key: Uint8Array, input: Uint8Array): boolean {
	const [said, right] = [Buffer.from(mac), Buffer.from(macOf(key, input))];
	return said.length === right.length && timingSafeEqual(said, right);
}
