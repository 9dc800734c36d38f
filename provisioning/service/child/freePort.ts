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

/** A TCP port of `host` that nobody listens on at this moment: for programs that can't be given port 0. */
export const freePort = async (host: string): Promise<number> => (await tryPort(host, 0)) ?? 0;

export const isPortTaken = async (host: string, port: number): Promise<boolean> => (await tryPort(host, port)) === null;
