import type { Clock } from "../core/clock.ts";
import type { MeetingFailure } from "./failures.ts";
import type { Kind, OwnIdentity, Trust } from "./identity.ts";
import type { Link } from "./link.ts";
import type { FarMedia, PeerFactory } from "./Peer.ts";
import type { RendezvousOptions } from "./RendezvousClient.ts";
import type { ReplayCache } from "./ReplayCache.ts";
import type { Sas } from "./sas.ts";
import type { TurnWish } from "./turning.ts";

export type MeetingSecurity = "verified" | "encrypted";

export interface Connected {
	far: {
		/** As the far end calls itself: signed, but chosen by it. */
		name: string;
		kind: Kind;
		/** The device id in a room's certificate; null for a guest. */
		deviceId: string | null;
	};
	sas: Sas;
	/** `verified` where both ends are rooms of the fleet, or a person compared the code in this meeting. */
	security: MeetingSecurity;
	/** SHA-256 of the far end's public key (SubjectPublicKeyInfo), 32 bytes: for "same key as last time". */
	keyFingerprint: Uint8Array;
	/** Whether the call was connected before in this meeting, and recovered. */
	again: boolean;
}

export interface MeetingEvents {
	/** The rendezvous can be reached or not. A call goes on without it. */
	rendezvous: { connected: boolean };
	alone: undefined;
	/** Somebody is there; the handshake has begun. */
	securing: undefined;
	connected: Connected;
	/** A person compared the code. */
	security: { security: MeetingSecurity };
	/** The far end's microphone and camera, as it says. */
	farMedia: FarMedia;
	/** The far end, which was told that it may, wants our camera turned. */
	farTurn: TurnWish;
	recovering: undefined;
	/** The last event, or `failed` is. */
	ended: { reason: "left" | "far_end_left" };
	failed: { code: MeetingFailure };
}

export interface MeetingOptions {
	link: Link;
	identity: OwnIdentity;
	/** Our name, as the far end shall draw it. */
	name: string;
	trust: Trust;
	createPeer: PeerFactory;
	/** Our sources at the start; see `Meeting.setMedia`. */
	media: FarMedia;
	/** One for the whole program, so that an offer of an earlier meeting is refused in this one. */
	replays?: ReplayCache;
	/** Makes a peer (at a guest with its offer) while alone, so that the call starts at once when somebody comes. */
	prepare?: boolean;
	clock?: Clock;
	WebSocket?: RendezvousOptions["WebSocket"];
	random?: () => number;
	/** Leaves the meeting. */
	signal?: AbortSignal;
}
