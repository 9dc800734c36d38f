import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Light, lights } from "../../../device/peripherals/model/PanelBus.ts";
import { PtyPair } from "../line/PtyPair.ts";

const docs = join(import.meta.dirname, "..", "..", "..", "docs", "panel-bus");

/** The device that makers can begin with (`docs/panel-bus/example_device.c`), compiled with every access checked, at a serial line. */
export class ExampleDevice {
	light: Light | null = null;
	muteLamp: boolean | null = null;
	shutterClosed = false;
	/** What the sanitizers said. */
	complaints = "";
	readonly #pty: PtyPair;
	readonly #program: ChildProcess;

	/** @param folder for the program */
	static async open(folder: string): Promise<ExampleDevice> {
		const program = join(folder, "example_device");
		const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-g"];
		const sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
		await promisify(execFile)("gcc", [...strict, ...sanitize, join(docs, "example_device.c"), "-o", program]);
		return new ExampleDevice(await PtyPair.open(), program);
	}

	private constructor(pty: PtyPair, program: string) {
		this.#pty = pty;
		this.#program = spawn(program, [pty.farPath], { stdio: ["pipe", "pipe", "pipe"] });
		let rest = "";
		this.#program.stdout?.on("data", (bytes: Buffer) => {
			const lines = (rest + bytes).split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) this.#shows(line);
		});
		this.#program.stderr?.on("data", (bytes: Buffer) => {
			this.complaints += bytes;
		});
	}

	get path(): string {
		return this.#pty.path;
	}

	/** K k: press and release the key; S s: close and open the shutter; O o: come and go. */
	hand(letter: string): void {
		this.#program.stdin?.write(letter);
	}

	async close(): Promise<void> {
		const ended = once(this.#program, "exit");
		this.#program.stdin?.end();
		await ended;
		await this.#pty.close();
	}

	#shows(line: string): void {
		const [part, value] = line.split(" ");
		if (part === "light") this.light = lights[Number(value)] ?? null;
		if (part === "lamp") this.muteLamp = value === "1";
		if (part === "motor") this.shutterClosed = value === "1";
	}
}
