//! `server_keys`.

use crdt_model::time::Timestamp;
use sqlx::PgConnection;

use crate::clock::to_sql;

pub async fn find(db: &mut PgConnection, name: &str) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("select secret from server_keys where name = $1")
        .bind(name)
        .fetch_optional(db)
        .await
}

/// Returns the secret that is there afterwards, ours or the one somebody else was quicker to add.
pub async fn add_if_missing(
    db: &mut PgConnection,
    name: &str,
    secret: &[u8],
    now: Timestamp,
) -> Result<Vec<u8>, sqlx::Error> {
    sqlx::query(
        "insert into server_keys (name, secret, created_at) values ($1, $2, $3) on conflict (name) do nothing",
    )
    .bind(name)
    .bind(secret)
    .bind(to_sql(now))
    .execute(&mut *db)
    .await?;
    sqlx::query_scalar("select secret from server_keys where name = $1")
        .bind(name)
        .fetch_one(db)
        .await
}
