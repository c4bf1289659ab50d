//! Batches: vouchers made or imported together.

use super::{
    BLOCKS_PER_COMMAND_MAX, CODES_BYTES_PER_COMMAND_MAX, Executed, Execution, NewBlock, Refusal,
    check_name,
};
use crate::capability::Capability;
use crate::document::DocumentKey;
use crate::fact::{BatchMade, BlockMade, Codes, FactBody};
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
        self.may_at(Capability::VouchersCreate, site)?;
        check_name(label)?;
        price.check_amount().map_err(|_| Refusal::Price)?;
        if package::package(self.sheets.get(&DocumentKey::Catalog), package).is_none() {
            return Err(Refusal::NoSuchPackage);
        }
        if blocks.is_empty() {
            return Err(CodesError::Count.into());
        }
        let mut bytes = 0;
        let mut writes = Vec::with_capacity(blocks.len() + 1);
        let mut made = Vec::with_capacity(blocks.len());
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
            made.push(BlockMade {
                block: *block,
                count: u32::try_from(codes.len()).unwrap_or(u32::MAX),
            });
        }
        // Written last: the batch exists once this is there.
        let body = FactBody::Batch(BatchMade {
            batch,
            label: label.trim().into(),
            package,
            price,
            blocks: made,
        });
        writes.push(self.fact(DocumentKey::Batches(site), body));
        Ok(writes)
    }
}
