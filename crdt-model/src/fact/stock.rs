//! Facts about who holds blocks and who wants more: what people state in their tills, and the relay's ledger.

use serde::{Deserialize, Serialize};

use crate::hand_over::HandOverCode;
use crate::ids::{BlockId, IntentId, PackageId, PersonId, SiteId};
use crate::money::Money;
use crate::time::Timestamp;

/// The holder parts with a block; its id is that of the intent that wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOverGiven {
    #[serde(rename = "b")]
    pub block: BlockId,
    /// The turn of the lease that it ends.
    #[serde(rename = "n")]
    pub turn: u32,
    /// `None`: back to the office.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PersonId>,
    #[serde(rename = "k")]
    pub package: PackageId,
    #[serde(rename = "m")]
    pub price: Money,
    /// Unsold vouchers, as the giver's device counted them.
    #[serde(rename = "l")]
    pub left: u32,
}

/// The block stays after all, if the relay has not moved it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOverWithdrawn {
    #[serde(rename = "g")]
    pub given: IntentId,
}

/// The other side's word. It names the hand-over by its short code: somebody without signal knows nothing else of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOverTaken {
    #[serde(rename = "x")]
    pub code: HandOverCode,
    /// As far as the taker knows.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PersonId>,
}

/// Vouchers are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAsked {
    #[serde(rename = "k")]
    pub package: PackageId,
    #[serde(rename = "n")]
    pub quantity: u32,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAskWithdrawn {
    #[serde(rename = "a")]
    pub asked: IntentId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAskDeclined {
    #[serde(rename = "a")]
    pub asked: IntentId,
    #[serde(rename = "r")]
    pub reason: String,
}

/// A hand-over under way, as the relay tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    #[serde(rename = "g")]
    pub given: IntentId,
    #[serde(rename = "s")]
    pub site: SiteId,
    #[serde(rename = "f")]
    pub from: PersonId,
    /// When it was given, by the giver's device.
    #[serde(rename = "t")]
    pub at: Timestamp,
    #[serde(rename = "h")]
    pub hand_over: HandOverGiven,
}

/// What the relay notes of hand-overs and asks. `batches/<site>` has all of it: it is the ledger from which the relay
/// knows what is open. What concerns somebody who does not read that document is told in theirs as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StockNote {
    /// Also in `me` of who is to take it.
    Offered(Offer),
    /// Somebody took what this code names; the other side's word may come later.
    Taken {
        #[serde(rename = "x")]
        code: HandOverCode,
        #[serde(rename = "p")]
        by: PersonId,
    },
    Asked {
        #[serde(rename = "a")]
        asked: IntentId,
        #[serde(rename = "p")]
        by: PersonId,
        #[serde(rename = "t")]
        at: Timestamp,
        #[serde(rename = "k")]
        package: PackageId,
    },
    /// The end of a hand-over or an ask; also in the verdict document of its till and in `me` of who was to take it.
    Ended {
        #[serde(rename = "o")]
        of: IntentId,
        #[serde(rename = "w")]
        how: Ending,
    },
}

/// How a hand-over or an ask ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// Both sides stated it: the block moved.
    Taken {
        #[serde(rename = "p")]
        by: PersonId,
    },
    /// By its author, in time.
    Withdrawn,
    /// The block had another lease before both sides had stated it.
    Overtaken,
    /// Who was to take it may not sell there.
    NotAllowed,
    /// The ask is met: this block was leased to who asked.
    Met {
        #[serde(rename = "b")]
        block: BlockId,
    },
    /// The ask was declined.
    Declined,
}

impl Ending {
    /// As it stands in SQL.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Taken { .. } => "taken",
            Self::Withdrawn => "withdrawn",
            Self::Overtaken => "overtaken",
            Self::NotAllowed => "not_allowed",
            Self::Met { .. } => "met",
            Self::Declined => "declined",
        }
    }
}
