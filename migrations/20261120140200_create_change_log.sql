-- The log of accepted changes, which is the truth, and what is derived from it for speed.

create table documents (
    org_id uuid not null references organisations (id),
    -- First 16 bytes of SHA-256(organisation / kind / key / epoch).
    doc_id bytea not null check (length(doc_id) = 16),
    -- `kind/key`, for example till/<site>/<person>/202611.
    doc_key text not null,
    -- Hashes of the changes nothing depends on yet, sorted.
    heads bytea[] not null,
    last_seq bigint not null,
    change_count bigint not null,
    primary key (org_id, doc_id)
);
create unique index documents_key on documents (org_id, doc_key);
comment on table documents is 'one row per document: its heads without loading it';

create table changes (
    org_id uuid not null references organisations (id),
    -- Total order of the organisation; given out under the lock on its organisations row.
    seq bigint not null check (seq > 0),
    doc_id bytea not null check (length(doc_id) = 16),
    doc_key text not null,
    hash bytea not null check (length(hash) = 32),
    -- The Automerge actor and its own count.
    actor bytea not null check (length(actor) = 16),
    actor_seq bigint not null check (actor_seq > 0),
    -- Null for both: the relay wrote it.
    author uuid,
    device_id uuid,
    -- An Automerge change, rebuilt by the relay from the plain form it received.
    bytes bytea not null,
    received_at timestamptz not null,
    primary key (org_id, seq)
);
create unique index changes_hash on changes (org_id, doc_id, hash);
create unique index changes_actor on changes (org_id, doc_id, actor, actor_seq);
create index changes_document on changes (org_id, doc_id, seq);
comment on table changes is 'append-only log of accepted changes';

create table snapshots (
    org_id uuid not null references organisations (id),
    doc_id bytea not null check (length(doc_id) = 16),
    -- Every change of the document up to and including this seq is inside.
    upto_seq bigint not null,
    bytes bytea not null,
    primary key (org_id, doc_id)
);
comment on table snapshots is 'a cache: may be emptied at any time';

-- Honest in form, but its author's role or device was no longer good. Stored, not applied,
-- until somebody accepts or declines it.
create table held_changes (
    org_id uuid not null references organisations (id),
    hold_id uuid not null,
    doc_key text not null,
    intent_id uuid not null,
    author uuid not null,
    device_id uuid not null,
    command bytea not null,
    -- Why it was held: the name of the admission rule.
    reason text not null,
    received_at timestamptz not null,
    decided_at timestamptz,
    decided_by uuid,
    -- 'accepted' or 'declined'
    decision text check (decision in ('accepted', 'declined')),
    primary key (org_id, hold_id),
    check ((decided_at is null) = (decision is null))
);
create unique index held_changes_intent on held_changes (org_id, intent_id);
create index held_changes_open on held_changes (org_id, received_at) where decided_at is null;
comment on table held_changes is 'intents that wait for a decision';

do $$
declare
    name text;
begin
    foreach name in array array['documents', 'changes', 'snapshots', 'held_changes'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy own_organisation on %I using (org_id = viornet_org())', name);
    end loop;
end
$$;

grant select, insert, update on documents, held_changes to viornet_app;
grant select, insert on changes to viornet_app;
grant select, insert, update, delete on snapshots to viornet_app;
