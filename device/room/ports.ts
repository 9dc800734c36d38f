import type { CalendarFailure, EndReason, FailureReason } from "../contract/failure.ts";
import type { Intent } from "../contract/intents.ts";
import type { Equipment, Hardware } from "../contract/peripherals.ts";
import type { AgendaEntry, FarEnd, Locale, Security, Source } from "../contract/snapshot.ts";

/** One wish or measured truth for each of the two sources that can betray a room. */
export interface ForSources<T> {
	microphone: T;
	camera: T;
}

/**
 * What the calendar says of one meeting. `link` is the secret that the session needs; it never enters the snapshot.
 * `why` is what stands against joining beside the time of day; null exactly when there is a link and nothing against it.
 */
export interface RoomEntry {
	id: string;
	/** Null unless the room's configuration shows titles. */
	title: string | null;
	/** Epoch milliseconds. */
	start: number;
	end: number;
	link: string | null;
	why: Exclude<AgendaEntry["why"], "early">;
	service: string | null;
}

/** Where a call came from: it decides what "nobody there" means and what the far end most likely is. */
export type CallOrigin = "agenda" | "link" | "new" | "ring" | "answer";

/** Input of the actor `session`, which runs one meeting from the first message to the last. */
export interface SessionInput {
	/** Null for *meet now*: the session makes a link of its own and tells it in `session.alone`. */
	link: string | null;
	origin: CallOrigin;
	/** What the far end is to be told of our sources at the start. */
	wish: ForSources<boolean>;
}

/** Where the camera can be sent to, as a far end is told that may turn it. */
export interface TurnOffer {
	presets: { number: number; name: string | null }[];
}

/** What the far end wants of the camera. `hold`: one touch over there, from its beginning to its `stop`; speeds each -1 to 1. */
export type TurnWish =
	| { do: "move"; hold: string; pan: number; tilt: number; zoom: number }
	| { do: "stop"; hold: string }
	| { do: "recall"; preset: number };

/** What the actor `session` says. */
export type SessionEvent =
	/** We are in the meeting and nobody else is. `guestLink` is for the people in the room to pass on. */
	| { type: "session.alone"; guestLink: string }
	/** Someone is there; the handshake runs. */
	| { type: "session.securing"; far?: FarEnd }
	/**
	 * Media flows, or flows again. `sameFarEnd`: the far end proved the same key as before in this very call, so that a
	 * comparison of the code that people already made keeps its worth although a rebuild has a new code.
	 */
	| {
			type: "session.connected";
			far: FarEnd;
			security: Exclude<Security, "securing">;
			code: number[] | null;
			key: "same" | "new" | null;
			sameFarEnd?: boolean;
	  }
	| ({ type: "session.far_media" } & ForSources<boolean>)
	/** Proved to be the far end's; whether it is heeded is the room's decision. */
	| { type: "session.far_turn"; wish: TurnWish }
	/** The path is lost; the session rebuilds it. */
	| { type: "session.recovering" }
	| { type: "session.ended"; end: EndReason }
	| { type: "session.failed"; failure: FailureReason };

/**
 * What the actor `session` is told. Stopping the actor leaves the meeting. Codes that differ end the call in any case; the session is
 * told just before it is stopped, so that it can tell the far end.
 */
export type SessionCommand =
	| { type: "session.compare"; same: boolean }
	/** `turn`: the far end may turn the camera. */
	| ({ type: "session.media"; turn: TurnOffer | null } & ForSources<boolean>);

/** Input of the actor `ring`, which calls one room of the directory. Stopping it takes the ring back. */
export interface RingInput {
	room: string;
}

/** What the actor `ring` says. `link`: the meeting that both rooms now join. */
export type RingEvent =
	| { type: "ring.answered"; link: string }
	| { type: "ring.declined" }
	| { type: "ring.busy" }
	| { type: "ring.timeout" }
	| { type: "ring.failed"; failure: FailureReason };

/** What a room is called and whom it can call: may change while it runs, also in a call. */
export interface RoomSettings {
	name: string;
	seats: number | null;
	/** Null: as somebody chose at the panel. */
	locale: Locale | null;
	directory: readonly { id: string; name: string }[];
}

/** What the surroundings report. */
export type WorldEvent =
	| ({ type: "settings.changed" } & RoomSettings)
	/** `verified`: signed with the device certificate of a room of this organisation. `from` is drawn. */
	| { type: "ring.incoming"; ring: string; from: string; verified: boolean; link: string }
	| { type: "ring.cancelled"; ring: string }
	| { type: "equipment.changed"; equipment: Equipment }
	| ({ type: "hardware.changed" } & Hardware)
	| { type: "engine.up" }
	| { type: "engine.down" }
	| ({ type: "sources.changed"; speaker?: boolean } & ForSources<Source>)
	| { type: "broker.up" }
	| { type: "broker.down" }
	| { type: "rendezvous.up" }
	| { type: "rendezvous.down" }
	/** `online` null: not known. */
	| { type: "presence.changed"; room: string; online: boolean | null }
	| { type: "calendar.changed"; entries: readonly RoomEntry[]; failure: CalendarFailure | null };

export type RoomEvent = Intent | SessionEvent | RingEvent | WorldEvent;

/** How an incoming ring is answered over the broker. */
export type RingAnswer = "accepted" | "declined" | "busy";

/** Effects of the machine that are not actors. They must not throw; what goes wrong comes back as an event. */
export interface RoomEffects {
	answerRing(ring: string, answer: RingAnswer): void;
	/** The far end turns the camera. `release`: it may not any more, and whatever it moves stops. */
	turnByFar(wish: TurnWish | { do: "release" }): void;
	/** A person, or the end of the pause after a crash loop, asks for the engine now. */
	restartEngine(): void;
}

/** What the room asks of the media engine; `MediaEngine` of `device/media` fits. */
export interface MediaPort {
	setSources(open: ForSources<boolean>): Promise<void>;
	setMuted(muted: ForSources<boolean>): Promise<void>;
	/** 0–100. */
	setVolume(level: number): Promise<void>;
	setTv(scene: TvScene): Promise<void>;
}

/** What the TV shows over the picture. */
export interface TvScene {
	layout: "resting" | "joining" | "alone" | "call";
	name: string;
	status: string;
	locked: boolean;
	/** Whether the far end is proved: the lock is calm. */
	verified?: boolean;
	selfView: boolean;
	/** The date's language. */
	locale?: Locale;
}
