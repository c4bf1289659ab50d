//! `people`: names and standing, read from here and projected from the staff document.

use crdt_model::ids::{OrgId, PersonId};
use sqlx::PgConnection;

use super::SqlId;

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
