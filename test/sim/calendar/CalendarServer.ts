import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that gives a calendar out by an address with a token, as it should, or as a test wants it to. */
export class CalendarServer {
	static readonly TOKEN = "t0ken-that-nobody-sees";
	text = "";
	/** Instead of the calendar. */
	answer: Answer | null = null;
	readonly asked: IncomingMessage[] = [];
	/** Lines that broke off before all was said. */
	broken = 0;
	readonly #server: Server;
	readonly #scheme: string;

	private constructor(tls: { key: string; cert: string } | null) {
		const listen: Answer = (request, response) => this.#hear(request, response);
		this.#server = tls ? createTlsServer(tls, listen) : createServer(listen);
		this.#scheme = tls ? "https" : "http";
		this.#server.on("tlsClientError", () => {});
	}

	static async start(tls: { key: string; cert: string } | null = null, port = 0): Promise<CalendarServer> {
		const made = new CalendarServer(tls);
		made.#server.listen(port, "127.0.0.1");
		await once(made.#server, "listening");
		return made;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	get url(): string {
		return `${this.#scheme}://127.0.0.1:${this.port}/${CalendarServer.TOKEN}/room.ics?key=${CalendarServer.TOKEN}`;
	}

	async stop(): Promise<void> {
		if (!this.#server.listening) return;
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	#hear(request: IncomingMessage, response: ServerResponse): void {
		this.asked.push(request);
		response.on("close", () => {
			if (!response.writableFinished) this.broken += 1;
		});
		const answer = this.answer ?? ((request, response) => this.#give(request, response));
		answer(request, response);
	}

	#give(request: IncomingMessage, response: ServerResponse): void {
		const etag = `"${this.text.length}"`;
		if (request.headers["if-none-match"] === etag) response.writeHead(304, { etag }).end();
		else response.writeHead(200, { etag, "content-type": "text/calendar" }).end(this.text);
	}
}
