import { Backoff } from "../core/backoff.ts";
import { Emitter } from "../core/Emitter.ts";
import { RoomError } from "../core/RoomError.ts";
import type { Bytes } from "./bytes.ts";
import { type AttemptEvents, CallAttempt } from "./CallAttempt.ts";
import { isSecurityFailure, type SecurityFailure, stale } from "./failures.ts";
import {
	claimedCallId,
	type HandshakeContext,
	type ReceivedOffer,
	type Role,
	readOffer,
	type Session,
} from "./handshake.ts";
import { type MessageType, readHeader } from "./jws.ts";
import type { FarMember } from "./Membership.ts";
import { meetingTimes } from "./meetingTimes.ts";
import type { ByeReason, SignalBody } from "./messages.ts";
import type { FarMedia, IceServer } from "./Peer.ts";
import type { PeerSupply } from "./PeerSupply.ts";
import { SignalChannel } from "./SignalChannel.ts";
import { Timers } from "./Timers.ts";
import type { TurnWish } from "./turning.ts";

export interface CallEvents {
	/** The handshake holds (again); the transport may not be up yet. */
	proved: Session;
	/** Proved and up. */
	connected: Session;
	/** Was connected, and isn't any more; a rebuild has begun. `byFarEnd`: see `Peer`. */
	lost: { byFarEnd: boolean };
	farMedia: FarMedia;
	/** The far end wants our camera turned: signed, and no more than that. */
	farTurn: TurnWish;
	bye: ByeReason;
	/** A security failure: the call is to be ended. `told`: the signed reason for the far end, null where there is no way to tell. */
	refused: { code: SecurityFailure; told: Promise<string | null> };
}

export interface CallOptions extends Omit<HandshakeContext, "farKind" | "pinned"> {
	/** Our own instance in the meeting. */
	instance: string;
	far: FarMember;
	supply: PeerSupply;
	iceServers(): IceServer[];
	send(jws: string): Promise<boolean>;
	random: () => number;
}

/** What was dropped: messages that were unreadable, late or repeated, not signed by the far end; stray candidates. */
export interface CallCounters {
	malformed: number;
	stale: number;
	unsigned: number;
	stray: number;
}

/** What an old OFFER, which the server kept and sends once more, ends as. It may disturb nothing once the far end is known. */
const replayed = new Set(["call.replayed", "call.clock_wrong"]);

/**
 * The call with one far member, over all its attempts. A lost path is rebuilt with a new peer and a new handshake (webrtcbin can't
 * restart ICE) for as long as this isn't closed; the far end's key is pinned with the first proof.
 *
 * A guest offers to a room; among equals the one who was there first offers. Should both sides think differently of who was
 * first (a reconnect at the wrong moment), their instances decide.
 */
export class Call {
	readonly events = new Emitter<CallEvents>();
	/** Why the last attempt failed, if a reason is known. */
	lastError: string | null = null;
	readonly #options: CallOptions;
	readonly #counters: CallCounters;
	readonly #backoff: Backoff;
	readonly #timers: Timers<"attempt" | "retry" | "stable">;
	#role: Role;
	/** Whether the roles are beyond doubt: by kind, or because one OFFER was taken. */
	#settled: boolean;
	#there = true;
	#attempt: CallAttempt | null = null;
	/** The last attempt that was proved. */
	#held: CallAttempt | null = null;
	#pathUp = false;
	#pinned: Bytes | null = null;
	#closed = false;

	constructor(options: CallOptions, counters: CallCounters) {
		this.#options = options;
		this.#counters = counters;
		this.#timers = new Timers(options.clock);
		this.#backoff = new Backoff({ baseMs: 300, capMs: 4_000, random: options.random });
		const { identity, far } = options;
		this.#settled = identity.kind !== far.kind;
		const offers = this.#settled ? identity.kind === "guest" : !far.cameBefore;
		this.#role = offers ? "offerer" : "answerer";
	}

	/** The handshake that holds now; null before the first and while rebuilding. */
	get session(): Session | null {
		return this.#attempt?.session ?? null;
	}

	get proved(): boolean {
		return this.#pinned !== null;
	}

	get #connected(): boolean {
		return this.session !== null && this.#pathUp;
	}

	/** The far end is at the rendezvous, now or again: what was under way may not have reached it. */
	present(): void {
		this.#there = true;
		if (!this.#connected) this.#begin();
	}

	/** The far end (or we) left the rendezvous. Media needs no rendezvous, so nothing else happens. */
	absent(): void {
		this.#there = false;
		this.#timers.clear("retry");
	}

	tell(body: Extract<SignalBody, { kind: "state" | "turn" }>): void {
		if (this.session) this.#attempt?.tell(body);
	}

	async makeBye(reason: ByeReason): Promise<string | null> {
		return (await this.#attempt?.makeBye(reason)) ?? null;
	}

	close(): void {
		this.#closed = true;
		this.events.clear();
		this.#timers.clearAll();
		this.#attempt?.close();
	}

	async receive(jws: string): Promise<void> {
		try {
			if (readHeader(jws).typ === "incamera-offer") await this.#receiveOffer(jws);
			else await this.#receiveInCall(jws);
		} catch (error) {
			this.#judge(RoomError.from(error, "meeting.malformed"), jws);
		}
	}

	async #receiveInCall(jws: string): Promise<void> {
		if (!this.#attempt) throw stale();
		try {
			await this.#attempt.receive(jws);
		} catch (error) {
			// Who leaves while the call is being rebuilt says so in the call that was.
			if (!this.#held || !(error instanceof RoomError) || error.code !== "meeting.stale") throw error;
			const reason = await this.#held.readFarewell(jws);
			if (!this.#closed) this.events.emit("bye", reason);
		}
	}

	async #receiveOffer(jws: string): Promise<void> {
		if (this.#role === "offerer") {
			if (this.#settled || this.#decidedRole() === "offerer") {
				this.#counters.stale += 1;
				return;
			}
			this.#role = "answerer";
		}
		const offer = await readOffer(this.#context(), jws);
		if (this.#closed) return;
		this.#settled = true;
		await this.#run(this.#attemptWith({ offer: false }, offer));
	}

	/** What a message that doesn't hold leads to: mostly nothing but a count. */
	#judge(error: RoomError, jws: string): void {
		if (this.#closed) return;
		if (error.code === "meeting.stale") this.#counters.stale += 1;
		else if (!isSecurityFailure(error.code)) this.#counters.malformed += 1;
		else if (typeOf(jws) === "incamera-signal" && error.code === "call.handshake_refused") this.#counters.unsigned += 1;
		else if (this.#pinned && replayed.has(error.code)) this.#counters.stale += 1;
		else this.#refuse(error.code, typeOf(jws) === "incamera-offer" ? claimedCallId(jws) : null);
	}

	/** The next attempt: an OFFER of ours, or a wait for the far end's. */
	#begin(): void {
		if (this.#closed || !this.#there) return;
		this.#timers.clear("retry");
		if (this.#role === "offerer") {
			void this.#run(this.#attemptWith({ offer: true }, null));
			return;
		}
		this.#options.supply.prepare(this.#options.iceServers(), { offer: false });
		this.#attempt?.tell({ kind: "again" });
		this.#timers.set("attempt", meetingTimes.handshake, () => this.#stalled());
	}

	#attemptWith(peerOptions: { offer: boolean }, offer: ReceivedOffer | null): CallAttempt {
		const { supply, iceServers, send } = this.#options;
		const takePeer = (signal: AbortSignal) => supply.take(iceServers(), { ...peerOptions, signal });
		return new CallAttempt({ context: this.#context(), takePeer, send, counters: this.#counters }, offer);
	}

	/** Nobody offered, or nobody answered, for a while. */
	#stalled(): void {
		// Perhaps each waits for the other. (That both offer shows when the other's OFFER comes.)
		if (!this.#settled && this.#role === "answerer") this.#role = this.#decidedRole();
		this.#attemptFailed();
	}

	#run(attempt: CallAttempt): Promise<void> {
		const wasConnected = this.#connected;
		this.#attempt?.close();
		this.#attempt = attempt;
		this.#pathUp = false;
		attempt.events.on("proved", (session) => this.#proved(session));
		attempt.events.on("connected", () => {
			this.#pathUp = true;
			this.#maybeConnected();
		});
		attempt.events.on("failed", (failure) => this.#failed(failure));
		attempt.events.on("again", () => this.#again());
		attempt.events.on("state", (media) => this.events.emit("farMedia", media));
		attempt.events.on("turn", (wish) => this.events.emit("farTurn", wish));
		attempt.events.on("bye", (reason) => this.events.emit("bye", reason));
		this.#timers.set("attempt", meetingTimes.handshake, () => this.#stalled());
		if (wasConnected) this.events.emit("lost", { byFarEnd: false });
		return attempt.begin();
	}

	#proved(session: Session): void {
		this.#pinned = session.far.fingerprint;
		this.#settled = true;
		this.#held = this.#attempt;
		this.#timers.set("attempt", meetingTimes.path, () => this.#attemptFailed());
		this.events.emit("proved", session);
		this.#maybeConnected();
	}

	#maybeConnected(): void {
		const { session } = this;
		if (!session || !this.#pathUp || this.#closed) return;
		this.#timers.clear("attempt");
		this.#timers.set("stable", meetingTimes.stable, () => this.#backoff.reset());
		this.events.emit("connected", session);
	}

	#failed({ error, byFarEnd }: AttemptEvents["failed"]): void {
		if (error && isSecurityFailure(error.code)) {
			this.#refuse(error.code, null);
			return;
		}
		this.lastError = error?.code ?? null;
		this.#attemptFailed(byFarEnd);
	}

	/** The far end's path is lost, whatever ours looks like. */
	#again(): void {
		if (this.#role === "offerer" && this.session) this.#attemptFailed();
	}

	#attemptFailed(byFarEnd = false): void {
		if (this.#closed) return;
		const wasConnected = this.#connected;
		this.#timers.clear("attempt");
		this.#timers.clear("stable");
		// The first loss of a call that held is mended at once.
		const delay = this.#backoff.attempt === 0 ? 0 : undefined;
		const backoff = this.#backoff.nextMs();
		this.#attempt?.close();
		this.#pathUp = false;
		if (wasConnected) this.events.emit("lost", { byFarEnd });
		if (this.#closed) return;
		if (delay === 0) this.#begin();
		else this.#timers.set("retry", backoff, () => this.#begin());
	}

	/** @param offered the call of an OFFER that is refused: it exists in its sender's eyes only, so the answer is given in it. */
	#refuse(code: SecurityFailure, offered: string | null): void {
		const { identity } = this.#options;
		const told = offered
			? new SignalChannel({ callId: offered, role: "answerer", identity }).sign({ kind: "bye", reason: code })
			: this.makeBye(code);
		this.#timers.clearAll();
		this.#attempt?.close();
		this.events.emit("refused", { code, told });
	}

	#decidedRole(): Role {
		return this.#options.instance < this.#options.far.instance ? "offerer" : "answerer";
	}

	#context(): HandshakeContext {
		const { identity, name, trust, clock, replays, far } = this.#options;
		return { identity, name, trust, clock, replays, farKind: far.kind, pinned: this.#pinned };
	}
}

function typeOf(jws: string): MessageType | null {
	try {
		return readHeader(jws).typ;
	} catch {
		return null;
	}
}
