//! `changes`: the log, and the lock under which its numbers are given out.

use crdt_model::document::DocumentId;
use crdt_model::ids::{OrgId, PersonId};
use crdt_model::relay::Row;
use crdt_model::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{SqlId, seq_from_sql, sql_seq};
use crate::clock::to_sql;

/// A row of the log, as sessions send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    pub seq: u64,
    /// The document's key as text.
    pub document: String,
    pub chunk: Vec<u8>,
}

/// What one node tells its sessions about an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub org: OrgId,
    pub seq: u64,
    pub devices_revoked: i64,
}

/// Takes the organisation's lock until the transaction ends. Nothing when there is no such organisation.
///
/// Not `for update`: each row that is added anywhere, by a sign-in for one, asks whether its organisation exists and
/// would wait for a push, while holding what the push waits for.
pub async fn lock_head(tx: &mut PgConnection, org: OrgId) -> Result<Option<u64>, sqlx::Error> {
    // What is acknowledged must be on the disk, however the database is set up otherwise.
    let row: Option<(i64, Option<String>)> = sqlx::query_as(
        r"
        select
            head_seq,
            case when current_setting('synchronous_commit') = 'off'
                then set_config('synchronous_commit', 'on', true)
            end
        from organisations
        where id = $1
        for no key update
        ",
    )
    .bind(org.sql())
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|(head, _)| seq_from_sql(head)))
}

pub async fn head(tx: &mut PgConnection, org: OrgId) -> Result<u64, sqlx::Error> {
    let head: i64 = sqlx::query_scalar("select head_seq from organisations where id = $1")
        .bind(org.sql())
        .fetch_one(tx)
        .await?;
    Ok(seq_from_sql(head))
}

/// Which life of the log this is; see `Reader::history`.
pub async fn history(tx: &mut PgConnection, org: OrgId) -> Result<u64, sqlx::Error> {
    let history: i64 = sqlx::query_scalar("select history from organisations where id = $1")
        .bind(org.sql())
        .fetch_one(tx)
        .await?;
    Ok(history.unsigned_abs())
}

pub async fn set_head(tx: &mut PgConnection, org: OrgId, head: u64) -> Result<(), sqlx::Error> {
    sqlx::query("update organisations set head_seq = $2 where id = $1")
        .bind(org.sql())
        .bind(sql_seq(head))
        .execute(tx)
        .await
        .map(drop)
}

/// The heads of these organisations; needs no transaction of one of them.
pub async fn heads(db: &mut PgConnection, orgs: &[OrgId]) -> Result<Vec<Head>, sqlx::Error> {
    let orgs: Vec<Uuid> = orgs.iter().map(SqlId::sql).collect();
    let rows: Vec<(Uuid, i64, i64)> =
        sqlx::query_as("select org_id, head_seq, devices_revoked from viornet_heads($1)")
            .bind(orgs)
            .fetch_all(db)
            .await?;
    Ok(rows
        .into_iter()
        .map(|(org, seq, devices_revoked)| Head {
            org: OrgId::from_sql(org),
            seq: seq_from_sql(seq),
            devices_revoked,
        })
        .collect())
}

pub async fn append(
    tx: &mut PgConnection,
    org: OrgId,
    rows: &[Row],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let column = |value: fn(&Row) -> Vec<u8>| rows.iter().map(value).collect::<Vec<_>>();
    let ids: Vec<Vec<u8>> = rows
        .iter()
        .map(|row| DocumentId::of(org, &row.document).as_bytes().to_vec())
        .collect();
    let keys: Vec<String> = rows.iter().map(|row| row.document.to_string()).collect();
    let seqs: Vec<i64> = rows.iter().map(|row| sql_seq(row.seq)).collect();
    let actor_seqs: Vec<i64> = rows.iter().map(|row| sql_seq(row.actor_seq)).collect();
    let authors: Vec<Option<Uuid>> = rows
        .iter()
        .map(|row| (row.author != PersonId::RELAY).then(|| row.author.sql()))
        .collect();
    let devices: Vec<Option<Uuid>> = rows
        .iter()
        .map(|row| row.device.map(|device| device.sql()))
        .collect();
    let intents: Vec<Option<Uuid>> = rows
        .iter()
        .map(|row| row.intent.map(|intent| intent.sql()))
        .collect();
    sqlx::query(
        r"
        insert into changes (
            org_id, seq, doc_id, doc_key, hash, actor, actor_seq, author, device_id, intent_id, bytes, received_at
        )
        select $1, row.*, $12
        from unnest(
            $2::bigint[], $3::bytea[], $4::text[], $5::bytea[], $6::bytea[], $7::bigint[], $8::uuid[], $9::uuid[],
            $10::uuid[], $11::bytea[]
        ) as row
        ",
    )
    .bind(org.sql())
    .bind(seqs)
    .bind(ids)
    .bind(keys)
    .bind(column(|row| row.hash.to_vec()))
    .bind(column(|row| row.actor.as_bytes().to_vec()))
    .bind(actor_seqs)
    .bind(authors)
    .bind(devices)
    .bind(intents)
    .bind(column(|row| row.chunk.clone()))
    .bind(to_sql(now))
    .execute(tx)
    .await
    .map(drop)
}

/// Rows after a place in the log, in order.
pub async fn after(
    tx: &mut PgConnection,
    org: OrgId,
    after: u64,
    limit: i64,
) -> Result<Vec<Logged>, sqlx::Error> {
    let rows: Vec<(i64, String, Vec<u8>)> = sqlx::query_as(
        r"
        select seq, doc_key, bytes
        from changes
        where org_id = $1 and seq > $2
        order by seq
        limit $3
        ",
    )
    .bind(org.sql())
    .bind(sql_seq(after))
    .bind(limit)
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(seq, document, chunk)| Logged {
            seq: seq_from_sql(seq),
            document,
            chunk,
        })
        .collect())
}

/// The changes of documents, each after its own place in the log, in the order of the log.
pub async fn of_documents(
    tx: &mut PgConnection,
    org: OrgId,
    wanted: &[(DocumentId, u64)],
) -> Result<Vec<(DocumentId, u64, Vec<u8>)>, sqlx::Error> {
    let ids: Vec<Vec<u8>> = wanted
        .iter()
        .map(|(id, _)| id.as_bytes().to_vec())
        .collect();
    let after: Vec<i64> = wanted.iter().map(|(_, after)| sql_seq(*after)).collect();
    let rows: Vec<(Vec<u8>, i64, Vec<u8>)> = sqlx::query_as(
        r"
        select changes.doc_id, changes.seq, changes.bytes
        from unnest($2::bytea[], $3::bigint[]) as wanted (doc_id, after)
        join changes on changes.org_id = $1 and changes.doc_id = wanted.doc_id and changes.seq > wanted.after
        order by changes.seq
        ",
    )
    .bind(org.sql())
    .bind(ids)
    .bind(after)
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, seq, chunk)| {
            let id = DocumentId::from_bytes(id.try_into().ok()?);
            Some((id, seq_from_sql(seq), chunk))
        })
        .collect())
}

/// Tells the other nodes, outside every transaction.
pub async fn notify(pool: &sqlx::PgPool, channel: &str, payload: &str) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_notify($1, $2)")
        .bind(channel)
        .bind(payload)
        .execute(pool)
        .await
        .map(drop)
}
