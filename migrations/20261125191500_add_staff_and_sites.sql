-- How to reach the staff, all of a site, and what belongs to it. Read-models, as the tables before.

create table staff_contacts (
    org_id uuid not null references organisations (id),
    person_id uuid not null,
    -- E.164
    phone text,
    email text,
    note text,
    primary key (org_id, person_id)
);
comment on table staff_contacts is 'read-model of the staff-private document';

-- A site whose public document is not here yet has an empty name.
alter table sites
    add column zone text,
    add column contact text,
    -- E.164
    add column phone text,
    -- An inactive site takes no new sales.
    add column active boolean not null default true,
    -- Units of 1e-7 degrees.
    add column latitude_e7 bigint,
    add column longitude_e7 bigint,
    add column notes text;
comment on table sites is 'read-model of the site-public and site documents';

create table routers (
    org_id uuid not null references organisations (id),
    router_id uuid not null,
    site_id uuid not null,
    name text not null,
    model text,
    -- Host name or IP address, as somebody wrote it. How to sign in is never in a document.
    address text,
    serial text,
    note text,
    active boolean not null,
    primary key (org_id, router_id)
);
create index routers_site on routers (org_id, site_id);
comment on table routers is 'read-model of the site documents: routers as people list them';

create table access_points (
    org_id uuid not null references organisations (id),
    access_point_id uuid not null,
    site_id uuid not null,
    name text not null,
    model text,
    place text,
    note text,
    active boolean not null,
    primary key (org_id, access_point_id)
);
create index access_points_site on access_points (org_id, site_id);
comment on table access_points is 'read-model of the site documents';

create table areas (
    org_id uuid not null references organisations (id),
    area_id uuid not null,
    site_id uuid not null,
    name text not null,
    note text,
    active boolean not null,
    primary key (org_id, area_id)
);
create index areas_site on areas (org_id, site_id);
comment on table areas is 'read-model of the site documents: what a site serves';

-- Withdrawn, or replaced by a newer link: whoever opens it is told so.
alter table invites add column revoked_at timestamptz;
comment on column refresh_sessions.revoked_because is
    'signed_out, reused, password_changed, deactivated, device_revoked';

do $$
declare
    name text;
begin
    foreach name in array array['staff_contacts', 'routers', 'access_points', 'areas'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy own_organisation on %I using (org_id = viornet_org())', name);
    end loop;
end
$$;

grant select, insert, update, delete on staff_contacts, routers, access_points, areas to viornet_app;
