import type * as z from "zod/mini";
import {
	type ClientFrame,
	type iceServer,
	limits,
	RENDEZVOUS_VERSION,
	type RendezvousErrorCode,
	type ServerFrame,
	serverFrame,
} from "../../provisioning/contract/rendezvous.ts";
import { Backoff } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { Emitter } from "../core/Emitter.ts";

export interface RendezvousEvents {
	/** `waiting`: not connected, and the next attempt is scheduled. `attempt` counts from 1 since the last success. */
	connection: { state: "connecting" | "joined" | "waiting"; attempt: number };
	/** Joined, for the first time or again: who is there now. */
	joined: { you: string; members: { id: string; hello: string }[]; ice: z.infer<typeof iceServer>[] };
	member: { id: string; hello: string };
	left: { id: string };
	/** `to` is our own id at the time of arrival: it changes with each connection. */
	message: { from: string; to: string; sealed: string };
	/** The server won't have us; the client is closed. */
	refused: { code: RendezvousErrorCode };
}

export interface RendezvousOptions {
	/** `ws:` or `wss:` address with path. */
	url: string;
	meetingId: string;
	/** Our sealed card. */
	hello: string;
	clock: Clock;
	WebSocket?: new (url: string) => WebSocket;
	random?: () => number;
}

const CONNECT_MS = 3_000;
const MOST_CONNECT_MS = 10_000;
const PING_MS = 10_000;
const PROBE_MS = 1_500;
/** Attempts in quick succession, so that a call recovers fast; then the pace of a server that is really gone. */
const QUICK_ATTEMPTS = 20;

/**
 * A member's connection to the rendezvous. It stays connected until closed: reconnects with backoff, watches the path with pings,
 * and drops and counts whatever the server sends that the contract doesn't know.
 */
export class RendezvousClient {
	readonly events = new Emitter<RendezvousEvents>();
	/** Frames that were dropped, and errors that the server reported while joined. */
	readonly counters = { malformed: 0, oversize: 0, reported: 0 };
	readonly #options: RendezvousOptions;
	readonly #quick: Backoff;
	readonly #slow: Backoff;
	#socket: WebSocket | null = null;
	#you: string | null = null;
	#everJoined = false;
	#attempt = 0;
	#closed = false;
	#heard = false;
	#cancelWatch = (): void => {};
	#cancelRetry = (): void => {};
	#cancelProbe = (): void => {};

	constructor(options: RendezvousOptions) {
		this.#options = options;
		const random = options.random ?? Math.random;
		this.#quick = new Backoff({ baseMs: 200, capMs: 2_000, random });
		this.#slow = new Backoff({ baseMs: 2_000, capMs: 15_000, random });
	}

	/** Our id in the meeting; null while not joined. */
	get you(): string | null {
		return this.#you;
	}

	start(): void {
		if (!this.#closed && !this.#socket) this.#connect();
	}

	/** False where we are not joined now; nothing is kept for later. */
	send(to: string, sealed: string): boolean {
		return this.#you !== null && this.#sendFrame({ t: "send", to, sealed });
	}

	/** Asks the server for a sign of life at once, and connects anew if none comes soon. For when the network seems to have changed. */
	probe(): void {
		if (this.#closed) return;
		if (this.#you === null) {
			// Between two attempts: the next one now. An attempt under way has its own limit.
			if (!this.#socket) this.#connect();
			return;
		}
		this.#heard = false;
		this.#sendFrame({ t: "ping" });
		this.#cancelProbe();
		this.#cancelProbe = this.#options.clock.after(PROBE_MS, () => {
			if (!this.#heard) this.reconnect();
		});
	}

	/** Connects anew, to learn afresh who is there. */
	reconnect(): void {
		if (this.#closed) return;
		this.#drop();
		this.#connect();
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#drop();
		this.events.clear();
	}

	#connect(): void {
		this.#cancelRetry();
		this.#attempt += 1;
		this.events.emit("connection", { state: "connecting", attempt: this.#attempt });
		if (this.#closed) return;
		const { WebSocket: Socket = WebSocket, url, meetingId, hello, clock } = this.#options;
		let socket: WebSocket;
		try {
			socket = new Socket(url);
		} catch {
			this.#retry();
			return;
		}
		this.#socket = socket;
		const whileCurrent =
			<A extends unknown[]>(act: (...given: A) => void) =>
			(...given: A): void => {
				if (this.#socket === socket) act(...given);
			};
		const lost = whileCurrent(() => {
			this.#drop();
			this.#retry();
		});
		socket.addEventListener(
			"open",
			whileCurrent(() => this.#sendFrame({ t: "join", v: RENDEZVOUS_VERSION, mid: meetingId, hello })),
		);
		socket.addEventListener(
			"message",
			whileCurrent((event: MessageEvent) => this.#receive(event.data)),
		);
		socket.addEventListener("close", lost);
		socket.addEventListener("error", lost);
		this.#cancelWatch = clock.after(Math.min(MOST_CONNECT_MS, CONNECT_MS + this.#attempt * 1_000), lost);
	}

	#receive(data: unknown): void {
		this.#heard = true;
		if (typeof data !== "string") {
			this.#count("malformed");
			return;
		}
		if (data.length > limits.frameBytes + 1024) {
			this.#count("oversize");
			return;
		}
		let parsed: ReturnType<typeof serverFrame.safeParse>;
		try {
			parsed = serverFrame.safeParse(JSON.parse(data));
		} catch {
			this.#count("malformed");
			return;
		}
		if (!parsed.success) {
			this.#count("malformed");
			return;
		}
		this.#handle(parsed.data);
	}

	#handle(frame: ServerFrame): void {
		if (frame.t === "error") {
			this.#handleError(frame.code);
			return;
		}
		if (frame.t === "joined") {
			if (this.#you !== null) {
				this.#count("malformed");
				return;
			}
			this.#joined(frame);
			return;
		}
		if (this.#you === null) {
			this.#count("malformed");
			return;
		}
		if (frame.t === "member") this.events.emit("member", { id: frame.id, hello: frame.hello });
		else if (frame.t === "left") this.events.emit("left", { id: frame.id });
		else if (frame.t === "message")
			this.events.emit("message", { from: frame.from, to: this.#you, sealed: frame.sealed });
	}

	#joined(frame: ServerFrame & { t: "joined" }): void {
		this.#you = frame.you;
		this.#everJoined = true;
		this.#attempt = 0;
		this.#quick.reset();
		this.#slow.reset();
		this.#watch();
		this.events.emit("connection", { state: "joined", attempt: 0 });
		this.events.emit("joined", { you: frame.you, members: frame.members, ice: frame.ice });
	}

	#handleError(code: RendezvousErrorCode): void {
		if (this.#you !== null) {
			this.#count("reported");
			return;
		}
		// Full on coming back is most likely our own old connection, which the server hasn't yet given up.
		if (code === "rendezvous.too_fast" || (code === "rendezvous.meeting_full" && this.#everJoined)) {
			this.#drop();
			this.#retry();
			return;
		}
		const { events } = this;
		this.#closed = true;
		this.#drop();
		events.emit("refused", { code });
		events.clear();
	}

	#watch(): void {
		this.#cancelWatch();
		this.#heard = true;
		const look = (): void => {
			if (!this.#heard) {
				this.reconnect();
				return;
			}
			this.#heard = false;
			this.#sendFrame({ t: "ping" });
			this.#cancelWatch = this.#options.clock.after(PING_MS, look);
		};
		this.#cancelWatch = this.#options.clock.after(PING_MS, look);
	}

	#retry(): void {
		if (this.#closed) return;
		const delay = (this.#attempt < QUICK_ATTEMPTS ? this.#quick : this.#slow).nextMs();
		this.#cancelRetry = this.#options.clock.after(delay, () => this.#connect());
		this.events.emit("connection", { state: "waiting", attempt: this.#attempt });
	}

	/** Lets go of the socket, so that nothing more is heard from it. */
	#drop(): void {
		this.#cancelWatch();
		this.#cancelRetry();
		this.#cancelProbe();
		const socket = this.#socket;
		this.#socket = null;
		this.#you = null;
		try {
			socket?.close();
		} catch {
			// Closing while connecting throws in some implementations; the socket is let go either way.
		}
	}

	#sendFrame(frame: ClientFrame): boolean {
		if (this.#socket?.readyState !== 1) return false;
		this.#socket.send(JSON.stringify(frame));
		return true;
	}

	#count(what: keyof typeof this.counters): void {
		this.counters[what] += 1;
	}
}
