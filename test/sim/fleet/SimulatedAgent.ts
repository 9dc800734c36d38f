import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { JsonLines } from "../../../device/core/JsonLines.ts";
import type { Command } from "../../../provisioning/contract/commands.ts";
import {
	type Claim,
	type FromAgent,
	type FromRoom,
	fromAgent,
	fromRoom,
	LOCAL_LINE_BYTES,
	LOCAL_VERSION,
} from "../../../provisioning/contract/local.ts";
import type { TwinDoc } from "../../../provisioning/contract/twin.ts";
import { AgentBus, type AgentBusOptions } from "./AgentBus.ts";

type Said<T extends FromRoom["t"]> = Extract<FromRoom, { t: T }>;

/**
 * An agent that does what a test says: listens on its unix socket, speaks the contract, and keeps all that the room program said. With a
 * bus it carries rings between the socket and a real broker.
 */
export class SimulatedAgent {
	readonly path: string;
	readonly said: FromRoom[] = [];
	/** Lines that are none of the contract's: a room program of ours sends none. */
	malformed = 0;
	/** What a code that was typed does. */
	onEnrol: (code: string) => void = () => {};
	/** Whether a connection is greeted; false: it hangs. */
	greets = true;
	readonly #server: Server;
	readonly #rooms = new Set<Socket>();
	readonly #watchers = new Set<() => void>();
	#bus: AgentBus | null = null;
	#claim: Claim = unclaimed();
	#twin: { rev: number; doc: TwinDoc } | null = null;
	#update: Extract<FromAgent, { t: "update" }>["update"] = null;

	private constructor(path: string) {
		this.path = path;
		this.#server = createServer((socket) => this.#serve(socket));
	}

	/** Listens, which needs the path to be free. Without a claim the device is nobody's. */
	static async start(path: string, claim?: Claim): Promise<SimulatedAgent> {
		const agent = new SimulatedAgent(path);
		if (claim) agent.#claim = claim;
		await rm(path, { force: true });
		agent.#server.listen(path);
		await once(agent.#server, "listening");
		return agent;
	}

	/** Room programs that are connected. */
	get rooms(): number {
		return this.#rooms.size;
	}

	get bus(): AgentBus | null {
		return this.#bus;
	}

	/** Connects to a broker, and carries rings from then on. */
	connect(options: Omit<AgentBusOptions, "tell">): AgentBus {
		this.#bus = new AgentBus({ ...options, tell: (message) => this.#tell(message) });
		this.#bus.open();
		return this.#bus;
	}

	claim(claim: Claim): void {
		this.#claim = claim;
		this.#tell({ t: "claim", claim });
	}

	/** Desired: told now, and to each room program that comes. */
	twin(rev: number, doc: TwinDoc): void {
		this.#twin = { rev, doc };
		this.#tell({ t: "twin", rev, doc });
	}

	update(update: Extract<FromAgent, { t: "update" }>["update"]): void {
		this.#update = update;
		this.#tell({ t: "update", update });
	}

	firmware(firmware: Extract<FromAgent, { t: "firmware" }>["firmware"]): void {
		this.#tell({ t: "firmware", firmware });
	}

	support(support: Extract<FromAgent, { t: "support" }>["support"]): void {
		this.#tell({ t: "support", support });
	}

	reset(reset: Extract<FromAgent, { t: "reset" }>["reset"]): void {
		this.#tell({ t: "reset", reset });
	}

	/** Asks for something and resolves with the room program's answer. */
	async command(command: Command): Promise<Said<"command">> {
		const mid = randomBytes(16).toString("base64url");
		this.#tell({ t: "command", mid, command });
		return this.heard("command", (answer) => answer.mid === mid);
	}

	/** The first message of a kind, of those that came or come, for which `test` holds. */
	async heard<T extends FromRoom["t"]>(t: T, test: (message: Said<T>) => boolean = () => true): Promise<Said<T>> {
		for (;;) {
			const found = this.said.find((message) => message.t === t && test(message as Said<T>));
			if (found) return found as Said<T>;
			await new Promise<void>((resolve) => {
				const wake = (): void => {
					this.#watchers.delete(wake);
					resolve();
				};
				this.#watchers.add(wake);
			});
		}
	}

	/** The newest message of a kind. */
	last<T extends FromRoom["t"]>(t: T): Said<T> | undefined {
		return this.said.findLast((message) => message.t === t) as Said<T> | undefined;
	}

	/** Says whatever a test likes to each room program, contract or not. */
	write(bytes: string | Uint8Array): void {
		for (const socket of this.#rooms) socket.write(bytes);
	}

	/** Breaks each room program's connection. */
	drop(): void {
		for (const socket of this.#rooms) socket.destroy();
	}

	/** Ends as a program does. */
	async stop(): Promise<void> {
		this.drop();
		await this.#bus?.close();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	#serve(socket: Socket): void {
		const lines = new JsonLines(2 * LOCAL_LINE_BYTES);
		this.#rooms.add(socket);
		socket.on("error", () => {});
		socket.on("close", () => {
			this.#rooms.delete(socket);
			if (this.#rooms.size === 0) this.#bus?.roomGone();
			this.#wake();
		});
		socket.on("data", (chunk) => {
			for (const line of lines.push(chunk as Buffer)) {
				const message = fromRoom.safeParse(line.ok ? line.value : null);
				if (!message.success) this.malformed += 1;
				else this.#take(socket, message.data);
			}
		});
	}

	#take(socket: Socket, message: FromRoom): void {
		this.said.push(message);
		switch (message.t) {
			case "hello":
				if (this.greets) this.#greet(socket);
				break;
			case "enrol":
				this.onEnrol(message.code);
				break;
			case "ringKey":
				this.#bus?.ringKey(message.epoch, message.jws);
				break;
			case "look":
				this.#bus?.look().catch(() => {});
				break;
			case "send":
				this.#bus?.send(message);
		}
		this.#wake();
	}

	#greet(socket: Socket): void {
		const tell = (message: FromAgent) => socket.write(`${JSON.stringify(fromAgent.parse(message))}\n`);
		tell({ t: "hello", v: LOCAL_VERSION });
		tell({ t: "claim", claim: this.#claim });
		if (this.#twin) tell({ t: "twin", ...this.#twin });
		if (this.#update) tell({ t: "update", update: this.#update });
		for (const message of this.#bus?.known() ?? []) tell(message);
	}

	#tell(message: FromAgent): void {
		this.write(`${JSON.stringify(fromAgent.parse(message))}\n`);
	}

	#wake(): void {
		for (const wake of [...this.#watchers]) wake();
	}
}

export const facts = { model: "InCamera One", serial: "IC1-2611-0042", firmware: "0.1.0", slot: null };

export function unclaimed(change: Partial<Extract<Claim, { state: "unclaimed" }>> = {}): Claim {
	return { state: "unclaimed", failure: null, facts, ...change };
}
