-- A session that knows its passkey, and challenges for what version 4 brings.
insert into sessions (token_hash, person_id, passkey, confirmed_at, expires_at) values
	(sha256('session 4'), '00000000-0000-4000-8000-000000000001', 'cred-1', now(), now() + '12 hours');
insert into webauthn_challenges (challenge, purpose, person_id, expires_at) values
	('YWRk', 'add', '00000000-0000-4000-8000-000000000001', now() + '5 minutes'),
	('Y29uZmlybQ', 'confirm', '00000000-0000-4000-8000-000000000001', now() + '5 minutes');
