import { hash } from "node:crypto";

export const VERITY_BLOCK = 4096;
const HASH_BYTES = 32;
const HASHES_A_BLOCK = VERITY_BLOCK / HASH_BYTES;

/**
 * The tree of hashes by which a kernel checks each block that it reads, as dm-verity of form 1 has it, with SHA-256 and blocks of 4096 bytes: the hash of a block is that of
 * salt and block; hashes fill blocks, with zeroes at the end, whose hashes are the next level; the one that is alone is the root (kernel documentation,
 * admin-guide/device-mapper/verity). On a disk the uppermost level comes first.
 */
export class VerityTree {
	readonly #salted: Buffer;
	readonly #saltBytes: number;
	readonly #hashes: Buffer[] = [];

	constructor(salt: Uint8Array) {
		this.#saltBytes = salt.byteLength;
		this.#salted = Buffer.alloc(salt.byteLength + VERITY_BLOCK);
		this.#salted.set(salt);
	}

	/** The next block of the data. */
	add(block: Uint8Array): void {
		this.#hashes.push(this.#hash(block));
	}

	end(): { root: Buffer; tree: Buffer } {
		const levels: Buffer[] = [];
		let hashes = this.#hashes;
		while (hashes.length > 1) {
			const blocks = Math.ceil(hashes.length / HASHES_A_BLOCK);
			const level = Buffer.alloc(blocks * VERITY_BLOCK);
			for (const [at, one] of hashes.entries()) level.set(one, at * HASH_BYTES);
			levels.unshift(level);
			hashes = Array.from({ length: blocks }, (_, at) =>
				this.#hash(level.subarray(at * VERITY_BLOCK, (at + 1) * VERITY_BLOCK)),
			);
		}
		return { root: hashes[0] ?? Buffer.alloc(0), tree: Buffer.concat(levels) };
	}

	#hash(block: Uint8Array): Buffer {
		this.#salted.set(block, this.#saltBytes);
		return hash("sha256", this.#salted, "buffer");
	}
}
