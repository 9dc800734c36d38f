import type { CalendarFailure, EndReason, FailureReason } from "../contract/failure.ts";
import { type Equipment, type Hardware, noEquipment, noHardware } from "../contract/peripherals.ts";
import type { DirectoryEntry, FarEnd, Locale, Security, Source } from "../contract/snapshot.ts";
import type { Hold } from "./hold.ts";
import type { CallOrigin, ForSources, RoomEntry } from "./ports.ts";

/** `closed`: the device is released. `muted`: the device is held, nothing leaves it. */
export type SourceWish = "closed" | "muted" | "open";

/** One call from the touch that started it to its end; forgotten, link and all, when it ends. */
export interface CallData {
	origin: CallOrigin;
	/** Null for *meet now*. A secret: it goes to the session and nowhere else. */
	link: string | null;
	startedAt: number;
	/** Connecting takes long enough to need an explanation. */
	slow: boolean;
	guestLink: string;
	far: FarEnd;
	security: Security;
	code: number[] | null;
	compared: boolean;
	key: "same" | "new" | null;
	/** Somebody in this room let this far end turn the camera. */
	farTurns: boolean;
	/** When the far end was first connected. */
	firstConnectedAt: number | null;
	/** When the present stretch of connection began; null while there is none. */
	connectedAt: number | null;
	/** Milliseconds of the stretches that ended; a clock that was set back counts as no time. */
	connectedMs: number;
	/** While recovering: the meeting told us that nobody else is in it. */
	farEndGone: boolean;
}

export interface RoomContext {
	/** Epoch milliseconds: the machine's only look at a clock. */
	readonly now: () => number;
	room: { name: string; seats: number | null };
	locale: Locale;
	volume: number;
	selfView: boolean;
	/** What touches in this call asked for. Only a touch ever raises it; the end of the call closes it. */
	wish: ForSources<SourceWish>;
	/** Mute key and shutter: above every wish. */
	holds: ForSources<Hold>;
	/** What the engine reports. */
	sources: ForSources<Source>;
	speaker: boolean;
	engineUp: boolean;
	/** Grows with each start of the engine, which always comes up closed and must be told everything anew. */
	engineEpoch: number;
	/** When the engine went down, of late. */
	engineDowns: number[];
	/** Whether other rooms can be heard of and rung. */
	brokerUp: boolean;
	rendezvousUp: boolean;
	entries: readonly RoomEntry[];
	calendarFailure: CalendarFailure | null;
	directory: DirectoryEntry[];
	/** What the room's equipment reports. */
	equipment: Equipment;
	/** What keys, shutter and sensor say. */
	hardware: Hardware;
	call: CallData | null;
	ringIn: { ring: string; from: string; verified: boolean; link: string; since: number } | null;
	/** The last ring that rang here: a second delivery of it is no new ring. */
	lastRing: string | null;
	ringOut: { room: string; name: string; since: number } | null;
	outcome: { end: EndReason | null; failure: FailureReason | null; seconds: number } | null;
	trouble: { failure: FailureReason; attempt: number; retryAt: number } | null;
}

/** What the room machine is started with. */
export interface RoomInput {
	now: () => number;
	name: string;
	seats: number | null;
	locale: Locale;
	/** 0–100. */
	volume: number;
	directory: readonly { id: string; name: string }[];
}

export const closedSource: Source = { state: "closed", flowing: false, device: null };

export function initialContext(input: RoomInput): RoomContext {
	return {
		now: input.now,
		room: { name: input.name, seats: input.seats },
		locale: input.locale,
		volume: input.volume,
		selfView: true,
		wish: { microphone: "closed", camera: "closed" },
		holds: { microphone: "free", camera: "free" },
		sources: { microphone: closedSource, camera: closedSource },
		speaker: true,
		engineUp: false,
		engineEpoch: 0,
		engineDowns: [],
		brokerUp: false,
		rendezvousUp: true,
		entries: [],
		calendarFailure: null,
		directory: input.directory.map((room) => ({ ...room, online: null })),
		equipment: noEquipment,
		hardware: noHardware,
		call: null,
		ringIn: null,
		lastRing: null,
		ringOut: null,
		outcome: null,
		trouble: null,
	};
}

/** A call begins with a touch. */
export function newCall(origin: CallOrigin, link: string | null, now: number): CallData {
	return {
		origin,
		link,
		startedAt: now,
		slow: false,
		guestLink: "",
		far: unknownFarEnd(origin),
		security: "securing",
		code: null,
		compared: false,
		key: null,
		farTurns: false,
		firstConnectedAt: null,
		connectedAt: null,
		connectedMs: 0,
		farEndGone: false,
	};
}

/** What may be said of a far end that has proved nothing yet. */
export function unknownFarEnd(origin: CallOrigin): FarEnd {
	const kind = origin === "ring" || origin === "answer" ? "room" : "guest";
	return { name: null, kind, microphone: false, camera: false };
}
