import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { DisplayModel } from "../DisplayModel.ts";

/** What is odd about the television or the line; any of it may be switched at any time. */
export interface CecOddities {
	/** It does not even acknowledge, as some in standby. */
	absent: boolean;
	/** It acknowledges and answers nothing. */
	deaf: boolean;
	/** It knows nothing of sound. */
	noSound: boolean;
	/** It is asked for its power in vain. */
	noPowerStatus: boolean;
	/** What it calls a step of its volume. */
	volumeStep: number;
	/** It knows the key that mutes and sounds in turn, and no other. */
	onlyToggles: boolean;
	/** The HDMI cable is pulled out: the adapter has no address. */
	unplugged: boolean;
}

/** Where the far end of our cable is plugged in: 1.0.0.0 is the television's first input. */
const PHYSICAL_ADDRESS = 0x1000;
const PLAYBACK = 4;
const TV = 0;
const BROADCAST = 15;
const INVALID = 0xff;
const tx = { ok: 1, nack: 1 << 2, maxRetries: 1 << 5 };
const rx = { ok: 1, timeout: 2, featureAbort: 4 };

/**
 * An HDMI line with a television on it, as the kernel's CEC device shows it, for the real cec-ctl: `cecCtl` is a program that runs it with
 * preload.c. Messages are those of the HDMI specification 1.4b, supplement 1 (CEC), table 6 and following.
 */
export class SimulatedCecLine {
	readonly device = "/dev/cec-simulated";
	readonly model: DisplayModel;
	readonly odd: CecOddities = {
		absent: false,
		deaf: false,
		noSound: false,
		noPowerStatus: false,
		volumeStep: 1,
		onlyToggles: false,
		unplugged: false,
	};
	/** Messages that were sent, as `40 8f`. */
	readonly sent: string[] = [];
	readonly #folder: string;
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	#configured = false;

	private constructor(model: DisplayModel, folder: string) {
		this.model = model;
		this.#folder = folder;
		this.#server = createServer((socket) => this.#connected(socket));
	}

	static async open(model: DisplayModel): Promise<SimulatedCecLine> {
		const line = new SimulatedCecLine(model, await mkdtemp(join(tmpdir(), "incamera-cec-")));
		const library = join(line.#folder, "preload.so");
		const source = join(import.meta.dirname, "preload.c");
		await promisify(execFile)("g++", [
			"-x",
			"c",
			"-shared",
			"-fPIC",
			"-O1",
			"-Wall",
			"-Werror",
			"-o",
			library,
			source,
			"-ldl",
		]);
		const variables = `CEC_LINE_DEVICE=${line.device} CEC_LINE_SOCKET=${line.#socketPath} LD_PRELOAD=${library}`;
		await writeFile(line.cecCtl, `#!/bin/sh\n${variables} exec cec-ctl "$@"\n`);
		await chmod(line.cecCtl, 0o755);
		await line.plugIn();
		return line;
	}

	/** To be run instead of cec-ctl. */
	get cecCtl(): string {
		return join(this.#folder, "cec-ctl");
	}

	/** The adapter is there. */
	async plugIn(): Promise<void> {
		this.#server.listen(this.#socketPath);
		await once(this.#server, "listening");
	}

	/** The adapter is gone, with its device. */
	async pullOut(): Promise<void> {
		this.#configured = false;
		for (const socket of this.#sockets) socket.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async close(): Promise<void> {
		this.model.close();
		if (this.#server.listening) await this.pullOut();
		await rm(this.#folder, { recursive: true, force: true });
	}

	get #socketPath(): string {
		return join(this.#folder, "line");
	}

	#connected(socket: Socket): void {
		this.#sockets.add(socket);
		let kept = Buffer.alloc(0);
		socket.on("error", () => {});
		socket.on("close", () => this.#sockets.delete(socket));
		socket.on("data", (bytes: Buffer) => {
			kept = Buffer.concat([kept, bytes]);
			for (; kept.length >= 19; kept = kept.subarray(19)) socket.write(this.#answer(kept.subarray(0, 19)));
		});
	}

	#answer(question: Uint8Array): Uint8Array {
		const answer = new Uint8Array(20);
		const [what, first, reply, ...message] = question;
		if (what === 0x54) {
			answer.set(this.#transmit(message.slice(0, first), reply ?? 0), 1);
			return answer;
		}
		if (what === 0x53) this.#configured = first !== 0;
		const physical = this.odd.unplugged ? 0xffff : PHYSICAL_ADDRESS;
		const logical = this.#configured && !this.odd.unplugged ? PLAYBACK : INVALID;
		answer.set([physical >> 8, physical & 0xff, logical], 1);
		return answer;
	}

	/** @returns how it was sent, how it was answered, the answer's length and the answer. */
	#transmit(message: readonly number[], reply: number): number[] {
		const [addresses = 0, opcode, ...operands] = message;
		this.sent.push(message.map((byte) => byte.toString(16).padStart(2, "0")).join(" "));
		const to = addresses & 15;
		if (to !== BROADCAST && (to !== TV || this.odd.absent)) return [tx.nack | tx.maxRetries, 0, 0];
		const said = opcode === undefined || this.odd.deaf ? null : this.#hear(opcode, operands);
		if (reply === 0) return [tx.ok, 0, 0];
		if (!said) return [tx.ok, rx.timeout, 0];
		const header = said[0] === 0x87 ? 0x0f : 0x04;
		return [tx.ok, said[0] === 0 ? rx.featureAbort : rx.ok, said.length + 1, header, ...said];
	}

	/** @returns opcode and operands of what the television answers. */
	#hear(opcode: number, operands: readonly number[]): number[] | null {
		const { model, odd } = this;
		switch (opcode) {
			case 0x8f:
				if (odd.noPowerStatus) return [0x00, opcode, 0];
				return [0x90, { on: 0, off: 1, warming: 2, cooling: 3 }[model.power]];
			case 0x46:
				return [0x47, ...Buffer.from("TV")];
			case 0x8c:
				return [0x87, 0x00, 0xe0, 0x91];
			case 0x04:
			case 0x0d:
				model.switch(true);
				return null;
			case 0x36:
				model.switch(false);
				return null;
			case 0x82:
				if (model.power === "on" && operands[0] === PHYSICAL_ADDRESS >> 8) model.select("hdmi1");
				return null;
			case 0x71:
				if (odd.noSound) return [0x00, opcode, 0];
				return [0x7a, (model.muted ? 0x80 : 0) | model.volume];
			case 0x44:
				if (!odd.noSound && model.power === "on") this.#key(operands[0] ?? 0);
				return null;
			case 0x45:
				return null;
			default:
				return [0x00, opcode, 0];
		}
	}

	/** Table 30, user control codes. */
	#key(key: number): void {
		const { model, odd } = this;
		if (key === 0x41) model.setVolume(Math.min(100, model.volume + odd.volumeStep));
		if (key === 0x42) model.setVolume(Math.max(0, model.volume - odd.volumeStep));
		if (key === 0x43) model.mute(!model.muted);
		if (key === 0x65 && !odd.onlyToggles) model.mute(true);
		if (key === 0x66 && !odd.onlyToggles) model.mute(false);
	}
}
