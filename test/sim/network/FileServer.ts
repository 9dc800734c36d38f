import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A static file server as it should be, whose single answers a test may replace. */
export class FileServer {
	/** What was asked for, in order. */
	readonly asked: { url: string; range: string | null; ifRange: string | null }[] = [];
	/** Called for each request first; true: it was answered. `turn` counts from 0. */
	misbehave: (request: IncomingMessage, response: ServerResponse, turn: number) => boolean = () => false;
	etag: string | null = '"first"';
	readonly #files = new Map<string, Uint8Array>();
	readonly #server: Server;

	private constructor() {
		this.#server = createServer((request, response) => this.#answer(request, response));
	}

	static async start(): Promise<FileServer> {
		const made = new FileServer();
		made.#server.listen(0, "127.0.0.1");
		await once(made.#server, "listening");
		return made;
	}

	/** Address of a file. */
	url(name = "bundle.raucb"): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}`;
	}

	put(bytes: Uint8Array, name = "bundle.raucb"): void {
		this.#files.set(`/${name}`, bytes);
	}

	clear(): void {
		this.#files.clear();
		this.asked.length = 0;
		this.misbehave = () => false;
	}

	async stop(): Promise<void> {
		this.#server.closeAllConnections();
		if (!this.#server.listening) return;
		await new Promise((resolve) => this.#server.close(resolve));
	}

	#answer(request: IncomingMessage, response: ServerResponse): void {
		const { range = null, "if-range": ifRange = null } = request.headers;
		this.asked.push({ url: request.url ?? "", range, ifRange: ifRange as string | null });
		if (this.misbehave(request, response, this.asked.length - 1)) return;
		const bytes = this.#files.get(request.url ?? "");
		if (!bytes) {
			response.writeHead(404).end("Not found.\n");
			return;
		}
		const tag: Record<string, string> = this.etag ? { etag: this.etag } : {};
		const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
		if (from === 0 || (ifRange !== null && ifRange !== this.etag)) {
			response.writeHead(200, { ...tag, "content-length": bytes.byteLength }).end(bytes);
			return;
		}
		if (from >= bytes.byteLength) {
			response.writeHead(416, { "content-range": `bytes */${bytes.byteLength}` }).end();
			return;
		}
		const rest = bytes.subarray(from);
		const said = `bytes ${from}-${bytes.byteLength - 1}/${bytes.byteLength}`;
		response.writeHead(206, { ...tag, "content-length": rest.byteLength, "content-range": said }).end(rest);
	}
}
