/**
 * Values in D-Bus's wire format, little endian (D-Bus Specification 0.43, "Marshaling (Wire Format)"): as much of it as a service of a test
 * needs. Signatures are taken apart by themselves: `a(sa{sv})`, `(isi)`.
 */

/** A value that brings its type along. */
export interface Variant {
	signature: string;
	value: unknown;
}
export const variant = (signature: string, value: unknown): Variant => ({ signature, value });

const alignments: Record<string, number> = { y: 1, g: 1, v: 1, n: 2, q: 2, x: 8, t: 8, d: 8, "(": 8, "{": 8 };
const alignmentOf = (type: string): number => alignments[type[0] as string] ?? 4;

/** The single complete types of a signature. */
export function typesOf(signature: string): string[] {
	const types: string[] = [];
	for (let at = 0; at < signature.length; ) {
		const end = endOfType(signature, at);
		types.push(signature.slice(at, end));
		at = end;
	}
	return types;
}

function endOfType(signature: string, at: number): number {
	const first = signature[at];
	if (first === "a") return endOfType(signature, at + 1);
	if (first !== "(" && first !== "{") return at + 1;
	let end = at + 1;
	while (signature[end] !== ")" && signature[end] !== "}") end = endOfType(signature, end);
	return end + 1;
}

export class Writer {
	#bytes: number[] = [];

	get length(): number {
		return this.#bytes.length;
	}

	align(to: number): this {
		while (this.#bytes.length % to !== 0) this.#bytes.push(0);
		return this;
	}

	write(type: string, value: unknown): this {
		this.align(alignmentOf(type));
		if (type[0] === "a") return this.#array(type.slice(1), value);
		if (type[0] === "(" || type[0] === "{") {
			for (const [at, inner] of typesOf(type.slice(1, -1)).entries()) this.write(inner, (value as unknown[])[at]);
			return this;
		}
		switch (type) {
			case "y":
				this.#bytes.push(value as number);
				return this;
			case "b":
				return this.#number(4, BigInt(value ? 1 : 0));
			case "i":
			case "u":
				return this.#number(4, BigInt(value as number));
			case "t":
				return this.#number(8, BigInt(value as number));
			case "s":
			case "o": {
				const text = Buffer.from(value as string);
				return this.#number(4, BigInt(text.length)).#raw(text).#raw([0]);
			}
			case "g":
				return this.#signature(value as string);
			case "v": {
				const { signature, value: inner } = value as Variant;
				return this.#signature(signature).write(signature, inner);
			}
			default:
				throw new Error(`type ${type} is not simulated`);
		}
	}

	bytes(): Buffer {
		return Buffer.from(this.#bytes);
	}

	#array(inner: string, value: unknown): this {
		const lengthAt = this.#bytes.length;
		this.#number(4, 0n).align(alignmentOf(inner));
		const begin = this.#bytes.length;
		const elements = inner[0] === "{" && !Array.isArray(value) ? Object.entries(value as object) : (value as unknown[]);
		for (const element of elements) this.write(inner, element);
		const length = this.#bytes.length - begin;
		for (let i = 0; i < 4; i++) this.#bytes[lengthAt + i] = (length >> (8 * i)) & 0xff;
		return this;
	}

	#signature(text: string): this {
		return this.#raw([text.length]).#raw(Buffer.from(text)).#raw([0]);
	}

	#number(bytes: number, value: bigint): this {
		for (let i = 0; i < bytes; i++) this.#bytes.push(Number((value >> BigInt(8 * i)) & 0xffn));
		return this;
	}

	#raw(bytes: Iterable<number>): this {
		this.#bytes.push(...bytes);
		return this;
	}
}

/** Reads what a bus has checked already. */
export class Reader {
	#at: number;
	readonly #bytes: Buffer;

	constructor(bytes: Buffer, at = 0) {
		this.#bytes = bytes;
		this.#at = at;
	}

	get at(): number {
		return this.#at;
	}

	align(to: number): void {
		this.#at = Math.ceil(this.#at / to) * to;
	}

	read(type: string): unknown {
		this.align(alignmentOf(type));
		if (type[0] === "a") {
			const length = this.#u32();
			this.align(alignmentOf(type.slice(1)));
			const end = this.#at + length;
			const values: unknown[] = [];
			while (this.#at < end) values.push(this.read(type.slice(1)));
			return type[1] === "{" ? Object.fromEntries(values as [string, unknown][]) : values;
		}
		if (type[0] === "(" || type[0] === "{") return typesOf(type.slice(1, -1)).map((inner) => this.read(inner));
		switch (type) {
			case "y":
				return this.#bytes[this.#at++];
			case "b":
				return this.#u32() === 1;
			case "u":
				return this.#u32();
			case "i":
				return this.#u32() | 0;
			case "s":
			case "o":
				return this.#text(this.#u32());
			case "g":
				return this.#text(this.#bytes[this.#at++] as number);
			case "v":
				return this.read(this.#text(this.#bytes[this.#at++] as number));
			default:
				throw new Error(`type ${type} is not simulated`);
		}
	}

	#u32(): number {
		const value = this.#bytes.readUInt32LE(this.#at);
		this.#at += 4;
		return value;
	}

	#text(length: number): string {
		const text = this.#bytes.toString("utf8", this.#at, this.#at + length);
		this.#at += length + 1;
		return text;
	}
}
