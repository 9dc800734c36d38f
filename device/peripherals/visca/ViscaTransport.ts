import type { Verdict } from "../link/Request.ts";
import type { ViscaReply } from "./ViscaReply.ts";

/** What is sent: a command, a question, or a setting of the interface such as IF_Clear. */
export type ViscaKind = "command" | "inquiry" | "setting";

/**
 * What an answer says to the message that it belongs to. `ran`: it was sent again, and the camera had worked on it the first time.
 * `out_of_step`: camera and controller no longer agree on where they are in their conversation.
 */
export type ViscaAnswer = ViscaReply | { readonly is: "ran" } | { readonly is: "out_of_step" };

/** One message on its way, and what is known of its answer. */
export interface ViscaEnvelope {
	/** The same bytes each time. */
	frame(): Uint8Array;
	/** Null where the frame is no answer to this message. */
	open(frame: Uint8Array): ViscaAnswer | null;
}

/** A message of a greeting, which not every camera answers. */
export interface ViscaGreeting {
	frame(): Uint8Array;
	judge(frame: Uint8Array): Verdict<void>;
}

/** What differs between a serial chain, a TCP stream and datagrams. */
export interface ViscaTransport {
	/** Whether an answer names its question. Where it does not, a late one is only known by asking something else in between. */
	readonly named: boolean;
	/**
	 * Milliseconds after which no answer comes any more. A camera acknowledges within four pictures, 167 ms at the slowest (BRC-X400 Command
	 * List p. 5); a stop must not wait much longer behind a message that got lost.
	 */
	readonly answerMs: number;
	/** Times that a message is sent again: where it may get lost on the way, and twice the same does no harm. */
	readonly resends: number;
	/** Said first when a line comes up, and when a camera says that its network changed. */
	greeting(): ViscaGreeting[];
	envelope(kind: ViscaKind, body: Uint8Array): ViscaEnvelope;
	/** Reads a frame that nobody asked for. */
	unasked(frame: Uint8Array): ViscaReply | null;
}

/** Over when the frame is what it waits for. */
export function doneWhen(found: boolean): Verdict<void> {
	return found ? { is: "done", value: undefined } : { is: "other" };
}
