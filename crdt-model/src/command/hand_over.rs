//! Handing a block over: the giver's word, the taker's, and taking it back.

use super::{Executed, Execution, Refusal};
use crate::capability::Capability;
use crate::document::DocumentKey;
use crate::fact::{FactBody, HandOverGiven, HandOverTaken, HandOverWithdrawn};
use crate::hand_over::{HandOverError, HandOvers};
use crate::ids::{IntentId, SiteId};
use crate::staff;

impl Execution<'_> {
    pub(super) fn give_block(&self, site: SiteId, given: &HandOverGiven) -> Executed {
        self.may_at(Capability::Sell, site)?;
        if let Some(to) = given.to {
            self.known_person(to)?;
            if to == self.intent.by {
                return Err(HandOverError::ToYourself.into());
            }
            let staff = self.sheets.get(&DocumentKey::Staff);
            if !staff::principal(staff, to).may_at(Capability::Sell, site) {
                return Err(HandOverError::CannotSell.into());
            }
        }
        let stock = (self.stock)();
        let block = stock
            .held()
            .find(|block| block.id == given.block && block.site == site)
            .ok_or(HandOverError::NotYours)?;
        if block.is_leaving {
            return Err(HandOverError::AlreadyGiven.into());
        }
        // It was chosen by this person on this screen: what has changed since is chosen anew.
        if *given != crate::hand_over::give(&stock, block, given.to)? {
            return Err(HandOverError::NotYours.into());
        }
        Ok(vec![self.fact(
            self.till(site),
            FactBody::HandOverGiven(given.clone()),
        )])
    }

    pub(super) fn withdraw_hand_over(&self, site: SiteId, given: IntentId) -> Executed {
        self.may_at(Capability::Sell, site)?;
        let known = HandOvers::fold(self.sheets);
        let is_own =
            |offer: &crate::fact::Offer| offer.from == self.intent.by && offer.site == site;
        known
            .all
            .get(&given)
            .filter(|known| known.is_open() && is_own(&known.offer))
            .ok_or(HandOverError::NotOpen)?;
        let body = FactBody::HandOverWithdrawn(HandOverWithdrawn { given });
        Ok(vec![self.fact(self.till(site), body)])
    }

    /// The hand-over may be unknown here: then the code alone speaks.
    pub(super) fn take_block(&self, site: SiteId, taken: &HandOverTaken) -> Executed {
        if !self.principal.may_at(Capability::VouchersLease, site) {
            self.may_at(Capability::Sell, site)?;
        }
        if !taken.code.is_of_site(site) {
            return Err(HandOverError::OtherSite.into());
        }
        let known = HandOvers::fold(self.sheets);
        let me = self.intent.by;
        if known
            .taken_unknown(me)
            .any(|known| known.code == taken.code)
        {
            return Err(HandOverError::AlreadyTaken.into());
        }
        let named: Vec<_> = known.find(taken.code).collect();
        if !named.is_empty() {
            let open = named
                .iter()
                .find(|known| known.is_open())
                .ok_or(HandOverError::NotOpen)?;
            if !open.is_for(self.principal) {
                return Err(Refusal::HandOver(HandOverError::NotForYou));
            }
            if open.taken_by == Some(me) {
                return Err(HandOverError::AlreadyTaken.into());
            }
        }
        let body = FactBody::HandOverTaken(taken.clone());
        Ok(vec![self.fact(self.till(site), body)])
    }
}
