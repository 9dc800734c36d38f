import { type DeviceFrame, deviceFrame } from "../../../device/contract/deviceFrame.ts";
import type { PanelFrame } from "../../../device/contract/intents.ts";
import { Backoff } from "../../../device/core/backoff.ts";

/** The device pings about twice a second: silence for so long is a lost connection, said before 2 s are over. */
const SILENT_MS = 1800;
/** A socket that closes is often back at once; only then it is worth a word. */
const CLOSED_MS = 600;

export interface PanelSocketEvents {
	/** Everything that isn't about the connection itself. */
	frame(frame: Exclude<DeviceFrame, { t: "ping" }>): void;
	/** A connection is there: whatever was asked on an older one has no answer to come. */
	opened(): void;
	/** No contact with the device. */
	lost(): void;
	/** The device speaks something that this page doesn't understand: it was updated, and the page is old. */
	foreign(): void;
}

/** The panel's line to the device: comes back by itself, and notices within 2 s that it is gone. */
export class PanelSocket {
	readonly #url: string;
	readonly #events: PanelSocketEvents;
	readonly #backoff = new Backoff({ baseMs: 200, capMs: 2000 });
	#socket: WebSocket | null = null;
	#watch: ReturnType<typeof setTimeout> | undefined;

	constructor(url: string, events: PanelSocketEvents) {
		this.#url = url;
		this.#events = events;
		this.#expectWithin(SILENT_MS);
		this.#connect();
	}

	/** False if there is nobody to send to. */
	send(frame: PanelFrame): boolean {
		if (this.#socket?.readyState !== WebSocket.OPEN) return false;
		this.#socket.send(JSON.stringify(frame));
		return true;
	}

	#connect(): void {
		const socket = new WebSocket(this.#url);
		this.#socket = socket;
		// A server that takes the connection and then says nothing is as lost as one that refuses it.
		const giveUp = setTimeout(() => this.#retry(socket), 3000);
		socket.onmessage = ({ data }) => {
			clearTimeout(giveUp);
			if (this.#socket === socket) this.#take(String(data));
		};
		socket.onopen = () => this.#events.opened();
		socket.onclose = () => {
			clearTimeout(giveUp);
			this.#retry(socket);
		};
	}

	#retry(socket: WebSocket): void {
		if (this.#socket !== socket) return;
		this.#socket = null;
		socket.close();
		this.#expectWithin(CLOSED_MS);
		setTimeout(() => this.#connect(), this.#backoff.nextMs());
	}

	#take(text: string): void {
		const parsed = deviceFrame.safeParse(readJson(text));
		if (!parsed.success) {
			this.#events.foreign();
			return;
		}
		this.#backoff.reset();
		this.#expectWithin(SILENT_MS);
		if (parsed.data.t === "ping") this.send({ t: "pong" });
		else this.#events.frame(parsed.data);
	}

	#expectWithin(ms: number): void {
		clearTimeout(this.#watch);
		this.#watch = setTimeout(() => {
			this.#events.lost();
			if (this.#socket) this.#retry(this.#socket);
		}, ms);
	}
}

function readJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
