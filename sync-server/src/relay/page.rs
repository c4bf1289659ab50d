//! What a session reads: the next rows of the log, the list of documents, and who its reader is now.

use std::sync::Arc;

use crdt_model::admission::Reader;
use crdt_model::document::{DocumentId, DocumentKey, heads_digest};
use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::sync::relay::ListedDocument;
use sqlx::PgConnection;

use super::organisation::Organisation;
use super::tail::Entry;
use crate::app::App;
use crate::database;
use crate::store::{changes, documents, people, vouchers};

/// Rows looked at for one message; most of them may be unreadable for this session.
const ROWS_MAX: usize = 1_024;

/// The rows after a place, in order; none when there are none.
pub async fn rows_after(
    app: &App,
    organisation: &Organisation,
    after: u64,
) -> Result<Vec<Arc<Entry>>, sqlx::Error> {
    if let Some(rows) = organisation.tail().after(after, ROWS_MAX) {
        return Ok(rows);
    }
    let mut tx = database::begin(&app.pool, organisation.id).await?;
    let limit = i64::try_from(ROWS_MAX).unwrap_or(i64::MAX);
    let logged = changes::after(&mut tx, organisation.id, after, limit).await?;
    let rows: Vec<Arc<Entry>> = logged
        .into_iter()
        .map(|row| {
            Arc::new(Entry {
                seq: row.seq,
                key: row.document.parse().ok(),
                chunk: row.chunk,
            })
        })
        .collect();
    organisation.tail().continue_with(&rows);
    Ok(rows)
}

/// The documents of an organisation, how far the log was before they were listed, and who reads after it.
pub struct Listing {
    pub head: u64,
    pub documents: Vec<ListedDocument>,
    pub reader: Reader,
}

pub async fn list(
    app: &App,
    org: OrgId,
    person: PersonId,
    device: DeviceId,
) -> Result<Listing, sqlx::Error> {
    let mut tx = database::begin(&app.pool, org).await?;
    // In this order: what is committed in between comes again with the log, and harms nobody.
    let head = changes::head(&mut tx, org).await?;
    let listed = documents::list(&mut tx, org).await?;
    let reader = reader(&mut tx, org, person, device).await?;
    let documents = listed
        .into_iter()
        .filter_map(|document| {
            let key: DocumentKey = document.key.parse().ok()?;
            Some(ListedDocument {
                key,
                id: DocumentId::of(org, &key),
                digest: heads_digest(&document.heads),
            })
        })
        .collect();
    Ok(Listing {
        head,
        documents,
        reader,
    })
}

/// What a person may read on a device.
pub async fn reader(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    device: DeviceId,
) -> Result<Reader, sqlx::Error> {
    let principal = people::principal(tx, org, person).await?;
    let leases = vouchers::leased_to(tx, org, person, device).await?;
    Ok(Reader {
        principal,
        leases: leases.into_iter().collect(),
        history: changes::history(tx, org).await?,
    })
}

/// Whether a change of this document may change what somebody may read.
pub const fn touches_rights(key: &DocumentKey) -> bool {
    matches!(key, DocumentKey::Staff | DocumentKey::Batches(_))
}
