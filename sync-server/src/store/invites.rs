//! `invites`: links by which staff choose a login and a password.

use crdt_model::ids::{OrgId, PersonId};
use crdt_model::time::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::SqlId;
use crate::clock::{from_sql, to_sql};

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
    revoke(&mut *tx, new.org, new.person, now).await?;
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

/// Ends the open invitation of a person; false if there is none.
pub async fn revoke(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        r"
        update invites
        set revoked_at = $3
        where org_id = $1 and person_id = $2 and used_at is null and revoked_at is null
        ",
    )
    .bind(org.sql())
    .bind(person.sql())
    .bind(to_sql(now))
    .execute(tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// An invitation in whatever state it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    pub person: PersonId,
    pub invited_by: PersonId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub is_used: bool,
    pub is_revoked: bool,
}

row! {
    struct Row {
        person_id: Uuid,
        invited_by: Uuid,
        created_at: OffsetDateTime,
        expires_at: OffsetDateTime,
        is_used: bool,
        is_revoked: bool,
    }
}

impl From<Row> for Invite {
    fn from(row: Row) -> Self {
        Self {
            person: PersonId::from_sql(row.person_id),
            invited_by: PersonId::from_sql(row.invited_by),
            created_at: from_sql(row.created_at),
            expires_at: from_sql(row.expires_at),
            is_used: row.is_used,
            is_revoked: row.is_revoked,
        }
    }
}

pub async fn find(
    tx: &mut PgConnection,
    org: OrgId,
    token_hash: &[u8],
) -> Result<Option<Invite>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        r"
        select
            person_id,
            invited_by,
            created_at,
            expires_at,
            used_at is not null as is_used,
            revoked_at is not null as is_revoked
        from invites
        where org_id = $1 and token_hash = $2
        ",
    )
    .bind(org.sql())
    .bind(token_hash)
    .fetch_optional(tx)
    .await?;
    Ok(row.map(Invite::from))
}

/// Those that can still be used, the one that ends first before the others.
pub async fn list_open(
    tx: &mut PgConnection,
    org: OrgId,
    now: Timestamp,
) -> Result<Vec<Invite>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        r"
        select
            person_id,
            invited_by,
            created_at,
            expires_at,
            false as is_used,
            false as is_revoked
        from invites
        where org_id = $1 and used_at is null and revoked_at is null and expires_at > $2
        order by expires_at, person_id
        ",
    )
    .bind(org.sql())
    .bind(to_sql(now))
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(Invite::from).collect())
}

/// Uses an open invitation up; answers whose it is, and who made it.
pub async fn take(
    tx: &mut PgConnection,
    org: OrgId,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(PersonId, PersonId)>, sqlx::Error> {
    let taken: Option<(Uuid, Uuid)> = sqlx::query_as(
        r"
        update invites
        set used_at = $3
        where org_id = $1 and token_hash = $2 and used_at is null and revoked_at is null and expires_at > $3
        returning person_id, invited_by
        ",
    )
    .bind(org.sql())
    .bind(token_hash)
    .bind(to_sql(now))
    .fetch_optional(tx)
    .await?;
    Ok(taken.map(|(person, by)| (PersonId::from_sql(person), PersonId::from_sql(by))))
}
