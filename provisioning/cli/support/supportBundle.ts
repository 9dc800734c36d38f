import * as z from "zod/mini";
import { firmwareVersion, jobState } from "../../contract/jobs.ts";
import { roomStatus } from "../../contract/twin.ts";

/**
 * What goes out of the house when somebody asks for help. Everything is of a form that is listed here, and nothing else is taken: no free text, so no name, link, title,
 * token, address or number of a machine. What does not fit is left out, and counted.
 */
const counter = z.number().check(z.int(), z.gte(0));
const moment = z.iso.datetime();
/** As the errors of this project are called. The areas are listed: what looks like a code could be a name. */
export const code = z
	.string()
	.check(
		z.regex(
			/^(?:agent|bus|calendar|call|cli|config|engine|enrol|enrolment|fleet|job|link|local|media|outbox|panel|peripheral|privacy|recording|ring|room|sdp|setup|topic|trust|twin|update)\.[a-z_]{2,48}$/,
		),
	);
const words: ReadonlySet<string> = new Set([
	...jobState.options,
	...roomStatus.shape.activity.options,
	...["", "room", "agent", "engine", "camera", "microphone", "speaker", "display", "panel-bus"],
	...["connected", "lost", "opened", "closed", "failed", "arrived", "left", "refused", "connecting", "waiting", "open"],
	...["ok", "starting", "unclaimed", "enrolling", "claimed", "proving", "confirming", "applied", "kept", "full"],
	...["SIGTERM", "SIGINT", "SIGKILL", "SIGSEGV", "SIGABRT", "disconnect", "uncaught", "restart", "broken"],
	...["identify", "doctor", "unenrol", "resting", "joining", "alone", "ended", "trouble", "call"],
]);
/** A word of our logs: a state, a kind, a program; these are all. */
export const word = z.string().check(z.refine((said) => words.has(said)));

export const logEntry = z.object({
	ts: moment,
	level: z.enum(["debug", "info", "warn", "error"]),
	event: z.string().check(z.regex(/^[a-z]+\.[a-z_]+$/)),
	/** Numbers, switches, codes and words; null: there was something else. */
	fields: z.record(z.string(), z.nullable(z.union([z.number(), z.boolean(), code, word]))),
});
export type LogEntry = z.infer<typeof logEntry>;

export const unitNames = [
	...["incamera-room.service", "incamera-agent.service", "incamera-kiosk.service", "incamera-health.service"],
	...["incamera-setup.service", "incamera-recovery.service", "rauc.service", "seatd.service", "nftables.service"],
] as const;

export const health = z.object({
	version: firmwareVersion,
	slot: z.enum(["A", "B"]),
	at: moment,
	missing: z.array(z.enum(["room", "painted", "media"])).check(z.maxLength(8)),
	failures: counter,
});

const slotContent = z.nullable(z.object({ version: firmwareVersion }));
/** Of the agent's firmware.json. */
export const written = z.object({
	slots: z.object({ A: slotContent, B: slotContent }),
	trial: z.nullable(z.object({ slot: z.enum(["A", "B"]) })),
	floor: z.nullable(firmwareVersion),
});

export const unit = z.object({
	name: z.enum(unitNames),
	active: z.enum(["active", "inactive", "failed", "activating", "deactivating", "reloading"]),
	sub: z.enum(["running", "exited", "dead", "failed", "start", "auto-restart", "waiting", "stop-sigterm", "start-pre"]),
	restarts: counter,
});

/** Null: it could not be read here. */
export const supportBundle = z.strictObject({
	v: z.literal(1),
	made: moment,
	firmware: z.object({ version: z.nullable(firmwareVersion), slot: z.nullable(z.enum(["A", "B"])) }),
	machine: z.object({
		kernel: z.nullable(z.string().check(z.regex(/^\d{1,3}\.\d{1,3}\.\d{1,3}(?:-\d{1,3})?$/))),
		upSeconds: counter,
		memoryMegabytes: z.object({ all: counter, available: counter }),
		dataMegabytes: z.nullable(z.object({ all: counter, free: counter })),
		/** By sort only. */
		networks: z.array(z.object({ sort: z.enum(["wired", "wireless", "other"]), up: z.boolean() })),
	}),
	health: z.nullable(health),
	written: z.nullable(written),
	units: z.array(unit),
	log: z.array(logEntry),
	/** Lines of the log that were of another form, and are not here. */
	leftOut: counter,
});
export type SupportBundle = z.infer<typeof supportBundle>;
