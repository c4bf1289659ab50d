//! What a fact claims, held against what the relay knows.

use super::batches::codes_of;
use super::{AdmitError, Need, OrgState};
use crate::admission::{Malformed, Objection};
use crate::capability::Capability;
use crate::document::DocumentKey;
use crate::fact::{Fact, FactBody, LeaseAsked, RecallAsked, Replacement, VoucherRef};
use crate::ids::{IntentId, PersonId, SiteId};

impl OrgState {
    /// Does a fact claim what the relay knows to be false? No honest device can: blocks and prices come from here.
    /// A block of which the relay knows nothing was lost in a restore: that is for people to decide.
    pub(super) fn false_claim(
        &self,
        document: &DocumentKey,
        intent: IntentId,
        fact: &Fact,
    ) -> Result<Option<Objection>, AdmitError> {
        match (document, &fact.body) {
            (DocumentKey::Block { site, block }, FactBody::Codes(codes)) => {
                let objection = self.misplaced(*site, *block)?;
                return match objection {
                    None => self.misplaced_batch(*site, codes.batch),
                    objection => Ok(objection),
                };
            }
            (DocumentKey::Batches(site), FactBody::Batch(made)) => {
                return self.false_batch(*site, made);
            }
            _ => {}
        }
        if let (
            DocumentKey::Batches(site),
            FactBody::LeaseAsked(LeaseAsked { block, .. })
            | FactBody::RecallAsked(RecallAsked { block, .. }),
        ) = (document, &fact.body)
        {
            // A block is leased where its batch is, or its codes could be read from another site.
            let is_of_site = self.get(document)?.sheet().known_facts().any(|(_, fact)| {
                matches!(&fact.body, FactBody::Batch(made)
                    if made.blocks.iter().any(|made| made.block == *block))
            });
            if !is_of_site {
                return Ok(Some(Objection::NotAllowed(Capability::VouchersLease)));
            }
            return self.misplaced(*site, *block);
        }
        let DocumentKey::Till { site, .. } = document else {
            return Ok(None);
        };
        if let FactBody::HandOverGiven(given) = &fact.body {
            let objection = self.misplaced(*site, given.block)?;
            return match objection {
                None => self.false_hand_over(*site, given),
                objection => Ok(objection),
            };
        }
        if !matches!(fact.body, FactBody::Sale(_) | FactBody::Replacement(_)) {
            return Ok(None);
        }
        match self.intents.get(&intent) {
            None => return Err(AdmitError::Missing(Need::Intent(intent))),
            Some(Some(till)) if till != document => {
                return Ok(Some(Objection::Malformed(Malformed::FactNotOfItsIntent)));
            }
            Some(_) => {}
        }
        let priced: Vec<(
            VoucherRef,
            Option<crate::money::Money>,
            crate::ids::PackageId,
        )> = match &fact.body {
            FactBody::Sale(sale) => sale
                .lines
                .iter()
                .map(|line| (line.voucher, Some(line.price), line.package))
                .collect(),
            FactBody::Replacement(replacement) => {
                vec![(replacement.voucher, None, replacement.package)]
            }
            _ => return Ok(None),
        };
        for (voucher, price, package) in priced {
            let block = self.get(&DocumentKey::Block {
                site: *site,
                block: voucher.block,
            })?;
            let codes = codes_of(block.sheet()).zip(block.vouchers());
            let Some((codes, count)) = codes else {
                // Lost in a restore, or another site's.
                let lost = Objection::NotAllowed(Capability::Sell);
                return Ok(Some(self.misplaced(*site, voucher.block)?.unwrap_or(lost)));
            };
            if voucher.index >= count || codes.package != package {
                return Ok(Some(Objection::Malformed(Malformed::UnknownVoucher)));
            }
            if price.is_some_and(|price| price != codes.price) {
                return Ok(Some(Objection::Malformed(Malformed::WrongPrice)));
            }
        }
        if let FactBody::Replacement(replacement) = &fact.body
            && !(self.is_due(intent, fact.by, replacement)?
                && self.is_in_kind(*site, replacement)?)
        {
            return Ok(Some(Objection::NotAllowed(Capability::Sell)));
        }
        Ok(None)
    }

    /// Is the new voucher of the package and the price of the one that it replaces?
    fn is_in_kind(&self, site: SiteId, replacement: &Replacement) -> Result<bool, AdmitError> {
        let codes = |voucher: VoucherRef| {
            let block = voucher.block;
            let block = self.get(&DocumentKey::Block { site, block })?;
            Ok(codes_of(block.sheet()))
        };
        let given = codes(replacement.voucher)?.zip(codes(replacement.replaces)?);
        Ok(given.is_some_and(|(new, old)| new.package == old.package && new.price == old.price))
    }

    /// Did a verdict take the voucher of this person's sale away, and has its client no new code yet, from whichever till?
    fn is_due(
        &self,
        intent: IntentId,
        person: PersonId,
        replacement: &Replacement,
    ) -> Result<bool, AdmitError> {
        let block = replacement.replaces.block;
        let sold = self
            .sold
            .get(&block)
            .ok_or(AdmitError::Missing(Need::Sold(block)))?;
        let sales = sold
            .get(&replacement.replaces.index)
            .map_or(&[][..], Vec::as_slice);
        let contradicted = sales
            .iter()
            .skip(1)
            .any(|sale| sale.sale == replacement.sale && sale.person == person);
        Ok(contradicted && !self.is_given(intent, replacement)?)
    }

    /// Has the client of a lost voucher a new code by another tap already, from whichever till?
    pub(super) fn is_given(
        &self,
        intent: IntentId,
        replacement: &Replacement,
    ) -> Result<bool, AdmitError> {
        let sale = replacement.sale;
        let known = self.replaced.get(&sale).filter(|known| known.is_complete);
        let known = known.ok_or(AdmitError::Missing(Need::Replaced(sale)))?;
        let mut given = known.by.iter();
        Ok(given.any(|(by, voucher)| *by != intent && *voucher == replacement.replaces))
    }
}
