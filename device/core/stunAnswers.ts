import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";

const COOKIE = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;

/** Whether a STUN server answers a Binding request (RFC 8489 section 2) on this UDP port within `ms`. */
export async function stunAnswers(host: string, port: number, ms: number): Promise<boolean> {
	const transaction = randomBytes(12);
	const request = Buffer.alloc(20);
	request.writeUInt16BE(BINDING_REQUEST, 0);
	request.writeUInt32BE(COOKIE, 4);
	transaction.copy(request, 8);
	const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
	try {
		// Connected, so that a closed port is told at once and nobody else's datagram is taken for the answer.
		socket.connect(port, host);
		await once(socket, "connect");
		const answer = once(socket, "message", { signal: AbortSignal.timeout(ms) }) as Promise<[Buffer]>;
		socket.send(request);
		const [message] = await answer;
		return (
			message.length >= 20 && message.readUInt16BE(0) === BINDING_SUCCESS && message.subarray(8, 20).equals(transaction)
		);
	} catch {
		return false;
	} finally {
		socket.close();
	}
}
