import * as z from "zod/mini";
import { envelope, timestamp } from "./envelope.ts";
import { peripheral } from "./peripherals.ts";
import { deviceId } from "./topics.ts";

const text = (most: number) => z.string().check(z.trim(), z.minLength(1), z.maxLength(most));
/** IANA name, `Europe/Berlin`; whether it exists the device decides. */
const timeZone = z.string().check(z.regex(/^[A-Za-z0-9_+-]{1,32}(\/[A-Za-z0-9_+-]{1,32}){0,2}$/));
const origin = z.string().check(z.regex(/^https?:\/\/[A-Za-z0-9.:[\]-]{1,253}$/));
const minuteOfDay = z.string().check(z.regex(/^([01]\d|2[0-3]):[0-5]\d$/));

/** When updates may be installed, by the room's own clock; `from` after `to` goes over midnight. */
export const updateWindow = z.object({
	days: z.array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])).check(z.minLength(1), z.maxLength(7)),
	from: minuteOfDay,
	to: minuteOfDay,
});
export type UpdateWindow = z.infer<typeof updateWindow>;

/**
 * What the fleet says a room should be: the whole document, never a part. No key of it opens a camera or a microphone, unmutes,
 * touches a call's encryption or lengthens what is kept; a later key may not either (docs/adr/0005, test/device/noSwitch).
 */
export const twinDoc = z.object({
	room: z.object({
		name: text(80),
		seats: z.optional(z.number().check(z.int(), z.gte(1), z.lte(1000))),
		locale: z.enum(["de", "en"]),
		timeZone,
	}),
	/** The rooms that can be called from here. */
	directory: z.array(z.object({ id: deviceId, name: text(80) })).check(z.maxLength(300)),
	/** Where meetings are held: an origin; `http:` is taken for loopback only. Null: the one that the device enrolled with. */
	rendezvous: z.nullable(origin),
	/** Whether the resting screen shows meetings' titles. */
	showTitles: z.boolean(),
	update: z.object({ window: updateWindow }),
});
export type TwinDoc = z.infer<typeof twinDoc>;

/** As a device reports it: without the directory, which is the service's own and most of the document. */
export const reportedDoc = z.omit(twinDoc, { directory: true });
export type ReportedDoc = z.infer<typeof reportedDoc>;

/** Keys whose change takes a restart of the room program, which waits until the room is idle. */
export const restartKeys = ["room.timeZone", "rendezvous"] as const;

export const revision = z.number().check(z.int(), z.gte(0));

export const twinDesired = z.object({ ...envelope, rev: revision, doc: z.unknown() });
export type TwinDesired = z.infer<typeof twinDesired>;

/** Why a key was not applied. With any `refused` nothing of that revision was applied; `unknown` keys are left out and said. */
export const twinError = z.object({
	/** `room.name`, `directory.3.id`; empty: the document. */
	key: z.string().check(z.maxLength(200)),
	code: z.enum(["twin.invalid", "twin.unknown_key", "twin.apply_failed"]),
});
export type TwinError = z.infer<typeof twinError>;

/** What the room does, for the wall of rooms: no title, no person, no link; times rounded to five minutes. */
export const roomStatus = z.object({
	activity: z.enum(["free", "in_call", "busy", "trouble", "updating", "starting"]),
	/** A code, with `trouble`. */
	trouble: z.nullable(z.string().check(z.regex(/^[a-z]+\.[a-z_]+$/), z.maxLength(80))),
	busyUntil: z.nullable(timestamp),
	nextBusyAt: z.nullable(timestamp),
	missing: z.array(z.enum(["broker", "rendezvous", "engine", "camera", "microphone", "speaker", "calendar", "room"])),
	/** The devices that the room drives; left out where there are none. */
	peripherals: z.optional(z.array(peripheral).check(z.maxLength(32))),
});
export type RoomStatus = z.infer<typeof roomStatus>;

/** What the device is, as it says. */
export const deviceFacts = z.object({
	model: z.string().check(z.maxLength(80)),
	serial: z.string().check(z.maxLength(80)),
	/** Version of the firmware, or of the programs where there is no image. */
	firmware: z.string().check(z.maxLength(40)),
	slot: z.nullable(z.enum(["A", "B"])),
});
export type DeviceFacts = z.infer<typeof deviceFacts>;

export const twinReported = z.object({
	...envelope,
	/** Grows with each report, over restarts too; an older one than seen is ignored: several workers take them in, in any order. */
	seq: z.number().check(z.int(), z.gte(1)),
	/** The revision last seen, applied or not. */
	rev: revision,
	/** The revision in force; 0: none yet. */
	appliedRev: revision,
	/** The document in force; null: none yet. */
	doc: z.nullable(reportedDoc),
	errors: z.array(twinError).check(z.maxLength(50)),
	status: roomStatus,
	facts: deviceFacts,
});
export type TwinReported = z.infer<typeof twinReported>;

/** Milliseconds to five minutes: `down` for a beginning, `up` for an end, so that what is said is never freer than the truth. */
export const roundToFiveMinutes = (ms: number, way: "up" | "down"): number =>
	(way === "up" ? Math.ceil : Math.floor)(ms / 300_000) * 300_000;
