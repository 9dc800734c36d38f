-- The fleet service's tables. Every column's meaning: ../Schema.ts. Times are timestamptz; ids of our own are uuid.
-- Hashes are SHA-256 of a token: what a visitor presents never stands here in the clear.

-- ---------------------------------------------------------------- people and how they come in
create table people (
	id uuid primary key default gen_random_uuid(),
	display_name text not null check (length(display_name) between 1 and 200),
	role text not null check (role in ('viewer', 'technician', 'fleet_admin', 'dpo')),
	created_at timestamptz not null default now(),
	disabled_at timestamptz
);

create table passkeys (
	credential_id text primary key,
	person_id uuid not null references people on delete cascade,
	public_key bytea not null,
	counter bigint not null default 0 check (counter >= 0),
	transports text[] not null default '{}',
	label text,
	created_at timestamptz not null default now(),
	last_used_at timestamptz
);
create index passkeys_person on passkeys (person_id);

create table invitations (
	id uuid primary key default gen_random_uuid(),
	code_hash bytea not null unique check (length(code_hash) = 32),
	role text not null check (role in ('viewer', 'technician', 'fleet_admin', 'dpo')),
	person_id uuid references people on delete cascade,
	created_by text not null,
	created_at timestamptz not null default now(),
	expires_at timestamptz not null,
	used_at timestamptz
);
create index invitations_person on invitations (person_id);

create table webauthn_challenges (
	id uuid primary key default gen_random_uuid(),
	challenge text not null,
	purpose text not null check (purpose in ('register', 'login')),
	person_id uuid references people on delete cascade,
	invitation_id uuid references invitations on delete cascade,
	new_person_id uuid,
	new_display_name text,
	created_at timestamptz not null default now(),
	expires_at timestamptz not null
);
create index webauthn_challenges_expires on webauthn_challenges (expires_at);
create index webauthn_challenges_person on webauthn_challenges (person_id);
create index webauthn_challenges_invitation on webauthn_challenges (invitation_id);

create table sessions (
	token_hash bytea primary key check (length(token_hash) = 32),
	person_id uuid not null references people on delete cascade,
	created_at timestamptz not null default now(),
	expires_at timestamptz not null,
	last_seen_at timestamptz not null default now()
);
create index sessions_person on sessions (person_id);
create index sessions_expires on sessions (expires_at);

create table api_tokens (
	id uuid primary key default gen_random_uuid(),
	token_hash bytea not null unique check (length(token_hash) = 32),
	name text not null check (length(name) between 1 and 200),
	scopes text[] not null,
	created_by text not null,
	created_at timestamptz not null default now(),
	expires_at timestamptz not null,
	last_used_at timestamptz,
	revoked_at timestamptz
);

-- ---------------------------------------------------------------- devices and certificates
create table devices (
	id text primary key check (id ~ '^[a-z0-9-]{8,40}$'),
	state text not null default 'pending' check (state in ('pending', 'active', 'revoked', 'retired')),
	serial_number text not null,
	model text not null,
	firmware text not null,
	slot text check (slot in ('A', 'B')),
	label text not null default '',
	online boolean not null default false,
	presence_epoch bigint not null default 0,
	last_seen_at timestamptz,
	created_at timestamptz not null default now(),
	activated_at timestamptz,
	ended_at timestamptz
) with (fillfactor = 80);
create index devices_serial_number on devices (serial_number);
create index devices_state on devices (state, id);

create table certificates (
	serial text primary key check (serial ~ '^[0-9a-f]{1,40}$'),
	device_id text references devices on delete cascade,
	state text not null default 'pending' check (state in ('pending', 'active', 'superseded', 'revoked')),
	not_before timestamptz not null,
	not_after timestamptz not null,
	created_at timestamptz not null default now(),
	confirmed_at timestamptz,
	revoked_at timestamptz,
	reason text,
	check ((state = 'revoked') = (revoked_at is not null))
);
create index certificates_device on certificates (device_id, state);
create index certificates_revoked on certificates (not_after) where state = 'revoked';

-- One row at most: the authority's key stays in its folder, its numbers are here, so that several workers agree.
create table ca_state (
	singleton boolean primary key default true check (singleton),
	fingerprint text not null,
	crl_number bigint not null default 0,
	crl_pem text not null default '',
	updated_at timestamptz not null default now()
);

-- ---------------------------------------------------------------- enrolment
create table enrolment_codes (
	id uuid primary key default gen_random_uuid(),
	lookup char(4) not null,
	secret_sealed bytea,
	state text not null default 'open' check (state in ('open', 'issued', 'used', 'locked', 'expired', 'withdrawn')),
	tries_left smallint not null default 5 check (tries_left >= 0),
	room jsonb not null,
	device_id text references devices on delete set null,
	created_by text not null,
	created_at timestamptz not null default now(),
	expires_at timestamptz not null,
	used_at timestamptz,
	-- Nobody can still need the secret of a code that is done with.
	check (secret_sealed is null or state in ('open', 'issued'))
);
create unique index enrolment_codes_open_lookup on enrolment_codes (lookup) where state in ('open', 'issued');
create index enrolment_codes_device on enrolment_codes (device_id);
create index enrolment_codes_expires on enrolment_codes (expires_at) where state in ('open', 'issued');

-- Kept for each lookup that was tried, known or not, so that whoever tries can't tell the two apart.
create table enrolment_tries (
	lookup char(4) primary key,
	tries smallint not null check (tries >= 0),
	expires_at timestamptz not null
);
create index enrolment_tries_expires on enrolment_tries (expires_at);

create table enrolment_attempts (
	nonce text primary key,
	lookup char(4) not null,
	code_id uuid references enrolment_codes on delete cascade,
	step text not null check (step in ('challenged', 'pending', 'issued', 'confirmed', 'failed')),
	facts jsonb not null,
	dev_nonce text not null,
	srv_nonce text not null,
	csr bytea,
	answer bytea,
	device_id text references devices on delete cascade,
	certificate_serial text references certificates on delete set null,
	failure text,
	created_at timestamptz not null default now(),
	expires_at timestamptz not null
);
create index enrolment_attempts_expires on enrolment_attempts (expires_at);
create index enrolment_attempts_code on enrolment_attempts (code_id);
create index enrolment_attempts_device on enrolment_attempts (device_id);
create index enrolment_attempts_certificate on enrolment_attempts (certificate_serial);

-- ---------------------------------------------------------------- twins and commands
create table twins (
	device_id text primary key references devices on delete cascade,
	desired_rev bigint not null default 0,
	desired jsonb not null,
	desired_at timestamptz not null default now(),
	desired_by text,
	reported_rev bigint not null default 0,
	applied_rev bigint not null default 0,
	reported jsonb,
	errors jsonb not null default '[]' check (jsonb_typeof(errors) = 'array'),
	reported_at timestamptz,
	status jsonb
) with (fillfactor = 80);

create table commands (
	mid text primary key,
	device_id text not null references devices on delete cascade,
	op text not null,
	args jsonb not null default '{}',
	state text not null default 'sent' check (state in ('sent', 'answered', 'expired')),
	response jsonb,
	created_by text not null,
	created_at timestamptz not null default now(),
	expires_at timestamptz not null,
	answered_at timestamptz
);
create index commands_device on commands (device_id, created_at desc);
create index commands_due on commands (expires_at) where state = 'sent';

-- ---------------------------------------------------------------- rollouts and jobs
create table rollouts (
	id uuid primary key default gen_random_uuid(),
	name text not null,
	type text not null default 'firmware',
	spec jsonb not null,
	waves jsonb not null check (jsonb_typeof(waves) = 'array'),
	current_wave integer not null default 0,
	state text not null default 'running' check (state in ('running', 'paused', 'done', 'cancelled')),
	pause_reason text,
	advance_percent double precision not null default 95,
	pause_percent double precision not null default 2,
	pause_count integer not null default 3,
	accepted_failures integer not null default 0,
	created_by text not null,
	created_at timestamptz not null default now(),
	changed_at timestamptz not null default now(),
	ended_at timestamptz
);
create index rollouts_open on rollouts (created_at) where state in ('running', 'paused');

create table rollout_devices (
	rollout_id uuid not null references rollouts on delete cascade,
	device_id text not null references devices on delete cascade,
	wave integer not null,
	primary key (rollout_id, device_id)
);
create index rollout_devices_wave on rollout_devices (rollout_id, wave);
create index rollout_devices_device on rollout_devices (device_id);

create table jobs (
	id text primary key,
	device_id text not null references devices on delete cascade,
	seq bigint not null check (seq >= 1),
	rollout_id uuid references rollouts on delete cascade,
	wave integer,
	type text not null default 'firmware',
	spec jsonb not null,
	report_seq bigint not null default 0,
	state text not null default 'QUEUED' check (state in ('QUEUED', 'ACCEPTED', 'DOWNLOADING', 'STAGED', 'WAITING', 'INSTALLING',
		'REBOOTING', 'PROBATION', 'SUCCEEDED', 'ROLLED_BACK', 'FAILED', 'REJECTED', 'EXPIRED', 'CANCELLED')),
	pct real check (pct between 0 and 100),
	slot text check (slot in ('A', 'B')),
	digest text,
	error text,
	created_by text not null,
	created_at timestamptz not null default now(),
	changed_at timestamptz not null default now(),
	expires_at timestamptz not null,
	offered_at timestamptz,
	ended_at timestamptz,
	unique (device_id, seq),
	check ((ended_at is not null) = (state in ('SUCCEEDED', 'ROLLED_BACK', 'FAILED', 'REJECTED', 'EXPIRED', 'CANCELLED')))
) with (fillfactor = 80);
-- `job/next` holds one; the others wait.
create unique index jobs_one_offered on jobs (device_id) where offered_at is not null and ended_at is null;
create unique index jobs_once_a_rollout on jobs (rollout_id, device_id);
create index jobs_due on jobs (expires_at) where ended_at is null;

-- ---------------------------------------------------------------- events, audit, outbound
-- No foreign key: events are many, and one of a device that is just being erased must not fail a batch of others.
create table events (
	id bigint generated always as identity primary key,
	device_id text not null,
	mid text not null,
	type text not null,
	ts timestamptz not null,
	received_at timestamptz not null default now(),
	data jsonb not null default '{}',
	unique (device_id, mid)
);
create index events_device on events (device_id, id desc);
-- Rows come in this order, so a block range index of a few pages finds what is due for deletion.
create index events_received on events using brin (received_at) with (autosummarize = on);

create table audit (
	seq bigint primary key,
	ts timestamptz not null,
	actor text not null,
	action text not null,
	target text,
	detail jsonb not null default '{}',
	previous_hash bytea not null unique check (length(previous_hash) = 32),
	hash bytea not null check (length(hash) = 32)
);
create index audit_target on audit (target, seq desc);
create index audit_actor on audit (actor, seq desc);

-- One field of what is hashed: its length in bytes, a colon, its bytes, a comma (a netstring), so that no two rows read alike.
create function audit_field(value text) returns bytea language sql immutable strict parallel safe as $$
	select convert_to(octet_length(convert_to(value, 'UTF8')) || ':' || value || ',', 'UTF8')
$$;

create function audit_chain() returns trigger language plpgsql set search_path = pg_catalog, public as $$
declare
	last public.audit%rowtype;
begin
	-- One at a time until commit: two workers would otherwise both follow the same row. The number is 'audi' in ASCII.
	perform pg_advisory_xact_lock(1635083369);
	select * into last from public.audit order by seq desc limit 1;
	new.seq := coalesce(last.seq, 0) + 1;
	-- Milliseconds, so that every language can read and hash it again.
	new.ts := date_trunc('milliseconds', clock_timestamp());
	new.previous_hash := coalesce(last.hash, decode(repeat('00', 32), 'hex'));
	new.hash := sha256(
		new.previous_hash
		|| public.audit_field(new.seq::text)
		|| public.audit_field(to_char(new.ts at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
		|| public.audit_field(new.actor) || public.audit_field(new.action) || coalesce(public.audit_field(new.target), '-'::bytea)
		|| public.audit_field(new.detail::text));
	return new;
end $$;
create trigger audit_chain before insert on audit for each row execute function audit_chain();

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
	raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
end $$;
create trigger audit_append_only before update or delete or truncate on audit
	for each statement execute function audit_is_append_only();

create table outbound (
	id bigint generated always as identity primary key,
	topic text not null,
	payload bytea not null,
	retain boolean not null default false,
	bulk boolean not null default false,
	version bigint not null default 1,
	created_at timestamptz not null default now(),
	expires_at timestamptz,
	leased_until timestamptz
);
-- Only the newest of a retained topic is ever published.
create unique index outbound_retained on outbound (topic) where retain;
create index outbound_order on outbound (bulk, id);
create index outbound_expires on outbound (expires_at) where expires_at is not null;
