import { Emitter } from "../core/Emitter.ts";
import { RoomError } from "../core/RoomError.ts";
import { stale } from "./failures.ts";
import {
	type HandshakeContext,
	makeAnswer,
	makeOffer,
	type ReceivedOffer,
	type Role,
	readAnswer,
	readConfirm,
	type SentAnswer,
	type SentOffer,
	type Session,
} from "./handshake.ts";
import { readIdentity } from "./identity.ts";
import { readHeader } from "./jws.ts";
import { type ByeReason, farMedia, type SignalBody } from "./messages.ts";
import type { Candidate, FarMedia } from "./Peer.ts";
import type { PreparedPeer } from "./PreparedPeer.ts";
import { SignalChannel } from "./SignalChannel.ts";
import type { TurnWish } from "./turning.ts";

export interface AttemptEvents {
	/** The handshake holds on this side and the peer was released. */
	proved: Session;
	/** The transport is up, with the signed certificate. */
	connected: undefined;
	/** This attempt is over; null: the path was lost (`byFarEnd`: see `Peer`). Whether to try again is for the listener to decide. */
	failed: { error: RoomError | null; byFarEnd: boolean };
	/** Signed by the far end. */
	state: FarMedia;
	turn: TurnWish;
	again: undefined;
	bye: ByeReason;
}

export interface AttemptOptions {
	context: HandshakeContext;
	/** Gets the peer; `signal`: the attempt closed and needs none. */
	takePeer(signal: AbortSignal): Promise<PreparedPeer>;
	/** Counts what was dropped: candidates that are not of the signed description or of no use here, and what came early and was not the far end's. */
	counters: { stray: number };
	/** Sends to the far end; false where that isn't possible now. */
	send(jws: string): Promise<boolean>;
}

const CANDIDATES_AT_ONCE = 32;
/** Messages that are kept until it is known whose they are. */
const MOST_EARLY = 4;

/**
 * One attempt at a call: one peer, one handshake, one numbered channel. It is never mended: after a loss a new one is made, with
 * a new certificate and a new code.
 *
 * Media is released when, and only when, the handshake is proved: at the offerer after the ANSWER was verified and the CONFIRM
 * sent, at the answerer after the CONFIRM was verified.
 */
export class CallAttempt {
	readonly events = new Emitter<AttemptEvents>();
	readonly role: Role;
	readonly #options: AttemptOptions;
	readonly #offer: ReceivedOffer | null;
	/** Settles when the peer is made. */
	readonly #taken: Promise<PreparedPeer>;
	#peer: PreparedPeer | null = null;
	#channel: SignalChannel | null = null;
	#sentOffer: SentOffer | null = null;
	#sentAnswer: SentAnswer | null = null;
	#session: Session | null = null;
	#farUfrag = "";
	#candidates: Candidate[] = [];
	/** What overtook the ANSWER: it says whose key they have to be signed with. */
	#early: string[] = [];
	/** Whether our OFFER or ANSWER is on its way, so that candidates may follow. */
	#described = false;
	#sending: Promise<unknown> = Promise.resolve();
	#closed = false;
	readonly #abort = new AbortController();
	readonly #whenClosed: Promise<never>;
	#reportClosed: (reason: unknown) => void = () => {};

	/** @param offer the verified OFFER that is answered; null to make one. */
	constructor(options: AttemptOptions, offer: ReceivedOffer | null) {
		this.#options = options;
		this.#offer = offer;
		this.role = offer ? "answerer" : "offerer";
		if (offer) this.#openChannel(offer.callId);
		this.#whenClosed = new Promise<never>((_, reject) => {
			this.#reportClosed = reject;
		});
		this.#whenClosed.catch(() => {});
		this.#taken = options.takePeer(this.#abort.signal);
		this.#taken.catch(() => {});
	}

	get session(): Session | null {
		return this.#session;
	}

	/** Makes and sends the OFFER or the ANSWER. Settled when that is done, or the attempt closed; it never rejects. */
	async begin(): Promise<void> {
		await this.#guard(async () => {
			const prepared = await this.#untilClosed(this.#taken);
			this.#peer = prepared;
			prepared.watch({
				candidate: (candidate) => this.#candidate(candidate),
				connected: () => this.#emit("connected", undefined),
				lost: ({ byFarEnd }) => this.#fail(null, byFarEnd),
				refused: () =>
					this.#fail(
						new RoomError("call.peer_certificate_mismatch", "The far end's certificate is not the signed one"),
					),
			});
			await (this.#offer ? this.#sendAnswer(prepared, this.#offer) : this.#sendOffer(prepared));
		});
	}

	/**
	 * Handles a message other than an OFFER.
	 * @throws RoomError as the handshake; `meeting.malformed` and `meeting.stale` are to be counted, not acted on.
	 */
	async receive(jws: string): Promise<void> {
		const header = readHeader(jws);
		if (this.#closed) throw stale();
		if (header.typ === "incamera-answer") return this.#receiveAnswer(jws);
		if (header.typ === "incamera-confirm") return this.#receiveConfirm(jws);
		if (header.typ !== "incamera-signal" || !this.#channel) throw stale();
		const known = this.#session?.far ?? this.#offer?.far;
		const { context } = this.#options;
		if (!known && !header.jwk && !header.x5c && this.#early.length < MOST_EARLY) {
			this.#early.push(jws);
			return;
		}
		// Whoever refuses our OFFER names its key in the refusal, since no ANSWER did.
		const far = known ?? (await readIdentity(header, { ...context.trust, nowMs: context.clock.now() }));
		const body = await this.#channel.read(jws, far.publicKey);
		if (this.#closed || (!known && body.kind !== "bye") || (!this.#session && body.kind === "turn")) throw stale();
		await this.#act(body);
	}

	/** Says something beside the handshake. */
	tell(body: Exclude<SignalBody, { kind: "bye" | "candidates" }>): void {
		void this.#queue(() => this.#sign(body));
	}

	/** A signed farewell, to be sent whenever it is time; null before there is a call to leave. */
	async makeBye(reason: ByeReason): Promise<string | null> {
		return (await this.#channel?.sign({ kind: "bye", reason })) ?? null;
	}

	/**
	 * A farewell in the call of this attempt, which the far end may send after this side has already begun another.
	 * @throws RoomError `meeting.stale` for everything else.
	 */
	async readFarewell(jws: string): Promise<ByeReason> {
		if (readHeader(jws).typ !== "incamera-signal" || !this.#channel || !this.#session) throw stale();
		const body = await this.#channel.read(jws, this.#session.far.publicKey);
		if (body.kind !== "bye") throw stale();
		return body.reason;
	}

	/** Lets go of the peer. The channel can still ask and say farewell. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.events.clear();
		this.#reportClosed(null);
		this.#abort.abort();
		// A peer that is still being made is closed as soon as it is there.
		void this.#taken.then((prepared) => prepared.close()).catch(() => {});
	}

	async #sendOffer(prepared: PreparedPeer): Promise<void> {
		const sdp = await this.#untilClosed(prepared.offer());
		const sent = await this.#untilClosed(makeOffer(this.#options.context, sdp));
		this.#sentOffer = sent;
		if (!(await this.#options.send(sent.jws))) return this.#fail(null);
		this.#openChannel(sent.callId);
		this.#described = true;
		this.#flush();
	}

	async #sendAnswer(prepared: PreparedPeer, offer: ReceivedOffer): Promise<void> {
		this.#farUfrag = offer.description.ufrag;
		const sdp = await this.#untilClosed(prepared.peer.acceptOffer(offer.sdp, offer.description.fingerprint));
		const sent = await this.#untilClosed(makeAnswer(this.#options.context, offer, sdp));
		this.#sentAnswer = sent;
		if (!(await this.#options.send(sent.jws))) return this.#fail(null);
		this.#described = true;
		this.#flush();
	}

	async #receiveAnswer(jws: string): Promise<void> {
		const { context, send } = this.#options;
		if (!this.#sentOffer || !this.#peer || this.#session) throw stale();
		const answer = await readAnswer(context, this.#sentOffer, jws);
		if (this.#closed) throw stale();
		this.#farUfrag = answer.description.ufrag;
		const { peer } = this.#peer;
		await this.#guard(async () => {
			// At the same time, because each takes a moment and neither lets media flow.
			const [, sent] = await Promise.all([
				this.#untilClosed(peer.acceptAnswer(answer.sdp, answer.description.fingerprint)),
				this.#untilClosed(send(answer.confirm)),
			]);
			if (!sent) return this.#fail(null);
			this.#prove(answer.session);
		});
		for (const early of this.#early.splice(0)) {
			await this.receive(early).catch(() => {
				this.#options.counters.stray += 1;
			});
		}
	}

	async #receiveConfirm(jws: string): Promise<void> {
		if (!this.#sentAnswer || !this.#peer || this.#session) throw stale();
		const session = await readConfirm(this.#sentAnswer, jws);
		if (this.#closed) throw stale();
		this.#prove(session);
	}

	#prove(session: Session): void {
		this.#session = session;
		this.#peer?.peer.release();
		this.#emit("proved", session);
	}

	async #act(body: SignalBody): Promise<void> {
		if (body.kind === "candidates") {
			for (const candidate of body.list) await this.#addCandidate(candidate);
		} else if (body.kind === "state") {
			this.#emit("state", farMedia(body));
		} else if (body.kind === "turn") {
			this.#emit("turn", body.wish);
		} else if (body.kind === "again") {
			this.#emit("again", undefined);
		} else {
			this.#emit("bye", body.reason);
		}
	}

	/** Only candidates of the signed transport: one that names a user fragment must name the signed one (RFC 8839 §5.1). */
	async #addCandidate(candidate: Candidate): Promise<void> {
		const ufrag = / ufrag (\S+)/.exec(candidate.candidate)?.[1];
		const form = candidate.candidate === "" || /^candidate:[\x20-\x7e]+$/.test(candidate.candidate);
		if (!form || (ufrag !== undefined && ufrag !== this.#farUfrag)) {
			this.#options.counters.stray += 1;
			return;
		}
		try {
			if (this.#peer) await this.#untilClosed(this.#peer.peer.addCandidate(candidate));
		} catch {
			// One that this end can't use costs that path only.
			if (!this.#closed) this.#options.counters.stray += 1;
		}
	}

	#openChannel(callId: string): void {
		this.#channel = new SignalChannel({ callId, role: this.role, identity: this.#options.context.identity });
	}

	#candidate(candidate: Candidate): void {
		this.#candidates.push(candidate);
		this.#flush();
	}

	/** Several at once where several came up meanwhile. */
	#flush(): void {
		if (!this.#described || this.#candidates.length === 0) return;
		void this.#queue(async () => {
			const list = this.#candidates.splice(0, CANDIDATES_AT_ONCE);
			if (list.length > 0) await this.#sign({ kind: "candidates", list });
			if (this.#candidates.length > 0) this.#flush();
		});
	}

	async #sign(body: SignalBody): Promise<void> {
		if (this.#channel) await this.#options.send(await this.#channel.sign(body));
	}

	/** One after the other: the far end drops what arrives out of its numbers' order. */
	#queue(task: () => Promise<void>): Promise<unknown> {
		this.#sending = this.#sending.then(task).catch(() => {});
		return this.#sending;
	}

	#untilClosed<T>(promise: Promise<T>): Promise<T> {
		return Promise.race([promise, this.#whenClosed]);
	}

	async #guard(work: () => Promise<void>): Promise<void> {
		try {
			await work();
		} catch (error) {
			if (!this.#closed) this.#fail(RoomError.from(error, "media.engine_failed"));
		}
	}

	#fail(error: RoomError | null, byFarEnd = false): void {
		this.#emit("failed", { error, byFarEnd });
	}

	#emit<E extends keyof AttemptEvents>(event: E, payload: AttemptEvents[E]): void {
		if (!this.#closed) this.events.emit(event, payload);
	}
}
