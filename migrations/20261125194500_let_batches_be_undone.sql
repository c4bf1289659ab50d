-- A batch that was made by mistake is undone by a fact: its vouchers are void, and their user names free again, so
-- that the same file can be imported once more.

-- Null: not imported, or its file did not say.
alter table batches add column made_on date;
comment on column batches.made_on is 'when the tool it was imported from made it';

alter table vouchers add column is_undone boolean not null default false;
comment on column vouchers.is_undone is
    'void since its batch was undone; not if it was sold all the same, by somebody who had held it before';

drop index vouchers_username;
create unique index vouchers_username on vouchers (org_id, username) where not is_duplicate and not is_undone;

create table batch_undos (
    org_id uuid not null references organisations (id),
    intent_id uuid not null,
    -- The batch need not exist: an import that was cut short is discarded the same way.
    batch_id uuid not null,
    site_id uuid not null,
    person_id uuid not null,
    at timestamptz not null,
    seq bigint not null,
    -- False: a block was leased or a voucher sold by then, and the batch stays.
    has_effect boolean not null,
    primary key (org_id, intent_id)
);
create index batch_undos_batch on batch_undos (org_id, batch_id);
comment on table batch_undos is 'who undid which batch, in time or too late';

alter table batch_undos enable row level security;
create policy own_organisation on batch_undos using (org_id = viornet_org());
grant select, insert, update, delete on batch_undos to viornet_app;
