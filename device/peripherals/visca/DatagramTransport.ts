import { parseReply, type ViscaReply } from "./ViscaReply.ts";
import {
	doneWhen,
	type ViscaAnswer,
	type ViscaEnvelope,
	type ViscaGreeting,
	type ViscaKind,
	type ViscaTransport,
} from "./ViscaTransport.ts";
import { viscaCommand, viscaMessage } from "./viscaCommand.ts";
import { datagramRefusal, encodeDatagram, parseDatagram, RESET } from "./viscaDatagram.ts";

/** Over IP each camera is number 1: BRC-X400 Command List p. 13. */
const ADDRESS = 1;

/**
 * VISCA over IP. Datagrams get lost in either direction; the number of each tells which question an answer belongs to, and what was sent
 * again under its old number is not worked on twice (SRG-300H Technical Manual p. 32).
 */
export class DatagramTransport implements ViscaTransport {
	readonly named = true;
	readonly answerMs = 200;
	readonly resends = 2;
	#next = 0;

	greeting(): ViscaGreeting[] {
		const clear = this.envelope("setting", viscaCommand.ifClear());
		return [
			{
				frame: () => {
					this.#next = 1;
					return encodeDatagram({ kind: "control", sequence: 0, payload: RESET });
				},
				judge: (frame) => {
					const datagram = parseDatagram(frame);
					return doneWhen(datagram?.kind === "control_reply" && !datagramRefusal(datagram));
				},
			},
			{ frame: clear.frame, judge: (frame) => doneWhen(clear.open(frame)?.is === "completion") },
		];
	}

	envelope(kind: ViscaKind, body: Uint8Array): ViscaEnvelope {
		const payload = viscaMessage(ADDRESS, body);
		let sequence: number | null = null;
		let sent = 0;
		return {
			frame: () => {
				// Numbered when it is its turn, so that numbers go out in order.
				sequence ??= this.#number();
				sent += 1;
				return encodeDatagram({ kind, sequence, payload });
			},
			open: (frame) => {
				const datagram = parseDatagram(frame);
				if (!datagram || datagram.sequence !== sequence) return null;
				return answerOf(datagram, sent > 1);
			},
		};
	}

	unasked(frame: Uint8Array): ViscaReply | null {
		const datagram = parseDatagram(frame);
		return datagram?.kind === "reply" ? parseReply(datagram.payload) : null;
	}

	#number(): number {
		const number = this.#next;
		this.#next = (number + 1) % 2 ** 32;
		return number;
	}
}

function answerOf(datagram: NonNullable<ReturnType<typeof parseDatagram>>, sentAgain: boolean): ViscaAnswer | null {
	const refusal = datagramRefusal(datagram);
	if (refusal === "sequence") return { is: sentAgain ? "ran" : "out_of_step" };
	if (refusal === "kind") return { is: "refusal", from: ADDRESS, socket: 0, why: "syntax" };
	return datagram.kind === "reply" ? parseReply(datagram.payload) : null;
}
