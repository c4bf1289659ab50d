-- Who held what, when: every turn of every lease, hand-overs from holder to holder, asks for stock.

create table lease_turns (
    org_id uuid not null references organisations (id),
    block_id uuid not null,
    -- Counts the leases of the block; the highest is in force, and stands in `leases` as well.
    turn bigint not null,
    site_id uuid not null,
    -- Null: the office.
    person_id uuid,
    -- Null: not bound yet.
    device_id uuid,
    -- The intent that the relay followed: a lease or recall that was asked for, or a hand-over. Null: a device was
    -- bound, or the lease is older than this table.
    cause_id uuid,
    since timestamptz not null,
    primary key (org_id, block_id, turn)
);
create index lease_turns_person on lease_turns (org_id, person_id, since) where person_id is not null;
comment on table lease_turns is 'the history of leases: never updated';

insert into lease_turns (org_id, block_id, turn, site_id, person_id, device_id, since)
select org_id, block_id, turn, site_id, person_id, device_id, since
from leases;

create table hand_overs (
    org_id uuid not null references organisations (id),
    -- The intent of the giver.
    given_id uuid not null,
    seq bigint not null,
    site_id uuid not null,
    block_id uuid not null,
    -- The turn of the lease that it ends.
    turn bigint not null,
    from_id uuid not null,
    -- Null: back to the office.
    to_id uuid,
    package_id uuid not null,
    price_minor bigint not null,
    -- Unsold vouchers, as the giver's device counted them.
    left_count integer not null,
    given_at timestamptz not null,
    -- 'taken': both sides stated it and the block moved; 'withdrawn'; 'overtaken': the block had another lease before;
    -- 'not_allowed': who was to take it may not sell there. Null: open.
    ended_how text check (ended_how in ('taken', 'withdrawn', 'overtaken', 'not_allowed')),
    ended_at timestamptz,
    -- Who took it: for a return, somebody of the office.
    taken_by uuid,
    primary key (org_id, given_id)
);
create index hand_overs_block on hand_overs (org_id, block_id, seq);
comment on table hand_overs is 'one row per hand-over fact, with how it ended';

create table stock_asks (
    org_id uuid not null references organisations (id),
    ask_id uuid not null,
    seq bigint not null,
    site_id uuid not null,
    person_id uuid not null,
    package_id uuid not null,
    quantity integer not null,
    note text,
    asked_at timestamptz not null,
    -- 'met': a block of the package was leased to the person; 'withdrawn'; 'declined'. Null: open.
    ended_how text check (ended_how in ('met', 'withdrawn', 'declined')),
    ended_at timestamptz,
    -- The block that met it.
    block_id uuid,
    declined_by uuid,
    declined_reason text,
    primary key (org_id, ask_id)
);
create index stock_asks_site on stock_asks (org_id, site_id, seq);
comment on table stock_asks is 'one row per ask for stock, with what came of it';

do $$
declare
    name text;
begin
    foreach name in array array['lease_turns', 'hand_overs', 'stock_asks'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy own_organisation on %I using (org_id = viornet_org())', name);
    end loop;
end
$$;

grant select, insert on lease_turns to viornet_app;
grant select, insert, update on hand_overs, stock_asks to viornet_app;
