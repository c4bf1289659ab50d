//! Where a block and a batch lie: at the site where their codes were accepted first. Ids are made up by devices, and much
//! is known by a block's id alone: at a second site they would open, or spoil, what lies at the first.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use super::{AdmitError, Need, OrgState};
use crate::admission::{Malformed, Objection};
use crate::command::BLOCKS_PER_BATCH_MAX;
use crate::document::DocumentKey;
use crate::fact::{BatchMade, Fact, FactBody};
use crate::ids::{BatchId, BlockId, SiteId};

const MISPLACED: Objection = Objection::Malformed(Malformed::WrongDocument);

impl OrgState {
    /// The site of a block, as far as its codes are here.
    pub(super) fn site_of(&self, block: BlockId) -> Result<Option<SiteId>, AdmitError> {
        let known = self.site_of.get(&block);
        known
            .copied()
            .ok_or(AdmitError::Missing(Need::SiteOf(block)))
    }

    /// A block that lies at another site. One that is not here may be on its way back after a restore.
    pub(super) fn misplaced(
        &self,
        site: SiteId,
        block: BlockId,
    ) -> Result<Option<Objection>, AdmitError> {
        let at = self.site_of(block)?;
        Ok(at.is_some_and(|at| at != site).then_some(MISPLACED))
    }

    /// Codes, or a name for a batch, where the batch does not lie.
    pub(super) fn misplaced_batch(
        &self,
        site: SiteId,
        batch: BatchId,
    ) -> Result<Option<Objection>, AdmitError> {
        let known = self.blocks_of.get(&batch);
        let known = known
            .filter(|known| known.is_complete)
            .ok_or(AdmitError::Missing(Need::BlocksOf(batch)))?;
        let is_here = known.blocks.iter().any(|(at, _)| *at == site);
        Ok((!is_here && !known.blocks.is_empty()).then_some(MISPLACED))
    }

    /// A batch names its own blocks, and those that are not here.
    pub(super) fn false_batch(
        &self,
        site: SiteId,
        made: &BatchMade,
    ) -> Result<Option<Objection>, AdmitError> {
        let objection = self.misplaced_batch(site, made.batch)?;
        if objection.is_some() {
            return Ok(objection);
        }
        for named in made.blocks.iter().take(BLOCKS_PER_BATCH_MAX) {
            if !self.is_of_batch(made.batch, site, named.block)
                && self.site_of(named.block)?.is_some()
            {
                return Ok(Some(MISPLACED));
            }
        }
        Ok(None)
    }

    /// Are the codes of this block known to be of the batch, at this site?
    pub(super) fn is_of_batch(&self, batch: BatchId, site: SiteId, block: BlockId) -> bool {
        let known = self.blocks_of.get(&batch);
        known.is_some_and(|known| known.blocks.contains(&(site, block)))
    }
}

/// Does what is stated at once place each block and each batch at one site? None of it is here yet to be asked.
pub(super) fn agree<F: Borrow<Fact>>(facts: impl Iterator<Item = (DocumentKey, F)>) -> bool {
    let mut blocks: BTreeMap<BlockId, SiteId> = BTreeMap::new();
    let mut batches: BTreeMap<BatchId, SiteId> = BTreeMap::new();
    for (document, fact) in facts {
        let (site, batch, named) = match (&fact.borrow().body, document) {
            (FactBody::Codes(codes), DocumentKey::Block { site, block }) => {
                (site, codes.batch, vec![block])
            }
            (FactBody::Batch(made), DocumentKey::Batches(site)) => {
                let named = made.blocks.iter().map(|named| named.block);
                (site, made.batch, named.collect())
            }
            _ => continue,
        };
        let is_here = |at: &mut SiteId| *at == site;
        let is_one = is_here(batches.entry(batch).or_insert(site));
        let mut named = named.into_iter();
        if !is_one || !named.all(|block| is_here(blocks.entry(block).or_insert(site))) {
            return false;
        }
    }
    true
}
