import type { RawData, WebSocket } from "ws";
import type { Clock } from "../../../device/core/clock.ts";
import {
	type ClientFrame,
	clientFrame,
	limits,
	type RendezvousErrorCode,
	type ServerFrame,
} from "../../contract/rendezvous.ts";
import { TokenBucket } from "./TokenBucket.ts";

/** WebSocket close codes (RFC 6455 7.4.1). */
const POLICY = 1008;
const TRY_AGAIN_LATER = 1013;
/** A closing handshake that takes longer is cut. */
const CLOSE_MS = 2000;

export interface ConnectionEvents {
	frame: (frame: ClientFrame) => void;
	gone: () => void;
}

/**
 * One member's socket: parses and limits what comes in, bounds what waits to go out, notices when the other end is no more.
 * Whatever is wrong is said once, as an error frame, and then the socket is closed.
 */
export class Connection {
	readonly id: string;
	readonly #socket: WebSocket;
	readonly #clock: Clock;
	readonly #bucket: TokenBucket;
	readonly #backlogBytes: number;
	readonly #cancel = new Set<() => void>();
	#closing = false;
	#heard = true;
	#onPong: (() => void)[] = [];

	constructor(options: {
		id: string;
		socket: WebSocket;
		clock: Clock;
		pingMs: number;
		backlogBytes: number;
		events: ConnectionEvents;
	}) {
		const { socket, clock, events } = options;
		this.id = options.id;
		this.#socket = socket;
		this.#clock = clock;
		this.#backlogBytes = options.backlogBytes;
		this.#bucket = new TokenBucket({ burst: limits.burst, perSecond: limits.perSecond, clock });
		socket.on("message", (data: RawData, binary: boolean) => {
			this.#heard = true;
			const frame = this.#parse(data, binary);
			if (frame) events.frame(frame);
		});
		socket.on("pong", () => {
			this.#heard = true;
			for (const resolve of this.#onPong.splice(0)) resolve();
		});
		// What the peer does wrong ends in `close` anyway.
		socket.on("error", () => {});
		socket.on("close", () => {
			this.#closing = true;
			for (const cancel of this.#cancel) cancel();
			for (const resolve of this.#onPong.splice(0)) resolve();
			events.gone();
		});
		this.#keepAlive(options.pingMs);
	}

	get open(): boolean {
		return !this.#closing;
	}

	/** A receiver that does not keep up is closed: nothing is stored for it beyond the bound. */
	send(frame: ServerFrame): void {
		if (this.#closing) return;
		this.#socket.send(JSON.stringify(frame));
		if (this.#socket.bufferedAmount > this.#backlogBytes) this.#close(TRY_AGAIN_LATER);
	}

	refuse(code: RendezvousErrorCode): void {
		this.send({ t: "error", code });
		this.#close(POLICY);
	}

	/** Asks the other end for a sign of life. Resolves with whether it came within `ms`; if not, the socket is cut. */
	async isAlive(ms: number): Promise<boolean> {
		if (this.#closing) return false;
		let cancel = () => {};
		const late = new Promise<boolean>((resolve) => {
			cancel = this.after(ms, () => resolve(false));
		});
		const pong = new Promise<boolean>((resolve) => this.#onPong.push(() => resolve(true)));
		this.#socket.ping();
		const alive = await Promise.race([pong, late]);
		cancel();
		if (!alive) this.cut();
		return alive && this.open;
	}

	cut(): void {
		this.#closing = true;
		this.#socket.terminate();
	}

	/** Calls back once after `ms`, unless cancelled or the socket is gone by then. */
	after(ms: number, callback: () => void): () => void {
		const cancelTimer = this.#clock.after(ms, () => {
			this.#cancel.delete(cancel);
			callback();
		});
		const cancel = () => {
			this.#cancel.delete(cancel);
			cancelTimer();
		};
		this.#cancel.add(cancel);
		return cancel;
	}

	#keepAlive(ms: number): void {
		this.after(ms, () => {
			if (!this.#heard) return this.cut();
			this.#heard = false;
			this.#socket.ping();
			this.#keepAlive(ms);
		});
	}

	#close(code: number): void {
		if (this.#closing) return;
		this.#closing = true;
		this.after(CLOSE_MS, () => this.#socket.terminate());
		this.#socket.close(code);
	}

	#parse(data: RawData, binary: boolean): ClientFrame | null {
		if (this.#closing) return null;
		const bytes = data as Buffer;
		if (bytes.byteLength > limits.frameBytes) return this.#refused("rendezvous.too_large");
		if (!this.#bucket.take()) return this.#refused("rendezvous.too_fast");
		if (binary) return this.#refused("rendezvous.malformed");
		let json: unknown;
		try {
			json = JSON.parse(bytes.toString("utf8"));
		} catch {
			return this.#refused("rendezvous.malformed");
		}
		const parsed = clientFrame.safeParse(json);
		return parsed.success ? parsed.data : this.#refused("rendezvous.malformed");
	}

	#refused(code: RendezvousErrorCode): null {
		this.refuse(code);
		return null;
	}
}
