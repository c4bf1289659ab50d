//! `verdicts`: what the relay decided.

use crdt_model::ids::OrgId;
use crdt_model::time::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{SqlId, sql_seq};
use crate::clock::to_sql;

pub struct NewVerdict {
    pub id: Uuid,
    pub seq: u64,
    pub document: String,
    pub kind: &'static str,
    pub detail: Value,
    pub at: Timestamp,
}

/// Adds a verdict unless it is there: one verdict may stand in several documents.
pub async fn add(tx: &mut PgConnection, org: OrgId, new: &NewVerdict) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into verdicts (org_id, verdict_id, seq, doc_key, kind, detail, at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict do nothing
        ",
    )
    .bind(org.sql())
    .bind(new.id)
    .bind(sql_seq(new.seq))
    .bind(&new.document)
    .bind(new.kind)
    .bind(&new.detail)
    .bind(to_sql(new.at))
    .execute(tx)
    .await
    .map(drop)
}
