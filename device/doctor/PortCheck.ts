import { createServer } from "node:net";
import { type Check, type Finding, failed, fine } from "./Check.ts";

/** Whether a TCP port that the product listens on is free, or already held by the product itself. */
export class PortCheck implements Check {
	readonly id: string;
	readonly title: string;
	readonly #host: string;
	readonly #port: number;

	constructor(what: string, port: number, host = "127.0.0.1") {
		this.id = `port.${port}`;
		this.title = `Port ${port} (${what})`;
		this.#port = port;
		this.#host = host;
	}

	async run(signal: AbortSignal): Promise<Finding> {
		if (await isFree(this.#host, this.#port)) return fine("free");
		if (await isOurs(this.#host, this.#port, signal)) return fine("held by InCamera, which is running and healthy");
		return failed(
			"doctor.port_busy",
			"another program has it",
			`See which: ss -ltnp 'sport = :${this.#port}'. End it, or choose other ports: INCAMERA_PORT_BASE=9080 npm start`,
		);
	}
}

function isFree(host: string, port: number): Promise<boolean> {
	const server = createServer();
	return new Promise((resolve) => {
		server.once("error", () => resolve(false));
		server.listen(port, host, () => server.close(() => resolve(true)));
	});
}

async function isOurs(host: string, port: number, signal: AbortSignal): Promise<boolean> {
	try {
		const answer = await fetch(`http://${host}:${port}/healthz`, { signal });
		return ((await answer.json()) as { status?: unknown }).status === "ok";
	} catch {
		return false;
	}
}
