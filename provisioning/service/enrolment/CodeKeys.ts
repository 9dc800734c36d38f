import { createHmac, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { RoomError } from "../../../device/core/RoomError.ts";
import { codeKeyCost, codeSalt } from "../../contract/enrolment.ts";

export interface CodeKeysOptions {
	/** Keys that are computed at once, each with 32 MB and a thread of libuv's four; files and names need the others. */
	atOnce?: number;
	/** Keys that may wait their turn. */
	waiting?: number;
}

const options: ScryptOptions = {
	N: codeKeyCost.N,
	r: codeKeyCost.r,
	p: codeKeyCost.p,
	maxmem: 2 * 128 * codeKeyCost.N * codeKeyCost.r,
};

/**
 * Keys of codes: scrypt (RFC 7914), made slow on purpose, so beside the event loop and a few at a time: who floods the bootstrap
 * listener makes enrolments wait, and nothing else.
 */
export class CodeKeys {
	readonly #atOnce: number;
	readonly #most: number;
	readonly #queue: (() => void)[] = [];
	#running = 0;

	constructor({ atOnce = 2, waiting = 64 }: CodeKeysOptions = {}) {
		this.#atOnce = atOnce;
		this.#most = waiting;
	}

	/** How many wait their turn. */
	get waiting(): number {
		return this.#queue.length;
	}

	/** 32 bytes. Error: `enrol.too_many`. */
	async derive(secret: string, lookup: string, serial: string): Promise<Buffer> {
		await this.#turn();
		try {
			return await new Promise<Buffer>((resolve, reject) => {
				scrypt(secret, codeSalt(lookup, serial), codeKeyCost.length, options, (error, key) =>
					error ? reject(error) : resolve(key),
				);
			});
		} finally {
			const next = this.#queue.shift();
			if (next) next();
			else this.#running--;
		}
	}

	async #turn(): Promise<void> {
		if (this.#running < this.#atOnce) {
			this.#running++;
			return;
		}
		if (this.#queue.length >= this.#most) throw new RoomError("enrol.too_many", "too many codes are being tried");
		// Whoever is through hands its place on.
		await new Promise<void>((resolve) => this.#queue.push(resolve));
	}
}

/** HMAC-SHA256 (RFC 2104), base64url. */
export const macOf = (key: Uint8Array, input: Uint8Array): string =>
	createHmac("sha256", key).update(input).digest("base64url");

/** Whether `given` is the MAC of one of the inputs; takes the same time whichever it is, and if it is none. */
export function isMacOfOne(given: string, key: Uint8Array, inputs: readonly Uint8Array[]): boolean {
	const bytes = Buffer.from(given, "base64url");
	let one = false;
	for (const input of inputs) {
		const mac = createHmac("sha256", key).update(input).digest();
		one = (bytes.length === mac.length && timingSafeEqual(bytes, mac)) || one;
	}
	return one;
}
