//! Batches: vouchers made or imported together, in one go or in parts, and undone.

use super::{
    BLOCKS_PER_BATCH_MAX, BLOCKS_PER_COMMAND_MAX, CODES_BYTES_PER_COMMAND_MAX, DocumentWrite,
    Executed, Execution, NewBlock, Refusal, check_name,
};
use crate::batch::{self, BatchError};
use crate::capability::Capability;
use crate::document::DocumentKey;
use crate::fact::{BatchMade, BatchUndone, BlockMade, Codes, FactBody};
use crate::ids::{BatchId, PackageId, SiteId};
use crate::money::Money;
use crate::package;
use crate::voucher::{self, CodesError};

impl Execution<'_> {
    pub(super) fn make_batch(
        &self,
        site: SiteId,
        batch: BatchId,
        label: &str,
        package: PackageId,
        price: Money,
        blocks: &[NewBlock],
    ) -> Executed {
        check_name(label)?;
        let mut writes = self.add_blocks(site, batch, package, price, blocks)?;
        // Written last: the batch exists once this is there.
        let body = FactBody::Batch(BatchMade {
            batch,
            label: label.trim().into(),
            package,
            price,
            blocks: blocks.iter().map(made).collect(),
            made_on: None,
        });
        writes.push(self.fact(DocumentKey::Batches(site), body));
        Ok(writes)
    }

    /// Blocks of a batch that does not exist yet.
    pub(super) fn add_blocks(
        &self,
        site: SiteId,
        batch: BatchId,
        package: PackageId,
        price: Money,
        blocks: &[NewBlock],
    ) -> Executed {
        self.may_at(Capability::VouchersCreate, site)?;
        price.check_amount().map_err(|_| Refusal::Price)?;
        if package::package(self.sheets.get(&DocumentKey::Catalog), package).is_none() {
            return Err(Refusal::NoSuchPackage);
        }
        if self.is_undone(site, batch) {
            return Err(BatchError::Undone.into());
        }
        if blocks.is_empty() {
            return Err(CodesError::Count.into());
        }
        let mut bytes = 0;
        let mut writes: Vec<DocumentWrite> = Vec::with_capacity(blocks.len() + 1);
        for NewBlock { block, codes } in blocks {
            let packed = voucher::pack(codes)?;
            bytes += packed.len();
            if writes.len() == BLOCKS_PER_COMMAND_MAX || bytes > CODES_BYTES_PER_COMMAND_MAX {
                return Err(Refusal::TooManyBlocks);
            }
            let document = DocumentKey::Block {
                site,
                block: *block,
            };
            let codes_fact = Codes {
                batch,
                package,
                price,
                packed,
            };
            writes.push(self.fact(document, FactBody::Codes(codes_fact)));
        }
        Ok(writes)
    }

    /// The batch exists from now on: every block it names is here, as it says.
    pub(super) fn complete_batch(&self, site: SiteId, batch: BatchMade) -> Executed {
        self.may_at(Capability::VouchersCreate, site)?;
        check_name(&batch.label)?;
        if batch.blocks.is_empty() {
            return Err(CodesError::Count.into());
        }
        if batch.blocks.len() > BLOCKS_PER_BATCH_MAX {
            return Err(Refusal::TooManyBlocks);
        }
        if self.is_undone(site, batch.batch) {
            return Err(BatchError::Undone.into());
        }
        let is_made =
            |fact: &FactBody| matches!(fact, FactBody::Batch(made) if made.batch == batch.batch);
        let batches = self.sheets.get(&DocumentKey::Batches(site));
        if batches.known_facts().any(|(_, fact)| is_made(&fact.body)) {
            return Err(BatchError::NoSuchBatch.into());
        }
        for BlockMade { block, count } in &batch.blocks {
            let document = DocumentKey::Block {
                site,
                block: *block,
            };
            let is_part = |fact: &FactBody| {
                matches!(fact, FactBody::Codes(codes)
                    if codes.batch == batch.batch
                        && codes.package == batch.package
                        && codes.price == batch.price
                        && codes.packed.split('\n').count() == *count as usize)
            };
            let mut facts = self.sheets.get(&document).known_facts();
            if !facts.any(|(_, fact)| is_part(&fact.body)) {
                return Err(BatchError::BlockMissing.into());
            }
        }
        Ok(vec![
            self.fact(DocumentKey::Batches(site), FactBody::Batch(batch)),
        ])
    }

    pub(super) fn undo_batch(&self, site: SiteId, batch: BatchId) -> Executed {
        self.may_at(Capability::VouchersCreate, site)?;
        batch::check_undo(&(self.stock)(), site, batch)?;
        let body = FactBody::BatchUndone(BatchUndone { batch });
        Ok(vec![self.fact(DocumentKey::Batches(site), body)])
    }

    fn is_undone(&self, site: SiteId, batch: BatchId) -> bool {
        batch::undone(self.sheets.get(&DocumentKey::Batches(site))).contains(&batch)
    }
}

fn made(block: &NewBlock) -> BlockMade {
    BlockMade {
        block: block.block,
        count: u32::try_from(block.codes.len()).unwrap_or(u32::MAX),
    }
}
