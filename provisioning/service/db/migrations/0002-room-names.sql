-- People's order of names: "Room 2" before "Room 10", Ä with A, capitals beside small letters. Deterministic, so that it can be a key.
create collation room_names (provider = icu, locale = 'und-u-kn-true');
create index devices_name on devices (label collate room_names, id);
