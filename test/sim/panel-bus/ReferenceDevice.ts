import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../../device/core/clock.ts";
import type { Light } from "../../../device/peripherals/model/PanelBus.ts";
import { type Packet, readFrame, VERSION } from "../../../device/peripherals/panel-bus/frame.ts";
import {
	type DeviceMessage,
	type HardwareState,
	type HostMessage,
	MOST_STATES,
	parts,
	type Refusal,
	readMessage,
	types,
	writeMessage,
} from "../../../device/peripherals/panel-bus/messages.ts";
import { PanelBusSplitter } from "../../../device/peripherals/panel-bus/PanelBusSplitter.ts";
import { timing } from "../../../device/peripherals/panel-bus/timing.ts";

export interface DeviceOptions {
	clock: Clock;
	send: (frame: Uint8Array) => void;
	/** Bits of `parts`; all unless told otherwise. */
	parts?: number;
	model?: string;
	firmware?: string;
	/** Versions that it speaks. */
	lowest?: number;
	highest?: number;
}

const all = Object.values(parts).reduce((sum, bit) => sum | bit, 0);
const known: ReadonlySet<number> = new Set(Object.values(types).filter((type) => type < 0x80));

/** A device of the panel bus as docs/panel-bus.md wants it, with hands that a test can move. */
export class ReferenceDevice {
	readonly #options: Required<DeviceOptions>;
	#splitter = new PanelBusSplitter();
	#cancels: { report: () => void; roomLost: () => void } = { report: () => {}, roomLost: () => {} };
	/** Whether a room has greeted and is alive. */
	#greeted = false;
	#counter = 0;
	#state: HardwareState = { muteKey: false, shutterClosed: false, shutterByHand: false, occupied: false };
	#broken = 0;
	/** The states of the last counters, the newest last. */
	#history: HardwareState[] = [this.#state];
	#last: { sequence: number; type: number; answer: Uint8Array } | null = null;
	/** Of the bytes that were no frame, those that the room was told of. */
	#toldBadBytes = 0;
	#stopped = true;
	light: Light = "trouble";
	muteLamp = false;
	/** Requests in the order in which they were done; a repeated one is done once. */
	readonly done: HostMessage[] = [];

	constructor(options: DeviceOptions) {
		this.#options = {
			parts: all,
			model: "InCamera Reference",
			firmware: "1.0.0",
			lowest: VERSION,
			highest: VERSION,
			...options,
		};
	}

	get greeted(): boolean {
		return this.#greeted;
	}
	get state(): HardwareState {
		return this.#state;
	}
	get counter(): number {
		return this.#counter;
	}

	/** Power. What a hand did to it stays as it is; what it remembers begins anew. */
	start(counter = 0): void {
		this.#stopped = false;
		this.#splitter = new PanelBusSplitter();
		this.#toldBadBytes = 0;
		this.#counter = counter;
		this.#history = [this.#state];
		this.#forgetRoom();
	}

	stop(): void {
		this.#stopped = true;
		this.#cancels.report();
		this.#cancels.roomLost();
	}

	pressMuteKey(held: boolean): void {
		this.#change({ muteKey: held });
	}

	/** A hand on the shutter: what it closes stays closed until a hand opens it. */
	moveShutterByHand(closed: boolean): void {
		this.#change({ shutterClosed: closed, shutterByHand: closed });
	}

	occupy(occupied: boolean): void {
		this.#change({ occupied });
	}

	/** Parts whose state isn't known report their safe side. */
	breakParts(broken: number): void {
		const { muteKey, shutterClosed } = this.#state;
		const safe = {
			muteKey: muteKey || (broken & parts.muteKey) !== 0,
			shutterClosed: shutterClosed || (broken & parts.shutter) !== 0,
		};
		this.#change(safe, broken);
	}

	receive(bytes: Uint8Array): void {
		if (this.#stopped) return;
		for (const frame of this.#splitter.push(bytes)) {
			const packet = readFrame(frame);
			// what has bit 7 is what a device says: our own echo, or a line that was wired wrong
			if (packet && packet.type < 0x80) this.#take(packet);
		}
	}

	#take(packet: Packet): void {
		const { sequence, type } = packet;
		if (this.#greeted) this.#roomIsThere();
		if (type === types.beat) return;
		// the answer was lost on its way: what was done is not done again
		if (this.#last?.sequence === sequence && this.#last.type === type && type !== types.hello) {
			this.#options.send(this.#last.answer);
			return;
		}
		const answer = writeMessage(this.#answer(packet), sequence);
		this.#last = { sequence, type, answer };
		this.#options.send(answer);
		if (type === types.hello && this.#greeted) this.#report();
	}

	#answer(packet: Packet): DeviceMessage {
		const { type, version } = packet;
		const refuse = (refusal: Refusal): DeviceMessage => ({ name: "refused", of: type, refusal });
		if (version !== VERSION && type !== types.hello) return refuse("unknown_version");
		if (!known.has(type)) return refuse("unknown_type");
		const message = readMessage(packet) as HostMessage | null;
		if (message?.name === "hello") return this.#greet(message);
		if (!this.#greeted) return refuse("not_greeted");
		if (message === null) return refuse("bad_value");
		const refusal = this.#refusal(message);
		if (refusal) return refuse(refusal);
		if (message.name === "recall") return this.#recall(message.counter);
		this.#do(message);
		return { name: "done", of: type };
	}

	#greet({ lowest, highest }: Extract<HostMessage, { name: "hello" }>): DeviceMessage {
		this.#last = null;
		const common = Math.max(lowest, this.#options.lowest) <= Math.min(highest, this.#options.highest);
		if (!common && this.#greeted) this.#forgetRoom();
		this.#greeted = common;
		if (common) this.#roomIsThere();
		return this.#identity();
	}

	#refusal(message: HostMessage): Refusal | null {
		const { parts: has } = this.#options;
		switch (message.name) {
			case "recall":
				return (message.counter - this.#counter) >> 0 > 0 ? "bad_value" : null;
			case "set_light":
				return has & parts.lightBar ? null : "no_such_part";
			case "set_mute_lamp":
				return has & parts.muteLamp ? null : "no_such_part";
			case "set_shutter":
				if (!(has & parts.shutterMotor)) return "no_such_part";
				if (!message.closed && this.#state.shutterByHand) return "held_by_hand";
				return this.#broken & parts.shutterMotor ? "broken" : null;
			default:
				return null;
		}
	}

	#do(message: HostMessage): void {
		this.done.push(message);
		if (message.name === "set_light") this.light = message.light;
		if (message.name === "set_mute_lamp") this.muteLamp = message.on;
		if (message.name === "set_shutter") this.#change({ shutterClosed: message.closed });
	}

	#recall(counter: number): DeviceMessage {
		// as many as are remembered, and the oldest of them first
		const back = Math.min((this.#counter - counter) >>> 0, this.#history.length - 1);
		return { name: "history", counter: (this.#counter - back) >>> 0, states: this.#history.slice(-1 - back) };
	}

	#change(change: Partial<HardwareState>, broken = this.#broken): void {
		const state = { ...this.#state, ...change };
		if (isDeepStrictEqual(state, this.#state) && broken === this.#broken) return;
		this.#state = state;
		this.#broken = broken;
		this.#counter = (this.#counter + 1) >>> 0;
		this.#history = [...this.#history, this.#state].slice(-MOST_STATES);
		if (this.#greeted) this.#report();
	}

	#roomIsThere(): void {
		this.#cancels.roomLost();
		this.#cancels.roomLost = this.#options.clock.after(timing.roomLostMs, () => this.#forgetRoom());
	}

	/** Nobody speaks for the room: nothing may be claimed, nothing may be seen. */
	#forgetRoom(): void {
		this.#greeted = false;
		this.#last = null;
		this.light = "trouble";
		this.muteLamp = false;
		if (this.#options.parts & parts.shutterMotor) this.#change({ shutterClosed: true });
		this.#cancels.roomLost();
		this.#cancels.report();
		this.#announce();
	}

	#announce(): void {
		this.#say(this.#identity());
		this.#cancels.report = this.#options.clock.after(timing.announceMs, () => this.#announce());
	}

	#report(): void {
		this.#say({ name: "report", counter: this.#counter, state: this.#state, broken: this.#broken });
		const { badBytes } = this.#splitter;
		if (badBytes !== this.#toldBadBytes) this.#say({ name: "noise", badBytes: badBytes & 0xffff });
		this.#toldBadBytes = badBytes;
		this.#cancels.report();
		this.#cancels.report = this.#options.clock.after(timing.reportMs, () => this.#report());
	}

	#identity(): DeviceMessage {
		const { lowest, highest, parts: has, model, firmware } = this.#options;
		return { name: "identity", lowest, highest, parts: has, model, firmware };
	}

	#say(message: DeviceMessage): void {
		if (!this.#stopped) this.#options.send(writeMessage(message, 0));
	}
}
