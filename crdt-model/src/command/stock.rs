//! Who holds a block: lease and forced recall.

use super::{Executed, Execution, Refusal, check_reason};
use crate::capability::Capability;
use crate::document::DocumentKey;
use crate::fact::{FactBody, LeaseAsked, RecallAsked};
use crate::ids::{BlockId, PersonId, SiteId};
use crate::voucher::Block;

impl Execution<'_> {
    pub(super) fn lease_block(&self, site: SiteId, block: BlockId, to: PersonId) -> Executed {
        self.may_at(Capability::VouchersLease, site)?;
        self.known_person(to)?;
        let lease = self.block_of_site(site, block)?.lease;
        if lease.is_some_and(|lease| lease.person.is_some()) {
            return Err(Refusal::BlockIsLeased);
        }
        let body = FactBody::LeaseAsked(LeaseAsked { block, to });
        Ok(vec![self.fact(DocumentKey::Batches(site), body)])
    }

    pub(super) fn recall_block(
        &self,
        site: SiteId,
        block: BlockId,
        to: Option<PersonId>,
        reason: &str,
    ) -> Executed {
        self.may_at(Capability::VouchersLease, site)?;
        if let Some(to) = to {
            self.known_person(to)?;
        }
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Refusal::ReasonNeeded);
        }
        check_reason(reason)?;
        self.block_of_site(site, block)?;
        let body = FactBody::RecallAsked(RecallAsked {
            block,
            to,
            reason: reason.into(),
        });
        Ok(vec![self.fact(DocumentKey::Batches(site), body)])
    }

    fn block_of_site(&self, site: SiteId, block: BlockId) -> Result<Block, Refusal> {
        (self.stock)()
            .blocks
            .get(&block)
            // Of a batch that was never finished, or was undone, nothing is leased.
            .filter(|block| block.site == site && block.label.is_some() && !block.is_undone)
            .cloned()
            .ok_or(Refusal::NoSuchBlock)
    }
}
