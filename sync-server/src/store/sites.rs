//! `sites`, `routers`, `access_points`, `areas`: a site and what belongs to it, as its two documents say them now.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crdt_model::fixture::{Fixture, FixtureId, FixtureKind};
use crdt_model::ids::{OrgId, SiteId};
use crdt_model::phone::Phone;
use crdt_model::site::{Position, Site};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{SqlId, sql_text};

/// What everyone there knows.
pub async fn put(tx: &mut PgConnection, org: OrgId, site: &Site) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into sites (org_id, site_id, name, place, zone, contact, phone, active)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (org_id, site_id) do update set
            name = excluded.name,
            place = excluded.place,
            zone = excluded.zone,
            contact = excluded.contact,
            phone = excluded.phone,
            active = excluded.active
        ",
    )
    .bind(org.sql())
    .bind(site.id.sql())
    .bind(sql_text(&site.name))
    .bind(site.place.as_deref().map(sql_text))
    .bind(site.zone.as_deref().map(sql_text))
    .bind(site.contact.as_deref().map(sql_text))
    .bind(site.phone.as_ref().map(Phone::as_str))
    .bind(site.active)
    .execute(tx)
    .await
    .map(drop)
}

/// What the office keeps. The site's name may come later.
pub async fn put_office(
    tx: &mut PgConnection,
    org: OrgId,
    site: SiteId,
    position: Option<Position>,
    notes: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into sites (org_id, site_id, name, latitude_e7, longitude_e7, notes)
        values ($1, $2, '', $3, $4, $5)
        on conflict (org_id, site_id) do update set
            latitude_e7 = excluded.latitude_e7,
            longitude_e7 = excluded.longitude_e7,
            notes = excluded.notes
        ",
    )
    .bind(org.sql())
    .bind(site.sql())
    .bind(position.map(|position| position.latitude))
    .bind(position.map(|position| position.longitude))
    .bind(notes.map(sql_text))
    .execute(tx)
    .await
    .map(drop)
}

pub async fn put_fixture(
    tx: &mut PgConnection,
    org: OrgId,
    site: SiteId,
    fixture: &Fixture,
) -> Result<(), sqlx::Error> {
    let details = &fixture.details;
    let query = match fixture.id {
        FixtureId::Router(id) => sqlx::query(
            r"
            insert into routers (org_id, site_id, name, active, note, router_id, model, address, serial)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (org_id, router_id) do update set
                site_id = excluded.site_id,
                name = excluded.name,
                active = excluded.active,
                note = excluded.note,
                model = excluded.model,
                address = excluded.address,
                serial = excluded.serial
            ",
        )
        .bind(org.sql())
        .bind(site.sql())
        .bind(sql_text(details.name.as_ref()))
        .bind(fixture.active)
        .bind(text(details.note.as_ref()))
        .bind(id.sql())
        .bind(text(details.model.as_ref()))
        .bind(text(details.address.as_ref()))
        .bind(text(details.serial.as_ref())),
        FixtureId::AccessPoint(id) => sqlx::query(
            r"
            insert into access_points (org_id, site_id, name, active, note, access_point_id, model, place)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (org_id, access_point_id) do update set
                site_id = excluded.site_id,
                name = excluded.name,
                active = excluded.active,
                note = excluded.note,
                model = excluded.model,
                place = excluded.place
            ",
        )
        .bind(org.sql())
        .bind(site.sql())
        .bind(sql_text(details.name.as_ref()))
        .bind(fixture.active)
        .bind(text(details.note.as_ref()))
        .bind(id.sql())
        .bind(text(details.model.as_ref()))
        .bind(text(details.place.as_ref())),
        FixtureId::Area(id) => sqlx::query(
            r"
            insert into areas (org_id, site_id, name, active, note, area_id)
            values ($1, $2, $3, $4, $5, $6)
            on conflict (org_id, area_id) do update set
                site_id = excluded.site_id,
                name = excluded.name,
                active = excluded.active,
                note = excluded.note
            ",
        )
        .bind(org.sql())
        .bind(site.sql())
        .bind(sql_text(details.name.as_ref()))
        .bind(fixture.active)
        .bind(text(details.note.as_ref()))
        .bind(id.sql()),
    };
    query.execute(tx).await.map(drop)
}

/// Those of these fixtures, all of one kind, that there are.
pub async fn known_fixtures(
    tx: &mut PgConnection,
    org: OrgId,
    kind: FixtureKind,
    fixtures: &[FixtureId],
) -> Result<BTreeSet<FixtureId>, sqlx::Error> {
    let ids: Vec<Uuid> = fixtures
        .iter()
        .map(|id| match id {
            FixtureId::Router(id) => id.sql(),
            FixtureId::AccessPoint(id) => id.sql(),
            FixtureId::Area(id) => id.sql(),
        })
        .collect();
    let query = match kind {
        FixtureKind::Router => {
            "select router_id from routers where org_id = $1 and router_id = any ($2)"
        }
        FixtureKind::AccessPoint => {
            "select access_point_id from access_points where org_id = $1 and access_point_id = any ($2)"
        }
        FixtureKind::Area => "select area_id from areas where org_id = $1 and area_id = any ($2)",
    };
    let rows: Vec<Uuid> = sqlx::query_scalar(query)
        .bind(org.sql())
        .bind(ids)
        .fetch_all(tx)
        .await?;
    Ok(rows
        .into_iter()
        .map(|id| kind.with_id(*id.as_bytes()))
        .collect())
}

fn text(text: Option<&String>) -> Option<Cow<'_, str>> {
    text.map(|text| sql_text(text))
}
