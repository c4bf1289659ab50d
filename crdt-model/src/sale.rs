//! Selling: from an order ("one 1 Week, cash") to a sale that names its vouchers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::client::ClientDetails;
use crate::document::DocumentKey;
use crate::fact::{Fact, FactBody, Line, PaymentMethod, Sale, SaleRef, VoucherRef};
use crate::ids::{ClientId, IntentId, PackageId, PersonId, SiteId};
use crate::money::Money;
use crate::sheets::Sheets;
use crate::time::Timestamp;
use crate::voucher::{Stock, VoucherState};

/// One sale hands out at most so many vouchers.
pub const LINES_PER_SALE_MAX: usize = 20;
/// Longer payment references are typing errors.
pub const REFERENCE_LENGTH_MAX: usize = 64;

/// What the person at the till asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SellOrder {
    pub site: SiteId,
    pub package: PackageId,
    /// As shown on the tile; only vouchers of this price are sold.
    pub price: Money,
    pub quantity: u32,
    pub method: PaymentMethod,
    pub reference: Option<String>,
    pub client: Buyer,
}

/// Who buys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Buyer {
    WalkIn,
    Known(ClientId),
    /// Registered in the same tap.
    New(ClientDetails),
}

/// Why a sale cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum SellError {
    #[error("a sale has 1 to {LINES_PER_SALE_MAX} vouchers")]
    Quantity,
    #[error("only {left} of these vouchers are left here")]
    NothingLeft { left: u32 },
    #[error("the voucher is not in a block of this device")]
    NotInYourBlock,
    #[error("the block of the voucher is being handed over")]
    HandedOver,
    #[error("the voucher is already sold")]
    AlreadySold,
    #[error("the voucher is void")]
    Void,
    #[error("the reference is longer than {REFERENCE_LENGTH_MAX} characters")]
    Reference,
    #[error("the sale that needs a replacement is not known here")]
    NoSuchSale,
    #[error("the sale stands or has its replacement")]
    NotContradicted,
    #[error("the site is closed")]
    SiteClosed,
}

/// Picks the vouchers of an order, oldest block first.
pub fn pick(stock: &Stock, order: &SellOrder) -> Result<Vec<Line>, SellError> {
    let wanted = order.quantity as usize;
    if !(1..=LINES_PER_SALE_MAX).contains(&wanted) {
        return Err(SellError::Quantity);
    }
    let lines: Vec<Line> = stock
        .mine()
        .filter(|block| {
            block.site == order.site && block.package == order.package && block.price == order.price
        })
        .flat_map(|block| {
            stock.free(block).map(|voucher| Line {
                voucher,
                package: block.package,
                price: block.price,
            })
        })
        .take(wanted)
        .collect();
    if lines.len() < wanted {
        return Err(SellError::NothingLeft {
            left: u32::try_from(lines.len()).unwrap_or(u32::MAX),
        });
    }
    Ok(lines)
}

/// May these vouchers be sold from here?
pub fn check(stock: &Stock, vouchers: &[VoucherRef]) -> Result<(), SellError> {
    for voucher in vouchers {
        let block = stock
            .held()
            .find(|block| block.id == voucher.block)
            .ok_or(SellError::NotInYourBlock)?;
        if block.is_leaving {
            return Err(SellError::HandedOver);
        }
        if voucher.index >= block.count {
            return Err(SellError::NotInYourBlock);
        }
        match stock.state(*voucher) {
            VoucherState::Unused => {}
            VoucherState::Sold | VoucherState::DoubleSold => return Err(SellError::AlreadySold),
            VoucherState::Void => return Err(SellError::Void),
        }
    }
    Ok(())
}

/// A sale as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleEntry {
    pub id: IntentId,
    pub site: SiteId,
    pub person: PersonId,
    pub at: Timestamp,
    pub sale: Sale,
}

/// Every sale this replica sees with its site, seller and instant, till by till.
pub fn each(sheets: &Sheets) -> impl Iterator<Item = (SiteId, PersonId, Timestamp, &Sale)> {
    sheets
        .facts_in(is_till)
        .filter_map(|(document, _, fact)| match (document, &fact.body) {
            (DocumentKey::Till { site, person, .. }, FactBody::Sale(sale)) => {
                Some((*site, *person, fact.happened(), sale))
            }
            _ => None,
        })
}

const fn is_till(document: &DocumentKey) -> bool {
    matches!(document, DocumentKey::Till { .. })
}

fn entry(document: &DocumentKey, key: &str, fact: &Fact) -> Option<SaleEntry> {
    match (document, &fact.body) {
        (DocumentKey::Till { site, person, .. }, FactBody::Sale(sale)) => Some(SaleEntry {
            id: key.parse().ok()?,
            site: *site,
            person: *person,
            at: fact.happened(),
            sale: sale.clone(),
        }),
        _ => None,
    }
}

/// Every sale this replica sees, newest first.
pub fn sales(sheets: &Sheets) -> Vec<SaleEntry> {
    let mut sales: Vec<SaleEntry> = sheets
        .facts_in(is_till)
        .filter_map(|(document, key, fact)| entry(document, key, fact))
        .collect();
    sales.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
    sales
}

/// One of them.
pub fn sale(sheets: &Sheets, id: IntentId) -> Option<SaleEntry> {
    let name = id.to_string();
    sheets
        .iter()
        .filter(|(document, _)| is_till(document))
        .find_map(|(document, sheet)| entry(document, &name, sheet.facts.get(&name)?.as_ref()?))
}

/// A voucher in a client's hands, and what put it there: a sale, or a replacement for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Given {
    pub by: IntentId,
    pub voucher: VoucherRef,
}

/// What was given for what. A replacement may be sold twice itself, and have one in its turn.
#[derive(Debug, Clone, Default)]
pub struct Replacements(BTreeMap<Given, Given>);

impl Replacements {
    pub fn of(sheets: &Sheets) -> Self {
        let mut all = Self::default();
        for (_, key, fact) in sheets.facts_in(is_till) {
            let (FactBody::Replacement(replacement), Ok(by)) = (&fact.body, key.parse()) else {
                continue;
            };
            let old = Given {
                by: replacement.sale,
                voucher: replacement.replaces,
            };
            let new = Given {
                by,
                voucher: replacement.voucher,
            };
            all.add(old, new);
        }
        all
    }

    /// One that no sheet has yet.
    pub fn add(&mut self, old: Given, new: Given) {
        self.0.entry(old).or_insert(new);
    }

    pub fn after(&self, given: Given) -> Option<Given> {
        self.0.get(&given).copied()
    }

    /// What a client was given for one line, one after the other.
    pub fn chain(&self, sale: IntentId, line: &Line) -> impl Iterator<Item = Given> {
        let first = Given {
            by: sale,
            voucher: line.voucher,
        };
        // Facts that somebody made up may go round in a circle.
        std::iter::successors(Some(first), |given| self.after(*given)).take(self.0.len() + 1)
    }
}

/// A voucher that a verdict took away from a client who has no other for it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradicted {
    /// The line of the sale.
    pub line: Line,
    /// The voucher of that line, or the last that was given in its place.
    pub lost: Given,
    pub standing: SaleRef,
}

/// The line of `sale` whose client waits for another code.
pub fn contradicted(
    replacements: &Replacements,
    stock: &Stock,
    sale: &SaleEntry,
) -> Option<Contradicted> {
    sale.sale.lines.iter().find_map(|line| {
        for lost in replacements.chain(sale.id, line) {
            let history = stock.histories.get(&lost.voucher);
            let standing = history.and_then(|history| history.standing);
            if standing == Some(lost.by) {
                return None;
            }
            if replacements.after(lost).is_some() {
                continue;
            }
            let mut sales = history?.sales.iter();
            let standing = sales.find(|other| Some(other.sale) == standing)?.clone();
            return Some(Contradicted {
                line: line.clone(),
                lost,
                standing,
            });
        }
        None
    })
}

/// What a person should hold in cash: the cash sales of their tills. (Remittances come with the finance issue.)
pub fn cash_of(sheets: &Sheets, person: PersonId) -> Money {
    each(sheets)
        .filter(|(_, seller, _, sale)| *seller == person && sale.method == PaymentMethod::Cash)
        .map(|(_, _, _, sale)| sale.total())
        .sum()
}
