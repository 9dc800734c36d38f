import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Switches interrupts off and jumps to itself: whoever runs it does nothing else any more (Intel SDM, volume 2, CLI and JMP). */
const STAND_STILL = "faebfe";
/** Where RIP stands in what `g` answers of an x86-64: behind sixteen registers of eight bytes. */
const RIP = 16 * 16;

/** Answers, by their forms (GDB manual, "Stop Reply Packets", "Packets"). */
const STOPPED = /^[TS][0-9a-f]{2}/;
const REGISTERS = /^[0-9a-fx]{288,}$/;
const OK = /^OK$/;

/** An emulated machine's debugger (GDB's remote protocol, QEMU's `-gdb`): makes it hang as a broken kernel does, with its clock going on. */
export class Debugger {
	readonly #socket: Socket;
	#heard = "";

	private constructor(socket: Socket) {
		this.#socket = socket;
		socket.on("data", (bytes) => {
			this.#heard += bytes.toString("latin1");
		});
	}

	static async open(path: string): Promise<Debugger> {
		const socket = connect(path);
		await once(socket, "connect");
		const opened = new Debugger(socket);
		// it stands still while a debugger is there, and may say so by itself, too
		await opened.#ask("?", STOPPED);
		return opened;
	}

	/** Puts that where a processor of it is in the kernel; the others come by there when they have nothing to do. */
	async hang(): Promise<void> {
		for (;;) {
			const registers = await this.#ask("g", REGISTERS);
			const rip = Buffer.from(registers.slice(RIP, RIP + 16), "hex").readBigUInt64LE();
			if (rip >= 1n << 63n) {
				await this.#ask(`M${rip.toString(16)},${STAND_STILL.length / 2}:${STAND_STILL}`, OK);
				break;
			}
			this.#send("c");
			// a processor is in a program now and then
			await new Promise((resolve) => setTimeout(resolve, 100));
			this.#socket.write("\x03");
			await this.#answer(STOPPED);
		}
		await this.#ask("D", OK);
		this.#socket.destroy();
	}

	#send(packet: string): void {
		const sum = [...packet].reduce((all, sign) => (all + sign.charCodeAt(0)) & 0xff, 0);
		this.#socket.write(`$${packet}#${sum.toString(16).padStart(2, "0")}`);
	}

	async #ask(packet: string, answer: RegExp): Promise<string> {
		this.#send(packet);
		return await this.#answer(answer);
	}

	/** The next packet of that form; those before it are of no interest. @throws Error `E` and a number: it can't */
	async #answer(form: RegExp): Promise<string> {
		for (;;) {
			const found = /\$([^#]*)#[0-9a-f]{2}/.exec(this.#heard);
			if (!found) {
				await once(this.#socket, "data");
				continue;
			}
			const [whole, packet = ""] = found;
			this.#heard = this.#heard.slice(found.index + whole.length);
			this.#socket.write("+");
			if (form.test(packet)) return packet;
			if (/^E[0-9a-f]{2}$/.test(packet)) throw new Error(`the debugger refused: ${packet}`);
		}
	}
}
