import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Reader, typesOf, Writer } from "./values.ts";

/** Message types and header fields, D-Bus Specification 0.43, "Message Format". */
const types = { call: 1, answer: 2, error: 3, signal: 4 } as const;
const fields = {
	path: 1,
	interface: 2,
	member: 3,
	error: 4,
	replySerial: 5,
	destination: 6,
	sender: 7,
	signature: 8,
} as const;
const fieldTypes: Record<number, string> = { 1: "o", 2: "s", 3: "s", 4: "s", 5: "u", 6: "s", 7: "s", 8: "g" };

/** A call of a method of ours. */
export interface Called {
	path: string;
	interface: string;
	member: string;
	body: unknown[];
}
/** What is answered; a thrown Error is answered as an error of its message. */
export interface Answer {
	signature: string;
	body: unknown[];
}

/** A program on a bus that owns a name and answers calls. */
export class BusService {
	readonly #socket: Socket;
	readonly #answer: (called: Called) => Promise<Answer>;
	#serial = 0;
	#buffer = Buffer.alloc(0);
	readonly #waiting = new Map<number, () => void>();

	private constructor(socket: Socket, answer: (called: Called) => Promise<Answer>) {
		this.#socket = socket;
		this.#answer = answer;
	}

	/** Connects, and owns the name when it resolves. */
	static async own(socketPath: string, name: string, answer: (called: Called) => Promise<Answer>): Promise<BusService> {
		const socket = connect(socketPath);
		await once(socket, "connect");
		const uid = Buffer.from(String(process.getuid?.())).toString("hex");
		socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
		const [said] = await once(socket, "data");
		if (!String(said).startsWith("OK")) throw new Error(`the bus says ${said}`);
		socket.write("BEGIN\r\n");
		const service = new BusService(socket, answer);
		socket.on("data", (bytes: Buffer) => service.#heard(bytes));
		socket.on("error", () => {});
		await service.#ask("Hello", "", []);
		await service.#ask("RequestName", "su", [name, 4]);
		return service;
	}

	signal(path: string, of: string, member: string, { signature, body }: Answer): void {
		const header = { [fields.path]: path, [fields.interface]: of, [fields.member]: member };
		this.#send(types.signal, header, signature, body);
	}

	async close(): Promise<void> {
		this.#socket.destroy();
		if (!this.#socket.closed) await once(this.#socket, "close");
	}

	#ask(member: string, signature: string, body: unknown[]): Promise<void> {
		const bus = "org.freedesktop.DBus";
		const header = { [fields.path]: "/org/freedesktop/DBus", [fields.interface]: bus, [fields.member]: member };
		return new Promise((resolve) => {
			const serial = this.#send(types.call, { ...header, [fields.destination]: bus }, signature, body);
			this.#waiting.set(serial, resolve);
		});
	}

	#send(type: number, header: Record<number, unknown>, signature: string, body: unknown[]): number {
		const content = new Writer();
		for (const [at, inner] of typesOf(signature).entries()) content.write(inner, body[at]);
		const all = { ...header, ...(signature ? { [fields.signature]: signature } : {}) };
		const serial = ++this.#serial;
		const message = new Writer();
		for (const byte of ["l".charCodeAt(0), type, 0, 1]) message.write("y", byte);
		message.write("u", content.length).write("u", serial);
		const entries = Object.entries(all).map(([code, value]) => [
			Number(code),
			{ signature: fieldTypes[Number(code)] as string, value },
		]);
		message.write("a(yv)", entries).align(8);
		this.#socket.write(Buffer.concat([message.bytes(), content.bytes()]));
		return serial;
	}

	#heard(bytes: Buffer): void {
		this.#buffer = Buffer.concat([this.#buffer, bytes]);
		while (this.#buffer.length >= 16) {
			const fieldBytes = this.#buffer.readUInt32LE(12);
			const headerBytes = Math.ceil((16 + fieldBytes) / 8) * 8;
			const total = headerBytes + this.#buffer.readUInt32LE(4);
			if (this.#buffer.length < total) return;
			const message = this.#buffer.subarray(0, total);
			this.#buffer = this.#buffer.subarray(total);
			this.#message(message, headerBytes);
		}
	}

	#message(message: Buffer, headerBytes: number): void {
		const serial = message.readUInt32LE(8);
		const header = new Map(new Reader(message, 12).read("a(yv)") as [number, unknown][]);
		const type = message[1];
		if (type === types.answer || type === types.error) {
			const asked = header.get(fields.replySerial) as number;
			this.#waiting.get(asked)?.();
			this.#waiting.delete(asked);
		}
		if (type !== types.call) return;
		const reader = new Reader(message.subarray(headerBytes));
		const body = typesOf((header.get(fields.signature) as string | undefined) ?? "").map((inner) => reader.read(inner));
		const called: Called = {
			path: header.get(fields.path) as string,
			interface: header.get(fields.interface) as string,
			member: header.get(fields.member) as string,
			body,
		};
		const back = { [fields.destination]: header.get(fields.sender), [fields.replySerial]: serial };
		this.#answer(called).then(
			(answer) => this.#send(types.answer, back, answer.signature, answer.body),
			(error: Error) =>
				this.#send(
					types.error,
					{ ...back, [fields.error]: "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code30" },
					"s",
					[error.message],
				),
		);
	}
}
