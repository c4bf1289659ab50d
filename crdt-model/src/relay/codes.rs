//! Verdicts on codes: one that exists elsewhere is void.

use super::{AdmitError, Need, OrgState, Outcome};
use crate::document::DocumentKey;
use crate::fact::{Codes, Verdict, VoucherRef};
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
            return Ok(());
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
        )
    }
}
