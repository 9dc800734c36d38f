import type { Clock } from "../../../device/core/clock.ts";
import { type CameraCommand, readCommand } from "./readCommand.ts";
import type { SimulatedCamera } from "./SimulatedCamera.ts";

/** Says one reply, in one piece unless the line cuts it. */
export type Say = (reply: Uint8Array) => void;

/** What real cameras were seen to do, and what lines do to them; all off at the beginning. */
export interface Oddities {
	/** Acts and says nothing. */
	mute: boolean;
	/** Hears nothing. */
	deaf: boolean;
	/** Acknowledges and never says that it is done. */
	noCompletion: boolean;
	/** Says with each acknowledgement that a command in its other socket is done, which nobody gave. */
	emptySocket: boolean;
	/** Says that commands are done in pairs, the later one first. */
	overlapping: boolean;
	/** Says everything twice. */
	doubled: boolean;
	/** Milliseconds until anything is said. */
	lateMs: number;
	/** Bytes that stand before each reply. */
	garbage: readonly number[];
	/** Says everything first as another camera of the chain would. */
	strangers: boolean;
	/** Answers with another number than it is called by: cameras that have one for RS-232 and are called 1 over TCP. */
	answersAs: number | null;
	/** Has its number from a switch, and knows nothing of messages to all. */
	ownNumber: boolean;
	/** The next reply breaks off after so many bytes. */
	breaksOff: number | null;
	/** Replies come byte for byte. */
	inPieces: boolean;
	/** What the next commands, so many, are refused with. */
	refuse: { code: number; times: number };
	/** Commands that get lost on the way to it, so many from now on. */
	loseCommands: number;
	/** Commands that it acknowledges, says are done, and does not do, so many from now on. */
	ignores: number;
	/** Questions that it does not know. */
	unknown: Set<(CameraCommand & { is: "ask" })["about"]>;
}

interface Socket {
	readonly stop: () => void;
}

const SYNTAX = 0x02;
const BUFFER_FULL = 0x03;
const CANCELLED = 0x04;
const NO_SOCKET = 0x05;
const NOT_EXECUTABLE = 0x41;
/** Two that are done are said within so many milliseconds in the wrong order. */
const OVERLAP_MS = 40;

export interface FirmwareOptions {
	clock: Clock;
	panDigits?: 4 | 5;
	/** Cameras between the controller and this one. Default 0. */
	before?: number;
	/** Milliseconds that it takes to answer. Default 0: before `hear` returns. */
	answerMs?: number;
	version?: { vendor: number; model: number; rom: number };
}

/** A simulated camera's other half: speaks VISCA, message by message, over whatever carries it. */
export class CameraFirmware {
	/** Messages to it, its own and those to all, oldest first. */
	readonly heard: Uint8Array[] = [];
	readonly odd: Oddities = {
		mute: false,
		deaf: false,
		noCompletion: false,
		emptySocket: false,
		overlapping: false,
		doubled: false,
		lateMs: 0,
		garbage: [],
		strangers: false,
		answersAs: null,
		ownNumber: false,
		breaksOff: null,
		inPieces: false,
		refuse: { code: 0, times: 0 },
		loseCommands: 0,
		ignores: 0,
		unknown: new Set(),
	};
	/** Null after it was switched on at its plug, until it is given one. */
	address: number | null = 1;
	readonly #camera: SimulatedCamera;
	readonly #clock: Clock;
	readonly #panDigits: 4 | 5;
	readonly #before: number;
	readonly #answerMs: number;
	readonly #version: { vendor: number; model: number; rom: number };
	#sockets: [Socket | null, Socket | null] = [null, null];
	#heldBack: (() => void)[] = [];
	#saidUntil = 0;

	constructor(camera: SimulatedCamera, options: FirmwareOptions) {
		this.#camera = camera;
		this.#clock = options.clock;
		this.#panDigits = options.panDigits ?? 4;
		this.#before = options.before ?? 0;
		this.address = this.#before + 1;
		this.#answerMs = options.answerMs ?? 0;
		this.#version = options.version ?? { vendor: 0x0001, model: 0x0516, rom: 0x0102 };
	}

	/** Bodies of the commands, not questions, that were heard, as hexadecimal digits. */
	get commands(): string[] {
		return this.heard
			.filter((message) => message[1] !== 0x09)
			.map((message) => Buffer.from(message.subarray(1, -1)).toString("hex"));
	}

	/** @param message with address and `FF`, as it came. */
	hear(message: Uint8Array, say: Say): void {
		const toAll = message[0] === 0x88;
		const toMe = this.address !== null && message[0] === (0x80 | this.address);
		if (this.odd.deaf || (!toAll && !toMe) || (toAll && this.odd.ownNumber)) return;
		const command = readCommand(message.subarray(1, -1));
		if (toMe && this.odd.loseCommands > 0 && command.is !== "ask") {
			this.odd.loseCommands -= 1;
			return;
		}
		this.heard.push(message.slice());
		if (toAll) this.#hearAll(message, say);
		else if (command.is === "ask") this.#answer(command.about, say);
		else this.#obey(command, say);
	}

	/** Its plug was pulled and put in again, or a camera came into the chain. */
	changeNetwork(say: Say): void {
		this.address = null;
		this.#sockets = [null, null];
		this.#camera.halt();
		this.#say([0x90, 0x38, 0xff], say);
	}

	/** Says bytes as if they were its own. */
	blurt(bytes: readonly number[], say: Say): void {
		this.#say(bytes, say);
	}

	#hearAll(message: Uint8Array, say: Say): void {
		if (message[1] === 0x30 && message.length === 4) {
			const number = (message[2] as number) + this.#before;
			this.address = number;
			this.#say([0x88, 0x30, number + 1, 0xff], say);
		} else {
			this.#sockets = [null, null];
			this.#say([...message], say);
		}
	}

	#answer(about: (CameraCommand & { is: "ask" })["about"], say: Say): void {
		const { pan, tilt, zoom } = this.#camera.place;
		const { vendor, model, rom } = this.#version;
		const answers = {
			version: () => [vendor >> 8, vendor & 0xff, model >> 8, model & 0xff, rom >> 8, rom & 0xff, 2],
			power: () => [this.#camera.power === "standby" ? 0x03 : 0x02],
			zoom: () => digits(zoom, 4),
			focus: () => [this.#camera.focus === "auto" ? 0x02 : 0x03],
			pan_tilt: () => [...digits(pan, this.#panDigits), ...digits(tilt, 4)],
			fastest: () => [this.#camera.fastest.pan, this.#camera.fastest.tilt],
		};
		if (this.odd.unknown.has(about)) this.#reply(say, 0x60, SYNTAX);
		else this.#reply(say, 0x50, ...answers[about]());
	}

	#obey(command: Exclude<CameraCommand, { is: "ask" }>, say: Say): void {
		if (command.is === "cancel") this.#cancel(command.socket, say);
		else if (command.is === "if_clear") {
			this.#sockets = [null, null];
			this.#reply(say, 0x50);
		} else {
			const socket = this.#sockets.indexOf(null) + 1;
			const refusal = this.#refusal(command, socket);
			if (refusal === null) this.#begin(command, socket, say);
			else this.#reply(say, refusal === NOT_EXECUTABLE ? 0x60 | socket : 0x60, refusal);
		}
	}

	#begin(command: CameraCommand, socket: number, say: Say): void {
		const mine: Socket = { stop: () => this.#halt(command) };
		this.#sockets[socket - 1] = mine;
		this.#reply(say, 0x40 | socket);
		if (this.odd.emptySocket) this.#reply(say, 0x50 | (3 - socket));
		this.#do(this.#ignored(command), () => {
			if (this.#sockets[socket - 1] === mine) this.#complete(say, socket);
		});
	}

	#ignored(command: CameraCommand): CameraCommand {
		if (this.odd.ignores === 0) return command;
		this.odd.ignores -= 1;
		return { is: "unknown" };
	}

	#cancel(socket: number, say: Say): void {
		const running = this.#sockets[socket - 1];
		this.#sockets[socket - 1] = null;
		running?.stop();
		this.#reply(say, 0x60 | socket, running ? CANCELLED : NO_SOCKET);
	}

	/** @param socket that is free; 0: none. */
	#refusal(command: CameraCommand, socket: number): number | null {
		const { power, focus, presets, mostPresets } = this.#camera;
		const { refuse } = this.odd;
		if (command.is === "unknown") return SYNTAX;
		if (refuse.times > 0) {
			refuse.times -= 1;
			return refuse.code;
		}
		if (command.is === "preset" && command.preset >= mostPresets) return SYNTAX;
		if ((command.is === "go_to" || command.is === "go_by") && command.panDigits !== this.#panDigits) return SYNTAX;
		if (socket === 0) return BUFFER_FULL;
		if (power !== "on" && command.is !== "power") return NOT_EXECUTABLE;
		if (command.is === "focus" && focus === "auto") return NOT_EXECUTABLE;
		const recalls = command.is === "preset" && command.what === "recall";
		return recalls && !presets.has(command.preset) ? NOT_EXECUTABLE : null;
	}

	/** Begins what takes a while and calls back when it is done; does the rest at once. */
	#do(command: CameraCommand, done: () => void): void {
		const camera = this.#camera;
		const { pan, tilt } = camera.place;
		const { fastest } = camera;
		const place = command.is === "preset" && command.what === "recall" ? camera.presets.get(command.preset) : null;
		if (command.is === "power" && command.on) camera.switchOn(done);
		else if (command.is === "zoom_to") camera.zoomTo(command.zoom, done);
		else if (command.is === "go_to") camera.goTo(command.pan, command.tilt, command.speed, done);
		else if (command.is === "go_by") camera.goTo(pan + command.pan, tilt + command.tilt, command.speed, done);
		else if (command.is === "home" || command.is === "reset") camera.goTo(0, 0, fastest.pan, done);
		else if (place) camera.recall(place, done);
		else {
			this.#doAtOnce(command);
			done();
		}
	}

	#doAtOnce(command: CameraCommand): void {
		const camera = this.#camera;
		const { tilt: fastest } = camera.fastest;
		if (command.is === "power") camera.switchOff();
		else if (command.is === "drive") camera.drive(command.pan, Math.max(-fastest, Math.min(fastest, command.tilt)));
		else if (command.is === "zoom") camera.driveZoom(command.speed);
		else if (command.is === "tracking") camera.tracking = command.on;
		else if (command.is === "preset" && command.what === "store") camera.presets.set(command.preset, camera.place);
		else if (command.is === "preset") camera.presets.delete(command.preset);
		else if (command.is === "focus_mode") camera.focus = command.how;
		else if (command.is === "focus") camera.focusing = command.how;
	}

	#halt(command: CameraCommand): void {
		if (command.is === "zoom_to") this.#camera.driveZoom(0);
		else if (command.is === "go_to" || command.is === "go_by" || command.is === "home" || command.is === "reset")
			this.#camera.drive(0, 0);
		else if (command.is === "preset") this.#camera.halt();
	}

	#complete(say: Say, socket: number): void {
		const done = (): void => {
			this.#sockets[socket - 1] = null;
			if (!this.odd.noCompletion) this.#reply(say, 0x50 | socket);
		};
		if (!this.odd.overlapping) {
			done();
			return;
		}
		this.#heldBack.push(done);
		if (this.#heldBack.length === 1) {
			this.#clock.after(OVERLAP_MS, () => {
				for (const held of this.#heldBack.splice(0).reverse()) held();
			});
		}
	}

	#reply(say: Say, ...body: number[]): void {
		const address = this.odd.answersAs ?? this.address ?? 1;
		if (this.odd.strangers) this.#say([0x80 | ((address + 1) << 4), ...body, 0xff], say);
		this.#say([0x80 | (address << 4), ...body, 0xff], say);
	}

	#say(reply: readonly number[], say: Say): void {
		const { mute, doubled, garbage, inPieces, lateMs, breaksOff } = this.odd;
		if (mute) return;
		this.odd.breaksOff = null;
		const bytes = Uint8Array.from([...garbage, ...reply.slice(0, breaksOff ?? reply.length)]);
		const out = () => {
			for (let times = doubled ? 2 : 1; times > 0; times--) {
				if (!inPieces) say(bytes);
				else for (const byte of bytes) say(Uint8Array.of(byte));
			}
		};
		// It says one thing after the other, however long the first takes.
		const now = this.#clock.now();
		this.#saidUntil = Math.max(this.#saidUntil, now + this.#answerMs + lateMs);
		if (this.#saidUntil > now) this.#clock.after(this.#saidUntil - now, out);
		else out();
	}
}

function digits(value: number, count: number): number[] {
	return Array.from({ length: count }, (_, index) => (value >> (4 * (count - 1 - index))) & 0x0f);
}
