//! `people`: names and standing, read from here and projected from the staff document.

use std::collections::BTreeSet;

use crdt_model::capability::{Grant, Principal, Role, Scope};
use crdt_model::ids::{OrgId, PersonId, SiteId};
use crdt_model::phone::Phone;
use crdt_model::staff::{Contacts, Person};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{SqlId, sql_text};

pub async fn put(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    name: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into people (org_id, person_id, name)
        values ($1, $2, $3)
        on conflict (org_id, person_id) do update set name = excluded.name
        ",
    )
    .bind(org.sql())
    .bind(person.sql())
    .bind(name)
    .execute(tx)
    .await
    .map(drop)
}

/// The name of somebody who still works here.
pub async fn find_active_name(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select name from people where org_id = $1 and person_id = $2 and active")
        .bind(org.sql())
        .bind(person.sql())
        .fetch_optional(tx)
        .await
}

/// A person's own name, whether or not he still works here.
pub async fn find_name(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select name from people where org_id = $1 and person_id = $2")
        .bind(org.sql())
        .bind(person.sql())
        .fetch_optional(tx)
        .await
}

/// What the staff document says of a person now.
pub async fn project(
    tx: &mut PgConnection,
    org: OrgId,
    person: &Person,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into people (org_id, person_id, name, active)
        values ($1, $2, $3, $4)
        on conflict (org_id, person_id) do update set name = excluded.name, active = excluded.active
        ",
    )
    .bind(org.sql())
    .bind(person.id.sql())
    .bind(sql_text(&person.name))
    .bind(person.active)
    .execute(&mut *tx)
    .await?;
    sqlx::query("delete from grants where org_id = $1 and person_id = $2")
        .bind(org.sql())
        .bind(person.id.sql())
        .execute(&mut *tx)
        .await?;
    let roles: Vec<String> = person
        .grants
        .iter()
        .map(|grant| grant.role.code().to_owned())
        .collect();
    let sites: Vec<Option<Uuid>> = person
        .grants
        .iter()
        .map(|grant| match grant.scope {
            Scope::Organisation => None,
            Scope::Site(site) => Some(site.sql()),
        })
        .collect();
    sqlx::query(
        r"
        insert into grants (org_id, person_id, role, site_id)
        select $1, $2, granted.*
        from unnest($3::text[], $4::uuid[]) as granted
        -- The site of sixteen zero bytes, in an old document, is nobody's.
        on conflict do nothing
        ",
    )
    .bind(org.sql())
    .bind(person.id.sql())
    .bind(roles)
    .bind(sites)
    .execute(tx)
    .await
    .map(drop)
}

/// A person as the rules know him; an unknown one may nothing.
pub async fn principal(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
) -> Result<Principal, sqlx::Error> {
    let active: Option<bool> =
        sqlx::query_scalar("select active from people where org_id = $1 and person_id = $2")
            .bind(org.sql())
            .bind(person.sql())
            .fetch_optional(&mut *tx)
            .await?;
    let grants: Vec<(String, Option<Uuid>)> =
        sqlx::query_as("select role, site_id from grants where org_id = $1 and person_id = $2")
            .bind(org.sql())
            .bind(person.sql())
            .fetch_all(tx)
            .await?;
    let grants: BTreeSet<Grant> = grants
        .into_iter()
        .filter_map(|(role, site)| {
            Some(Grant {
                role: Role::from_code(&role)?,
                scope: site.map_or(Scope::Organisation, |site| {
                    Scope::Site(SiteId::from_sql(site))
                }),
            })
        })
        .collect();
    Ok(Principal {
        person,
        active: active.unwrap_or(false),
        grants,
    })
}

/// What the `staff-private` document says of how to reach a person.
pub async fn put_contacts(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    contacts: &Contacts,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into staff_contacts (org_id, person_id, phone, email, note)
        values ($1, $2, $3, $4, $5)
        on conflict (org_id, person_id) do update set
            phone = excluded.phone,
            email = excluded.email,
            note = excluded.note
        ",
    )
    .bind(org.sql())
    .bind(person.sql())
    .bind(contacts.phone.as_ref().map(Phone::as_str))
    .bind(contacts.email.as_deref().map(sql_text))
    .bind(contacts.note.as_deref().map(sql_text))
    .execute(tx)
    .await
    .map(drop)
}
