import { readFrame } from "../../../device/peripherals/panel-bus/frame.ts";
import { types } from "../../../device/peripherals/panel-bus/messages.ts";

/** What can go wrong between a device and the room. Each is switched on by a test; numbers count down to 0. */
export class OddLine {
	/** Reports that get lost. */
	loseReports = 0;
	/** Answers that get lost. */
	loseAnswers = 0;
	/** Frames in which one bit is wrong. */
	flipBits = 0;
	/** Each frame comes twice. */
	twice = false;
	/** Every second report comes before the one before it. */
	swap = false;
	/** Nothing comes from the device, which hears all the same. */
	silent = false;
	/** Nothing comes to the device. */
	deaf = false;
	/** Bytes of nothing between the frames. */
	garbage = false;
	/** Each frame comes in single bytes. */
	crumbs = false;
	readonly #deliver: (bytes: Uint8Array) => void;
	#held: Uint8Array | null = null;
	#random = 1;

	constructor(deliver: (bytes: Uint8Array) => void) {
		this.#deliver = deliver;
	}

	/** One frame of the device, with its 00. */
	pass(frame: Uint8Array): void {
		if (this.silent) return;
		const packet = readFrame(frame.subarray(0, -1));
		const isReport = packet?.type === types.report;
		const isAnswer = packet !== null && packet.sequence !== 0;
		if (isReport && this.loseReports > 0) this.loseReports -= 1;
		else if (isAnswer && this.loseAnswers > 0) this.loseAnswers -= 1;
		else if (isReport && this.swap && this.#held === null) this.#held = frame;
		else {
			this.#send(frame);
			if (this.#held) this.#send(this.#held);
			this.#held = null;
		}
	}

	#send(frame: Uint8Array): void {
		if (this.garbage) this.#deliver(Uint8Array.from({ length: 7 }, () => this.#nextByte()));
		// garbage has no end of its own, so the frame that follows is spoiled unless there is a 00 before it
		if (this.garbage && this.#nextByte() < 128) this.#deliver(Uint8Array.of(0));
		const sent = this.#spoiled(frame);
		for (let turn = this.twice ? 2 : 1; turn > 0; turn--) {
			if (this.crumbs) for (const byte of sent) this.#deliver(Uint8Array.of(byte));
			else this.#deliver(sent);
		}
	}

	#spoiled(frame: Uint8Array): Uint8Array {
		if (this.flipBits === 0) return frame;
		this.flipBits -= 1;
		const bit = this.#nextByte() % (frame.length * 8);
		return frame.with(bit >> 3, (frame[bit >> 3] as number) ^ (1 << (bit & 7)));
	}

	/** The same garbage in each run (Park and Miller's generator): what a test sees is not a matter of luck. */
	#nextByte(): number {
		this.#random = (this.#random * 48_271) % 0x7fffffff;
		return this.#random & 0xff;
	}
}
