import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer, type Server } from "node:tls";

/** The TLS side of a server of this machine that has none, as a reverse proxy is: hands on what it reads, both ways. */
export class TlsFront {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();

	private constructor(server: Server) {
		this.#server = server;
	}

	/** `before`: tells the port of the server, on loopback, whenever somebody comes. */
	static async open(own: { key: string; cert: string }, before: () => number): Promise<TlsFront> {
		const front = new TlsFront(createServer(own));
		front.#server.on("tlsClientError", () => {});
		front.#server.on("secureConnection", (client) => {
			const line = connect(before(), "127.0.0.1");
			for (const [from, to] of [
				[client, line],
				[line, client],
			] as const) {
				front.#sockets.add(from);
				from.pipe(to);
				from.on("error", () => to.destroy());
				from.on("close", () => {
					front.#sockets.delete(from);
					to.destroy();
				});
			}
		});
		front.#server.listen(0, "127.0.0.1");
		await once(front.#server, "listening");
		return front;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	async close(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		this.#server.close();
		await once(this.#server, "close");
	}
}
