-- A session ends with the passkey that was used for it last; of those that were begun before this it is not known, so any passkey's end is theirs.
alter table sessions add column passkey text references passkeys on delete cascade;
create index sessions_passkey on sessions (passkey);
-- When its person last proved to be there.
alter table sessions add column confirmed_at timestamptz;
update sessions set confirmed_at = created_at;
alter table sessions alter column confirmed_at set default now(), alter column confirmed_at set not null;
-- A challenge is for one purpose only: to add a passkey, and to prove to be still there, are two more.
alter table webauthn_challenges drop constraint webauthn_challenges_purpose_check;
alter table webauthn_challenges add check (purpose in ('register', 'login', 'add', 'confirm'));
