-- Reports over years of sales in a fraction of a second.

-- `viornet_org()` reads a setting. As a condition of its own it is asked once for every row that is looked at; as a
-- subquery once for every statement.
do $$
declare
    name text;
begin
    for name in
        select tablename::text from pg_policies
        where schemaname = 'public' and policyname = 'own_organisation' and tablename <> 'organisations'
    loop
        execute format('alter policy own_organisation on %I using (org_id = (select viornet_org()))', name);
    end loop;
end
$$;
alter policy own_organisation on organisations using (id = (select viornet_org()));

-- Sales are only ever added, and these rows with them, in the same statement.
create table sales_days (
    org_id uuid not null references organisations (id),
    -- In the organisation's time zone; made anew when that changes.
    day date not null,
    site_id uuid not null,
    person_id uuid not null,
    -- CASH, MPESA, BANK, CARD, OTHER
    method text not null,
    sale_count bigint not null,
    total_minor bigint not null,
    primary key (org_id, day, site_id, person_id, method)
) with (fillfactor = 80);
create index sales_days_person on sales_days (org_id, person_id, day);
comment on table sales_days is 'sums of sales: what was sold on a day, where, by whom, and how it was paid';

create table package_days (
    org_id uuid not null references organisations (id),
    day date not null,
    site_id uuid not null,
    package_id uuid not null,
    voucher_count bigint not null,
    total_minor bigint not null,
    primary key (org_id, day, site_id, package_id)
) with (fillfactor = 80);
comment on table package_days is 'sums of sale lines: how much of a package was sold on a day, and where';

insert into sales_days (org_id, day, site_id, person_id, method, sale_count, total_minor)
select
    s.org_id,
    (s.occurred_at at time zone o.timezone)::date,
    s.site_id,
    s.person_id,
    s.method,
    count(*),
    sum(s.total_minor)::bigint
from sales s
join organisations o on o.id = s.org_id
group by 1, 2, 3, 4, 5;

insert into package_days (org_id, day, site_id, package_id, voucher_count, total_minor)
select
    s.org_id,
    (s.occurred_at at time zone o.timezone)::date,
    s.site_id,
    l.package_id,
    count(*),
    sum(l.price_minor)::bigint
from sales s
join organisations o on o.id = s.org_id
join sale_lines l on l.org_id = s.org_id and l.intent_id = s.intent_id
group by 1, 2, 3, 4;

do $$
declare
    name text;
begin
    foreach name in array array['sales_days', 'package_days'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy own_organisation on %I using (org_id = (select viornet_org()))', name);
    end loop;
end
$$;
grant select, insert, update, delete on sales_days, package_days to viornet_app;

-- What is left of a block without a look at each of its vouchers.
alter table blocks add column taken_count integer not null default 0;
comment on column blocks.taken_count is 'vouchers that were sold or handed out as replacements, each once';
alter table blocks set (fillfactor = 80);
update blocks b
set taken_count = taken.count
from (
    select org_id, block_id, count(distinct voucher_index) as count
    from voucher_sales
    group by org_id, block_id
) taken
where b.org_id = taken.org_id and b.block_id = taken.block_id;

-- Few are void, and few sales do not stand.
create index vouchers_void on vouchers (org_id, block_id, voucher_index) where is_duplicate or is_undone;
create index sales_not_standing on sales (org_id, occurred_at) where status <> 'standing';
