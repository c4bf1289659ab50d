//! Verdicts on codes: one that exists elsewhere is void.

use std::collections::BTreeSet;

use super::{AdmitError, Need, OrgState, Outcome};
use crate::document::{DocumentKey, Sheet};
use crate::fact::{Codes, FactBody, Verdict, VoucherRef};
use crate::ids::{BlockId, SiteId};
use crate::time::Timestamp;
use crate::voucher;

impl OrgState {
    /// Imported codes are unique in the organisation; those that exist elsewhere are void here.
    pub(super) fn judge_codes(
        &mut self,
        site: SiteId,
        block: BlockId,
        Codes { batch, packed, .. }: &Codes,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let batch = *batch;
        let known = self.blocks_of.entry(batch).or_default();
        known.blocks.insert((site, block));
        self.site_of.insert(block, Some(site));
        // It comes after its batch was undone: void from the beginning, and its codes stay free.
        if self
            .get(&DocumentKey::Batches(site))?
            .undone()
            .contains(&batch)
        {
            self.freed.insert(block);
            return self.judge_sold_before(site, block, now, outcome);
        }
        let mut duplicates = Vec::new();
        for (index, code) in voucher::unpack(packed)
            .unwrap_or_default()
            .into_iter()
            .enumerate()
        {
            let here = VoucherRef {
                block,
                index: u32::try_from(index).unwrap_or(u32::MAX),
            };
            match self.codes.get(&code.username) {
                None => return Err(AdmitError::Missing(Need::Codes(vec![code.username]))),
                Some(Some(_)) => duplicates.push(here.index),
                Some(None) => {
                    self.codes.insert(code.username, Some(here));
                }
            }
        }
        if duplicates.is_empty() {
            return Ok(());
        }
        let verdict = Verdict::DuplicateCodes {
            block,
            indexes: duplicates,
        };
        let document = DocumentKey::VerdictBlock { site, block };
        self.pronounce(
            &[document],
            &[b"codes", block.as_bytes()],
            verdict,
            now,
            outcome,
        )?;
        self.judge_sold_before(site, block, now, outcome)
    }

    /// A restored relay may hear of a sale, accepted or held, before it has the block again.
    fn judge_sold_before(
        &mut self,
        site: SiteId,
        block: BlockId,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let sold = self
            .sold
            .get(&block)
            .ok_or(AdmitError::Missing(Need::Sold(block)))?;
        let document = DocumentKey::VerdictBlock { site, block };
        let mut indexes = handed_out(self.get(&document)?.sheet());
        indexes.extend(sold.keys());
        if indexes.is_empty() {
            return Ok(());
        }
        let verdict = Verdict::SoldElsewhere {
            block,
            indexes: indexes.iter().copied().collect(),
        };
        let parts: [&[u8]; 2] = [b"before its codes", block.as_bytes()];
        self.pronounce(&[document], &parts, verdict, now, outcome)?;
        for index in indexes {
            self.judge_sold_void(site, VoucherRef { block, index }, now, outcome)?;
        }
        Ok(())
    }
}

/// The vouchers of a block that its verdicts say are in people's hands.
pub(super) fn handed_out(verdicts: &Sheet) -> BTreeSet<u32> {
    verdicts
        .known_facts()
        .filter_map(|(_, fact)| match &fact.body {
            FactBody::Verdict(Verdict::SoldElsewhere { indexes, .. }) => Some(indexes),
            _ => None,
        })
        .flatten()
        .copied()
        .collect()
}
