-- What else a client's record says.

alter table clients add column address text;
-- AA:BB:CC:DD:EE:FF
alter table clients add column mac text;
-- HOTSPOT, PPPOE; null: not known
alter table clients add column connection text;
-- The stated day, or that on which the record was made (UTC). Null: written before this column was.
alter table clients add column registered_on date;
-- The last day of what they paid for.
alter table clients add column expires_on date;
-- They want to be reminded by message.
alter table clients add column sms_reminder boolean not null default false;
alter table clients add column notes text;
alter table clients add column active boolean not null default true;

create index clients_phone on clients (org_id, phone) where phone is not null;
create index clients_expiry on clients (org_id, expires_on) where expires_on is not null;
