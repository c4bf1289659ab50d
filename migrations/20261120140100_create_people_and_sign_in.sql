-- Who may come in: people, passwords, sessions, devices, invitations.

-- The names and standing of people, projected from the `staff` document, which is the truth.
create table people (
    org_id uuid not null references organisations (id),
    person_id uuid not null,
    name text not null,
    active boolean not null default true,
    primary key (org_id, person_id)
);
comment on table people is 'read-model of the staff document';

create table credentials (
    org_id uuid not null references organisations (id),
    person_id uuid not null,
    -- Lower case, trimmed. Unique over the whole installation, because people sign in before
    -- the server knows their organisation.
    login text not null check (login = lower(login) and length(login) between 1 and 254),
    -- PHC string, argon2id.
    password_hash text not null,
    active boolean not null default true,
    failed_attempts integer not null default 0,
    -- Until then no password is even looked at.
    locked_until timestamptz,
    changed_at timestamptz not null,
    primary key (org_id, person_id)
);
create unique index credentials_login on credentials (login);
comment on table credentials is 'logins and password hashes; never part of a document';

-- The one question that is asked before the organisation is known. It answers for an exact
-- login only, so it lists nobody.
create function viornet_org_of_login(wanted text) returns uuid
    language sql stable security definer
    set search_path = public, pg_temp
    return (select org_id from public.credentials where login = wanted);
revoke all on function viornet_org_of_login(text) from public;
grant execute on function viornet_org_of_login(text) to viornet_app;

-- One row per sign-in of one person in one browser ("family"). The refresh token rotates at
-- each use; only hashes are kept.
create table refresh_sessions (
    org_id uuid not null references organisations (id),
    family uuid not null,
    person_id uuid not null,
    current_hash bytea not null,
    -- The token before the current one. Shown again within a short grace it means that the
    -- answer was lost; later it means theft, and the family ends.
    previous_hash bytea,
    rotated_at timestamptz not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    -- 'signed_out', 'reused', 'password_changed', 'deactivated'
    revoked_because text,
    primary key (org_id, family)
);
create index refresh_sessions_person on refresh_sessions (org_id, person_id) where revoked_at is null;
comment on table refresh_sessions is 'rotating refresh tokens, one row per sign-in';

create table devices (
    org_id uuid not null references organisations (id),
    device_id uuid not null,
    person_id uuid not null,
    -- Uncompressed P-256 point, 65 bytes.
    public_key bytea not null check (length(public_key) = 65),
    label text not null,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    revoked_at timestamptz,
    primary key (org_id, device_id)
);
create unique index devices_public_key on devices (org_id, public_key);
create index devices_person on devices (org_id, person_id);
comment on table devices is 'one key per person and browser profile; a push must be signed by one of them';

create table socket_tickets (
    org_id uuid not null references organisations (id),
    ticket_hash bytea not null,
    person_id uuid not null,
    device_id uuid not null,
    expires_at timestamptz not null,
    primary key (org_id, ticket_hash)
);
comment on table socket_tickets is 'one-time permission to open a WebSocket; taken by deleting it';

create table invites (
    org_id uuid not null references organisations (id),
    token_hash bytea not null,
    person_id uuid not null,
    invited_by uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (org_id, token_hash)
);
create index invites_person on invites (org_id, person_id) where used_at is null;
comment on table invites is 'links by which a person of the staff chooses a login and a password';

-- Rows are only ever added; each carries the hash of the one before it.
create table audit (
    org_id uuid not null references organisations (id),
    seq bigint not null,
    at timestamptz not null,
    -- Null: the server itself.
    actor uuid,
    action text not null,
    detail jsonb not null,
    prev_hash bytea not null,
    hash bytea not null,
    primary key (org_id, seq)
);
comment on table audit is 'who did what; a chain of hashes shows a removed or altered row';

do $$
declare
    name text;
begin
    foreach name in array array[
        'people', 'credentials', 'refresh_sessions', 'devices', 'socket_tickets', 'invites', 'audit'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy own_organisation on %I using (org_id = viornet_org())', name);
    end loop;
end
$$;

grant select, insert, update, delete on
    people, credentials, refresh_sessions, devices, socket_tickets, invites
    to viornet_app;
-- No update, no delete: not even the server can rewrite what was done.
grant select, insert on audit to viornet_app;
