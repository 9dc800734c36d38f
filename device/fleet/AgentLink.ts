import { createConnection, type Socket } from "node:net";
import {
	type FromAgent,
	type FromRoom,
	fromAgent,
	fromRoom,
	LOCAL_LINE_BYTES,
	LOCAL_VERSION,
} from "../../provisioning/contract/local.ts";
import { Backoff } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { Emitter } from "../core/Emitter.ts";
import { type JsonLine, JsonLines } from "../core/JsonLines.ts";
import type { Log } from "../core/log.ts";
import { RoomError } from "../core/RoomError.ts";

export interface AgentLinkOptions {
	/** Of the agent's unix socket. */
	path: string;
	/** Of the room program. */
	version: string;
	clock: Clock;
	log: Log;
	/** For the jitter between attempts. */
	random?: () => number;
}

type Said = { [T in FromAgent["t"]]: Extract<FromAgent, { t: T }> };
/** Each message of the agent by its kind, and: */
export type AgentLinkEvents = Omit<Said, "hello"> & {
	/** The agent is there and speaks our version: it tells everything anew. */
	opened: undefined;
	lost: undefined;
};

/** Silence after which whoever took the connection is no agent. */
const HELLO_MS = 5000;
/** Bytes that wait for an agent that doesn't read: it hangs, and a new connection is worth more. */
const BEHIND_BYTES = 1024 * 1024;
/** Lines that are refused before the connection is: an agent of ours sends none. */
const MOST_REFUSED = 20;
const kinds: ReadonlySet<unknown> = new Set(fromAgent.def.options.map((option) => option.shape.t.def.values[0]));

/** The room program's end of the agent's socket: there whenever the agent is, for ever. What comes over it is checked by the contract. */
export class AgentLink {
	readonly events = new Emitter<AgentLinkEvents>();
	readonly #options: AgentLinkOptions;
	readonly #backoff: Backoff;
	#socket: Socket | null = null;
	#greeted = false;
	#closed = false;
	#cancelWait: () => void = () => {};

	constructor(options: AgentLinkOptions) {
		this.#options = options;
		// One machine and one agent: nobody to spread, and a person may be waiting.
		const random = options.random ? { random: options.random } : {};
		this.#backoff = new Backoff({ baseMs: 100, capMs: 2000, ...random });
	}

	get connected(): boolean {
		return this.#greeted;
	}

	/** Connects, and again for ever; never fails. Once. */
	open(): void {
		const { path, version, clock } = this.#options;
		const socket = createConnection({ path });
		const lines = new JsonLines(LOCAL_LINE_BYTES);
		let refused = 0;
		this.#socket = socket;
		this.#cancelWait = clock.after(HELLO_MS, () => this.#drop("agent.silent"));
		socket.on("connect", () => this.#write({ t: "hello", v: LOCAL_VERSION, version }));
		socket.on("data", (chunk) => {
			try {
				for (const line of lines.push(chunk as Buffer)) {
					if (socket.destroyed) return;
					if (!this.#take(line) && ++refused >= MOST_REFUSED) this.#drop("agent.malformed");
				}
			} catch (thrown) {
				this.#drop(RoomError.from(thrown, "agent.malformed").code);
			}
		});
		// an error is always followed by a close
		socket.on("error", () => {});
		socket.on("close", () => this.#over(socket));
	}

	/** False if the agent is not there, or the message is none of the contract's: then nothing was sent. */
	send(message: FromRoom): boolean {
		return this.#greeted && this.#write(message);
	}

	close(): void {
		this.#closed = true;
		this.#cancelWait();
		this.#greeted = false;
		this.events.clear();
		// what was sent still arrives
		this.#socket?.end();
		this.#socket?.unref();
		this.#socket = null;
	}

	#write(message: FromRoom): boolean {
		const socket = this.#socket;
		const checked = fromRoom.safeParse(message);
		if (!socket || !checked.success) {
			if (socket) this.#refuse("agent.own_malformed");
			return false;
		}
		socket.write(`${JSON.stringify(checked.data)}\n`);
		if (socket.writableLength > BEHIND_BYTES) this.#drop("agent.slow");
		return true;
	}

	/** False for a line that none of ours sends. A kind that is not known is a newer agent's, and is left out. */
	#take(line: JsonLine): boolean {
		const message = fromAgent.safeParse(line.ok ? line.value : null);
		if (!message.success) {
			const kind = line.ok ? (line.value as { t?: unknown } | null)?.t : undefined;
			if (typeof kind === "string" && !kinds.has(kind) && this.#greeted) return true;
			this.#refuse("agent.malformed");
			return false;
		}
		if (message.data.t === "hello") this.#greet();
		else if (!this.#greeted) this.#drop("agent.hello_missing");
		else this.events.emit(message.data.t, message.data as never);
		return true;
	}

	#greet(): void {
		if (this.#greeted) return;
		this.#cancelWait();
		this.#backoff.reset();
		this.#greeted = true;
		this.#report("connected");
		this.events.emit("opened", undefined);
	}

	#drop(code: string): void {
		this.#refuse(code);
		this.#socket?.destroy();
	}

	#over(socket: Socket): void {
		if (this.#socket !== socket) return;
		this.#socket = null;
		this.#cancelWait();
		const was = this.#greeted;
		this.#greeted = false;
		if (was) this.#report("lost");
		if (was) this.events.emit("lost", undefined);
		if (!this.#closed) this.#cancelWait = this.#options.clock.after(this.#backoff.nextMs(), () => this.open());
	}

	#refuse(code: string): void {
		this.#options.log.write("warn", "agent.refused", { code });
	}

	#report(state: string): void {
		this.#options.log.write("info", "agent.connection", { state });
	}
}
