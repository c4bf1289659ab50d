//! `documents`: the heads of every document.

use crdt_model::document::{DocumentId, DocumentKey, Hash};
use crdt_model::ids::{OrgId, PersonId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{SqlId, by_person, sql_seq};

/// A document that has grown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grown {
    pub key: DocumentKey,
    pub heads: Vec<Hash>,
    pub last_seq: u64,
    pub new_changes: u64,
    /// If it is new: who began it, where that is counted.
    pub begun_by: Option<PersonId>,
}

/// A document as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key as text.
    pub key: String,
    pub heads: Vec<Hash>,
}

pub async fn put(tx: &mut PgConnection, org: OrgId, grown: &[Grown]) -> Result<(), sqlx::Error> {
    let ids: Vec<Vec<u8>> = grown
        .iter()
        .map(|one| DocumentId::of(org, &one.key).as_bytes().to_vec())
        .collect();
    let keys: Vec<String> = grown.iter().map(|one| one.key.to_string()).collect();
    // PostgreSQL has no arrays of arrays of different lengths: each document's heads come as one text of bytes.
    let heads: Vec<Vec<u8>> = grown.iter().map(|one| one.heads.concat()).collect();
    let last_seqs: Vec<i64> = grown.iter().map(|one| sql_seq(one.last_seq)).collect();
    let counts: Vec<i64> = grown.iter().map(|one| sql_seq(one.new_changes)).collect();
    let begun_by: Vec<Option<Uuid>> = grown
        .iter()
        .map(|one| one.begun_by.map(|person| person.sql()))
        .collect();
    sqlx::query(
        r"
        insert into documents (org_id, doc_id, doc_key, heads, last_seq, change_count, begun_by)
        select
            $1,
            id,
            key,
            array(select substring(heads from n * 32 + 1 for 32) from generate_series(0, length(heads) / 32 - 1) n),
            last_seq,
            new_changes,
            begun_by
        from unnest($2::bytea[], $3::text[], $4::bytea[], $5::bigint[], $6::bigint[], $7::uuid[])
            as grown (id, key, heads, last_seq, new_changes, begun_by)
        on conflict (org_id, doc_id) do update set
            heads = excluded.heads,
            last_seq = excluded.last_seq,
            change_count = documents.change_count + excluded.change_count
        ",
    )
    .bind(org.sql())
    .bind(ids)
    .bind(keys)
    .bind(heads)
    .bind(last_seqs)
    .bind(counts)
    .bind(begun_by)
    .execute(tx)
    .await
    .map(drop)
}

pub async fn list(tx: &mut PgConnection, org: OrgId) -> Result<Vec<Listed>, sqlx::Error> {
    let rows: Vec<(String, Vec<Vec<u8>>)> =
        sqlx::query_as("select doc_key, heads from documents where org_id = $1")
            .bind(org.sql())
            .fetch_all(tx)
            .await?;
    Ok(rows
        .into_iter()
        .map(|(key, heads)| Listed {
            key,
            heads: heads
                .into_iter()
                .filter_map(|head| head.try_into().ok())
                .collect(),
        })
        .collect())
}

/// How many documents these people began, of those that are counted.
pub async fn begun_by(
    tx: &mut PgConnection,
    org: OrgId,
    people: &[PersonId],
) -> Result<Vec<(PersonId, u64)>, sqlx::Error> {
    let people: Vec<Uuid> = people.iter().map(SqlId::sql).collect();
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(
        r"
        select begun_by, count(*)
        from documents
        where org_id = $1 and begun_by = any ($2)
        group by begun_by
        ",
    )
    .bind(org.sql())
    .bind(people)
    .fetch_all(tx)
    .await?;
    Ok(by_person(rows))
}
