//! Documents out of the database: a snapshot and the changes after it.

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

/// The document as of this transaction; a new one if there is none. Leaves a fresh snapshot behind when the old one
/// has fallen far back.
pub async fn document(
    tx: &mut PgConnection,
    org: OrgId,
    key: &DocumentKey,
) -> Result<Document, LoadError> {
    let id = DocumentId::of(org, key);
    let (upto, snapshot) = match snapshots::find(tx, org, id).await? {
        Some((upto, bytes)) => (upto, Some(bytes)),
        None => (0, None),
    };
    let later = changes::of_document(tx, org, id, upto).await?;
    let document = build(snapshot.as_deref(), &later)
        .map_err(|source| LoadError::Damaged { key: *key, source })?;
    if let Some((last, _)) = later.last()
        && later.len() >= SNAPSHOT_EVERY
    {
        snapshots::put(tx, org, id, *last, &document.save()).await?;
    }
    Ok(document)
}

/// The whole document as bytes, for a device.
pub async fn snapshot(
    tx: &mut PgConnection,
    org: OrgId,
    key: &DocumentKey,
) -> Result<Vec<u8>, LoadError> {
    Ok(document(tx, org, key).await?.save())
}

fn build(snapshot: Option<&[u8]>, later: &[(u64, Vec<u8>)]) -> Result<Document, DocumentError> {
    let mut document = match snapshot {
        Some(bytes) => Document::load(bytes)?,
        None => Document::new(),
    };
    document.apply_chunks(later.iter().map(|(_, chunk)| chunk.as_slice()))?;
    Ok(document)
}
