import { createHash, createHmac, randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

const COOKIE = 0x2112a442;
const attribute = {
	username: 0x0006,
	messageIntegrity: 0x0008,
	errorCode: 0x0009,
	xorPeerAddress: 0x0012,
	data: 0x0013,
	realm: 0x0014,
	nonce: 0x0015,
	xorRelayedAddress: 0x0016,
	requestedTransport: 0x0019,
} as const;

export interface Answer {
	/** STUN message type: class and method (RFC 8489 section 5). */
	type: number;
	/** Of an error response, else null. */
	error: number | null;
	attributes: Map<number, Buffer>;
}

/** A minimal TURN client over UDP (RFC 8656) with the long-term credential mechanism (RFC 8489 section 9.2), IPv4 only. */
export class TurnClient {
	readonly #socket: Socket;
	readonly #credential: { username: string; credential: string };
	#realm: Buffer = Buffer.alloc(0);
	#nonce: Buffer = Buffer.alloc(0);

	private constructor(socket: Socket, credential: { username: string; credential: string }) {
		this.#socket = socket;
		this.#credential = credential;
	}

	static async open(
		host: string,
		port: number,
		credential: { username: string; credential: string },
	): Promise<TurnClient> {
		const socket = createSocket("udp4");
		socket.connect(port, host);
		await once(socket, "connect");
		return new TurnClient(socket, credential);
	}

	close(): void {
		this.#socket.close();
	}

	/** Allocates a relay: the relayed address, or the error code that the server gave. */
	async allocate(): Promise<{ relayed: { host: string; port: number } | null; error: number | null }> {
		const udp: [number, Buffer] = [attribute.requestedTransport, Buffer.from([17, 0, 0, 0])];
		const challenge = await this.#request(0x0003, [udp], false);
		if (challenge.error !== 401) return { relayed: null, error: challenge.error };
		this.#realm = challenge.attributes.get(attribute.realm) ?? this.#realm;
		this.#nonce = challenge.attributes.get(attribute.nonce) ?? this.#nonce;
		const answer = await this.#request(0x0003, [udp], true);
		const relayed = answer.attributes.get(attribute.xorRelayedAddress);
		return { relayed: relayed ? unxor(relayed) : null, error: answer.error };
	}

	/** Allows a peer to be written to (CreatePermission): null, or the error code. */
	async permit(host: string, port: number): Promise<number | null> {
		return (await this.#request(0x0008, [[attribute.xorPeerAddress, xor(host, port)]], true)).error;
	}

	/** Sends one datagram to the peer through the relay (Send indication). */
	send(host: string, port: number, data: Buffer): void {
		this.#socket.send(
			message(0x0016, randomBytes(12), [
				[attribute.xorPeerAddress, xor(host, port)],
				[attribute.data, data],
			]),
		);
	}

	async #request(method: number, attributes: [number, Buffer][], signed: boolean): Promise<Answer> {
		const transaction = randomBytes(12);
		let bytes: Buffer;
		if (signed) {
			const { username, credential } = this.#credential;
			const key = createHash("md5").update(`${username}:${this.#realm}:${credential}`).digest();
			const all: [number, Buffer][] = [
				...attributes,
				[attribute.username, Buffer.from(username)],
				[attribute.realm, this.#realm],
				[attribute.nonce, this.#nonce],
			];
			// The length in the header counts the integrity attribute while it is computed (RFC 8489 14.5).
			const covered = message(method, transaction, all, 24);
			const integrity = createHmac("sha1", key).update(covered).digest();
			bytes = Buffer.concat([covered, header(attribute.messageIntegrity, 20), integrity]);
		} else bytes = message(method, transaction, attributes);
		// UDP may lose a request even here: it is said again until it is answered.
		const repeat = setInterval(() => this.#socket.send(bytes), 500);
		this.#socket.send(bytes);
		try {
			for (;;) {
				const [answer] = (await once(this.#socket, "message")) as [Buffer];
				if (answer.length >= 20 && answer.subarray(8, 20).equals(transaction)) return parse(answer);
			}
		} finally {
			clearInterval(repeat);
		}
	}
}

const header = (type: number, length: number): Buffer => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt16BE(type, 0);
	bytes.writeUInt16BE(length, 2);
	return bytes;
};

function message(type: number, transaction: Buffer, attributes: [number, Buffer][], more = 0): Buffer {
	const body = Buffer.concat(
		attributes.flatMap(([kind, value]) => [
			header(kind, value.length),
			value,
			Buffer.alloc((4 - (value.length % 4)) % 4),
		]),
	);
	const cookie = Buffer.alloc(4);
	cookie.writeUInt32BE(COOKIE, 0);
	return Buffer.concat([header(type, body.length + more), cookie, transaction, body]);
}

function parse(bytes: Buffer): Answer {
	const attributes = new Map<number, Buffer>();
	for (let at = 20; at + 4 <= bytes.length; ) {
		const length = bytes.readUInt16BE(at + 2);
		attributes.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length));
		at += 4 + length + ((4 - (length % 4)) % 4);
	}
	const error = attributes.get(attribute.errorCode);
	return {
		type: bytes.readUInt16BE(0),
		error: error ? (error.readUInt8(2) & 7) * 100 + error.readUInt8(3) : null,
		attributes,
	};
}

function xor(host: string, port: number): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeUInt8(1, 1);
	bytes.writeUInt16BE(port ^ (COOKIE >>> 16), 2);
	const address = host.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
	bytes.writeUInt32BE((address ^ COOKIE) >>> 0, 4);
	return bytes;
}

function unxor(bytes: Buffer): { host: string; port: number } {
	const address = (bytes.readUInt32BE(4) ^ COOKIE) >>> 0;
	const host = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
	return { host, port: bytes.readUInt16BE(2) ^ (COOKIE >>> 16) };
}
