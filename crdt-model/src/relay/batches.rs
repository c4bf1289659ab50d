//! Undone batches: whether an undo came in time, and what is void and free from then on.

use std::collections::BTreeSet;

use super::{AdmitError, Need, OrgState, Outcome};
use crate::batch::undos;
use crate::document::{DocumentKey, Sheet};
use crate::fact::{Codes, FactBody, KeptReason, Verdict, VoucherRef};
use crate::ids::{BatchId, BlockId, IntentId, SiteId};
use crate::time::Timestamp;
use crate::voucher;

impl OrgState {
    /// Decides about an undo, which is in the document already. It has an effect only if nobody holds a block of the
    /// batch and nothing of it is sold or was handed out; otherwise all of it stays.
    pub(super) fn judge_undo(
        &mut self,
        site: SiteId,
        batch: BatchId,
        undo: IntentId,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let batches = self.get(&DocumentKey::Batches(site))?.sheet();
        let mut others = undos(batches).into_iter().filter(|(id, _)| *id != undo);
        if others.any(|(_, undone)| undone == batch) {
            return Ok(());
        }
        let known = self
            .blocks_of
            .get(&batch)
            .filter(|known| known.is_complete)
            .ok_or(AdmitError::Missing(Need::BlocksOf(batch)))?;
        let blocks: Vec<BlockId> = known
            .blocks
            .iter()
            .filter(|(at, _)| *at == site)
            .map(|(_, block)| *block)
            .collect();
        let leases = self.get(&DocumentKey::Batches(site))?.leases();
        let mut reason = None;
        for block in &blocks {
            let sold = self
                .sold
                .get(block)
                .ok_or(AdmitError::Missing(Need::Sold(*block)))?;
            if leases
                .get(block)
                .is_some_and(|lease| lease.person.is_some())
            {
                reason = Some(KeptReason::Leased);
                break;
            }
            if !sold.is_empty() || self.is_any_handed_out(site, *block)? {
                reason = Some(KeptReason::Sold);
            }
        }
        if let Some(reason) = reason {
            let verdict = Verdict::BatchKept {
                batch,
                undo,
                reason,
            };
            let document = DocumentKey::Batches(site);
            return self.pronounce(
                &[document],
                &[b"kept", undo.as_bytes()],
                verdict,
                now,
                outcome,
            );
        }
        self.freed.extend(&blocks);
        let mut codes = std::mem::take(&mut self.codes);
        for place in codes.values_mut() {
            *place = place.filter(|voucher| !self.is_free_again(*voucher));
        }
        self.codes = codes;
        Ok(())
    }

    /// Did somebody hand out vouchers of this block, in a sale that is held or from another's hands?
    fn is_any_handed_out(&self, site: SiteId, block: BlockId) -> Result<bool, AdmitError> {
        let told = self
            .get(&DocumentKey::VerdictBlock { site, block })?
            .sheet();
        Ok(told.known_facts().any(|(_, fact)| {
            matches!(&fact.body, FactBody::Verdict(Verdict::SoldElsewhere { .. }))
        }))
    }

    /// Is this one of an undone batch, and was not sold or handed out all the same?
    pub(super) fn is_free_again(&self, voucher: VoucherRef) -> bool {
        let sold = self.sold.get(&voucher.block);
        let is_sold = sold.and_then(|sold| sold.get(&voucher.index));
        self.freed.contains(&voucher.block)
            && is_sold.is_none_or(Vec::is_empty)
            && !self.handed_out.contains(&voucher)
    }

    /// Was the batch of this block undone? A block of which nothing is here was not.
    pub(super) fn is_undone(&self, site: SiteId, block: BlockId) -> Result<bool, AdmitError> {
        let batches = self.get(&DocumentKey::Batches(site))?;
        let undone = batches.undone();
        if undone.is_empty() {
            return Ok(false);
        }
        let of_undone = batches.sheet().known_facts().any(|(_, fact)| {
            matches!(&fact.body, FactBody::Batch(made)
                if undone.contains(&made.batch) && made.blocks.iter().any(|made| made.block == block))
        });
        Ok(of_undone)
    }

    /// A void voucher was handed out all the same (its batch was undone, or a restored relay heard of another with its
    /// code first): its code is in use, and where it is for sale elsewhere it must not be sold once more.
    pub(super) fn judge_sold_void(
        &mut self,
        site: SiteId,
        voucher: VoucherRef,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let block = voucher.block;
        let undone = self.get(&DocumentKey::Batches(site))?.undone();
        let codes = self.get(&DocumentKey::Block { site, block })?.sheet();
        let verdicts = self
            .get(&DocumentKey::VerdictBlock { site, block })?
            .sheet();
        let Some(username) = void_code(undone, codes, verdicts, voucher.index) else {
            return Ok(());
        };
        self.handed_out.insert(voucher);
        let owner = *self
            .codes
            .get(&username)
            .ok_or_else(|| AdmitError::Missing(Need::Codes(vec![username.clone()])))?;
        let Some(owner) = owner else {
            self.codes.insert(username, Some(voucher));
            self.site_of.insert(voucher.block, Some(site));
            return Ok(());
        };
        if owner == voucher {
            return Ok(());
        }
        let at = self
            .site_of
            .get(&owner.block)
            .ok_or(AdmitError::Missing(Need::SiteOf(owner.block)))?;
        let Some(at) = *at else { return Ok(()) };
        // Here it is in use from now on, whatever becomes of the other's batch.
        self.codes.insert(username, Some(voucher));
        self.site_of.insert(voucher.block, Some(site));
        let verdict = Verdict::SoldElsewhere {
            block: owner.block,
            indexes: vec![owner.index],
        };
        let document = DocumentKey::VerdictBlock {
            site: at,
            block: owner.block,
        };
        let parts: [&[u8]; 3] = [
            b"undone",
            owner.block.as_bytes(),
            &owner.index.to_be_bytes(),
        ];
        self.pronounce(&[document], &parts, verdict, now, outcome)
    }
}

/// The user name of a voucher that is void: its batch was undone, or its code existed before.
pub(super) fn void_code(
    undone: &BTreeSet<BatchId>,
    block: &Sheet,
    verdicts: &Sheet,
    index: u32,
) -> Option<String> {
    let codes = codes_of(block)?;
    let is_duplicate = || {
        verdicts.known_facts().any(|(_, fact)| {
            matches!(&fact.body, FactBody::Verdict(Verdict::DuplicateCodes { indexes, .. })
                if indexes.contains(&index))
        })
    };
    if !undone.contains(&codes.batch) && !is_duplicate() {
        return None;
    }
    let code = voucher::unpack(&codes.packed).ok()?;
    Some(code.into_iter().nth(index as usize)?.username)
}

pub(super) fn codes_of(block: &Sheet) -> Option<&Codes> {
    block.known_facts().find_map(|(_, fact)| match &fact.body {
        FactBody::Codes(codes) => Some(codes),
        _ => None,
    })
}
