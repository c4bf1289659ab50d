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
    #[error("the server stops")]
    Stopped,
}

/// What the database has of a document.
struct Stored {
    key: DocumentKey,
    id: DocumentId,
    snapshot: Option<Vec<u8>>,
    /// The changes that are not in the snapshot.
    later: Vec<(u64, Vec<u8>)>,
}

/// A document that was put together, with a fresh snapshot where the old one had fallen far back.
struct Built {
    document: Document,
    fresh: Option<(u64, Vec<u8>)>,
}

/// Documents as of this transaction, in the order of `keys`; new ones where there are none. Leaves fresh snapshots
/// behind where the old ones have fallen far back.
pub async fn documents(
    tx: &mut PgConnection,
    org: OrgId,
    keys: &[DocumentKey],
) -> Result<Vec<(DocumentKey, Document)>, LoadError> {
    let mut documents = Vec::with_capacity(keys.len());
    for stored in find(tx, org, keys).await? {
        let Built { document, fresh } = stored.build()?;
        if let Some((upto, bytes)) = fresh {
            snapshots::put(tx, org, stored.id, upto, &bytes).await?;
        }
        documents.push((stored.key, document));
    }
    Ok(documents)
}

/// The same as bytes that a device takes. A snapshot in which everything is goes out as it lies there.
pub async fn saved(
    tx: &mut PgConnection,
    org: OrgId,
    keys: &[DocumentKey],
) -> Result<Vec<(DocumentKey, Vec<u8>)>, LoadError> {
    let found = find(tx, org, keys).await?;
    // A thousand changes take tens of milliseconds, in which this thread would serve nobody else.
    let saving = tokio::task::spawn_blocking(move || {
        found
            .into_iter()
            .map(Stored::save)
            .collect::<Result<Vec<_>, LoadError>>()
    });
    let saved = match saving.await {
        Ok(saved) => saved?,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => return Err(LoadError::Stopped),
        },
    };
    let mut documents = Vec::with_capacity(saved.len());
    for (key, id, bytes, fresh) in saved {
        if let Some(upto) = fresh {
            snapshots::put(tx, org, id, upto, &bytes).await?;
        }
        documents.push((key, bytes));
    }
    Ok(documents)
}

async fn find(
    tx: &mut PgConnection,
    org: OrgId,
    keys: &[DocumentKey],
) -> Result<Vec<Stored>, LoadError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<DocumentId> = keys.iter().map(|key| DocumentId::of(org, key)).collect();
    let mut snapshots = snapshots::find(tx, org, &ids).await?;
    let wanted: Vec<(DocumentId, u64)> = ids
        .iter()
        .map(|id| (*id, snapshots.get(id).map_or(0, |(upto, _)| *upto)))
        .collect();
    let mut later: BTreeMap<DocumentId, Vec<(u64, Vec<u8>)>> = BTreeMap::new();
    for (id, seq, chunk) in changes::of_documents(tx, org, &wanted).await? {
        later.entry(id).or_default().push((seq, chunk));
    }
    Ok(keys
        .iter()
        .zip(ids)
        .map(|(key, id)| Stored {
            key: *key,
            id,
            snapshot: snapshots.remove(&id).map(|(_, bytes)| bytes),
            later: later.remove(&id).unwrap_or_default(),
        })
        .collect())
}

impl Stored {
    fn build(&self) -> Result<Built, LoadError> {
        let document =
            build(self.snapshot.as_deref(), &self.later).map_err(|source| LoadError::Damaged {
                key: self.key,
                source,
            })?;
        let fresh = self.is_far_back().map(|upto| (upto, document.save()));
        Ok(Built { document, fresh })
    }

    /// The last change, when the snapshot has fallen far behind it.
    fn is_far_back(&self) -> Option<u64> {
        let (last, _) = self.later.last()?;
        (self.later.len() >= SNAPSHOT_EVERY).then_some(*last)
    }

    fn save(self) -> Result<(DocumentKey, DocumentId, Vec<u8>, Option<u64>), LoadError> {
        if let (Some(bytes), true) = (&self.snapshot, self.later.is_empty()) {
            return Ok((self.key, self.id, bytes.clone(), None));
        }
        let Built { document, fresh } = self.build()?;
        Ok(match fresh {
            Some((upto, bytes)) => (self.key, self.id, bytes, Some(upto)),
            None => (self.key, self.id, document.save(), None),
        })
    }
}

fn build(snapshot: Option<&[u8]>, later: &[(u64, Vec<u8>)]) -> Result<Document, DocumentError> {
    let mut document = match snapshot {
        Some(bytes) => Document::load(bytes)?,
        None => Document::new(),
    };
    document.apply_chunks(later.iter().map(|(_, chunk)| chunk.as_slice()))?;
    Ok(document)
}
