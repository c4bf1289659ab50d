-- A browser can lose its signing key and keep the rest. What it then registers is a new device that takes
-- the place of the old one, with its blocks, if it shows the secret that the old one left here.

-- SHA-256 of a random secret of the browser profile.
alter table devices add column recovery_hash bytea check (length(recovery_hash) = 32);
-- The device that took this one's place.
alter table devices add column replaced_by uuid;
create index devices_replaced on devices (org_id, replaced_by) where replaced_by is not null;
