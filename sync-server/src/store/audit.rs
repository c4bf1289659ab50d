//! `audit`: a chain of rows, each with the hash of the one before it.

use crdt_model::ids::{OrgId, PersonId};
use crdt_model::time::Timestamp;
use futures::TryStreamExt;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::SqlId;
use crate::clock::{from_sql, to_sql};

/// What the first row's `prev_hash` is.
const BEGINNING: [u8; 32] = [0; 32];

/// Something somebody did.
pub struct Entry<'a> {
    /// `None`: the server itself.
    pub actor: Option<PersonId>,
    pub action: &'a str,
    /// Strings and whole numbers only: they come back from `jsonb` the way they went in.
    pub detail: Value,
}

row! {
    struct Row {
        seq: i64,
        at: OffsetDateTime,
        actor: Option<Uuid>,
        action: String,
        detail: Value,
        prev_hash: Vec<u8>,
        hash: Vec<u8>,
    }
}

/// Appends to the organisation's chain, one writer at a time.
pub async fn append(
    tx: &mut PgConnection,
    org: OrgId,
    entry: &Entry<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('viornet.audit', 0) # hashtextextended($1, 0))")
        .bind(org.sql().to_string())
        .execute(&mut *tx)
        .await?;
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("select seq, hash from audit where org_id = $1 order by seq desc limit 1")
            .bind(org.sql())
            .fetch_optional(&mut *tx)
            .await?;
    let (last_seq, prev_hash) = last.unwrap_or((0, BEGINNING.to_vec()));
    let seq = last_seq + 1;
    let actor = entry.actor.map(|person| person.sql());
    let hash = hash_of(&prev_hash, seq, now, actor, entry.action, &entry.detail);
    sqlx::query(
        r"
        insert into audit (org_id, seq, at, actor, action, detail, prev_hash, hash)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        ",
    )
    .bind(org.sql())
    .bind(seq)
    .bind(to_sql(now))
    .bind(actor)
    .bind(entry.action)
    .bind(&entry.detail)
    .bind(prev_hash)
    .bind(hash.as_slice())
    .execute(tx)
    .await
    .map(drop)
}

/// Whether such a thing was ever done.
pub async fn has(tx: &mut PgConnection, org: OrgId, action: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select 1 from audit where org_id = $1 and action = $2)")
        .bind(org.sql())
        .bind(action)
        .fetch_one(tx)
        .await
}

/// The first row that is not what was once written, if any.
pub async fn find_break(tx: &mut PgConnection, org: OrgId) -> Result<Option<i64>, sqlx::Error> {
    let mut rows = sqlx::query_as::<_, Row>(
        r"
        select seq, at, actor, action, detail, prev_hash, hash
        from audit
        where org_id = $1
        order by seq
        ",
    )
    .bind(org.sql())
    .fetch(tx);
    let (mut expected_seq, mut expected_prev) = (1, BEGINNING.to_vec());
    while let Some(row) = rows.try_next().await? {
        let hash = hash_of(
            &row.prev_hash,
            row.seq,
            from_sql(row.at),
            row.actor,
            &row.action,
            &row.detail,
        );
        if row.seq != expected_seq || row.prev_hash != expected_prev || row.hash != hash {
            return Ok(Some(expected_seq));
        }
        (expected_seq, expected_prev) = (row.seq + 1, row.hash);
    }
    Ok(None)
}

fn hash_of(
    prev: &[u8],
    seq: i64,
    at: Timestamp,
    actor: Option<Uuid>,
    action: &str,
    detail: &Value,
) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(prev);
    hasher.update(seq.to_be_bytes());
    hasher.update(at.as_millis().to_be_bytes());
    hasher.update(actor.unwrap_or(Uuid::nil()).as_bytes());
    // Lengths keep `("ab", "c")` apart from `("a", "bc")`. A JSON object of ours prints in key order.
    for text in [action, &detail.to_string()] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}
