-- The two database roles, and how a row is tied to one organisation.
--
-- The role that runs migrations owns every table. The server itself works as `viornet_app`,
-- which owns nothing, so that row-level security always applies to it. Every transaction of
-- the server names its organisation first: select set_config('viornet.org', <uuid>, true).

do $$
begin
    create role viornet_app nologin;
exception
    -- A role belongs to the whole cluster: another database, or another node that starts at
    -- the same moment, may have created it.
    when duplicate_object or unique_violation then null;
end
$$;

do $$
begin
    -- `set role` needs membership; a superuser needs nothing.
    if not pg_has_role(current_user, 'viornet_app', 'member') then
        execute format('grant viornet_app to %I', current_user);
    end if;
end
$$;

grant usage on schema public to viornet_app;

-- The organisation this transaction works for; null when none was named, which matches no row.
-- `set_config(.., true)` leaves an empty string behind once its transaction has ended.
create function viornet_org() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('viornet.org', true), '')::uuid;

create table organisations (
    id uuid primary key,
    name text not null,
    -- ISO 4217. Fixed after the first sale.
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    -- IANA name. Days and months of reports begin in this zone.
    timezone text not null,
    -- The person who was made owner by the set-up link.
    founder_id uuid not null,
    created_at timestamptz not null,
    -- The last `changes.seq` given out. Its row lock is the organisation's lock: whoever
    -- accepts changes takes it first, so that numbers become visible in order.
    head_seq bigint not null default 0
);
comment on table organisations is 'the tenants; every other table leads its key with org_id';

alter table organisations enable row level security;
create policy own_organisation on organisations using (id = viornet_org());
grant select, insert, update on organisations to viornet_app;

-- Secrets of the installation, shared by every node on this database.
create table server_keys (
    -- 'tokens': HMAC-SHA-256 key for access and refresh tokens, 32 bytes.
    -- 'sealing': HPKE X25519 private key that devices seal batches to, 32 bytes.
    name text primary key,
    secret bytea not null,
    created_at timestamptz not null
);
comment on table server_keys is 'secrets made at the first start; a backup without them cannot open sealed batches';
grant select, insert on server_keys to viornet_app;

-- At most one row: the hash of the one-time set-up token, until an organisation exists.
create table setup (
    only_row boolean primary key default true check (only_row),
    token_hash bytea not null,
    created_at timestamptz not null
);
comment on table setup is 'the open set-up link; empty once it was used';
grant select, insert, update, delete on setup to viornet_app;

-- Asked before anybody is signed in, when there is no organisation to name yet. It tells one
-- bit, and row-level security hides the rows behind it.
create function viornet_has_organisation() returns boolean
    language sql stable security definer
    set search_path = public, pg_temp
    return exists (select 1 from public.organisations);
revoke all on function viornet_has_organisation() from public;
grant execute on function viornet_has_organisation() to viornet_app;
