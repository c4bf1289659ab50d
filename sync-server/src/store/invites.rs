//! `invites`: links by which staff choose a login and a password.

use crdt_model::ids::{OrgId, PersonId};
use crdt_model::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::SqlId;
use crate::clock::to_sql;

pub struct NewInvite<'a> {
    pub org: OrgId,
    pub token_hash: &'a [u8],
    pub person: PersonId,
    pub invited_by: PersonId,
    pub expires_at: Timestamp,
}

/// Adds an invitation; older ones of the same person end.
pub async fn add(
    tx: &mut PgConnection,
    new: &NewInvite<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from invites where org_id = $1 and person_id = $2 and used_at is null")
        .bind(new.org.sql())
        .bind(new.person.sql())
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        r"
        insert into invites (org_id, token_hash, person_id, invited_by, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6)
        ",
    )
    .bind(new.org.sql())
    .bind(new.token_hash)
    .bind(new.person.sql())
    .bind(new.invited_by.sql())
    .bind(to_sql(now))
    .bind(to_sql(new.expires_at))
    .execute(tx)
    .await
    .map(drop)
}

/// Whom an open invitation is for.
pub async fn find_open(
    tx: &mut PgConnection,
    org: OrgId,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<PersonId>, sqlx::Error> {
    let person: Option<Uuid> = sqlx::query_scalar(
        r"
        select person_id
        from invites
        where org_id = $1 and token_hash = $2 and used_at is null and expires_at > $3
        ",
    )
    .bind(org.sql())
    .bind(token_hash)
    .bind(to_sql(now))
    .fetch_optional(tx)
    .await?;
    Ok(person.map(PersonId::from_sql))
}

/// Uses an open invitation up.
pub async fn take(
    tx: &mut PgConnection,
    org: OrgId,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<PersonId>, sqlx::Error> {
    let person: Option<Uuid> = sqlx::query_scalar(
        r"
        update invites
        set used_at = $3
        where org_id = $1 and token_hash = $2 and used_at is null and expires_at > $3
        returning person_id
        ",
    )
    .bind(org.sql())
    .bind(token_hash)
    .bind(to_sql(now))
    .fetch_optional(tx)
    .await?;
    Ok(person.map(PersonId::from_sql))
}
