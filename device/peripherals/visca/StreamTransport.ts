import { parseReply, type ViscaReply } from "./ViscaReply.ts";
import {
	doneWhen,
	type ViscaEnvelope,
	type ViscaGreeting,
	type ViscaKind,
	type ViscaTransport,
} from "./ViscaTransport.ts";
import { ADDRESS_SET, IF_CLEAR_ALL, viscaCommand, viscaMessage } from "./viscaCommand.ts";

/**
 * VISCA as it is, over a serial line with up to seven cameras in a chain, or over TCP with one. Answers do not name their question: a
 * camera works one message after the other, so they come in order.
 */
export class StreamTransport implements ViscaTransport {
	readonly named = false;
	/** The longest message and its answer take 30 ms at 9600 bit/s. */
	readonly answerMs = 500;
	/** A stream loses nothing that its far end hears. */
	readonly resends = 0;
	readonly #address: number;
	readonly #chain: boolean;

	/**
	 * @param options.address of the camera, 1 to 7. @param options.chain whether there may be others on the line. Over TCP there are none: an
	 * answer is the camera's, whatever number its maker lets it answer with.
	 */
	constructor(options: { address: number; chain: boolean }) {
		this.#address = options.address;
		this.#chain = options.chain;
	}

	greeting(): ViscaGreeting[] {
		if (!this.#chain) {
			const { frame, open } = this.envelope("setting", viscaCommand.ifClear());
			return [{ frame, judge: (answer) => doneWhen(open(answer)?.is === "completion") }];
		}
		return [
			{ frame: () => ADDRESS_SET, judge: (frame) => doneWhen(parseReply(frame)?.is === "addressed") },
			{ frame: () => IF_CLEAR_ALL, judge: (frame) => doneWhen(parseReply(frame)?.is === "cleared") },
		];
	}

	envelope(_kind: ViscaKind, body: Uint8Array): ViscaEnvelope {
		const message = viscaMessage(this.#address, body);
		return { frame: () => message, open: (frame) => this.#mine(parseReply(frame)) };
	}

	unasked(frame: Uint8Array): ViscaReply | null {
		return parseReply(frame);
	}

	#mine(reply: ViscaReply | null): ViscaReply | null {
		if (!reply || !("from" in reply)) return null;
		return this.#chain && reply.from !== this.#address ? null : reply;
	}
}
