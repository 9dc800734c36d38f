import { createCipheriv, createHmac } from "node:crypto";

/** One direction's master key and salt of AES_CM_128_HMAC_SHA1_80 (RFC 3711). */
export interface SrtpMaster {
	/** 16 bytes. */
	key: Buffer;
	/** 14 bytes. */
	salt: Buffer;
}

/** AES in counter mode as RFC 3711 section 4.1.1 has it: the key stream of `iv`, over `text`. */
function counterMode(key: Buffer, iv: Buffer, text: Buffer): Buffer {
	return createCipheriv("aes-128-ctr", key, iv).update(text);
}

/** RFC 3711 section 4.3: label 0 encryption key, 1 authentication key, 2 salt; the key derivation rate is zero. */
function derive({ key, salt }: SrtpMaster, label: number, bytes: number): Buffer {
	const iv = Buffer.concat([salt, Buffer.alloc(2)]);
	iv.writeUInt8(iv.readUInt8(7) ^ label, 7);
	return counterMode(key, iv, Buffer.alloc(bytes));
}

/** Makes SRTP packets that their receiver can't tell from the far end's: whoever did the DTLS handshake can. */
export class SrtpSender {
	readonly #key: Buffer;
	readonly #authKey: Buffer;
	readonly #salt: Buffer;
	#sequence = 0;

	constructor(master: SrtpMaster) {
		this.#key = derive(master, 0, 16);
		this.#authKey = derive(master, 1, 20);
		this.#salt = Buffer.concat([derive(master, 2, 14), Buffer.alloc(2)]);
	}

	/** The next packet of one stream (RFC 3550 section 5.1), protected. At most 65,535 of them: the rollover counter stays zero. */
	packet(stream: { payloadType: number; ssrc: number }, payload: Buffer): Buffer {
		this.#sequence += 1;
		const header = Buffer.alloc(12);
		header.writeUInt8(0x80, 0);
		header.writeUInt8(0x80 | stream.payloadType, 1);
		header.writeUInt16BE(this.#sequence, 2);
		header.writeUInt32BE(this.#sequence * 960, 4);
		header.writeUInt32BE(stream.ssrc, 8);
		const iv = Buffer.from(this.#salt);
		const mask = Buffer.alloc(16);
		mask.writeUInt32BE(stream.ssrc, 4);
		mask.writeUInt16BE(this.#sequence, 12);
		for (const [at, byte] of mask.entries()) iv.writeUInt8(iv.readUInt8(at) ^ byte, at);
		const protectedPart = Buffer.concat([header, counterMode(this.#key, iv, payload)]);
		const tag = createHmac("sha1", this.#authKey).update(protectedPart).update(Buffer.alloc(4)).digest();
		return Buffer.concat([protectedPart, tag.subarray(0, 10)]);
	}
}
