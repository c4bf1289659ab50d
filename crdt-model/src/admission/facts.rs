//! The rule of every fact that arrives.

use super::Malformed::{
    self, BadValue, FactNotOfItsIntent, FactOfAnotherPerson, FactOverwritten, RelayOnly,
    UnknownFact, WrongDocument, WrongMonth, WrongType,
};
use super::{Objection, stock};
use crate::capability::{Capability, Principal};
use crate::command::BLOCKS_PER_BATCH_MAX;
use crate::document::{DocumentKey, PlainOp, Scalar, Sheet};
use crate::fact::{Fact, FactBody, Sale};
use crate::ids::{IntentId, SiteId};
use crate::sale::{LINES_PER_SALE_MAX, REFERENCE_LENGTH_MAX};
use crate::time::Month;
use crate::voucher;

pub(super) fn check(
    author: &Principal,
    document: &DocumentKey,
    sheet: &Sheet,
    intent: IntentId,
    op: &PlainOp,
) -> Result<(), Objection> {
    if !op.replaces.is_empty() || sheet.facts.contains_key(&op.key) {
        return malformed(FactOverwritten);
    }
    let Scalar::Bytes(bytes) = &op.value else {
        return malformed(WrongType);
    };
    let Ok(fact) = Fact::decode(bytes) else {
        return malformed(UnknownFact);
    };
    if author.is_relay() {
        return Ok(());
    }
    if op.key != intent.to_string() {
        return malformed(FactNotOfItsIntent);
    }
    if fact.by != author.person {
        return malformed(FactOfAnotherPerson);
    }
    match document {
        DocumentKey::Till { site, .. } => in_till(author, document, *site, &fact),
        DocumentKey::Block { site, .. } => in_block(author, *site, sheet, &fact),
        DocumentKey::Batches(site) => in_batches(author, *site, &fact),
        _ => elsewhere(&fact),
    }
}

fn in_till(
    author: &Principal,
    till: &DocumentKey,
    site: SiteId,
    fact: &Fact,
) -> Result<(), Objection> {
    // Each month is two documents more on every device of the office.
    if let DocumentKey::Till { month, .. } = till
        && !month.is_of_a_clock()
    {
        return malformed(WrongMonth);
    }
    match &fact.body {
        FactBody::Sale(sale) => {
            of_own_month(till, fact)?;
            if !is_well_formed(sale) {
                return malformed(BadValue);
            }
            need(author, Capability::Sell, site)
        }
        FactBody::Replacement(_) => {
            of_own_month(till, fact)?;
            need(author, Capability::Sell, site)
        }
        FactBody::HeldDecision(decision) => {
            let is_long = |reason: &String| reason.len() > 500;
            if decision.reason.as_ref().is_some_and(is_long) {
                return malformed(BadValue);
            }
            if author.may_at(Capability::SalesAll, site) {
                Ok(())
            } else {
                malformed(Malformed::NotYoursToDecide)
            }
        }
        _ => stock::in_till(author, till, site, fact).unwrap_or_else(|| elsewhere(fact)),
    }
}

fn in_block(author: &Principal, site: SiteId, sheet: &Sheet, fact: &Fact) -> Result<(), Objection> {
    match &fact.body {
        FactBody::Codes(codes) => {
            if !sheet.facts.is_empty() {
                return malformed(FactOverwritten);
            }
            if voucher::unpack(&codes.packed).is_err() || codes.price.check_amount().is_err() {
                return malformed(BadValue);
            }
            need(author, Capability::VouchersCreate, site)
        }
        _ => elsewhere(fact),
    }
}

fn in_batches(author: &Principal, site: SiteId, fact: &Fact) -> Result<(), Objection> {
    match &fact.body {
        FactBody::Batch(made) => {
            if !(1..=120).contains(&made.label.chars().count())
                || made.price.check_amount().is_err()
                || made.made_on.is_some_and(|day| !day.is_of_calendar())
                || made.blocks.len() > BLOCKS_PER_BATCH_MAX
            {
                return malformed(BadValue);
            }
            need(author, Capability::VouchersCreate, site)
        }
        FactBody::BatchUndone(_) => need(author, Capability::VouchersCreate, site),
        FactBody::LeaseAsked(_) => need(author, Capability::VouchersLease, site),
        FactBody::RecallAsked(asked) => {
            if asked.reason.is_empty() || asked.reason.len() > 500 {
                return malformed(BadValue);
            }
            need(author, Capability::VouchersLease, site)
        }
        _ => elsewhere(fact),
    }
}

/// A fact that nobody may state in this document.
fn elsewhere(fact: &Fact) -> Result<(), Objection> {
    match fact.body {
        FactBody::Leased(_) | FactBody::Verdict(_) | FactBody::StockNote(_) => malformed(RelayOnly),
        _ => malformed(WrongDocument),
    }
}

/// In the author's own till, in the month of the fact's time.
pub(super) fn of_own_month(till: &DocumentKey, fact: &Fact) -> Result<(), Objection> {
    match till {
        DocumentKey::Till { person, .. } if *person != fact.by => malformed(FactOfAnotherPerson),
        DocumentKey::Till { month, .. } if *month != Month::of(fact.at) => malformed(WrongMonth),
        _ => Ok(()),
    }
}

pub(super) const fn malformed(what: Malformed) -> Result<(), Objection> {
    Err(Objection::Malformed(what))
}

pub(super) fn need(
    author: &Principal,
    capability: Capability,
    site: SiteId,
) -> Result<(), Objection> {
    if author.may_at(capability, site) {
        Ok(())
    } else {
        Err(Objection::NotAllowed(capability))
    }
}

fn is_well_formed(sale: &Sale) -> bool {
    let prices_are_amounts = sale
        .lines
        .iter()
        .all(|line| line.price.check_amount().is_ok());
    let distinct: std::collections::BTreeSet<_> =
        sale.lines.iter().map(|line| line.voucher).collect();
    (1..=LINES_PER_SALE_MAX).contains(&sale.lines.len())
        && distinct.len() == sale.lines.len()
        && prices_are_amounts
        && sale
            .reference
            .as_ref()
            .is_none_or(|reference| reference.len() <= REFERENCE_LENGTH_MAX)
        && is_receipt(&sale.receipt)
}

/// Four characters of the actor, a dash, a counter.
fn is_receipt(receipt: &str) -> bool {
    let Some((prefix, counter)) = receipt.split_once('-') else {
        return false;
    };
    prefix.len() == 4
        && prefix
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && (1..=10).contains(&counter.len())
        && counter.bytes().all(|b| b.is_ascii_digit())
}
