import * as z from "zod/mini";
import { command, commandResponse } from "../commands.ts";
import { firmwareSpec, jobState } from "../jobs.ts";
import { deviceId, enrolNonce, eventType } from "../topics.ts";
import { deviceFacts, reportedDoc, revision, roomStatus, twinDoc, twinError } from "../twin.ts";
import { roles, scopes } from "./route.ts";

export { deviceId, enrolNonce };

/** Whatever the API returns in lists; a cursor is opaque. */
export const cursor = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,400}$/));
/** RFC 3339, UTC. */
export const moment = z.iso.datetime();
export const id = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/));
export const label = z.string().check(z.trim(), z.minLength(1), z.maxLength(80));
/** Query values are texts. */
export const limit = z.string().check(z.regex(/^[1-9]\d{0,3}$/));

export const role = z.enum(roles);
export const scope = z.enum(scopes);
/** Opaque to us: WebAuthn's own JSON (Web Authentication Level 3, section 5.1); its library checks it. */
export const webauthn = z.record(z.string(), z.unknown());

export const person = z.object({
	id,
	/** As people call each other here; the only thing known of a person beside their keys. */
	name: label,
	role,
	/** How many passkeys. */
	passkeys: z.number(),
	createdAt: moment,
	disabled: z.boolean(),
});
export type Person = z.infer<typeof person>;

/** One of a person's own passkeys. */
export const passkey = z.object({
	/** Ours, not the authenticator's. */
	id,
	/** The person's own word for it; null: none yet. */
	name: z.nullable(label),
	createdAt: moment,
	lastUsedAt: z.nullable(moment),
	/** It was used last to prove whose this session is, which ends with it. */
	current: z.boolean(),
});
export type Passkey = z.infer<typeof passkey>;

export const session = z.object({ person, /** This installation's name, for the console's head. */ fleet: z.string() });
export type Session = z.infer<typeof session>;

export const apiToken = z.object({
	id,
	name: label,
	scopes: z.array(scope),
	createdAt: moment,
	expiresAt: moment,
	lastUsedAt: z.nullable(moment),
});
export type ApiToken = z.infer<typeof apiToken>;

/** `pending`: certificate issued, not confirmed. `retired`: left the fleet in order. `revoked`: shut out. */
export const deviceState = z.enum(["pending", "active", "retired", "revoked"]);
export type DeviceState = z.infer<typeof deviceState>;

/** A line of the wall of rooms. */
export const deviceSummary = z.object({
	id: deviceId,
	/** The room's name as the twin desires it. */
	name: label,
	state: deviceState,
	online: z.boolean(),
	lastSeenAt: z.nullable(moment),
	/** Null until it reported. */
	status: z.nullable(roomStatus),
	firmware: z.nullable(z.string()),
	/** Desired and applied revisions differ, or keys were refused. */
	twin: z.enum(["in_sync", "pending", "refused"]),
	/** The job under way, if any. */
	/** `reason`: a code, `jobReasons` and newer ones: what it waits for. */
	job: z.nullable(z.object({ state: jobState, pct: z.nullable(z.number()), reason: z.nullable(z.string()) })),
});
export type DeviceSummary = z.infer<typeof deviceSummary>;

export const certificate = z.object({
	serial: z.string(),
	notBefore: moment,
	notAfter: moment,
	state: z.enum(["pending", "active", "superseded", "revoked"]),
});

export const device = z.object({
	...deviceSummary.shape,
	facts: z.nullable(deviceFacts),
	enrolledAt: z.nullable(moment),
	certificates: z.array(certificate),
	desired: z.object({ rev: revision, doc: twinDoc, at: moment }),
	reported: z.nullable(
		z.object({
			rev: revision,
			appliedRev: revision,
			doc: z.nullable(reportedDoc),
			errors: z.array(twinError),
			at: moment,
		}),
	),
});
export type Device = z.infer<typeof device>;

export const event = z.object({
	id: z.string(),
	device: deviceId,
	/** The room's, as it is called now. */
	name: label,
	type: eventType,
	/** When it happened, by the device's clock. */
	at: moment,
	/** When the fleet heard of it: later where the device was offline. */
	receivedAt: moment,
	data: z.record(z.string(), z.unknown()),
});
export type Event = z.infer<typeof event>;

/** A code that was made and not used yet; the code itself is shown once, when it is made. */
export const enrolment = z.object({
	id,
	lookup: z.string(),
	roomName: label,
	createdAt: moment,
	expiresAt: moment,
	/** Wrong tries so far. */
	tries: z.number(),
	state: z.enum(["open", "used", "locked", "expired", "withdrawn"]),
	/** The device that used it. */
	device: z.nullable(deviceId),
});
export type Enrolment = z.infer<typeof enrolment>;

export const commandRecord = z.object({
	mid: z.string(),
	device: deviceId,
	op: z.enum(["identify", "restart", "doctor", "unenrol"]),
	at: moment,
	/** `expired`: the device did not answer in time. */
	state: z.enum(["sent", "answered", "expired"]),
	response: z.nullable(z.pick(commandResponse, { status: true, code: true, checks: true })),
});
export type CommandRecord = z.infer<typeof commandRecord>;
export { command };

/** Devices in a state of their job. */
export const rolloutCounts = z.partialRecord(jobState, z.number());
export const rolloutState = z.enum(["running", "paused", "done", "cancelled"]);
export const wave = z.object({
	/** Devices of this wave, and how they stand. */
	size: z.number(),
	counts: rolloutCounts,
	state: z.enum(["waiting", "running", "done"]),
});
export const rollout = z.object({
	id,
	name: label,
	spec: firmwareSpec,
	state: rolloutState,
	/** Why it paused by itself: a code. */
	reason: z.nullable(z.enum(["rollout.too_many_failures", "rollout.unproved", "rollout.paused_by_person"])),
	createdAt: moment,
	size: z.number(),
	wave: z.number(),
	waves: z.array(wave),
});
export type Rollout = z.infer<typeof rollout>;

/** A bundle that the image repository offers. */
export const release = z.object({
	version: firmwareSpec.shape.version,
	digest: firmwareSpec.shape.digest,
	bytes: firmwareSpec.shape.bytes,
	/** Where devices fetch it. */
	url: firmwareSpec.shape.url,
});
export type Release = z.infer<typeof release>;

export const rolloutDevice = z.object({
	device: deviceId,
	name: label,
	wave: z.number(),
	state: jobState,
	pct: z.nullable(z.number()),
	/** A code. */
	error: z.nullable(z.string()),
	updatedAt: moment,
});
export type RolloutDevice = z.infer<typeof rolloutDevice>;

export const auditEntry = z.object({
	seq: z.number(),
	at: moment,
	/** `person:<id>`, `token:<id>`, `service`, `device:<id>`. */
	actor: z.string(),
	action: z.string(),
	target: z.nullable(z.string()),
	detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
	/** SHA-256, hex, over the entry and the hash before it. */
	hash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

/** What changed: the console asks again for what it shows. `devices`: their present summaries, at most 200; more: `all`. */
export const liveChange = z.object({
	devices: z.array(deviceSummary),
	all: z.boolean(),
	rollouts: z.array(id),
	enrolments: z.boolean(),
	/** Rooms told something. */
	events: z.boolean(),
});
export type LiveChange = z.infer<typeof liveChange>;

export const failure = z.object({
	/** `area.what_happened`. */
	code: z.string(),
	/** A sentence in English for whoever calls by a program; pages have their own. */
	message: z.string(),
	/** Which key of the request, for `api.malformed`. */
	key: z.optional(z.string()),
});
export type Failure = z.infer<typeof failure>;
