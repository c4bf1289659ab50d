//! What an import compares a file with, and what it left behind.

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::batch;
use crdt_model::document::DocumentKey;
use crdt_model::fact::FactBody;
use crdt_model::ids::{BatchId, SiteId};
use crdt_model::replica::Replica;

use super::stock::package_name;
use crate::protocol::{KnownBlock, KnownCodes, UnfinishedView};

/// The codes of some blocks. Those of undone batches are free, and are left out.
pub(super) fn known_codes(replica: &Replica, after: u32, limit: u32) -> KnownCodes {
    let mut labels: BTreeMap<BatchId, &str> = BTreeMap::new();
    let mut undone: BTreeSet<(SiteId, BatchId)> = BTreeSet::new();
    for (document, sheet) in replica.sheets().iter() {
        let DocumentKey::Batches(site) = document else {
            continue;
        };
        undone.extend(batch::undone(sheet).into_iter().map(|batch| (*site, batch)));
        for (_, fact) in sheet.known_facts() {
            if let FactBody::Batch(made) = &fact.body {
                labels.insert(made.batch, &made.label);
            }
        }
    }
    let mut blocks = replica
        .sheets()
        .iter()
        .filter_map(|(document, sheet)| match document {
            DocumentKey::Block { site, .. } => Some((*site, sheet)),
            _ => None,
        })
        .skip(after as usize);
    let found = blocks
        .by_ref()
        .take(limit as usize)
        .flat_map(|(site, sheet)| sheet.known_facts().map(move |(_, fact)| (site, fact)))
        .filter_map(|(site, fact)| match &fact.body {
            FactBody::Codes(codes) if !undone.contains(&(site, codes.batch)) => Some(KnownBlock {
                batch: labels
                    .get(&codes.batch)
                    .copied()
                    .unwrap_or_default()
                    .to_owned(),
                packed: codes.packed.clone(),
            }),
            _ => None,
        })
        .collect();
    KnownCodes {
        blocks: found,
        next: blocks.next().map(|_| after.saturating_add(limit)),
    }
}

pub(super) fn unfinished(replica: &Replica, site: SiteId) -> Vec<UnfinishedView> {
    let me = replica.me().person;
    batch::unfinished(replica.sheets(), site)
        .into_iter()
        .map(|(batch, found)| UnfinishedView {
            batch,
            package_name: package_name(replica, found.package),
            vouchers: found.blocks.iter().map(|(_, count)| *count).sum(),
            at: found.at,
            is_mine: found.by == me,
        })
        .collect()
}

/// When another tool made each batch.
pub(super) fn made_on(
    replica: &Replica,
    site: SiteId,
) -> BTreeMap<BatchId, crdt_model::time::Timestamp> {
    replica
        .sheets()
        .get(&DocumentKey::Batches(site))
        .known_facts()
        .filter_map(|(_, fact)| match &fact.body {
            FactBody::Batch(made) => Some((made.batch, made.made_on?)),
            _ => None,
        })
        .collect()
}
