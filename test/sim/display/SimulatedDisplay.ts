import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { SerialPort } from "serialport";
import type { Clock } from "../../../device/core/clock.ts";
import { deliverAtOnce } from "../../../device/peripherals/link/deliverAtOnce.ts";
import type { DisplayModel } from "./DisplayModel.ts";
import { type DisplayVoice, nothingOdd, type Oddities } from "./DisplayVoice.ts";

export interface SimulatedDisplayOptions {
	clock: Clock;
	model: DisplayModel;
	/** A voice for each connection. */
	voice: () => DisplayVoice;
	odd?: Partial<Oddities>;
	/** Hangs up on whoever says nothing for so long. */
	idleMs?: number;
}

/** A way out for bytes, and the end of it. */
interface Mouth {
	write(bytes: Uint8Array): void;
	hangUp(): void;
}

/** A display at the end of a real serial port, or of TCP connections. */
export class SimulatedDisplay {
	readonly model: DisplayModel;
	readonly odd: Oddities;
	/** Bytes that came in, a piece each. */
	readonly heard: Uint8Array[] = [];
	/** Connections taken since it began. */
	connections = 0;
	readonly #options: SimulatedDisplayOptions;
	readonly #sockets = new Set<Socket>();
	#server: Server | null = null;
	#port: SerialPort | null = null;
	#tcpPort = 0;
	#noise = 1;

	constructor(options: SimulatedDisplayOptions) {
		this.#options = options;
		this.model = options.model;
		this.odd = { ...nothingOdd, ...options.odd };
	}

	/** Where it listens, once it has been plugged into the network. */
	get tcpPort(): number {
		return this.#tcpPort;
	}

	/** The first time on any free port, later on the same one again. */
	async listen(): Promise<number> {
		const server = createServer((socket) => this.#connected(socket));
		this.#server = server;
		server.listen(this.#tcpPort, "127.0.0.1");
		await once(server, "listening");
		this.#tcpPort = (server.address() as AddressInfo).port;
		return this.#tcpPort;
	}

	/** The cable is pulled out of the network socket, or the display loses its power. */
	async unlisten(): Promise<void> {
		const server = this.#server;
		this.#server = null;
		for (const socket of this.#sockets) socket.destroy();
		if (server) await new Promise((resolve) => server.close(resolve));
	}

	/** Sits down at the far end of a serial cable. */
	async attach(path: string): Promise<void> {
		const port = new SerialPort({ path, baudRate: 9600, autoOpen: false });
		await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
		deliverAtOnce(port);
		this.#port = port;
		port.on("error", () => {});
		const voice = this.#options.voice();
		const mouth: Mouth = { write: (bytes) => void port.write(bytes), hangUp: () => {} };
		port.on("data", (bytes: Buffer) => this.#hear(voice, bytes, mouth));
		this.#greet(voice, mouth);
	}

	async detach(): Promise<void> {
		const port = this.#port;
		this.#port = null;
		if (port?.isOpen) await new Promise((resolve) => port.close(resolve));
	}

	/** Ends every connection that there is, and takes new ones. */
	hangUp(): void {
		for (const socket of this.#sockets) socket.destroy();
	}

	async close(): Promise<void> {
		this.model.close();
		await this.unlisten();
		await this.detach();
	}

	#connected(socket: Socket): void {
		this.connections += 1;
		this.#sockets.add(socket);
		const voice = this.#options.voice();
		const mouth: Mouth = { write: (bytes) => void socket.write(bytes), hangUp: () => socket.destroy() };
		let cancelIdle = (): void => {};
		const stillThere = (): void => {
			cancelIdle();
			const { idleMs, clock } = this.#options;
			if (idleMs !== undefined) cancelIdle = clock.after(idleMs, () => socket.destroy());
		};
		socket.setNoDelay(true);
		socket.on("error", () => {});
		socket.on("data", (bytes: Buffer) => {
			stillThere();
			this.#hear(voice, bytes, mouth);
		});
		socket.on("close", () => {
			cancelIdle();
			this.#sockets.delete(socket);
		});
		stillThere();
		this.#greet(voice, mouth);
	}

	#greet(voice: DisplayVoice, mouth: Mouth): void {
		if (voice.greeting && !this.odd.deaf) mouth.write(voice.greeting);
	}

	#hear(voice: DisplayVoice, bytes: Uint8Array, mouth: Mouth): void {
		this.heard.push(bytes.slice());
		if (this.odd.deaf) return;
		const wasDark = this.model.dark;
		const answers = voice.hear(bytes);
		if (this.odd.silentInStandby && (wasDark || this.model.dark)) return;
		if (answers.length > 0 && this.odd.hangsUp) {
			mouth.hangUp();
			return;
		}
		for (const answer of answers) this.#say(voice, answer, mouth);
		if (answers.length > 0 && this.odd.hangsUpAfter) mouth.hangUp();
	}

	#say(voice: DisplayVoice, answer: Uint8Array, mouth: Mouth): void {
		const { odd } = this;
		let bytes = answer;
		if (odd.ofAnother) {
			const anothers = voice.ofAnother(answer);
			if (!anothers) return;
			bytes = anothers;
		}
		if (odd.spoiled) bytes = voice.spoiled(bytes);
		if (odd.halves) bytes = bytes.slice(0, bytes.length >> 1);
		const say = (): void => {
			if (odd.garbage) mouth.write(this.#garbage());
			mouth.write(bytes);
			if (odd.doubled) mouth.write(bytes);
		};
		if (odd.lateMs > 0) this.#options.clock.after(odd.lateMs, say);
		else say();
	}

	/** Some bytes, other ones each time, the same in each run. */
	#garbage(): Uint8Array {
		const length = 1 + (this.#noise % 7);
		return Uint8Array.from({ length }, () => {
			this.#noise = (this.#noise * 1103515245 + 12345) % 2 ** 31;
			return this.#noise >> 16;
		});
	}
}
