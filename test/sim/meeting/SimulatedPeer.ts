import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { Emitter } from "../../../device/core/Emitter.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import {
	type Candidate,
	FAREWELL_MS,
	type IceServer,
	type Peer,
	type PeerEvents,
	type PeerFactory,
} from "../../../device/meeting/Peer.ts";

export type Flavour = "chromium" | "webrtcbin";

const corpus = join(import.meta.dirname, "../../device/meeting/corpus");
const recorded = (flavour: Flavour, type: "offer" | "answer"): string =>
	readFileSync(join(corpus, `${flavour}-${type}.sdp`), "utf8");

/**
 * The path between simulated peers: two find each other by their user fragments once each has a candidate of the other, then
 * "DTLS" shows each the other's certificate.
 */
export class SimulatedNetwork {
	readonly peers: SimulatedPeer[] = [];
	readonly #clock: Clock;
	/** No path: nothing connects while true. */
	blocked = false;
	/** A person in the middle of the path, who terminates DTLS with a certificate of their own. */
	intercepted = false;
	/** What making a peer fails with, if anything. */
	engineError: RoomError | null = null;
	/** Peers, once made, never finish anything: an engine that hangs. */
	hanging = false;

	factory(flavour: Flavour): PeerFactory {
		return async ({ iceServers }) => {
			if (this.engineError) throw this.engineError;
			const peer = new SimulatedPeer(this, flavour, iceServers);
			this.peers.push(peer);
			return peer;
		};
	}

	constructor(clock: Clock = systemClock) {
		this.#clock = clock;
	}

	/** Whether media flowed between any two, ever. */
	get mediaFlowed(): boolean {
		return this.peers.some((peer) => peer.mediaFlowed);
	}

	get open(): SimulatedPeer[] {
		return this.peers.filter((peer) => !peer.closed);
	}

	/** Loses every path. */
	cut(): void {
		for (const peer of this.open) peer.lose();
	}

	/** Brings a close_notify to the other end, as long as there is a path. */
	tellClosed(peer: SimulatedPeer): void {
		const other = this.#otherEnd(peer);
		if (other && !this.blocked) this.#clock.after(FAREWELL_MS, () => other.lose(true));
	}

	#otherEnd(peer: SimulatedPeer): SimulatedPeer | undefined {
		return this.peers.find((other) => other.ufrag === peer.remoteUfrag && other.remoteUfrag === peer.ufrag);
	}

	settle(): void {
		if (this.blocked) return;
		for (const a of this.peers) {
			const b = this.#otherEnd(a);
			if (!b || a.closed || b.closed || a.candidates === 0 || b.candidates === 0) continue;
			a.handshake(this.intercepted ? new Uint8Array(32) : b.certificate);
		}
	}
}

/** A peer without media: descriptions recorded from Chromium and webrtcbin, a certificate that is 32 random bytes. */
export class SimulatedPeer implements Peer {
	readonly events = new Emitter<PeerEvents>();
	readonly certificate = new Uint8Array(randomBytes(32));
	readonly ufrag = randomBytes(4).toString("hex");
	readonly iceServers: IceServer[];
	remoteUfrag: string | null = null;
	/** Candidates of the far end that were added. */
	candidates = 0;
	closed = false;
	connected = false;
	released = false;
	mediaFlowed = false;
	offered = false;
	readonly #network: SimulatedNetwork;
	readonly #flavour: Flavour;
	#expected: Uint8Array | null = null;

	constructor(network: SimulatedNetwork, flavour: Flavour, iceServers: IceServer[]) {
		this.#network = network;
		this.#flavour = flavour;
		this.iceServers = iceServers;
	}

	async createOffer(): Promise<string> {
		await this.#working();
		this.offered = true;
		this.#gather();
		return this.#own(recorded(this.#flavour, "offer"));
	}

	async acceptOffer(sdp: string, expectedFingerprint: Uint8Array): Promise<string> {
		await this.#working();
		if (this.offered) throw new RoomError("media.engine_failed", "A peer that offered can't answer");
		this.#remote(sdp, expectedFingerprint);
		this.#gather();
		return this.#own(answerTo(sdp, recorded(this.#flavour, "answer")));
	}

	async acceptAnswer(sdp: string, expectedFingerprint: Uint8Array): Promise<void> {
		await this.#working();
		this.#remote(sdp, expectedFingerprint);
	}

	async addCandidate({ candidate }: Candidate): Promise<void> {
		if (this.remoteUfrag === null) throw new RoomError("media.engine_failed", "Candidate before the description");
		if (candidate !== "") this.candidates += 1;
		this.#network.settle();
	}

	release(): void {
		this.released = true;
		this.#flow();
	}

	async close(): Promise<void> {
		if (this.connected) this.#network.tellClosed(this);
		this.closed = true;
		this.connected = false;
		this.events.clear();
	}

	/** @param byFarEnd it sent its close_notify */
	lose(byFarEnd = false): void {
		if (this.closed) return;
		this.connected = false;
		this.remoteUfrag = null;
		this.events.emit("lost", { byFarEnd });
	}

	/** What the gate does with the certificate that DTLS shows. */
	handshake(shown: Uint8Array): void {
		if (this.connected || this.closed) return;
		if (!this.#expected || !shown.every((byte, index) => byte === this.#expected?.[index])) {
			this.closed = true;
			this.events.emit("refused", { code: "call.peer_certificate_mismatch" });
			return;
		}
		this.connected = true;
		this.events.emit("connected", undefined);
		this.#flow();
	}

	#flow(): void {
		if (this.connected && this.released) this.mediaFlowed = true;
	}

	/** A closed or hanging engine answers nothing. */
	async #working(): Promise<void> {
		if (this.#network.hanging) await new Promise<never>(() => {});
		if (this.closed) throw new RoomError("media.engine_failed", "The peer is closed");
	}

	#remote(sdp: string, expected: Uint8Array): void {
		this.remoteUfrag = /a=ice-ufrag:(\S+)/.exec(sdp)?.[1] ?? "";
		this.#expected = expected;
	}

	#gather(): void {
		queueMicrotask(() => {
			const candidate = `candidate:1 1 udp 2122260223 127.0.0.1 40000 typ host generation 0 ufrag ${this.ufrag}`;
			if (this.closed) return;
			this.events.emit("candidate", { candidate, sdpMLineIndex: 0 });
			this.events.emit("candidate", { candidate: "", sdpMLineIndex: 0 });
		});
	}

	#own(sdp: string): string {
		const pairs = Array.from(this.certificate, (byte) => byte.toString(16).padStart(2, "0").toUpperCase());
		return sdp
			.replaceAll(/a=ice-ufrag:\S+/g, `a=ice-ufrag:${this.ufrag}`)
			.replaceAll(/a=fingerprint:sha-256 \S+/g, `a=fingerprint:sha-256 ${pairs.join(":")}`);
	}
}

/** A recorded answer, its sections put in the order of another offer and named as it names them (RFC 3264 §6). */
function answerTo(offer: string, answer: string): string {
	const [session = "", ...sections] = answer.split(/(?=^m=)/m);
	const wanted = offer.split(/(?=^m=)/m).slice(1);
	const mids = wanted.map((section) => /a=mid:(\S+)/.exec(section)?.[1] ?? "");
	const chosen = wanted.map((section, index) => {
		const kind = section.slice(2, section.indexOf(" "));
		const own = sections.find((candidate) => candidate.startsWith(`m=${kind} `)) ?? "";
		return own.replace(/a=mid:\S+/, `a=mid:${mids[index]}`);
	});
	return session.replace(/a=group:BUNDLE.*\r\n/, `a=group:BUNDLE ${mids.join(" ")}\r\n`) + chosen.join("");
}
