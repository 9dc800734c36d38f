import { randomInt } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Listens on a TCP port for a moment; null if somebody else has it. Port 0 finds a free one. */
async function tryPort(host: string, port: number): Promise<number | null> {
	const server = createServer();
	try {
		server.listen(port, host);
		await once(server, "listening");
		return (server.address() as AddressInfo).port;
	} catch {
		return null;
	} finally {
		if (server.listening) {
			server.close();
			await once(server, "close");
		}
	}
}

const LOWEST = 10_000;
const HIGHEST = 32_000;
const TRIES = 50;

/**
 * A TCP port of `host` that nobody listens on at this moment: for programs that can't be given port 0. It is below those that the kernel gives to
 * whoever connects to somewhere (from 32768 on, ip(7), ip_local_port_range): one of these may be gone before anybody listens on it.
 */
export async function freePort(host: string): Promise<number> {
	for (let attempt = 0; attempt < TRIES; attempt++) {
		const port = await tryPort(host, randomInt(LOWEST, HIGHEST));
		if (port !== null) return port;
	}
	return (await tryPort(host, 0)) ?? 0;
}

export const isPortTaken = async (host: string, port: number): Promise<boolean> => (await tryPort(host, port)) === null;
