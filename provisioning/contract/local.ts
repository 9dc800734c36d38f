import * as z from "zod/mini";
import { command, commandStatus, doctorCheck } from "./commands.ts";
import { enrolFailure } from "./enrolment.ts";
import { random16, timestamp } from "./envelope.ts";
import { eventData } from "./events.ts";
import { presence } from "./ring.ts";
import { supportOutcome } from "./supportSaved.ts";
import { deviceId } from "./topics.ts";
import { deviceFacts, revision, roomStatus, twinDoc, twinError } from "./twin.ts";

/**
 * Between the agent and the room program of one device: JSON lines on a unix socket (0600) that the agent listens on. Either may
 * end and come back at any time: each begins with what the other has to know, whole. The agent holds the fleet's key and line; the room
 * program holds camera and microphone, and nothing that comes over this socket opens either.
 */
export const LOCAL_VERSION = 1;
/** Bytes of one line. */
export const LOCAL_LINE_BYTES = 64 * 1024;

/** Where the device stands with the fleet. */
export const claim = z.discriminatedUnion("state", [
	/** Nobody's: the panel takes a code. `failure`: why the last try ended. `enrolUrl`: what the panel's QR opens, null if there is none. */
	z.object({
		state: z.literal("unclaimed"),
		failure: z.nullable(
			z.union([
				enrolFailure,
				z.enum(["enrol.unreachable", "enrol.fleet_not_proved", "enrol.code_malformed", "enrol.not_confirmed"]),
			]),
		),
		facts: deviceFacts,
		enrolUrl: z.optional(z.nullable(z.string().check(z.regex(/^https?:\/\//), z.maxLength(300)))),
	}),
	/** A code was typed and is being tried. */
	z.object({
		state: z.literal("enrolling"),
		step: z.enum(["connecting", "proving", "waiting", "confirming"]),
		since: timestamp,
	}),
	/**
	 * Claimed: files of the identity (paths on this device), and where meetings are held. `crl` is not there until the fleet has told its
	 * first revocation list, seconds after enrolment; from then on it is, and is replaced when a newer one comes.
	 */
	z.object({
		state: z.literal("claimed"),
		deviceId,
		/** Grows when key or certificate changed: whoever read the files reads them again. */
		generation: z.number(),
		identity: z.object({ certificate: z.string(), key: z.string(), ca: z.string(), crl: z.string() }),
		rendezvous: z.string(),
	}),
]);
export type Claim = z.infer<typeof claim>;

/** What the panel's service page says of the firmware. */
export const firmwareShown = z.object({
	version: z.string().check(z.maxLength(60)),
	/** Null: nothing here can be updated. */
	slots: z.nullable(
		z.array(
			z.object({
				name: z.enum(["A", "B"]),
				/** Null: the factory's, or not known. */
				version: z.nullable(z.string().check(z.maxLength(60))),
				state: z.enum(["runs", "trial", "ready", "bad", "unknown"]),
			}),
		),
	),
	/** The last update, whoever wanted it; `code`: why it failed. */
	last: z.nullable(
		z.object({
			version: z.string().check(z.maxLength(60)),
			outcome: z.enum(["succeeded", "rolled_back", "failed", "rejected"]),
			code: z.nullable(z.string().check(z.maxLength(80))),
			at: timestamp,
			by: z.enum(["fleet", "stick"]),
		}),
	),
	/** The newest bundle of a stick that is plugged in; `code`: why it is not installed here. */
	stick: z.nullable(
		z.object({ version: z.string().check(z.maxLength(60)), code: z.nullable(z.string().check(z.maxLength(80))) }),
	),
});
export type FirmwareShown = z.infer<typeof firmwareShown>;

/** What the panel's service page offers of a factory reset; null: nobody here can do one. `code`: why the last one failed. */
export const resetShown = z.nullable(
	z.object({ state: z.enum(["offered", "begun"]), code: z.nullable(z.enum(["reset.failed"])) }),
);
export type ResetShown = z.infer<typeof resetShown>;

/** The support bundle that can be saved onto a stick; null: there is no stick, or nobody here can. */
export const supportShown = z.nullable(
	z.object({
		...{ state: z.enum(["offered", "collecting", "writing", "done", "failed"]) },
		...{ file: supportOutcome.shape.file, code: supportOutcome.shape.code },
	}),
);
export type SupportShown = z.infer<typeof supportShown>;

/** Agent → room program. */
export const fromAgent = z.discriminatedUnion("t", [
	z.object({ t: z.literal("hello"), v: z.literal(LOCAL_VERSION) }),
	z.object({ t: z.literal("claim"), claim }),
	/** The document to apply: checked by the agent, judged again by the room program, answered with `twin`. */
	z.object({ t: z.literal("twin"), rev: revision, doc: twinDoc }),
	/** The line to the broker; `epoch` is of this connection's presence, which a ring key has to name (docs/adr/0004). */
	z.object({ t: z.literal("line"), epoch: z.nullable(timestamp) }),
	/** Somebody's presence, as the broker has it; our own echo too. */
	z.object({ t: z.literal("presence"), id: deviceId, presence }),
	/**
	 * All retained presences have arrived. `watched`: those of the listed rooms too, and from now on each change; false: nobody looks, or not
	 * any longer, and nothing is known of them.
	 */
	z.object({ t: z.literal("directory"), watched: z.boolean() }),
	/** A ring frame that arrived, base64: sealed, judged by the room program. */
	z.object({ t: z.literal("ring"), from: deviceId, retained: z.boolean(), payload: z.string() }),
	/** What became of a `send`. */
	z.object({
		t: z.literal("sent"),
		id: z.number(),
		outcome: z.enum(["delivered", "nobody", "refused", "unreachable"]),
	}),
	z.object({ t: z.literal("command"), mid: random16, command }),
	z.object({ t: z.literal("firmware"), firmware: firmwareShown }),
	z.object({ t: z.literal("reset"), reset: resetShown }),
	z.object({ t: z.literal("support"), support: supportShown }),
	/** What an update is doing, for the panel; null: nothing. */
	z.object({
		t: z.literal("update"),
		update: z.nullable(
			z.object({
				state: z.enum(["downloading", "waiting", "installing", "restarting", "probation"]),
				version: z.string(),
				pct: z.nullable(z.number()),
				/** The panel asks people to let it happen. */ asks: z.boolean(),
				/** A code; null: nothing, or it is not said. */
				waitsFor: z._default(z.nullable(z.string().check(z.maxLength(80))), null),
			}),
		),
	}),
]);
export type FromAgent = z.infer<typeof fromAgent>;

/** Room program → agent. */
export const fromRoom = z.discriminatedUnion("t", [
	z.object({ t: z.literal("hello"), v: z.literal(LOCAL_VERSION), version: z.string().check(z.maxLength(40)) }),
	/** A code, typed or scanned at the panel. */
	z.object({ t: z.literal("enrol"), code: z.string().check(z.maxLength(64)) }),
	z.object({
		t: z.literal("twin"),
		rev: revision,
		applied: z.boolean(),
		errors: z.array(twinError).check(z.maxLength(50)),
	}),
	/** With each change; `occupied` null: no sensor. `idleSince`: null in a call. */
	z.object({
		t: z.literal("status"),
		status: roomStatus,
		idleSince: z.nullable(timestamp),
		occupied: z.nullable(z.boolean()),
	}),
	/** The signed ring key of this epoch: becomes part of the device's presence. */
	z.object({ t: z.literal("ringKey"), epoch: timestamp, jws: z.string().check(z.maxLength(8192)) }),
	/** Somebody looks at the listed rooms, or rings one: for the next minute it is wanted who of them is there. */
	z.object({ t: z.literal("look") }),
	/** A ring frame for another room, base64. */
	z.object({ t: z.literal("send"), id: z.number(), to: deviceId, payload: z.string(), expirySeconds: z.number() }),
	z.object({
		t: z.literal("command"),
		mid: random16,
		status: commandStatus,
		code: z.optional(z.string()),
		checks: z.optional(z.array(doctorCheck)),
	}),
	z.object({
		t: z.literal("event"),
		ts: timestamp,
		event: z.discriminatedUnion("type", [
			z.object({ type: z.literal("program.started"), data: eventData["program.started"] }),
			z.object({ type: z.literal("call.ended"), data: eventData["call.ended"] }),
			z.object({ type: z.literal("engine.failed"), data: eventData["engine.failed"] }),
			z.object({ type: z.literal("device.changed"), data: eventData["device.changed"] }),
			z.object({ type: z.literal("peripheral.changed"), data: eventData["peripheral.changed"] }),
			z.object({ type: z.literal("trouble"), data: eventData.trouble }),
		]),
	}),
	/** A person at the panel wants this version, which a stick has. */
	z.object({ t: z.literal("installStick"), version: z.string().check(z.maxLength(60)) }),
	/** A person at the panel wants this device to forget everything: key, fleet, settings. */
	z.object({ t: z.literal("reset") }),
	/** A person at the panel wants the support bundle on the stick that is plugged in. */
	z.object({ t: z.literal("support") }),
	/** A person at the panel lets a waiting update happen now, or not before its deadline. */
	z.object({ t: z.literal("update"), now: z.boolean() }),
]);
export type FromRoom = z.infer<typeof fromRoom>;
