//! The rule of every fact about hand-overs and asks for stock, which lie in tills.

use super::Malformed::{BadValue, WrongDocument};
use super::Objection;
use super::facts::{malformed, need, of_own_month};
use crate::capability::{Capability, Principal};
use crate::command::REASON_LENGTH_MAX;
use crate::document::DocumentKey;
use crate::fact::{Fact, FactBody, HandOverGiven};
use crate::ids::{PersonId, SiteId};
use crate::stock_ask::QUANTITY_MAX;
use crate::voucher::CODES_PER_BLOCK_MAX;

/// `None`: the fact is of another kind.
pub(super) fn in_till(
    author: &Principal,
    till: &DocumentKey,
    site: SiteId,
    fact: &Fact,
) -> Option<Result<(), Objection>> {
    let sells = || need(author, Capability::Sell, site);
    Some(match &fact.body {
        FactBody::HandOverGiven(given) if !is_well_formed(fact.by, given) => malformed(BadValue),
        FactBody::HandOverGiven(_)
        | FactBody::HandOverWithdrawn(_)
        | FactBody::StockAskWithdrawn(_) => of_own_month(till, fact).and_then(|()| sells()),
        FactBody::HandOverTaken(taken) => of_own_month(till, fact).and_then(|()| {
            if !taken.code.is_of_site(site) {
                return malformed(WrongDocument);
            }
            if author.may_at(Capability::VouchersLease, site) {
                return Ok(());
            }
            sells()
        }),
        FactBody::StockAsked(asked) => of_own_month(till, fact).and_then(|()| {
            let is_long = |note: &String| note.len() > REASON_LENGTH_MAX;
            if !(1..=QUANTITY_MAX).contains(&asked.quantity)
                || asked.note.as_ref().is_some_and(is_long)
            {
                return malformed(BadValue);
            }
            sells()
        }),
        FactBody::StockAskDeclined(declined) => {
            if declined.reason.is_empty() || declined.reason.len() > REASON_LENGTH_MAX {
                malformed(BadValue)
            } else {
                need(author, Capability::VouchersLease, site)
            }
        }
        _ => return None,
    })
}

fn is_well_formed(by: PersonId, given: &HandOverGiven) -> bool {
    let is_somebody = |to: PersonId| to != by && to != PersonId::RELAY;
    given.turn > 0
        && given.left as usize <= CODES_PER_BLOCK_MAX
        && given.price.check_amount().is_ok()
        && given.to.is_none_or(is_somebody)
}
