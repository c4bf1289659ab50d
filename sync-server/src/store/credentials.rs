//! `credentials`: logins and password hashes.

use crdt_model::ids::{OrgId, PersonId};
use crdt_model::time::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::SqlId;
use crate::clock::{from_sql, to_sql};

#[derive(Debug)]
pub struct Credential {
    pub person: PersonId,
    pub password_hash: String,
    pub active: bool,
    pub failed_attempts: i32,
    pub locked_until: Option<Timestamp>,
}

row! {
    struct Row {
        person_id: Uuid,
        password_hash: String,
        active: bool,
        failed_attempts: i32,
        locked_until: Option<OffsetDateTime>,
    }
}

/// The login is somebody else's.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    #[error("somebody else has this login")]
    LoginTaken,
    #[error("cannot write the credential")]
    Database(#[source] sqlx::Error),
}

/// The only look-up that needs no organisation.
pub async fn find_organisation(
    db: &mut PgConnection,
    login: &str,
) -> Result<Option<OrgId>, sqlx::Error> {
    let org: Option<Uuid> = sqlx::query_scalar("select viornet_org_of_login($1)")
        .bind(login)
        .fetch_one(db)
        .await?;
    Ok(org.map(OrgId::from_sql))
}

/// Locks the row, so that attempts on one account are counted one by one.
pub async fn find_for_sign_in(
    tx: &mut PgConnection,
    org: OrgId,
    login: &str,
) -> Result<Option<Credential>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        r"
        select person_id, password_hash, active, failed_attempts, locked_until
        from credentials
        where org_id = $1 and login = $2
        for update
        ",
    )
    .bind(org.sql())
    .bind(login)
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Credential {
        person: PersonId::from_sql(row.person_id),
        password_hash: row.password_hash,
        active: row.active,
        failed_attempts: row.failed_attempts,
        locked_until: row.locked_until.map(from_sql),
    }))
}

pub async fn set_attempts(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    failed_attempts: i32,
    locked_until: Option<Timestamp>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update credentials set failed_attempts = $3, locked_until = $4 where org_id = $1 and person_id = $2")
        .bind(org.sql())
        .bind(person.sql())
        .bind(failed_attempts)
        .bind(locked_until.map(to_sql))
        .execute(tx)
        .await
        .map(drop)
}

/// After the right password; false if it is not the password any more, or opens nothing.
pub async fn forget_attempts(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    password_hash: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        r"
        update credentials
        set failed_attempts = 0, locked_until = null
        where org_id = $1 and person_id = $2 and password_hash = $3 and active
        ",
    )
    .bind(org.sql())
    .bind(person.sql())
    .bind(password_hash)
    .execute(tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Gives a person a login and a password, or new ones; forgets failed attempts.
pub async fn put(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    login: &str,
    password_hash: &str,
    now: Timestamp,
) -> Result<(), PutError> {
    let result = sqlx::query(
        r"
        insert into credentials (org_id, person_id, login, password_hash, changed_at)
        values ($1, $2, $3, $4, $5)
        on conflict (org_id, person_id) do update set
            login = excluded.login,
            password_hash = excluded.password_hash,
            changed_at = excluded.changed_at,
            failed_attempts = 0,
            locked_until = null
        ",
    )
    .bind(org.sql())
    .bind(person.sql())
    .bind(login)
    .bind(password_hash)
    .bind(to_sql(now))
    .execute(tx)
    .await;
    match result {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("credentials_login") => {
            Err(PutError::LoginTaken)
        }
        Err(error) => Err(PutError::Database(error)),
    }
}

pub async fn find_login(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select login from credentials where org_id = $1 and person_id = $2 and active",
    )
    .bind(org.sql())
    .bind(person.sql())
    .fetch_optional(tx)
    .await
}

/// The login a person has, whether or not it may be used now.
pub async fn find_login_of(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select login from credentials where org_id = $1 and person_id = $2")
        .bind(org.sql())
        .bind(person.sql())
        .fetch_optional(tx)
        .await
}

/// Whether the person may still sign in.
pub async fn is_active(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select 1 from credentials where org_id = $1 and person_id = $2 and active)",
    )
    .bind(org.sql())
    .bind(person.sql())
    .fetch_one(tx)
    .await
}

/// Lets a person in or keeps him out.
pub async fn set_active(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    active: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query("update credentials set active = $3 where org_id = $1 and person_id = $2")
        .bind(org.sql())
        .bind(person.sql())
        .bind(active)
        .execute(tx)
        .await
        .map(drop)
}
