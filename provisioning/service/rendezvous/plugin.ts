import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { WebSocketServer } from "ws";
import { limits, RENDEZVOUS_PATH } from "../../contract/rendezvous.ts";
import { Rendezvous, type RendezvousOptions } from "./Rendezvous.ts";
import { SocketsPerAddress } from "./SocketsPerAddress.ts";

export interface RendezvousPluginOptions extends RendezvousOptions {
	/** Open sockets of one address. A building behind one address has many rooms. */
	socketsPerAddress?: number;
	/** Set only behind a reverse proxy of ours: then the address is the last entry of X-Forwarded-For, which that proxy wrote. */
	behindProxy?: boolean;
}

/** The relay on the server's upgrade at `/rendezvous`. */
export function rendezvousPlugin(app: FastifyInstance, options: RendezvousPluginOptions): void {
	const rendezvous = new Rendezvous(options);
	const addresses = new SocketsPerAddress(options.socketsPerAddress ?? 200);
	const server = new WebSocketServer({
		noServer: true,
		// Somewhat too much is read, so that it can be answered with a code; more is cut by ws (1009).
		maxPayload: 2 * limits.frameBytes,
		// Compression of secrets beside chosen text leaks lengths; sealed text does not compress anyway.
		perMessageDeflate: false,
		clientTracking: false,
	});
	app.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
		socket.on("error", () => socket.destroy());
		if (pathOf(request) !== RENDEZVOUS_PATH) return reject(socket, 404, "Not Found");
		if (!sameOrigin(request)) return reject(socket, 403, "Forbidden");
		const release = addresses.take(addressOf(request, options.behindProxy === true));
		if (!release) return reject(socket, 429, "Too Many Requests");
		socket.once("close", release);
		server.handleUpgrade(request, socket, head, (websocket) => rendezvous.accept(websocket));
	});
	app.addHook("preClose", async () => rendezvous.close());
}

const pathOf = (request: IncomingMessage): string => (request.url ?? "").split("?", 1)[0] as string;

/** A browser says which page opened the socket: only our own guest page may. A room is no browser and says nothing. */
function sameOrigin(request: IncomingMessage): boolean {
	const { origin, host } = request.headers;
	if (origin === undefined) return true;
	return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

/** Where a request comes from. Behind a proxy: the last entry of X-Forwarded-For, which that proxy wrote. */
export function addressOf(request: IncomingMessage, behindProxy: boolean): string {
	const forwarded = behindProxy ? request.headers["x-forwarded-for"] : undefined;
	const last = (Array.isArray(forwarded) ? forwarded.at(-1) : forwarded)?.split(",").at(-1)?.trim();
	return last || (request.socket.remoteAddress ?? "");
}

function reject(socket: Duplex, status: number, text: string): void {
	socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
