//! `refresh_sessions`: one row per sign-in.

use crdt_model::ids::{OrgId, PersonId};
use crdt_model::time::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::SqlId;
use crate::clock::{from_sql, to_sql};

#[derive(Debug)]
pub struct RefreshSession {
    pub person: PersonId,
    pub current_hash: Vec<u8>,
    pub previous_hash: Option<Vec<u8>>,
    pub rotated_at: Timestamp,
    pub expires_at: Timestamp,
    pub is_revoked: bool,
}

row! {
    struct Row {
        person_id: Uuid,
        current_hash: Vec<u8>,
        previous_hash: Option<Vec<u8>>,
        rotated_at: OffsetDateTime,
        expires_at: OffsetDateTime,
        is_revoked: bool,
    }
}

pub struct NewSession<'a> {
    pub org: OrgId,
    pub family: Uuid,
    pub person: PersonId,
    pub token_hash: &'a [u8],
    pub expires_at: Timestamp,
}

pub async fn add(
    tx: &mut PgConnection,
    new: &NewSession<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into refresh_sessions (org_id, family, person_id, current_hash, rotated_at, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $5, $6)
        ",
    )
    .bind(new.org.sql())
    .bind(new.family)
    .bind(new.person.sql())
    .bind(new.token_hash)
    .bind(to_sql(now))
    .bind(to_sql(new.expires_at))
    .execute(tx)
    .await
    .map(drop)
}

/// Locks the row: two tabs that refresh at once go one after the other.
pub async fn find_for_update(
    tx: &mut PgConnection,
    org: OrgId,
    family: Uuid,
) -> Result<Option<RefreshSession>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        r"
        select person_id, current_hash, previous_hash, rotated_at, expires_at, revoked_at is not null as is_revoked
        from refresh_sessions
        where org_id = $1 and family = $2
        for update
        ",
    )
    .bind(org.sql())
    .bind(family)
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| RefreshSession {
        person: PersonId::from_sql(row.person_id),
        current_hash: row.current_hash,
        previous_hash: row.previous_hash,
        rotated_at: from_sql(row.rotated_at),
        expires_at: from_sql(row.expires_at),
        is_revoked: row.is_revoked,
    }))
}

/// Whether this session is the person's, nobody ended it, and the person may still sign in.
pub async fn is_open(
    tx: &mut PgConnection,
    org: OrgId,
    family: Uuid,
    person: PersonId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        r"
        select exists (
            select 1
            from refresh_sessions
            join credentials using (org_id, person_id)
            where org_id = $1 and family = $2 and person_id = $3 and revoked_at is null and active
        )
        ",
    )
    .bind(org.sql())
    .bind(family)
    .bind(person.sql())
    .fetch_one(tx)
    .await
}

pub async fn rotate(
    tx: &mut PgConnection,
    org: OrgId,
    family: Uuid,
    token_hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        update refresh_sessions
        set previous_hash = current_hash, current_hash = $3, rotated_at = $4, expires_at = $5
        where org_id = $1 and family = $2
        ",
    )
    .bind(org.sql())
    .bind(family)
    .bind(token_hash)
    .bind(to_sql(now))
    .bind(to_sql(expires_at))
    .execute(tx)
    .await
    .map(drop)
}

pub async fn revoke(
    tx: &mut PgConnection,
    org: OrgId,
    family: Uuid,
    because: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        update refresh_sessions
        set revoked_at = $4, revoked_because = $3
        where org_id = $1 and family = $2 and revoked_at is null
        ",
    )
    .bind(org.sql())
    .bind(family)
    .bind(because)
    .bind(to_sql(now))
    .execute(tx)
    .await
    .map(drop)
}

/// All sessions of a person, but for one.
pub struct Ended<'a> {
    pub person: PersonId,
    pub except: Option<Uuid>,
    pub because: &'a str,
}

pub async fn revoke_all(
    tx: &mut PgConnection,
    org: OrgId,
    ended: &Ended<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        update refresh_sessions
        set revoked_at = $4, revoked_because = $3
        where org_id = $1 and person_id = $2 and revoked_at is null and family is distinct from $5
        ",
    )
    .bind(org.sql())
    .bind(ended.person.sql())
    .bind(ended.because)
    .bind(to_sql(now))
    .bind(ended.except)
    .execute(tx)
    .await
    .map(drop)
}
