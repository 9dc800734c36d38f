import type { EnrolFailure, EnrolUp } from "../../contract/enrolment.ts";

/** What is known of a handshake; null: nothing yet. */
export type Attempt = {
	/** By when it has to be through; milliseconds since the epoch. */
	expiresAt: number;
	devNonce: string;
	srvNonce: string;
	/** DER, base64; null before it came. */
	csr: string | null;
} & (
	| { step: "challenged" | "pending" | "issued" | "confirmed" }
	/** Over: whoever goes on with it hears the same again. */
	| { step: "failed"; failure: EnrolFailure }
);

/** What is to be done about a message. */
export type Step =
	/** A new handshake: find the code, think of a nonce, answer with it. */
	| { do: "begin" }
	/** The challenge did not arrive, or the hello came twice: the same challenge again. */
	| { do: "challenge"; srvNonce: string }
	/** Let the device prove that it knows the code, and if it does issue its certificate. */
	| { do: "prove"; csr: string; mac: string }
	/** That is being done. */
	| { do: "wait" }
	/** It was done: the same answer again. */
	| { do: "repeat" }
	| { do: "refuse"; code: EnrolFailure };

/**
 * The service's side of the handshake, decided from what is stored of it, so that any worker can go on. One proof an attempt: whoever had
 * the wrong code begins anew, with new nonces.
 */
export function nextStep(attempt: Attempt | null, message: EnrolUp, now: number): Step {
	const present = attempt && attempt.expiresAt > now ? attempt : null;
	// Beginning again under the nonce of an attempt that ran out would mix up the two.
	if (attempt && !present) return { do: "refuse", code: "enrol.out_of_order" };
	if (present?.step === "failed") return { do: "refuse", code: present.failure };
	return message.op === "hello" ? onHello(present, message) : onCsr(present, message);
}

function onHello(attempt: Attempt | null, { devNonce }: EnrolUp & { op: "hello" }): Step {
	if (!attempt) return { do: "begin" };
	if (attempt.step === "challenged" && attempt.devNonce === devNonce) {
		return { do: "challenge", srvNonce: attempt.srvNonce };
	}
	return { do: "refuse", code: "enrol.out_of_order" };
}

function onCsr(attempt: Attempt | null, { csr, mac }: EnrolUp & { op: "csr" }): Step {
	if (!attempt) return { do: "refuse", code: "enrol.out_of_order" };
	if (attempt.step === "challenged") return { do: "prove", csr, mac };
	if (attempt.csr !== csr) return { do: "refuse", code: "enrol.out_of_order" };
	return attempt.step === "pending" ? { do: "wait" } : { do: "repeat" };
}
