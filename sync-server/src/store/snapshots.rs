//! `snapshots`: whole documents, so that few changes need to be applied.

use std::collections::BTreeMap;

use crdt_model::document::DocumentId;
use crdt_model::ids::OrgId;
use sqlx::PgConnection;

use super::{SqlId, seq_from_sql, sql_seq};

/// Snapshots, each with the last change that is inside.
pub async fn find(
    tx: &mut PgConnection,
    org: OrgId,
    documents: &[DocumentId],
) -> Result<BTreeMap<DocumentId, (u64, Vec<u8>)>, sqlx::Error> {
    let ids: Vec<Vec<u8>> = documents.iter().map(|id| id.as_bytes().to_vec()).collect();
    let rows: Vec<(Vec<u8>, i64, Vec<u8>)> = sqlx::query_as(
        "select doc_id, upto_seq, bytes from snapshots where org_id = $1 and doc_id = any ($2)",
    )
    .bind(org.sql())
    .bind(ids)
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, upto, bytes)| {
            let id = DocumentId::from_bytes(id.try_into().ok()?);
            Some((id, (seq_from_sql(upto), bytes)))
        })
        .collect())
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
