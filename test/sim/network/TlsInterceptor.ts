import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";

/**
 * Somebody in the middle of a TLS line: ends the client's with a certificate of their own, has a line of their own to the server, and hands on
 * what they read. A client that does not check whom it talks to notices nothing.
 */
export class TlsInterceptor {
	/** Bytes that were read on their way. */
	bytes = 0;
	readonly #server: Server;
	readonly #sockets = new Set<TLSSocket>();

	private constructor(server: Server) {
		this.#server = server;
	}

	/** `url`: of the real server. */
	static async open(own: { key: string; certificate: string }, url: string): Promise<TlsInterceptor> {
		const { hostname, port } = new URL(url);
		const server = createServer({ key: own.key, cert: own.certificate });
		const interceptor = new TlsInterceptor(server);
		server.on("secureConnection", (client) => {
			const line = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
			for (const [from, to] of [
				[client, line],
				[line, client],
			] as const) {
				interceptor.#sockets.add(from);
				from.on("data", (chunk: Buffer) => {
					interceptor.bytes += chunk.length;
					to.write(chunk);
				});
				from.on("error", () => to.destroy());
				from.on("close", () => {
					interceptor.#sockets.delete(from);
					to.destroy();
				});
			}
		});
		server.on("tlsClientError", () => {});
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return interceptor;
	}

	get url(): string {
		return `mqtts://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		this.#server.close();
		await once(this.#server, "close");
	}
}
