//! Asks for stock: who wants vouchers of which package, and what came of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::DocumentKey;
use crate::fact::{Ending, FactBody, StockAsked, StockNote};
use crate::ids::{IntentId, PersonId, SiteId};
use crate::sheets::Sheets;
use crate::time::Timestamp;

/// More than anybody sells before the next ask.
pub const QUANTITY_MAX: u32 = 10_000;

/// Why an ask cannot be made, withdrawn or declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AskError {
    #[error("one asks for 1 to {QUANTITY_MAX} vouchers")]
    Quantity,
    #[error("this package is asked for already")]
    AlreadyAsked,
    #[error("this ask is not open any more")]
    NotOpen,
}

/// An ask as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub id: IntentId,
    /// Where it stands.
    pub till: DocumentKey,
    pub site: SiteId,
    pub person: PersonId,
    pub at: Timestamp,
    pub asked: StockAsked,
    pub ended: Option<AskEnd>,
    /// When that was said.
    pub ended_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskEnd {
    Met,
    Withdrawn,
    Declined { by: PersonId, reason: String },
}

/// Every ask that this replica sees, oldest first.
pub fn asks(sheets: &Sheets) -> Vec<Ask> {
    let mut asks: BTreeMap<IntentId, Ask> = BTreeMap::new();
    let mut ends: Vec<(IntentId, Option<DocumentKey>, AskEnd, Timestamp)> = Vec::new();
    for (document, key, fact) in sheets.facts() {
        match (&fact.body, document) {
            (FactBody::StockAsked(asked), DocumentKey::Till { site, .. }) => {
                let Ok(id) = key.parse() else { continue };
                let ask = Ask {
                    id,
                    till: *document,
                    site: *site,
                    person: fact.by,
                    at: fact.at,
                    asked: asked.clone(),
                    ended: None,
                    ended_at: None,
                };
                asks.insert(id, ask);
            }
            (FactBody::StockAskWithdrawn(withdrawn), DocumentKey::Till { person, .. })
                if *person == fact.by =>
            {
                let end = AskEnd::Withdrawn;
                ends.push((withdrawn.asked, Some(*document), end, fact.at));
            }
            (FactBody::StockAskDeclined(declined), DocumentKey::Till { .. }) => {
                let end = AskEnd::Declined {
                    by: fact.by,
                    reason: declined.reason.clone(),
                };
                ends.push((declined.asked, Some(*document), end, fact.at));
            }
            (
                FactBody::StockNote(StockNote::Ended {
                    of,
                    how: Ending::Met { .. },
                }),
                _,
            ) => {
                ends.push((*of, None, AskEnd::Met, fact.at));
            }
            _ => {}
        }
    }
    for (of, stands_in, end, at) in ends {
        let Some(ask) = asks.get_mut(&of) else {
            continue;
        };
        // Somebody of another site says nothing about it; a month later its author still does.
        let concerns = match (stands_in, &end) {
            (Some(till), AskEnd::Declined { .. }) => till == ask.till,
            (Some(DocumentKey::Till { site, person, .. }), _) => {
                site == ask.site && person == ask.person
            }
            _ => true,
        };
        if concerns && ask.ended.is_none() {
            (ask.ended, ask.ended_at) = (Some(end), Some(at));
        }
    }
    let mut asks: Vec<Ask> = asks.into_values().collect();
    asks.sort_by_key(|ask| (ask.at, ask.id));
    asks
}
