import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as later } from "node:timers/promises";
import { RoomError } from "../../device/core/RoomError.ts";

interface Answer {
	return?: unknown;
	error?: { class: string; desc: string };
	event?: string;
}

/** Of a finger that comes, stays and goes: what is faster, a slow machine's compositor may take for one movement. */
const FINGER_MS = 400;
/** From one key to the next; what comes faster is lost while such a machine draws. */
const KEY_MS = 250;

/** The emulator's own line (QEMU Machine Protocol): its screen, its input, its power. */
export class Qmp {
	readonly #socket: Socket;
	readonly #waiting: ((answer: Answer) => void)[] = [];

	private constructor(socket: Socket) {
		this.#socket = socket;
		socket.on("error", () => {});
		const lines = createInterface({ input: socket });
		// it passes the socket's on
		lines.on("error", () => {});
		lines.on("line", (line) => {
			const answer = JSON.parse(line) as Answer;
			if (answer.event === undefined && !("QMP" in answer)) this.#waiting.shift()?.(answer);
		});
		socket.on("close", () => {
			for (const waiting of this.#waiting.splice(0))
				waiting({ error: { class: "Gone", desc: "the emulator is gone" } });
		});
	}

	static async open(path: string): Promise<Qmp> {
		const socket = connect(path);
		await once(socket, "connect");
		const qmp = new Qmp(socket);
		await qmp.command("qmp_capabilities");
		return qmp;
	}

	/** @throws RoomError `emulator.refused` */
	async command(execute: string, args: Record<string, unknown> = {}): Promise<unknown> {
		if (this.#socket.destroyed) throw new RoomError("emulator.refused", "the emulator is gone");
		const answer = await new Promise<Answer>((resolve) => {
			this.#waiting.push(resolve);
			this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
		});
		if (answer.error) throw new RoomError("emulator.refused", answer.error.desc, { context: { command: execute } });
		return answer.return;
	}

	/** A picture of a screen, PNG. `head` 0 is the panel. */
	async screenshot(file: string, head = 0): Promise<void> {
		await this.command("screendump", { filename: file, format: "png", ...(head ? { device: "screen", head } : {}) });
	}

	/** A finger at a place of the panel, 0–1 from the left and from the top; it stays for so long. */
	async tap(x: number, y: number, ms = FINGER_MS): Promise<void> {
		const axis = (name: string, value: number) => ({
			type: "abs",
			data: { axis: name, value: Math.round(value * 0x7fff) },
		});
		const button = (down: boolean) => ({ type: "btn", data: { button: "left", down } });
		await this.command("input-send-event", { events: [axis("x", x), axis("y", y)] });
		await later(FINGER_MS);
		await this.command("input-send-event", { events: [button(true)] });
		await later(ms);
		await this.command("input-send-event", { events: [button(false)] });
	}

	/** Text on a keyboard; capital letters, digits, minus. */
	async type(text: string): Promise<void> {
		for (const sign of text) {
			await this.press(sign === "-" ? "minus" : sign.toLowerCase());
			await later(KEY_MS);
		}
	}

	/** One key, by its QMP name (`ret`, `tab`, `esc`). */
	async press(key: string): Promise<void> {
		await this.command("send-key", { keys: [{ type: "qcode", data: key }] });
	}

	close(): void {
		this.#socket.destroy();
	}
}
