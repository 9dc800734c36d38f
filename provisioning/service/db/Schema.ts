import type { ColumnType, Generated, GeneratedAlways, Insertable, Selectable, Updateable } from "kysely";
import type { CommandOp, CommandResponse } from "../../contract/commands.ts";
import type { Role, Scope } from "../../contract/http/route.ts";
import type { FirmwareSpec, JobState } from "../../contract/jobs.ts";
import type { DeviceFacts, ReportedDoc, RoomStatus, TwinDoc, TwinError } from "../../contract/twin.ts";

/**
 * The database's tables and columns, as the newest file of `migrations/` leaves them; a test compares the two. Names are those of
 * the database. A column that can tell of a person stands in `personalColumns` at the end too.
 *
 * An *actor* is `person:<uuid>`, `token:<uuid>`, `device:<id>` or `service`: an id, never a name.
 */
export interface Schema {
	people: PeopleTable;
	passkeys: PasskeysTable;
	invitations: InvitationsTable;
	webauthn_challenges: WebauthnChallengesTable;
	sessions: SessionsTable;
	api_tokens: ApiTokensTable;
	devices: DevicesTable;
	certificates: CertificatesTable;
	ca_state: CaStateTable;
	enrolment_codes: EnrolmentCodesTable;
	enrolment_tries: EnrolmentTriesTable;
	enrolment_attempts: EnrolmentAttemptsTable;
	twins: TwinsTable;
	commands: CommandsTable;
	rollouts: RolloutsTable;
	rollout_devices: RolloutDevicesTable;
	jobs: JobsTable;
	events: EventsTable;
	audit: AuditTable;
	outbound: OutboundTable;
	schema_migrations: SchemaMigrationsTable;
}

/** What `json()` makes of a T. pg would write a JavaScript array as a PostgreSQL array, so jsonb columns take nothing else. */
export type JsonText<T> = string & { readonly __json: T };
type Json<T> = ColumnType<T, JsonText<T>, JsonText<T>>;
type JsonWithDefault<T> = ColumnType<T, JsonText<T> | undefined, JsonText<T>>;
type JsonOrNull<T> = ColumnType<T | null, JsonText<T> | null | undefined, JsonText<T> | null>;
/** Read as Date; milliseconds are kept. */
type Time = ColumnType<Date, Date, Date>;
type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>;
/** Now, by the database's clock, unless it is given. */
type TimeOrNow = ColumnType<Date, Date | undefined, Date>;

/** Who may use console and API. */
export interface PeopleTable {
	id: Generated<string>;
	/** @personal */
	display_name: string;
	role: Role;
	created_at: TimeOrNow;
	/** From then on nothing of theirs is accepted: sessions, passkeys. */
	disabled_at: TimeOrNull;
}

/** WebAuthn credentials. */
export interface PasskeysTable {
	/** base64url. @personal */
	credential_id: string;
	person_id: string;
	/** COSE. @personal */
	public_key: Buffer;
	/** The authenticator's signature counter. */
	counter: Generated<number>;
	transports: Generated<string[]>;
	/** The person's own word for it. @personal */
	label: string | null;
	created_at: TimeOrNow;
	/** @personal */
	last_used_at: TimeOrNull;
}

/** One-time codes by which a person registers a passkey. */
export interface InvitationsTable {
	id: Generated<string>;
	/** SHA-256 of the code. */
	code_hash: Buffer;
	/** The role that a new person gets. */
	role: Role;
	/** Set: a further passkey for this person; null: a new person. */
	person_id: string | null;
	created_by: string;
	created_at: TimeOrNow;
	expires_at: Time;
	used_at: TimeOrNull;
}

/** WebAuthn challenges that were handed out; each is deleted by the answer to it (`delete … returning`), so it counts once. */
export interface WebauthnChallengesTable {
	id: Generated<string>;
	/** base64url. */
	challenge: string;
	/** `register`: a first one, with an invitation; `add`: a further one; `confirm`: somebody is still there. */
	purpose: "register" | "login" | "add" | "confirm";
	person_id: string | null;
	invitation_id: string | null;
	/** The id that a new person will have: WebAuthn wants it before there is one. */
	new_person_id: string | null;
	/** The name that the new person gave. @personal */
	new_display_name: string | null;
	created_at: TimeOrNow;
	expires_at: Time;
}

export interface SessionsTable {
	/** SHA-256 of the cookie's token. */
	token_hash: Buffer;
	person_id: string;
	/** The passkey that proved last whose it is: the session ends with it. Null: begun before this was kept. @personal */
	passkey: string | null;
	created_at: TimeOrNow;
	/** When that passkey did. @personal */
	confirmed_at: TimeOrNow;
	expires_at: Time;
	/** @personal */
	last_seen_at: TimeOrNow;
}

export interface ApiTokensTable {
	id: Generated<string>;
	/** SHA-256 of the token. */
	token_hash: Buffer;
	name: string;
	scopes: Scope[];
	created_by: string;
	created_at: TimeOrNow;
	expires_at: Time;
	last_used_at: TimeOrNull;
	revoked_at: TimeOrNull;
}

export interface DevicesTable {
	/** The certificate's CN, `[a-z0-9-]{8,40}`. */
	id: string;
	/** `pending`: certificate issued, not confirmed yet. `revoked`: thrown out. `retired`: left in peace. */
	state: Generated<"pending" | "active" | "revoked" | "retired">;
	/** The hardware's. Not unique: a device that was retired may be enrolled again under a new id. */
	serial_number: string;
	model: string;
	firmware: string;
	/** The slot that is booted. */
	slot: "A" | "B" | null;
	/** The room's name as the twin desires it, here for lists. */
	label: Generated<string>;
	online: Generated<boolean>;
	/** Of the newest presence that was heeded; a lower one is an old connection's last will. */
	presence_epoch: Generated<number>;
	last_seen_at: TimeOrNull;
	created_at: TimeOrNow;
	activated_at: TimeOrNull;
	/** Revoked or retired. */
	ended_at: TimeOrNull;
}

/** Every certificate that the authority issued. The revocation list is made of those that are `revoked` and not past `not_after`. */
export interface CertificatesTable {
	/** Lower-case hex. */
	serial: string;
	/** Null: a server's. */
	device_id: string | null;
	/** `superseded`: a newer one is confirmed, this one is about to be revoked. */
	state: Generated<"pending" | "active" | "superseded" | "revoked">;
	not_before: Time;
	not_after: Time;
	created_at: TimeOrNow;
	/** First seen in use. */
	confirmed_at: TimeOrNull;
	revoked_at: TimeOrNull;
	/** `superseded`, `unconfirmed`, `retired`, or why an admin revoked it. */
	reason: string | null;
}

/** One row: what workers with the same authority must agree on. Lock it (`for update`) to publish a list. */
export interface CaStateTable {
	singleton: Generated<boolean>;
	/** SHA-256 of the root certificate, lower-case hex: a worker with another root must not start. */
	fingerprint: string;
	/** CRL number (RFC 5280 5.2.3) of the newest list. */
	crl_number: Generated<number>;
	/** The newest list, PEM. */
	crl_pem: Generated<string>;
	updated_at: TimeOrNow;
}

/** Codes that an admin made for a room (fleet.md, Enrolment). */
export interface EnrolmentCodesTable {
	id: Generated<string>;
	/** The first 4 characters; unique among `open` and `issued`. */
	lookup: string;
	/**
	 * The 12 secret characters, sealed by `ServiceKey` (context: the code's id): scrypt needs the secret itself, since its salt
	 * has the device's serial number, which is known only at hello. In the clear it would stand in each backup, and who has it
	 * within its 24 hours can enrol a device of their own and pose as the fleet. Null as soon as the code is done with.
	 */
	secret_sealed: Buffer | null;
	/** `issued`: a certificate was issued and waits for confirmation. `locked`: five wrong tries. */
	state: Generated<"open" | "issued" | "used" | "locked" | "expired" | "withdrawn">;
	tries_left: Generated<number>;
	/** What the room's first twin says of it: name, language, time zone … */
	room: Json<TwinDoc["room"]>;
	device_id: string | null;
	created_by: string;
	created_at: TimeOrNow;
	expires_at: Time;
	used_at: TimeOrNull;
}

/** Proofs that were tried for a lookup and have not succeeded, whether there is a code of this lookup or not. */
export interface EnrolmentTriesTable {
	lookup: string;
	tries: number;
	/** Then they are forgotten. */
	expires_at: Time;
}

/** A handshake on the bootstrap listener, so that any worker can go on with it. */
export interface EnrolmentAttemptsTable {
	/** The device's client id there, a 128-bit nonce. */
	nonce: string;
	/** Null: nobody knows the lookup; the device is led to the same refusal as by a wrong secret. */
	code_id: string | null;
	step: "challenged" | "pending" | "issued" | "confirmed" | "failed";
	facts: Json<DeviceFacts>;
	dev_nonce: string;
	srv_nonce: string;
	lookup: string;
	/** DER. */
	csr: Buffer | null;
	/** The payload of `issued` as it was sent, to be sent again. */
	answer: Buffer | null;
	device_id: string | null;
	certificate_serial: string | null;
	/** The error's code. */
	failure: string | null;
	created_at: TimeOrNow;
	expires_at: Time;
}

export interface TwinsTable {
	device_id: string;
	/** Grows by one with each change of `desired`. */
	desired_rev: Generated<number>;
	desired: Json<TwinDoc>;
	desired_at: TimeOrNow;
	/** Actor. */
	desired_by: string | null;
	/** The device's own count of its reports. */
	reported_rev: Generated<number>;
	/** The `desired_rev` that the device took last. */
	applied_rev: Generated<number>;
	reported: JsonOrNull<ReportedDoc>;
	/** Keys that the device could not apply. */
	errors: JsonWithDefault<TwinError[]>;
	reported_at: TimeOrNull;
	status: JsonOrNull<RoomStatus>;
}

export interface CommandsTable {
	/** The request's message id. */
	mid: string;
	device_id: string;
	op: CommandOp;
	args: JsonWithDefault<Record<string, unknown>>;
	state: Generated<"sent" | "answered" | "expired">;
	response: JsonOrNull<Pick<CommandResponse, "status" | "code" | "checks">>;
	created_by: string;
	created_at: TimeOrNow;
	expires_at: Time;
	answered_at: TimeOrNull;
}

export interface RolloutsTable {
	id: Generated<string>;
	name: string;
	/** The type of its jobs. */
	type: Generated<"firmware">;
	/** The spec of its jobs. */
	spec: Json<FirmwareSpec>;
	/** How many devices each wave has. */
	waves: Json<number[]>;
	/** Index into `waves`. */
	current_wave: Generated<number>;
	state: Generated<"running" | "paused" | "done" | "cancelled">;
	pause_reason: "rollout.too_many_failures" | "rollout.unproved" | "rollout.paused_by_person" | null;
	/** Advances at so many per cent of successes. */
	advance_percent: Generated<number>;
	/** Pauses above so many per cent of failures … */
	pause_percent: Generated<number>;
	/** … or at so many. */
	pause_count: Generated<number>;
	/** Failures that a person has seen and went on with. */
	accepted_failures: Generated<number>;
	created_by: string;
	created_at: TimeOrNow;
	changed_at: TimeOrNow;
	ended_at: TimeOrNull;
}

/** Who belongs to a rollout, and to which of its waves: decided once, when it is made. */
export interface RolloutDevicesTable {
	rollout_id: string;
	device_id: string;
	wave: number;
}

/** One at a time is offered to a device (unique index `jobs_one_offered`), and one is of the same rollout. */
export interface JobsTable {
	/** 16 random bytes, base64url. */
	id: string;
	device_id: string;
	/** The device's jobs, counted from 1. */
	seq: number;
	rollout_id: string | null;
	wave: number | null;
	type: Generated<"firmware">;
	spec: Json<FirmwareSpec>;
	/** `seq` of the newest report that was heeded. */
	report_seq: Generated<number>;
	state: Generated<JobState>;
	/** 0 to 100, of the present state. */
	pct: number | null;
	/** The slot that was booted. */
	slot: "A" | "B" | null;
	/** Of the firmware that was booted. */
	digest: string | null;
	/** The error's code. */
	error: string | null;
	created_by: string;
	created_at: TimeOrNow;
	changed_at: TimeOrNow;
	expires_at: Time;
	/** Since then it is the retained `job/next`. */
	offered_at: TimeOrNull;
	/** Set exactly when `state` is one of the ended ones. */
	ended_at: TimeOrNull;
}

/** What devices told. Twice the same (device, mid) is once: insert with `on conflict do nothing`. */
export interface EventsTable {
	id: GeneratedAlways<number>;
	/** No foreign key. */
	device_id: string;
	mid: string;
	type: string;
	/** By the device's clock. */
	ts: Time;
	received_at: TimeOrNow;
	data: JsonWithDefault<Record<string, unknown>>;
}

export type AuditDetail = Record<string, string | number | boolean>;

/**
 * Who did what: append-only. `seq`, `ts` and the hashes are written by the database whatever the insert says; see `verifyAudit.ts` for how
 * they are checked. Inserts wait for one another until commit, so let it be the transaction's last statement.
 */
export interface AuditTable {
	seq: ColumnType<number, never, never>;
	ts: ColumnType<Date, never, never>;
	/** @personal while the person exists */
	actor: ColumnType<string, string, never>;
	/** `area.verb`. */
	action: ColumnType<string, string, never>;
	/** `device:<id>`, `person:<uuid>`, `rollout:<uuid>` … */
	target: ColumnType<string | null, string | null | undefined, never>;
	/** Nothing personal. */
	detail: ColumnType<AuditDetail, JsonText<AuditDetail> | undefined, never>;
	previous_hash: ColumnType<Buffer, never, never>;
	hash: ColumnType<Buffer, never, never>;
}

/** What is to be published on the bus, written in the transaction that is the reason for it; `Outbound.ts` has the verbs. */
export interface OutboundTable {
	id: GeneratedAlways<number>;
	topic: string;
	payload: Buffer;
	/** Retained: one row a topic, a newer payload takes the older one's place. */
	retain: Generated<boolean>;
	/** Part of something large that must not hold up what people wait for. */
	bulk: Generated<boolean>;
	/** Grows with each newer payload. */
	version: Generated<number>;
	created_at: TimeOrNow;
	/** Not published after that. */
	expires_at: TimeOrNull;
	/** A worker is about to publish it. */
	leased_until: TimeOrNull;
}

/** Written by `migrate` only. */
export interface SchemaMigrationsTable {
	version: number;
	name: string;
	/** SHA-256 of the file, lower-case hex. */
	checksum: string;
	applied_at: TimeOrNow;
}

export type Row<T extends keyof Schema> = Selectable<Schema[T]>;
export type NewRow<T extends keyof Schema> = Insertable<Schema[T]>;
export type RowUpdate<T extends keyof Schema> = Updateable<Schema[T]>;

/** Columns that tell of a person, by themselves or through the person they belong to. */
export const personalColumns: { readonly [T in keyof Schema]?: readonly (keyof Schema[T])[] } = {
	people: ["display_name"],
	passkeys: ["credential_id", "public_key", "label", "last_used_at"],
	webauthn_challenges: ["new_display_name"],
	sessions: ["passkey", "confirmed_at", "last_seen_at"],
	audit: ["actor"],
};
