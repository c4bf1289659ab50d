//! What an import compares a file with, and what it left behind.

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::batch;
use crdt_model::document::DocumentKey;
use crdt_model::fact::FactBody;
use crdt_model::ids::{BatchId, SiteId};
use crdt_model::replica::Replica;

use super::stock::package_name;
use crate::i18n::Words;
use crate::protocol::{Failure, ImportEnd, ImportSaved, KnownBlock, KnownCodes, UnfinishedView};

/// What an import came to, line by line: no more than was made, and no less. `why` says why it failed.
pub fn outcome(
    words: Words,
    saved: &ImportSaved,
    why: impl FnOnce(&Failure) -> String,
) -> Vec<String> {
    let mut lines = Vec::new();
    match &saved.ended {
        ImportEnd::Done => {
            let vouchers = saved.batches.iter().map(|batch| u64::from(batch.vouchers));
            return vec![words.import_done(vouchers.sum::<u64>())];
        }
        ImportEnd::Stopped => lines.push(words.import_stopped().to_owned()),
        ImportEnd::Failed {
            failure,
            is_discarded,
        } => {
            lines.push(why(failure));
            let made = saved.batches.len();
            if made > 0 {
                lines.push(words.import_partly(&saved.planned.to_string(), &made.to_string()));
            }
            let rest = match (made, is_discarded) {
                (0, true) => words.import_discarded(),
                (0, false) => words.import_not_discarded(),
                (_, true) => words.import_rest_discarded(),
                (_, false) => words.import_rest_not_discarded(),
            };
            lines.push(rest.to_owned());
        }
    }
    if !saved.packages.is_empty() {
        lines.push(words.import_packages_stay(&saved.packages.join(", ")));
    }
    lines
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;
    use crate::protocol::MadeBatch;

    fn told(made: usize, packages: &[&str], ended: ImportEnd) -> String {
        let batch = MadeBatch {
            batch: BatchId::from_bytes([1; 16]),
            label: "W".into(),
            vouchers: 7,
        };
        let saved = ImportSaved {
            site: SiteId::from_bytes([2; 16]),
            batches: vec![batch; made],
            planned: 5,
            packages: packages.iter().map(|name| (*name).to_owned()).collect(),
            ended,
            took_millis: 0,
            longest_slice_millis: 0,
        };
        outcome(Words(Lang::En), &saved, |_| "It failed.".into()).join(" ")
    }

    const fn failed(is_discarded: bool) -> ImportEnd {
        ImportEnd::Failed {
            failure: Failure::NotSaved,
            is_discarded,
        }
    }

    #[test]
    fn what_was_made_is_not_said_to_be_nothing() {
        assert_eq!(told(5, &["SIKU"], ImportEnd::Done), "35 vouchers imported");
        assert_eq!(
            told(0, &[], ImportEnd::Stopped),
            "The import was stopped. No voucher was imported."
        );
        assert_eq!(
            told(0, &["SIKU", "WIKI"], ImportEnd::Stopped),
            "The import was stopped. No voucher was imported. The new packages stay: SIKU, WIKI"
        );
        assert_eq!(
            told(0, &[], failed(true)),
            "It failed. No voucher was imported: what had been written is discarded."
        );
        assert_eq!(
            told(2, &["SIKU"], failed(true)),
            "It failed. 2 of 5 batches were made and stay. The rest is discarded. The new packages stay: SIKU"
        );
        for made in [0, 2] {
            let told = told(made, &[], failed(false));
            assert_eq!(told.contains("2 of 5"), made == 2, "{told}");
            assert!(
                told.contains("finish or discard it under Vouchers"),
                "{told}"
            );
            assert!(!told.contains("No voucher"), "{told}");
        }
    }
}
