//! What is done at a till: sales and replacements.

use super::{Executed, Execution};
use crate::capability::Capability;
use crate::client::ClientDetails;
use crate::document::DocumentKey;
use crate::fact::{FactBody, Replacement, Sale, VoucherRef};
use crate::ids::SiteId;
use crate::sale::{self, LINES_PER_SALE_MAX, REFERENCE_LENGTH_MAX, SellError};
use crate::site;

impl Execution<'_> {
    pub(super) fn sell(
        &self,
        site: SiteId,
        sale: &Sale,
        new_client: Option<&ClientDetails>,
    ) -> Executed {
        self.may_at(Capability::Sell, site)?;
        // Only here: what was sold before the phone heard of it is sold, and the relay takes it.
        if !site::is_active(self.sheets.get(&DocumentKey::SitePublic(site))) {
            return Err(SellError::SiteClosed.into());
        }
        if !(1..=LINES_PER_SALE_MAX).contains(&sale.lines.len()) {
            return Err(SellError::Quantity.into());
        }
        let is_long = |reference: &String| reference.len() > REFERENCE_LENGTH_MAX;
        if sale.reference.as_ref().is_some_and(is_long) {
            return Err(SellError::Reference.into());
        }
        let vouchers: Vec<VoucherRef> = sale.lines.iter().map(|line| line.voucher).collect();
        sale::check(&(self.stock)(), &vouchers)?;
        let mut writes = vec![self.fact(self.till(site), FactBody::Sale(sale.clone()))];
        if let (Some(details), Some(client)) = (new_client, sale.client) {
            writes.push(self.new_client(client, site, details)?);
        }
        Ok(writes)
    }

    pub(super) fn replace(&self, site: SiteId, replacement: Replacement) -> Executed {
        self.may_at(Capability::Sell, site)?;
        sale::check(&(self.stock)(), &[replacement.voucher])?;
        let body = FactBody::Replacement(replacement);
        Ok(vec![self.fact(self.till(site), body)])
    }
}
