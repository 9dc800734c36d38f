import type * as z from "zod/mini";
import { malformed, stale } from "./failures.ts";
import type { Role } from "./handshake.ts";
import type { OwnIdentity } from "./identity.ts";
import { readHeader, signMessage, verifyMessage } from "./jws.ts";
import { MEETING_VERSION, parseMessage, type SignalBody, signal } from "./messages.ts";

/** A farewell is the last of its direction whatever came before, so it can be made in advance. */
const LAST = Number.MAX_SAFE_INTEGER;

/**
 * The signed messages of one call beside the handshake, each direction numbered: what is repeated, late or of another call is
 * refused as `meeting.stale`, for the caller to count and drop.
 */
export class SignalChannel {
	readonly callId: string;
	readonly role: Role;
	readonly #identity: OwnIdentity;
	#sent = 0;
	#received = -1;

	constructor(options: { callId: string; role: Role; identity: OwnIdentity }) {
		this.callId = options.callId;
		this.role = options.role;
		this.#identity = options.identity;
	}

	/** Numbered in the order of these calls, so the caller must send in this order too. */
	sign(body: SignalBody): Promise<string> {
		const payload: z.infer<typeof signal> = {
			v: MEETING_VERSION,
			callId: this.callId,
			role: this.role,
			seq: body.kind === "bye" ? LAST : this.#sent++,
			body,
		};
		const { privateKey, key } = this.#identity;
		// A refusal may come before the far end knows our key.
		const named = body.kind === "bye" ? { key } : {};
		return signMessage({ type: "incamera-signal", payload, privateKey, ...named });
	}

	/** @throws RoomError `meeting.malformed`, `meeting.stale`, `call.handshake_refused` (signature), `call.version_unknown`. */
	async read(jws: string, farKey: CryptoKey): Promise<SignalBody> {
		if (readHeader(jws).typ !== "incamera-signal") throw malformed();
		const message = parseMessage(signal, await verifyMessage(jws, farKey));
		if (message.callId !== this.callId || message.role === this.role || message.seq <= this.#received) throw stale();
		this.#received = message.seq;
		return message.body;
	}
}
