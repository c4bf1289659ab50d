//! `snapshots`: whole documents, so that few changes need to be applied.

use crdt_model::document::DocumentId;
use crdt_model::ids::OrgId;
use sqlx::PgConnection;

use super::{SqlId, seq_from_sql, sql_seq};

/// The snapshot and the last change that is inside.
pub async fn find(
    tx: &mut PgConnection,
    org: OrgId,
    document: DocumentId,
) -> Result<Option<(u64, Vec<u8>)>, sqlx::Error> {
    let row: Option<(i64, Vec<u8>)> =
        sqlx::query_as("select upto_seq, bytes from snapshots where org_id = $1 and doc_id = $2")
            .bind(org.sql())
            .bind(document.as_bytes().as_slice())
            .fetch_optional(tx)
            .await?;
    Ok(row.map(|(upto, bytes)| (seq_from_sql(upto), bytes)))
}

/// Keeps the newer of the two.
pub async fn put(
    tx: &mut PgConnection,
    org: OrgId,
    document: DocumentId,
    upto: u64,
    bytes: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into snapshots (org_id, doc_id, upto_seq, bytes)
        values ($1, $2, $3, $4)
        on conflict (org_id, doc_id) do update set
            upto_seq = excluded.upto_seq,
            bytes = excluded.bytes
        where snapshots.upto_seq < excluded.upto_seq
        ",
    )
    .bind(org.sql())
    .bind(document.as_bytes().as_slice())
    .bind(sql_seq(upto))
    .bind(bytes)
    .execute(tx)
    .await
    .map(drop)
}
