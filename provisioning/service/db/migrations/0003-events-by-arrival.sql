-- Events are read in the order in which they arrived, the newest first: of all rooms, of one, of one kind. The first of these indexes also finds what
-- is due for deletion.
drop index events_received;
drop index events_device;
create index events_received on events (received_at, id);
create index events_device on events (device_id, received_at, id);
create index events_type on events (type, received_at, id);
