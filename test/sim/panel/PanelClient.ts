import { once } from "node:events";
import { WebSocket } from "ws";
import type { DeviceFrame } from "../../../device/contract/deviceFrame.ts";
import type { Intent } from "../../../device/contract/intents.ts";

/** A panel without a page: a real socket that speaks the panel's protocol, or doesn't. */
export class PanelClient {
	readonly socket: WebSocket;
	readonly frames: DeviceFrame[] = [];
	/** Whether pings are answered. */
	polite = true;
	#waiting: (() => void)[] = [];

	/** Connects; rejects with an Error whose message holds the HTTP status when the server refuses. */
	static async connect(url: string, headers: Record<string, string> = {}): Promise<PanelClient> {
		const client = new PanelClient(url, headers);
		await once(client.socket, "open");
		return client;
	}

	private constructor(url: string, headers: Record<string, string>) {
		this.socket = new WebSocket(`${url.replace("http", "ws")}/panel`, { headers: { origin: url, ...headers } });
		this.socket.on("message", (data) => {
			const frame = JSON.parse(String(data)) as DeviceFrame;
			this.frames.push(frame);
			if (frame.t === "ping" && this.polite) this.socket.send('{"t":"pong"}');
			for (const wake of this.#waiting.splice(0)) wake();
		});
	}

	send(id: number, intent: Intent): void {
		this.socket.send(JSON.stringify({ t: "intent", id, intent }));
	}

	/** The first frame, of those that came or come, for which `test` holds. */
	async frame<T extends DeviceFrame["t"]>(
		t: T,
		test: (frame: Extract<DeviceFrame, { t: T }>) => boolean = () => true,
	): Promise<Extract<DeviceFrame, { t: T }>> {
		for (;;) {
			const found = this.frames.find((frame) => frame.t === t && test(frame as Extract<DeviceFrame, { t: T }>));
			if (found) return found as Extract<DeviceFrame, { t: T }>;
			await new Promise<void>((wake) => this.#waiting.push(wake));
		}
	}

	/** The socket's close code, once it is closed. */
	async closed(): Promise<number> {
		if (this.socket.readyState === WebSocket.CLOSED) throw new Error("ask before it closes");
		const [code] = (await once(this.socket, "close")) as [number];
		return code;
	}

	close(): void {
		this.socket.terminate();
	}
}
