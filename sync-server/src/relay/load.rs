//! Documents out of the database: a snapshot and the changes after it.

use std::collections::BTreeMap;

use crdt_model::document::{Document, DocumentError, DocumentId, DocumentKey};
use crdt_model::ids::OrgId;
use sqlx::PgConnection;

use crate::store::{changes, snapshots};

/// Changes after the snapshot from which on a new one is written.
const SNAPSHOT_EVERY: usize = 50;

/// Why a document cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot read the document")]
    Database(#[from] sqlx::Error),
    #[error("{key} is damaged")]
    Damaged {
        key: DocumentKey,
        #[source]
        source: DocumentError,
    },
}

/// Documents as of this transaction, in the order of `keys`; new ones where there are none. Leaves fresh snapshots
/// behind where the old ones have fallen far back.
pub async fn documents(
    tx: &mut PgConnection,
    org: OrgId,
    keys: &[DocumentKey],
) -> Result<Vec<(DocumentKey, Document)>, LoadError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<DocumentId> = keys.iter().map(|key| DocumentId::of(org, key)).collect();
    let snapshots = snapshots::find(tx, org, &ids).await?;
    let wanted: Vec<(DocumentId, u64)> = ids
        .iter()
        .map(|id| (*id, snapshots.get(id).map_or(0, |(upto, _)| *upto)))
        .collect();
    let mut later: BTreeMap<DocumentId, Vec<(u64, Vec<u8>)>> = BTreeMap::new();
    for (id, seq, chunk) in changes::of_documents(tx, org, &wanted).await? {
        later.entry(id).or_default().push((seq, chunk));
    }
    let mut documents = Vec::with_capacity(keys.len());
    for (key, id) in keys.iter().zip(ids) {
        let snapshot = snapshots.get(&id).map(|(_, bytes)| bytes.as_slice());
        let later = later.remove(&id).unwrap_or_default();
        let document =
            build(snapshot, &later).map_err(|source| LoadError::Damaged { key: *key, source })?;
        if let Some((last, _)) = later.last()
            && later.len() >= SNAPSHOT_EVERY
        {
            snapshots::put(tx, org, id, *last, &document.save()).await?;
        }
        documents.push((*key, document));
    }
    Ok(documents)
}

fn build(snapshot: Option<&[u8]>, later: &[(u64, Vec<u8>)]) -> Result<Document, DocumentError> {
    let mut document = match snapshot {
        Some(bytes) => Document::load(bytes)?,
        None => Document::new(),
    };
    document.apply_chunks(later.iter().map(|(_, chunk)| chunk.as_slice()))?;
    Ok(document)
}
