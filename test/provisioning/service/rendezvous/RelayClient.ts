import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { WebSocket } from "ws";
import { type ServerFrame, serverFrame } from "../../../../provisioning/contract/rendezvous.ts";

/** A member that speaks the rendezvous' wire over a real socket and keeps what it hears. */
export class RelayClient {
	readonly socket: WebSocket;
	/** The close code, once closed. */
	readonly closed: Promise<number>;
	#heard: ServerFrame[] = [];
	#waiting: (() => void)[] = [];
	#ended = false;

	private constructor(socket: WebSocket) {
		this.socket = socket;
		socket.on("error", () => {});
		socket.on("message", (data) => {
			this.#heard.push(serverFrame.parse(JSON.parse(String(data))));
			for (const wake of this.#waiting.splice(0)) wake();
		});
		this.closed = new Promise((resolve) =>
			socket.on("close", (code) => {
				this.#ended = true;
				for (const wake of this.#waiting.splice(0)) wake();
				resolve(code);
			}),
		);
	}

	static async connect(url: string, options: ConstructorParameters<typeof WebSocket>[2] = {}): Promise<RelayClient> {
		const socket = new WebSocket(`${url.replace(/^http/, "ws")}/rendezvous`, options);
		const client = new RelayClient(socket);
		await once(socket, "open");
		return client;
	}

	/** Takes the next frame that came, in order. */
	async next(): Promise<ServerFrame> {
		while (this.#heard.length === 0) {
			if (this.#ended) throw new Error("closed, and nothing more was said");
			await new Promise<void>((resolve) => this.#waiting.push(resolve));
		}
		return this.#heard.shift() as ServerFrame;
	}

	say(frame: unknown): void {
		this.socket.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame));
	}

	async join(mid: string, hello = "aGVsbG8"): Promise<Extract<ServerFrame, { t: "joined" }>> {
		this.say({ t: "join", v: 1, mid, hello });
		const answer = await this.next();
		if (answer.t !== "joined") throw new Error(`not joined: ${JSON.stringify(answer)}`);
		return answer;
	}
}

export const newMeetingId = (): string => randomBytes(16).toString("base64url");
