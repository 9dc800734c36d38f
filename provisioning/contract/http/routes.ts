import * as z from "zod/mini";
import { firmwareSpec } from "../jobs.ts";
import { eventType } from "../topics.ts";
import { twinDoc } from "../twin.ts";
import type { Route } from "./route.ts";
import * as shape from "./shapes.ts";

const readers = { roles: ["viewer", "technician", "fleet_admin"], scope: "fleet:read" } as const;
const technicians = { roles: ["technician", "fleet_admin"], scope: "fleet:write" } as const;
const enrollers = { roles: ["technician", "fleet_admin"], scope: "enrol" } as const;
const admins = { roles: ["fleet_admin"], scope: null } as const;
const watchers = { roles: ["viewer", "technician", "fleet_admin"], scope: "rollouts" } as const;
const releasers = { roles: ["fleet_admin"], scope: "rollouts" } as const;
const auditors = { roles: ["dpo", "fleet_admin"], scope: "audit:read" } as const;

const ofDevice = z.object({ id: shape.deviceId });
const ofId = z.object({ id: shape.id });
const page = { after: z.optional(shape.cursor), limit: z.optional(shape.limit) };
const listOf = <S extends z.ZodMiniType>(element: S) =>
	z.object({ items: z.array(element), /** Of the next page; null: that was all. */ next: z.nullable(shape.cursor) });

/**
 * The fleet's HTTP API, whole: the service has a handler for each (or does not compile), console and command line call by it, and
 * `docs/api/openapi.json` and the test of who may what are made from it.
 */
export const routes = {
	// -- signing in: passkeys (Web Authentication Level 3), no passwords
	"session.get": {
		method: "GET",
		path: "/session",
		summary: "Who is signed in",
		access: "signed-in",
		response: shape.session,
	},
	"session.begin": {
		method: "POST",
		path: "/session/options",
		summary: "Begin to sign in: options for navigator.credentials.get()",
		access: "public",
		response: z.object({ challengeId: shape.id, options: shape.webauthn }),
	},
	"session.create": {
		method: "POST",
		path: "/session",
		summary: "Sign in with a passkey's answer; sets the session's cookie",
		access: "public",
		body: z.strictObject({ challengeId: shape.id, answer: shape.webauthn }),
		response: shape.session,
		errors: { "api.passkey_refused": 401 },
	},
	"session.beginConfirming": {
		method: "POST",
		path: "/session/confirmation/options",
		summary: "Begin to prove, by a passkey of one's own, to be still there: options for navigator.credentials.get()",
		access: "signed-in",
		response: z.object({ challengeId: shape.id, options: shape.webauthn }),
	},
	"session.confirm": {
		method: "POST",
		path: "/session/confirmation",
		summary: "Prove it: for ten minutes the session is as fresh as after signing in",
		access: "signed-in",
		body: z.strictObject({ challengeId: shape.id, answer: shape.webauthn }),
		errors: { "api.passkey_refused": 401 },
	},
	"session.delete": { method: "DELETE", path: "/session", summary: "Sign out", access: "signed-in" },
	"registration.begin": {
		method: "POST",
		path: "/registration/options",
		summary: "Begin to register a passkey with an invitation: options for navigator.credentials.create()",
		access: "public",
		body: z.strictObject({ invitation: z.string().check(z.regex(/^[A-Za-z0-9_-]{22,64}$/)), name: shape.label }),
		response: z.object({ challengeId: shape.id, options: shape.webauthn }),
		errors: { "api.invitation_refused": 403 },
	},
	"registration.create": {
		method: "POST",
		path: "/registration",
		summary: "Register the passkey; uses the invitation up and signs in",
		access: "public",
		body: z.strictObject({ challengeId: shape.id, answer: shape.webauthn }),
		response: shape.session,
		errors: { "api.passkey_refused": 401, "api.invitation_refused": 403 },
	},
	// -- one's own passkeys: what gives or takes a way in asks for a fresh session, of at most ten minutes
	"passkeys.list": {
		method: "GET",
		path: "/session/passkeys",
		summary: "One's own passkeys, the oldest first",
		access: "signed-in",
		response: listOf(shape.passkey),
	},
	"passkeys.begin": {
		method: "POST",
		path: "/session/passkeys/options",
		summary: "Begin to add a passkey, in a fresh session: options for navigator.credentials.create()",
		access: "signed-in",
		response: z.object({ challengeId: shape.id, options: shape.webauthn }),
		errors: { "api.sign_in_again": 403, "api.passkeys_full": 409 },
	},
	"passkeys.add": {
		method: "POST",
		path: "/session/passkeys",
		summary: "Add the passkey; at most ten a person",
		access: "signed-in",
		body: z.strictObject({ challengeId: shape.id, answer: shape.webauthn, name: shape.label }),
		response: shape.passkey,
		errors: { "api.passkey_refused": 401, "api.passkeys_full": 409 },
	},
	"passkeys.rename": {
		method: "PUT",
		path: "/session/passkeys/{id}",
		summary: "Call one's own passkey otherwise",
		access: "signed-in",
		params: ofId,
		body: z.strictObject({ name: shape.label }),
		response: shape.passkey,
	},
	"passkeys.remove": {
		method: "DELETE",
		path: "/session/passkeys/{id}",
		summary: "Remove one's own passkey, in a fresh session; ends the sessions that it was used for last",
		access: "signed-in",
		params: ofId,
		errors: { "api.sign_in_again": 403, "api.last_passkey": 409 },
	},
	// -- people and tokens
	"people.list": {
		method: "GET",
		path: "/people",
		summary: "Who may sign in",
		access: { roles: ["fleet_admin", "dpo"], scope: null },
		response: listOf(shape.person),
	},
	"people.invite": {
		method: "POST",
		path: "/people/invitations",
		summary: "Invite somebody: a link to register a passkey with, shown once, good for 24 hours",
		access: admins,
		body: z.strictObject({ role: shape.role }),
		response: z.object({ invitation: z.string(), url: z.string(), expiresAt: shape.moment }),
	},
	"people.change": {
		method: "PUT",
		path: "/people/{id}",
		summary: "Change somebody's role, or shut somebody out",
		access: admins,
		params: ofId,
		body: z.strictObject({ role: shape.role, disabled: z.boolean() }),
		response: shape.person,
		errors: { "api.last_admin": 409 },
	},
	"tokens.list": {
		method: "GET",
		path: "/tokens",
		summary: "API tokens",
		access: admins,
		response: listOf(shape.apiToken),
	},
	"tokens.create": {
		method: "POST",
		path: "/tokens",
		summary: "Make an API token: shown once",
		access: admins,
		body: z.strictObject({
			name: shape.label,
			scopes: z.array(shape.scope).check(z.minLength(1), z.maxLength(6)),
			days: z.number().check(z.int(), z.gte(1), z.lte(365)),
		}),
		response: z.object({ token: z.string(), about: shape.apiToken }),
	},
	"tokens.delete": {
		method: "DELETE",
		path: "/tokens/{id}",
		summary: "End an API token",
		access: admins,
		params: ofId,
	},
	// -- rooms
	"devices.list": {
		method: "GET",
		path: "/devices",
		summary: "Rooms, by name; `q` finds in names and ids",
		access: readers,
		query: z.strictObject({
			...page,
			q: z.optional(z.string().check(z.maxLength(80))),
			state: z.optional(shape.deviceState),
			show: z.optional(z.enum(["online", "offline", "trouble", "in_call", "updating", "twin_differs"])),
		}),
		response: listOf(shape.deviceSummary),
	},
	"devices.counts": {
		method: "GET",
		path: "/devices/counts",
		summary: "The fleet in numbers",
		access: readers,
		response: z.object({
			total: z.number(),
			online: z.number(),
			inCall: z.number(),
			trouble: z.number(),
			updating: z.number(),
			twinDiffers: z.number(),
			firmware: z.array(z.object({ version: z.string(), devices: z.number() })),
		}),
	},
	"devices.get": {
		method: "GET",
		path: "/devices/{id}",
		summary: "One room, whole",
		access: readers,
		params: ofDevice,
		response: shape.device,
	},
	"devices.twin": {
		method: "PUT",
		path: "/devices/{id}/twin",
		summary: "Set what the room should be; `rev` is the revision that was read",
		access: technicians,
		params: ofDevice,
		body: z.strictObject({ rev: z.number().check(z.int(), z.gte(0)), doc: twinDoc }),
		response: shape.device,
		errors: { "api.twin_conflict": 409, "api.device_gone": 410 },
	},
	"devices.command": {
		method: "POST",
		path: "/devices/{id}/commands",
		summary: "Ask a room to do something at once",
		access: technicians,
		params: ofDevice,
		body: shape.command,
		response: shape.commandRecord,
		errors: { "api.device_offline": 409, "api.device_gone": 410 },
	},
	"devices.commands": {
		method: "GET",
		path: "/devices/{id}/commands",
		summary: "What was asked lately, and answered",
		access: readers,
		params: ofDevice,
		response: listOf(shape.commandRecord),
	},
	"devices.revoke": {
		method: "POST",
		path: "/devices/{id}/revoke",
		summary: "Shut a room's device out, now and for good",
		access: { roles: ["fleet_admin"], scope: "fleet:write" },
		params: ofDevice,
		body: z.strictObject({ reason: z.enum(["lost", "stolen", "compromised", "replaced", "other"]) }),
		response: shape.device,
	},
	"devices.events": {
		method: "GET",
		path: "/devices/{id}/events",
		summary: "What a room told, the newest first",
		access: readers,
		params: ofDevice,
		query: z.strictObject(page),
		response: listOf(shape.event),
	},
	"events.list": {
		method: "GET",
		path: "/events",
		summary:
			"What all rooms told, in the order in which it arrived, the newest first; of one `room`, of one `type`, `since` a moment",
		access: readers,
		query: z.strictObject({
			...page,
			room: z.optional(shape.deviceId),
			type: z.optional(eventType),
			since: z.optional(shape.moment),
		}),
		response: listOf(shape.event),
	},
	// -- enrolment
	"enrolments.list": {
		method: "GET",
		path: "/enrolments",
		summary: "Codes that were made",
		access: enrollers,
		response: listOf(shape.enrolment),
	},
	"enrolments.create": {
		method: "POST",
		path: "/enrolments",
		summary: "Make a code for a room: shown once, good for 24 hours and one device",
		access: enrollers,
		body: z.strictObject({ room: twinDoc.shape.room }),
		response: z.object({ code: z.string(), about: shape.enrolment }),
	},
	"enrolments.withdraw": {
		method: "DELETE",
		path: "/enrolments/{id}",
		summary: "Withdraw a code that was not used",
		access: enrollers,
		params: ofId,
	},
	// -- firmware
	"releases.list": {
		method: "GET",
		path: "/releases",
		summary: "Firmware that the image repository offers, the newest first; empty where this service has none",
		access: watchers,
		response: listOf(shape.release),
		errors: { "api.no_repository": 503 },
	},

	// -- rollouts
	"rollouts.list": {
		method: "GET",
		path: "/rollouts",
		summary: "Rollouts, the newest first",
		access: watchers,
		response: listOf(shape.rollout),
	},
	"rollouts.create": {
		method: "POST",
		path: "/rollouts",
		summary: "Bring a firmware to rooms, in waves",
		access: releasers,
		body: z.strictObject({
			name: shape.label,
			spec: firmwareSpec,
			/** Ids; absent: all active rooms. */
			devices: z.optional(z.array(shape.deviceId).check(z.minLength(1), z.maxLength(20_000))),
		}),
		response: shape.rollout,
		errors: { "api.no_devices": 409, "api.rollout_running": 409 },
	},
	"rollouts.get": {
		method: "GET",
		path: "/rollouts/{id}",
		summary: "One rollout",
		access: watchers,
		params: ofId,
		response: shape.rollout,
	},
	"rollouts.devices": {
		method: "GET",
		path: "/rollouts/{id}/devices",
		summary: "Its rooms, those that failed first",
		access: watchers,
		params: ofId,
		query: z.strictObject(page),
		response: listOf(shape.rolloutDevice),
	},
	"rollouts.pause": {
		method: "POST",
		path: "/rollouts/{id}/pause",
		summary: "Begin nothing more",
		access: releasers,
		params: ofId,
		response: shape.rollout,
		errors: { "api.rollout_over": 409 },
	},
	"rollouts.resume": {
		method: "POST",
		path: "/rollouts/{id}/resume",
		summary: "Go on",
		access: releasers,
		params: ofId,
		response: shape.rollout,
		errors: { "api.rollout_over": 409 },
	},
	"rollouts.cancel": {
		method: "POST",
		path: "/rollouts/{id}/cancel",
		summary: "Call back what has not begun",
		access: releasers,
		params: ofId,
		response: shape.rollout,
		errors: { "api.rollout_over": 409 },
	},
	// -- what was done
	"audit.list": {
		method: "GET",
		path: "/audit",
		summary: "What was done, the newest first",
		access: auditors,
		query: z.strictObject(page),
		response: listOf(shape.auditEntry),
	},
	"audit.verify": {
		method: "GET",
		path: "/audit/verification",
		summary: "Whether the log is whole: follows the chain of hashes",
		access: auditors,
		response: z.object({ entries: z.number(), whole: z.boolean(), brokenAt: z.nullable(z.number()), head: z.string() }),
	},
	// -- live
	"live.watch": {
		method: "GET",
		path: "/live",
		summary: "What changes, as it changes",
		access: readers,
		response: shape.liveChange,
		stream: true,
	},
} as const satisfies Record<string, Route>;

export type Routes = typeof routes;
export type RouteId = keyof Routes;
