-- A fleet in use, as the tables are at version 1: at least one row in each, and values at the edges of what they take.
insert into people (id, display_name, role) values
	('00000000-0000-4000-8000-000000000001', 'Ada Ägidius', 'fleet_admin'),
	('00000000-0000-4000-8000-000000000002', 'B', 'dpo');
insert into passkeys (credential_id, person_id, public_key, counter, transports, label) values
	('cred-1', '00000000-0000-4000-8000-000000000001', '\x00ff', 4294967295, '{internal,hybrid}', null);
insert into invitations (id, code_hash, role, created_by, expires_at) values
	('00000000-0000-4000-8000-000000000011', sha256('invitation'), 'viewer', 'person:00000000-0000-4000-8000-000000000001', now() + '1 day');
insert into webauthn_challenges (challenge, purpose, invitation_id, new_person_id, new_display_name, expires_at) values
	('Y2hhbGxlbmdl', 'register', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000003', 'C', now() + '5 minutes');
insert into sessions (token_hash, person_id, expires_at) values
	(sha256('session'), '00000000-0000-4000-8000-000000000001', now() + '12 hours');
insert into api_tokens (token_hash, name, scopes, created_by, expires_at) values
	(sha256('token'), 'monitoring', '{metrics}', 'person:00000000-0000-4000-8000-000000000001', now() + '90 days');

insert into devices (id, state, serial_number, model, firmware, slot, label, online, presence_epoch, last_seen_at) values
	('room-berlin', 'active', 'SN-1', 'incamera-1', '1.0.0', 'A', 'Berlin', true, 1767225600000, now()),
	('room-munich', 'pending', 'SN-2', 'incamera-1', '1.0.0', null, 'München', false, 0, null),
	('room-gone', 'revoked', 'SN-3', 'incamera-1', '0.9.0', 'B', '', false, 9007199254740991, now());
insert into certificates (serial, device_id, state, not_before, not_after, confirmed_at, revoked_at, reason) values
	('0a', 'room-berlin', 'active', now(), now() + '60 days', now(), null, null),
	('0b', 'room-munich', 'pending', now(), now() + '60 days', null, null, null),
	('0c', 'room-gone', 'revoked', now(), now() + '60 days', now(), now(), 'lost'),
	('0d', null, 'active', now(), now() + '60 days', null, null, null);
insert into ca_state (fingerprint, crl_number, crl_pem) values (encode(sha256('root'), 'hex'), 3, 'PEM');

insert into enrolment_codes (id, lookup, secret_sealed, state, room, created_by, expires_at) values
	('00000000-0000-4000-8000-000000000021', 'ABCD', '\x01', 'issued', '{"name":"München","locale":"de","timeZone":"Europe/Berlin"}',
		'person:00000000-0000-4000-8000-000000000001', now() + '1 day'),
	('00000000-0000-4000-8000-000000000022', 'ABCD', null, 'expired', '{"name":"Old","locale":"de","timeZone":"Europe/Berlin"}',
		'person:00000000-0000-4000-8000-000000000001', now() - '1 day'::interval);
insert into enrolment_tries (lookup, tries, expires_at) values ('ABCD', 5, now() + '1 day');
insert into enrolment_attempts (nonce, lookup, code_id, step, facts, dev_nonce, srv_nonce, csr, answer, device_id, certificate_serial, expires_at) values
	('00112233445566778899aabbccddeeff', 'ABCD', '00000000-0000-4000-8000-000000000021', 'issued',
		'{"model":"incamera-1","serial":"SN-2","firmware":"1.0.0","slot":null}', 'd', 's', '\x30', '\x7b7d', 'room-munich', '0b', now() + '1 hour');

insert into twins (device_id, desired_rev, desired, reported_rev, applied_rev, reported, errors, reported_at, status) values
	('room-berlin', 2, '{"room":{"name":"Berlin"}}', 7, 1, '{"room":{"name":"Bärlin"}}', '[{"key":"room.name","code":"twin.invalid"}]', now(), '{"activity":"free"}'),
	('room-munich', 1, '{"room":{"name":"München"}}', 0, 0, null, '[]', null, null);
insert into commands (mid, device_id, op, args, state, response, created_by, expires_at, answered_at) values
	('AAAAAAAAAAAAAAAAAAAAAA', 'room-berlin', 'identify', '{"number":1,"seconds":10}', 'answered', '{"status":200}', 'service', now() + '1 minute', now());
insert into rollouts (id, name, spec, waves, current_wave, state, created_by) values
	('00000000-0000-4000-8000-000000000031', 'Spring', '{"version":"1.1.0"}', '[1,1]', 0, 'running', 'person:00000000-0000-4000-8000-000000000001');
insert into rollout_devices (rollout_id, device_id, wave) values
	('00000000-0000-4000-8000-000000000031', 'room-berlin', 0), ('00000000-0000-4000-8000-000000000031', 'room-munich', 1);
insert into jobs (id, device_id, seq, rollout_id, wave, spec, report_seq, state, pct, created_by, expires_at, offered_at, ended_at) values
	('BBBBBBBBBBBBBBBBBBBBBB', 'room-berlin', 1, '00000000-0000-4000-8000-000000000031', 0, '{"version":"1.1.0"}', 4, 'DOWNLOADING', 33.3, 'service', now() + '7 days', now(), null),
	('CCCCCCCCCCCCCCCCCCCCCC', 'room-gone', 1, null, null, '{"version":"1.0.0"}', 9, 'ROLLED_BACK', null, 'service', now() + '7 days', now(), now());

insert into events (device_id, mid, type, ts, data) values
	('room-berlin', 'DDDDDDDDDDDDDDDDDDDDDD', 'trouble', now(), '{"code":"camera.lost","over":false}'),
	('room-never-seen', 'DDDDDDDDDDDDDDDDDDDDDD', 'trouble', now(), '{}');
insert into audit (actor, action, target, detail) values
	('person:00000000-0000-4000-8000-000000000001', 'device.revoke', 'device:room-gone', '{"reason":"lost"}'),
	('service', 'ca.renew', null, '{}');
insert into outbound (topic, payload, retain) values ('ic/1/d/room-berlin/twin/desired', '\x7b7d', true), ('ic/1/d/room-berlin/cmd/req', '\x7b7d', false);
