-- The read-model: what the accepted changes say, in columns. Written in the transaction that accepts a change,
-- from the documents, which stay the truth; reports are SQL over it. Amounts are minor units of the organisation's
-- currency. Times in columns ending in `_ms` are the device's own, exactly as it stated them.

-- Null: a change that no tap made (the relay's verdicts and leases).
alter table changes add column intent_id uuid;

-- A cloned profile can push one intent from two devices; each is a hold of its own.
drop index held_changes_intent;
create index held_changes_intent on held_changes (org_id, intent_id);

create table grants (
    org_id uuid not null references organisations (id),
    person_id uuid not null,
    -- As in crdt_model::capability::Role: OWNER, ADMIN, MANAGER, AGENT …
    role text not null,
    -- Null: the whole organisation.
    site_id uuid
);
create unique index grants_person on grants (
    org_id, person_id, role, coalesce(site_id, '00000000-0000-0000-0000-000000000000')
);
comment on table grants is 'read-model of the staff document: who may what, where';

create table sites (
    org_id uuid not null references organisations (id),
    site_id uuid not null,
    name text not null,
    place text,
    primary key (org_id, site_id)
);
comment on table sites is 'read-model of the site-public documents';

create table packages (
    org_id uuid not null references organisations (id),
    package_id uuid not null,
    name text not null,
    price_minor bigint not null,
    validity_count integer not null,
    -- MINUTE, HOUR, DAY, WEEK, MONTH
    validity_unit text not null,
    uptime_limit_seconds bigint,
    quota_bytes bigint,
    use_within_days bigint,
    active boolean not null,
    primary key (org_id, package_id)
);
comment on table packages is 'read-model of the catalog document';

create table clients (
    org_id uuid not null references organisations (id),
    client_id uuid not null,
    site_id uuid not null,
    -- The agent who registered them, or a person of the office.
    owner_id uuid not null,
    name text not null,
    -- E.164
    phone text,
    email text,
    primary key (org_id, client_id)
);
create index clients_site on clients (org_id, site_id, name);
comment on table clients is 'read-model of the clients documents';

create table batches (
    org_id uuid not null references organisations (id),
    batch_id uuid not null,
    site_id uuid not null,
    label text not null,
    package_id uuid not null,
    price_minor bigint not null,
    made_by uuid not null,
    made_at timestamptz not null,
    seq bigint not null,
    primary key (org_id, batch_id)
);
comment on table batches is 'voucher batches; one exists once its fact is written, after all its blocks';

create table blocks (
    org_id uuid not null references organisations (id),
    block_id uuid not null,
    site_id uuid not null,
    batch_id uuid not null,
    package_id uuid not null,
    price_minor bigint not null,
    voucher_count integer not null,
    seq bigint not null,
    primary key (org_id, block_id)
);
create index blocks_batch on blocks (org_id, batch_id);
comment on table blocks is 'blocks of vouchers: what is leased to one person on one device';

create table vouchers (
    org_id uuid not null references organisations (id),
    block_id uuid not null,
    voucher_index integer not null,
    -- Exact bytes: RouterOS names are case-sensitive.
    username text not null,
    -- The name existed before, in another block: void here.
    is_duplicate boolean not null default false,
    primary key (org_id, block_id, voucher_index)
);
create unique index vouchers_username on vouchers (org_id, username) where not is_duplicate;
comment on table vouchers is 'user names of all vouchers, each once; the first that arrived wins';

create table leases (
    org_id uuid not null references organisations (id),
    block_id uuid not null,
    site_id uuid not null,
    -- Null: the office.
    person_id uuid,
    -- Null: not bound yet; the first device of the person that connects gets the codes.
    device_id uuid,
    -- Counts the leases of the block; the highest is in force.
    turn bigint not null,
    since timestamptz not null,
    primary key (org_id, block_id)
);
create index leases_person on leases (org_id, person_id) where person_id is not null;
comment on table leases is 'who holds each block now';

create table sales (
    org_id uuid not null references organisations (id),
    intent_id uuid not null,
    seq bigint not null,
    site_id uuid not null,
    person_id uuid not null,
    receipt text not null,
    -- CASH, MPESA, BANK, CARD, OTHER
    method text not null,
    reference text,
    -- Null: a walk-in.
    client_id uuid,
    total_minor bigint not null,
    -- When it happened, for reports: the device's time, not after the receipt and not before the device's last
    -- contact.
    occurred_at timestamptz not null,
    device_at_ms bigint not null,
    received_at timestamptz not null,
    -- 'standing'; 'double': a voucher of it was sold before, the client needs a new code; 'after_recall': the block
    -- was no longer the seller's when the sale arrived. The cash of all three was taken and counts.
    status text not null default 'standing' check (status in ('standing', 'double', 'after_recall')),
    primary key (org_id, intent_id)
);
create index sales_receipt on sales (org_id, receipt, seq);
create index sales_person on sales (org_id, person_id, occurred_at);
create index sales_site on sales (org_id, site_id, occurred_at);
comment on table sales is 'one row per sale fact';

create table sale_lines (
    org_id uuid not null references organisations (id),
    intent_id uuid not null,
    line_number integer not null,
    block_id uuid not null,
    voucher_index integer not null,
    package_id uuid not null,
    price_minor bigint not null,
    primary key (org_id, intent_id, line_number)
);
comment on table sale_lines is 'what was sold';

create table replacements (
    org_id uuid not null references organisations (id),
    intent_id uuid not null,
    seq bigint not null,
    site_id uuid not null,
    person_id uuid not null,
    -- The sale whose client got the new code.
    sale_id uuid not null,
    replaced_block_id uuid not null,
    replaced_index integer not null,
    block_id uuid not null,
    voucher_index integer not null,
    package_id uuid not null,
    occurred_at timestamptz not null,
    primary key (org_id, intent_id)
);
comment on table replacements is 'new codes for clients whose voucher was sold twice; no money changed hands';

create table voucher_sales (
    org_id uuid not null references organisations (id),
    block_id uuid not null,
    voucher_index integer not null,
    -- The order of acceptance: the first stands.
    seq bigint not null,
    -- The sale, or the replacement.
    intent_id uuid not null,
    person_id uuid not null,
    at_ms bigint not null,
    -- Empty for a replacement.
    receipt text not null,
    primary key (org_id, block_id, voucher_index, intent_id)
);
comment on table voucher_sales is 'everything that took a voucher out of stock; more than one row per voucher is a double sale';

create table verdicts (
    org_id uuid not null references organisations (id),
    verdict_id uuid not null,
    seq bigint not null,
    -- The first verdict document it was written to.
    doc_key text not null,
    -- 'double_sale', 'sold_after_recall', 'sold_elsewhere', 'duplicate_codes', 'duplicate_receipt', 'held',
    -- 'held_decided'
    kind text not null,
    detail jsonb not null,
    at timestamptz not null,
    primary key (org_id, verdict_id)
);
create index verdicts_kind on verdicts (org_id, kind, seq);
comment on table verdicts is 'what the relay decided, each once';

-- What a node asks every second or so, about the organisations of its open connections: how far the log is, and
-- how many devices were revoked. Numbers only, so it may look past row-level security.
create function viornet_heads(wanted uuid[])
    returns table (org_id uuid, head_seq bigint, devices_revoked bigint)
    language sql stable security definer
    set search_path = public, pg_temp
    as $$
        select
            o.id,
            o.head_seq,
            (select count(*) from public.devices d where d.org_id = o.id and d.revoked_at is not null)
        from public.organisations o
        where o.id = any (wanted)
    $$;
revoke all on function viornet_heads(uuid[]) from public;
grant execute on function viornet_heads(uuid[]) to viornet_app;

do $$
declare
    name text;
begin
    foreach name in array array[
        'grants', 'sites', 'packages', 'clients', 'batches', 'blocks', 'vouchers', 'leases', 'sales', 'sale_lines',
        'replacements', 'voucher_sales', 'verdicts'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy own_organisation on %I using (org_id = viornet_org())', name);
    end loop;
end
$$;

grant select, insert, update, delete on
    grants, sites, packages, clients, batches, blocks, vouchers, leases, sales, sale_lines, replacements,
    voucher_sales, verdicts
    to viornet_app;
