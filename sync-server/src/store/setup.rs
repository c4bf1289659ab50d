//! `setup`: the open set-up link, if there is one.

use crdt_model::time::Timestamp;
use sqlx::PgConnection;

use crate::clock::to_sql;

/// Any number, the same in every node.
const LOCK: i64 = 0x5649_4f52_5345_5455;

/// One set-up at a time, over all nodes; until the transaction ends.
pub async fn lock(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(tx)
        .await
        .map(drop)
}

pub async fn is_done(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select viornet_has_organisation()")
        .fetch_one(db)
        .await
}

/// Replaces the open link: an older one no longer works.
pub async fn open(
    tx: &mut PgConnection,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into setup (token_hash, created_at)
        values ($1, $2)
        on conflict (only_row) do update set token_hash = excluded.token_hash, created_at = excluded.created_at
        ",
    )
    .bind(token_hash)
    .bind(to_sql(now))
    .execute(tx)
    .await
    .map(drop)
}

pub async fn find_token_hash(tx: &mut PgConnection) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("select token_hash from setup")
        .fetch_optional(tx)
        .await
}

pub async fn close(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("delete from setup").execute(tx).await.map(drop)
}
