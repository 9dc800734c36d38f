import { chmodSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../../device/core/clock.ts";
import { Emitter } from "../../../device/core/Emitter.ts";
import { type JsonLine, JsonLines } from "../../../device/core/JsonLines.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import {
	type FromAgent,
	type FromRoom,
	fromAgent,
	fromRoom,
	LOCAL_LINE_BYTES,
	LOCAL_VERSION,
} from "../../contract/local.ts";

type Said = { [T in FromRoom["t"]]: Extract<FromRoom, { t: T }> };
/** Each message of the room program by its kind, and: */
export type RoomLinkEvents = Omit<Said, "hello"> & {
	/** The room program is there, and speaks our version: it has to be told everything. */
	arrived: { version: string };
	left: undefined;
};

/** Bytes that wait for a room program that doesn't read: it hangs, and is cut off. */
const BEHIND_BYTES = 1024 * 1024;
/** Lines that are refused before the connection is: a room program of ours sends none. */
const MOST_REFUSED = 20;
/** What was said last goes out first, unless nobody reads it. */
const LAST_WORDS_MS = 1000;
const kinds: ReadonlySet<unknown> = new Set(fromRoom.def.options.map((option) => option.shape.t.def.values[0]));

/** The agent's end of the socket to the room program: one connection at a time, the newest. */
export class RoomLink {
	readonly events = new Emitter<RoomLinkEvents>();
	readonly #path: string;
	readonly #clock: Clock;
	readonly #log: Log;
	readonly #server: Server;
	#socket: Socket | null = null;
	#greeted = false;

	constructor(options: { path: string; clock: Clock; log: Log }) {
		this.#path = options.path;
		this.#clock = options.clock;
		this.#log = options.log;
		this.#server = createServer((socket) => this.#serve(socket));
	}

	/** Errors: `local.in_use` (another agent listens there), `local.unusable`. */
	async listen(): Promise<void> {
		if (await answers(this.#path)) throw new RoomError("local.in_use", "another program listens on the agent's socket");
		const listening = Promise.withResolvers<void>();
		this.#server.once("error", listening.reject);
		this.#server.once("listening", listening.resolve);
		// For nobody else, not even between its making and a chmod; listening on a path is done when `listen` returns.
		const before = process.umask(0o177);
		try {
			rmSync(this.#path, { force: true });
			this.#server.listen(this.#path);
		} finally {
			process.umask(before);
		}
		try {
			await listening.promise;
			chmodSync(this.#path, 0o600);
		} catch (cause) {
			throw new RoomError("local.unusable", "the agent's socket can't be made", { cause });
		}
	}

	/** Whether a room program is there. */
	get present(): boolean {
		return this.#greeted;
	}

	/** False if there is nobody. */
	send(message: FromAgent): boolean {
		return this.#greeted && this.#write(message);
	}

	async close(): Promise<void> {
		this.events.clear();
		const socket = this.#socket;
		socket?.destroySoon();
		const cancel = this.#clock.after(LAST_WORDS_MS, () => socket?.destroy());
		this.#drop();
		// waits for the connection too
		if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()));
		cancel();
	}

	#serve(socket: Socket): void {
		// A room program that was started anew comes while its last connection still seems to live.
		this.#socket?.destroy();
		this.#drop();
		this.#socket = socket;
		const lines = new JsonLines(LOCAL_LINE_BYTES);
		let refused = 0;
		socket.on("data", (chunk: Buffer) => {
			try {
				for (const line of lines.push(chunk)) {
					if (this.#socket !== socket) return;
					if (!this.#take(line) && ++refused >= MOST_REFUSED) this.#cut("local.malformed");
				}
			} catch (thrown) {
				this.#cut(RoomError.from(thrown, "local.malformed").code);
			}
		});
		// an error is always followed by a close
		socket.on("error", () => {});
		socket.on("close", () => this.#socket === socket && this.#drop());
		this.#write({ t: "hello", v: LOCAL_VERSION });
	}

	/** False for a line that none of ours sends. A kind that is not known is a newer program's, and is left out. */
	#take(line: JsonLine): boolean {
		const message = fromRoom.safeParse(line.ok ? line.value : null);
		if (!message.success) {
			const kind = line.ok ? (line.value as { t?: unknown } | null)?.t : undefined;
			if (line.ok && !kinds.has(kind) && this.#greeted) return true;
			if (kind === "hello") this.#cut("local.version_unknown");
			else this.#refuse("local.malformed");
			return false;
		}
		const said = message.data;
		if (said.t === "hello") this.#greet(said.version);
		else if (!this.#greeted) this.#cut("local.hello_missing");
		else this.events.emit(said.t, said as never);
		return true;
	}

	#greet(version: string): void {
		if (this.#greeted) return;
		this.#greeted = true;
		this.#log.write("info", "local.connection", { state: "arrived" });
		this.events.emit("arrived", { version });
	}

	#write(message: FromAgent): boolean {
		const socket = this.#socket;
		const checked = fromAgent.safeParse(message);
		if (!socket || !checked.success) {
			if (socket) this.#refuse("local.own_malformed");
			return false;
		}
		socket.write(`${JSON.stringify(checked.data)}\n`);
		if (socket.writableLength > BEHIND_BYTES) this.#cut("local.slow");
		return true;
	}

	#cut(code: string): void {
		this.#refuse(code);
		this.#socket?.destroy();
		this.#drop();
	}

	#drop(): void {
		this.#socket = null;
		if (!this.#greeted) return;
		this.#greeted = false;
		this.#log.write("info", "local.connection", { state: "left" });
		this.events.emit("left", undefined);
	}

	#refuse(code: string): void {
		this.#log.write("warn", "local.refused", { code });
	}
}

/** Whether somebody listens on a unix socket. */
function answers(path: string): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(path);
		socket.once("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}
