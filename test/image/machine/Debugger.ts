import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Switches interrupts off and jumps to itself: whoever runs it does nothing else any more (Intel SDM, volume 2, CLI and JMP). */
const STAND_STILL = "faebfe";
/** Where RIP stands in what `g` answers of an x86-64: behind sixteen registers of eight bytes. */
const RIP = 16 * 16;

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
		// it stands still while a debugger is there
		await opened.#ask("?");
		return opened;
	}

	/** Puts that where a processor of it is in the kernel; the others come by there when they have nothing to do. */
	async hang(): Promise<void> {
		for (;;) {
			const registers = await this.#ask("g");
			const rip = Buffer.from(registers.slice(RIP, RIP + 16), "hex").readBigUInt64LE();
			if (rip >= 1n << 63n) {
				const said = await this.#ask(`M${rip.toString(16)},${STAND_STILL.length / 2}:${STAND_STILL}`);
				if (said !== "OK") throw new Error(`the debugger refused: ${said}`);
				break;
			}
			this.#send("c");
			// a processor is in a program now and then
			await new Promise((resolve) => setTimeout(resolve, 100));
			this.#socket.write("\x03");
			await this.#answer();
		}
		await this.#ask("D");
		this.#socket.destroy();
	}

	#send(packet: string): void {
		const sum = [...packet].reduce((all, sign) => (all + sign.charCodeAt(0)) & 0xff, 0);
		this.#socket.write(`$${packet}#${sum.toString(16).padStart(2, "0")}`);
	}

	async #ask(packet: string): Promise<string> {
		this.#send(packet);
		return await this.#answer();
	}

	async #answer(): Promise<string> {
		for (;;) {
			const found = /\$([^#]*)#[0-9a-f]{2}/.exec(this.#heard);
			if (found) {
				this.#heard = this.#heard.slice(found.index + found[0].length);
				this.#socket.write("+");
				return found[1] ?? "";
			}
			await once(this.#socket, "data");
		}
	}
}
