//! Asking for stock, and what is answered in words; the answer in vouchers is a lease.

use super::{Executed, Execution, Refusal, check_reason};
use crate::capability::Capability;
use crate::document::DocumentKey;
use crate::fact::{FactBody, StockAskDeclined, StockAskWithdrawn, StockAsked};
use crate::ids::{IntentId, SiteId};
use crate::package;
use crate::stock_ask::{Ask, AskError, QUANTITY_MAX, asks};

impl Execution<'_> {
    pub(super) fn ask_for_stock(&self, site: SiteId, asked: &StockAsked) -> Executed {
        self.may_at(Capability::Sell, site)?;
        if !(1..=QUANTITY_MAX).contains(&asked.quantity) {
            return Err(AskError::Quantity.into());
        }
        asked.note.as_deref().map_or(Ok(()), check_reason)?;
        let catalog = self.sheets.get(&DocumentKey::Catalog);
        if package::package(catalog, asked.package).is_none() {
            return Err(Refusal::NoSuchPackage);
        }
        let is_asked = |ask: &Ask| {
            ask.ended.is_none()
                && ask.person == self.intent.by
                && ask.site == site
                && ask.asked.package == asked.package
        };
        if asks(self.sheets).iter().any(is_asked) {
            return Err(AskError::AlreadyAsked.into());
        }
        Ok(vec![self.fact(
            self.till(site),
            FactBody::StockAsked(asked.clone()),
        )])
    }

    pub(super) fn withdraw_ask(&self, site: SiteId, asked: IntentId) -> Executed {
        self.may_at(Capability::Sell, site)?;
        let ask = self.open_ask(asked)?;
        if ask.person != self.intent.by || ask.site != site {
            return Err(AskError::NotOpen.into());
        }
        let body = FactBody::StockAskWithdrawn(StockAskWithdrawn { asked });
        Ok(vec![self.fact(self.till(site), body)])
    }

    pub(super) fn decline_ask(&self, till: DocumentKey, asked: IntentId, reason: &str) -> Executed {
        let ask = self.open_ask(asked)?;
        if ask.till != till {
            return Err(AskError::NotOpen.into());
        }
        self.may_at(Capability::VouchersLease, ask.site)?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Refusal::ReasonNeeded);
        }
        check_reason(reason)?;
        let body = FactBody::StockAskDeclined(StockAskDeclined {
            asked,
            reason: reason.into(),
        });
        Ok(vec![self.fact(till, body)])
    }

    fn open_ask(&self, asked: IntentId) -> Result<Ask, Refusal> {
        asks(self.sheets)
            .into_iter()
            .find(|ask| ask.id == asked && ask.ended.is_none())
            .ok_or_else(|| AskError::NotOpen.into())
    }
}
