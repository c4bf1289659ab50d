//! Batches: vouchers made or imported together. Which were undone, which were never finished.
//!
//! A batch exists once its fact is there, written after all its blocks. One that was made by mistake is undone by a
//! second fact: its vouchers are void and its codes free again, unless the relay found that the undo came too late.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::document::{DocumentKey, Sheet};
use crate::fact::{FactBody, KeptReason, Verdict};
use crate::ids::{BatchId, BlockId, IntentId, PackageId, PersonId, SiteId};
use crate::money::Money;
use crate::sheets::Sheets;
use crate::time::Timestamp;
use crate::voucher::{Stock, VoucherState};

/// Why a batch cannot be undone, finished or discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum BatchError {
    #[error("this batch is not known here")]
    NoSuchBatch,
    #[error("the batch was undone before")]
    Undone,
    #[error("somebody holds a block of the batch; it must be returned or recalled first")]
    Leased,
    #[error("a voucher of the batch was sold")]
    Sold,
    #[error("a block of the batch is not here, or says something else")]
    BlockMissing,
}

/// The undos that the relay found too late, and why.
fn kept(batches: &Sheet) -> BTreeMap<IntentId, (BatchId, KeptReason)> {
    batches
        .known_facts()
        .filter_map(|(_, fact)| match &fact.body {
            FactBody::Verdict(Verdict::BatchKept {
                batch,
                undo,
                reason,
            }) => Some((*undo, (*batch, *reason))),
            _ => None,
        })
        .collect()
}

/// The undos that have an effect, with what they undo.
pub fn undos(batches: &Sheet) -> BTreeMap<IntentId, BatchId> {
    let mut undos: BTreeMap<IntentId, BatchId> = batches
        .known_facts()
        .filter_map(|(key, fact)| match &fact.body {
            FactBody::BatchUndone(undone) => Some((key.parse().ok()?, undone.batch)),
            _ => None,
        })
        .collect();
    // Most sites have none, and this is asked for every fold.
    if !undos.is_empty() {
        let kept = kept(batches);
        undos.retain(|undo, _| !kept.contains_key(undo));
    }
    undos
}

/// The batches of a site that were undone, by its batches document.
pub fn undone(batches: &Sheet) -> BTreeSet<BatchId> {
    undos(batches).into_values().collect()
}

/// The batches that an undo reached too late, and why.
pub fn kept_after_undo(batches: &Sheet) -> BTreeMap<BatchId, KeptReason> {
    kept(batches).into_values().collect()
}

/// May this batch be undone, as far as is known here?
pub fn check_undo(stock: &Stock, site: SiteId, batch: BatchId) -> Result<(), BatchError> {
    let mut blocks = stock
        .blocks
        .values()
        .filter(|block| block.site == site && block.batch == batch)
        .peekable();
    if blocks.peek().is_none() {
        return Err(BatchError::NoSuchBatch);
    }
    for block in blocks {
        if block.is_undone {
            return Err(BatchError::Undone);
        }
        let lease = block.lease.as_ref();
        if lease.is_some_and(|lease| lease.person.is_some()) {
            return Err(BatchError::Leased);
        }
    }
    let is_sold = stock.histories.iter().any(|(voucher, history)| {
        let block = stock.blocks.get(&voucher.block);
        block.is_some_and(|block| block.site == site && block.batch == batch)
            && matches!(
                history.state(),
                VoucherState::Sold | VoucherState::DoubleSold
            )
    });
    if is_sold {
        return Err(BatchError::Sold);
    }
    Ok(())
}

/// Blocks whose batch was never finished: an import was cut short. Nothing of it can be sold or leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub site: SiteId,
    pub package: PackageId,
    pub price: Money,
    /// Who wrote it.
    pub by: PersonId,
    pub at: Timestamp,
    pub blocks: Vec<(BlockId, u32)>,
}

/// The unfinished batches of a site, as far as their blocks are here.
pub fn unfinished(sheets: &Sheets, site: SiteId) -> BTreeMap<BatchId, Unfinished> {
    let batches = sheets.get(&DocumentKey::Batches(site));
    let mut found: BTreeMap<BatchId, Unfinished> = BTreeMap::new();
    let mut known = undone(batches);
    known.extend(
        batches
            .known_facts()
            .filter_map(|(_, fact)| match &fact.body {
                FactBody::Batch(made) => Some(made.batch),
                _ => None,
            }),
    );
    for (document, _, fact) in sheets.facts() {
        let (DocumentKey::Block { site: at, block }, FactBody::Codes(codes)) =
            (document, &fact.body)
        else {
            continue;
        };
        if *at != site || known.contains(&codes.batch) {
            continue;
        }
        let entry = found.entry(codes.batch).or_insert_with(|| Unfinished {
            site,
            package: codes.package,
            price: codes.price,
            by: fact.by,
            at: fact.at,
            blocks: Vec::new(),
        });
        entry.at = entry.at.max(fact.at);
        entry.blocks.push((*block, codes.count()));
    }
    found
}
