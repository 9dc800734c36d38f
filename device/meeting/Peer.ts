import type { Emitter } from "../core/Emitter.ts";
import type { TurnOffer } from "./turning.ts";

/** Trickled ICE candidate (RFC 8838); an empty `candidate` means the end of candidates. */
export interface Candidate {
	candidate: string;
	sdpMLineIndex: number;
}

export interface IceServer {
	urls: string[];
	username?: string;
	credential?: string;
}

/** What the far end says of its own sources; drawn, never acted on. */
export interface FarMedia {
	microphone: boolean;
	camera: boolean;
	/** Its camera may be turned from here, and sent to these places; null or nothing: it may not. */
	turn?: TurnOffer | null;
}

export interface PeerEvents {
	/** A local candidate to send to the far end. */
	candidate: Candidate;
	/** ICE and DTLS are up, and the far end's certificate was the signed one. */
	connected: undefined;
	/**
	 * The path is lost (ICE failed or disconnected for too long, DTLS closed, engine gone). The meeting rebuilds. `byFarEnd`: the far end
	 * closed it itself, by DTLS' close_notify, which nobody else can send.
	 */
	lost: { byFarEnd: boolean };
	/** The far end's DTLS certificate was not the signed one. Nothing was let through; never retried. */
	refused: { code: "call.peer_certificate_mismatch" };
}

/**
 * One RTCPeerConnection-like transport, as the meeting needs it: the room's is GStreamer in the engine, the guest's the browser's.
 *
 * A peer sends and shows no media until both are true: the DTLS certificate equals `expectedFingerprint`, and `release()` was
 * called, which the meeting does once the handshake of both sides is proved.
 */
export interface Peer {
	readonly events: Emitter<PeerEvents>;
	/** Makes and applies the local offer. Its `a=fingerprint` is of the certificate that DTLS will present. */
	createOffer(): Promise<string>;
	/** Applies a remote offer and makes and applies the local answer. `expectedFingerprint`: SHA-256 of the far end's DER certificate, 32 bytes. */
	acceptOffer(sdp: string, expectedFingerprint: Uint8Array): Promise<string>;
	/** Applies the remote answer to our offer. */
	acceptAnswer(sdp: string, expectedFingerprint: Uint8Array): Promise<void>;
	addCandidate(candidate: Candidate): Promise<void>;
	/** The handshake is proved: media may flow as soon as the certificate has matched. */
	release(): void;
	/** Ends the transport; idempotent. */
	close(): Promise<void>;
}

/**
 * How long, ms, a far end that closed its transport has to say why, before a peer tells that it is lost. Its farewell travels over the
 * rendezvous and may come later than DTLS' close_notify, which takes the direct way; and if it closed in order to rebuild, its new offer
 * replaces this peer anyway.
 */
export const FAREWELL_MS = 1_000;

/** Makes a new peer: one for each attempt at a call, each with a certificate of its own. */
export type PeerFactory = (options: { iceServers: IceServer[] }) => Promise<Peer>;
