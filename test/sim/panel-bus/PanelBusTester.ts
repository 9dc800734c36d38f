import { systemClock } from "../../../device/core/clock.ts";
import type { LineLink } from "../../../device/peripherals/link/LineLink.ts";
import { openLink } from "../../../device/peripherals/link/openLink.ts";
import { type Packet, readFrame, VERSION } from "../../../device/peripherals/panel-bus/frame.ts";
import {
	type DeviceMessage,
	type HostMessage,
	readMessage,
	writeMessage,
} from "../../../device/peripherals/panel-bus/messages.ts";
import { PanelBusSplitter } from "../../../device/peripherals/panel-bus/PanelBusSplitter.ts";
import { timing } from "../../../device/peripherals/panel-bus/timing.ts";

/** A room as a tester wants it: says single frames, also wrong ones, and reads what comes in its order. */
export class PanelBusTester {
	readonly link: LineLink;
	/** What came, oldest first. */
	readonly heard: { sequence: number; message: DeviceMessage }[] = [];
	/** Frames that made no sense. */
	readonly strange: Packet[] = [];
	/** Of `heard`, what was read by now. */
	#read = 0;
	#sequence = 0;
	readonly #beats: NodeJS.Timeout;

	constructor(path: string) {
		const address = { by: "serial", path, baudRate: 115_200 } as const;
		this.link = openLink(address, { splitter: () => new PanelBusSplitter(), clock: systemClock });
		this.link.onFrame((frame) => {
			const packet = readFrame(frame);
			const message = packet && readMessage(packet);
			if (packet && message && packet.type >= 0x80)
				this.heard.push({ sequence: packet.sequence, message: message as DeviceMessage });
			else if (packet) this.strange.push(packet);
		});
		const beat = writeMessage({ name: "beat" }, 0);
		this.#beats = setInterval(() => void this.link.send(beat).catch(() => {}), timing.roomBeatMs);
	}

	/** From now on the device hears only what is asked. */
	stopBeats(): void {
		clearInterval(this.#beats);
	}

	async close(): Promise<void> {
		this.stopBeats();
		await this.link.close();
	}

	async up(): Promise<void> {
		await until(() => this.link.state.name === "up");
	}

	/** The next of a kind that fits, behind what was read before. */
	async next<Name extends DeviceMessage["name"]>(
		name: Name,
		fits: (message: Extract<DeviceMessage, { name: Name }>) => boolean = () => true,
	): Promise<Extract<DeviceMessage, { name: Name }>> {
		for (;;) {
			await until(() => this.heard.length > this.#read);
			const message = this.heard[this.#read++]?.message;
			if (message?.name === name && fits(message as never)) return message as Extract<DeviceMessage, { name: Name }>;
		}
	}

	nextSequence(): number {
		this.#sequence = (this.#sequence % 255) + 1;
		return this.#sequence;
	}

	/** Sends one request and gives its answer. */
	async ask(message: HostMessage): Promise<DeviceMessage> {
		const sequence = this.nextSequence();
		return this.answerTo(writeMessage(message, sequence), sequence);
	}

	/** Sends a frame, again while nothing answers, as a room does. */
	async answerTo(frame: Uint8Array, sequence: number): Promise<DeviceMessage> {
		const from = this.heard.length;
		this.#read = from;
		const found = () => this.heard.slice(from).find((one) => one.sequence === sequence)?.message;
		let sentAt = 0;
		await until(() => {
			if (found()) return true;
			if (Date.now() - sentAt > 150) {
				sentAt = Date.now();
				this.link.send(frame).catch(() => {});
			}
			return false;
		});
		return found() as DeviceMessage;
	}

	/** Begins a conversation; gives who is there. */
	async greet(): Promise<Extract<DeviceMessage, { name: "identity" }>> {
		const answer = await this.ask({ name: "hello", lowest: VERSION, highest: VERSION });
		if (answer.name !== "identity") throw new Error(`hello was answered by ${answer.name}`);
		return answer;
	}
}

async function until(holds: () => boolean): Promise<void> {
	const deadline = Date.now() + 20_000;
	while (!holds()) {
		if (Date.now() > deadline) throw new Error("what was waited for did not come");
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}
