//! Facts: what happened. Appended under the id of the intent that made them, never edited or deleted; everything
//! one counts is a fold over them. They name people by id only.

mod stock;

use serde::{Deserialize, Serialize};

use crate::codec::{self, DecodeError};
use crate::ids::{BatchId, BlockId, ClientId, DeviceId, HoldId, IntentId, PackageId, PersonId};
use crate::money::Money;
use crate::time::Timestamp;

pub use stock::{
    Ending, HandOverGiven, HandOverTaken, HandOverWithdrawn, Offer, StockAskDeclined,
    StockAskWithdrawn, StockAsked, StockNote,
};

/// The version written by this code. Readers accept every version up to it.
const VERSION: u8 = 1;

/// One fact with who states it and when, by the device's clock corrected at its last contact with the relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    #[serde(rename = "t")]
    pub at: Timestamp,
    /// The device's last contact before it: the fact cannot be older.
    #[serde(rename = "c")]
    pub since: Timestamp,
    #[serde(rename = "p")]
    pub by: PersonId,
    #[serde(rename = "b")]
    pub body: FactBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FactBody {
    /// In a till.
    Sale(Sale),
    /// In a till: a new code for the client of a sale that lost its voucher; no money changes hands.
    Replacement(Replacement),
    /// In the till of the person whose item is held: somebody decided.
    HeldDecision(HeldDecision),
    /// In a block: its codes; the first fact there.
    Codes(Codes),
    /// In a batches document, written last: the batch exists.
    Batch(BatchMade),
    /// In a batches document: the batch was made by mistake, and none of it is sold.
    BatchUndone(BatchUndone),
    /// In a batches document: somebody asks the relay to lease a block.
    LeaseAsked(LeaseAsked),
    /// In a batches document: a forced recall, without the holder's word.
    RecallAsked(RecallAsked),
    /// In a batches document, by the relay: who holds the block from now on. Also in the block's verdict document,
    /// where the holder reads it.
    Leased(Leased),
    /// In a verdict document, by the relay.
    Verdict(Verdict),
    /// In the holder's own till: a block goes to somebody else, or back to the office.
    HandOverGiven(HandOverGiven),
    /// In the giver's own till.
    HandOverWithdrawn(HandOverWithdrawn),
    /// In the taker's own till.
    HandOverTaken(HandOverTaken),
    /// In one's own till: more vouchers are wanted.
    StockAsked(StockAsked),
    /// In one's own till.
    StockAskWithdrawn(StockAskWithdrawn),
    /// In the till of who asked.
    StockAskDeclined(StockAskDeclined),
    /// By the relay, in a batches document and where else it concerns somebody.
    StockNote(StockNote),
}

impl FactBody {
    /// Does the relay alone state such a fact?
    pub const fn is_of_the_relay(&self) -> bool {
        matches!(
            self,
            Self::Leased(_) | Self::Verdict(_) | Self::StockNote(_)
        )
    }
}

/// How the client paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PaymentMethod {
    Cash,
    Mpesa,
    Bank,
    Card,
    Other,
}

impl PaymentMethod {
    pub const ALL: [Self; 5] = [Self::Cash, Self::Mpesa, Self::Bank, Self::Card, Self::Other];

    /// As it stands in SQL.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cash => "CASH",
            Self::Mpesa => "MPESA",
            Self::Bank => "BANK",
            Self::Card => "CARD",
            Self::Other => "OTHER",
        }
    }
}

/// One voucher: a place in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VoucherRef {
    #[serde(rename = "b")]
    pub block: BlockId,
    #[serde(rename = "i")]
    pub index: u32,
}

/// One thing sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    #[serde(rename = "v")]
    pub voucher: VoucherRef,
    #[serde(rename = "k")]
    pub package: PackageId,
    #[serde(rename = "m")]
    pub price: Money,
}

/// A sale at a till. It carries every choice that was made, so replaying it never picks again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    #[serde(rename = "n")]
    pub receipt: String,
    #[serde(rename = "l")]
    pub lines: Vec<Line>,
    #[serde(rename = "w")]
    pub method: PaymentMethod,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// `None`: a walk-in.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
}

impl Codes {
    /// How many vouchers they are of.
    pub fn count(&self) -> u32 {
        u32::try_from(self.packed.split('\n').count()).unwrap_or(u32::MAX)
    }
}

impl Sale {
    pub fn total(&self) -> Money {
        self.lines.iter().map(|line| line.price).sum()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// The sale whose client gets the new code, and which of its vouchers it replaces.
    #[serde(rename = "s")]
    pub sale: IntentId,
    #[serde(rename = "o")]
    pub replaces: VoucherRef,
    #[serde(rename = "v")]
    pub voucher: VoucherRef,
    #[serde(rename = "k")]
    pub package: PackageId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDecision {
    #[serde(rename = "h")]
    pub hold: HoldId,
    #[serde(rename = "a")]
    pub accepted: bool,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many verdicts had told of the hold by then. What a later one tells was not seen, and is not accepted by this.
    #[serde(
        rename = "n",
        default = "told_once",
        skip_serializing_if = "is_told_once"
    )]
    pub told: u32,
}

pub(crate) const fn told_once() -> u32 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_told_once(told: &u32) -> bool {
    *told == 1
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    #[serde(rename = "a")]
    pub batch: BatchId,
    #[serde(rename = "k")]
    pub package: PackageId,
    #[serde(rename = "m")]
    pub price: Money,
    /// One line a voucher: the code, or user name, tab, password. See [`crate::voucher`].
    #[serde(rename = "x")]
    pub packed: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchMade {
    #[serde(rename = "a")]
    pub batch: BatchId,
    #[serde(rename = "n")]
    pub label: String,
    #[serde(rename = "k")]
    pub package: PackageId,
    #[serde(rename = "m")]
    pub price: Money,
    #[serde(rename = "b")]
    pub blocks: Vec<BlockMade>,
    /// When the tool it was imported from made it, where the file says so.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub made_on: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchUndone {
    #[serde(rename = "a")]
    pub batch: BatchId,
}

/// Why an undone batch stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeptReason {
    /// Somebody holds a block of it.
    Leased,
    /// A voucher of it was sold.
    Sold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockMade {
    #[serde(rename = "b")]
    pub block: BlockId,
    #[serde(rename = "n")]
    pub count: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseAsked {
    #[serde(rename = "b")]
    pub block: BlockId,
    #[serde(rename = "p")]
    pub to: PersonId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallAsked {
    #[serde(rename = "b")]
    pub block: BlockId,
    /// `None`: back to the office.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PersonId>,
    #[serde(rename = "r")]
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leased {
    #[serde(rename = "b")]
    pub block: BlockId,
    /// Counts the leases of the block; the highest is in force.
    #[serde(rename = "n")]
    pub turn: u32,
    /// `None`: the office.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// `None`: not bound yet; the first device of the person that says hello gets the codes.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// What the relay followed: a lease or recall that was asked for, or a hand-over. `None`: a device was bound, or
    /// the lease is older than this field.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<IntentId>,
}

/// A sale, named so that people can talk about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SaleRef {
    #[serde(rename = "s")]
    pub sale: IntentId,
    #[serde(rename = "p")]
    pub person: PersonId,
    #[serde(rename = "t")]
    pub at: Timestamp,
    #[serde(rename = "n")]
    pub receipt: String,
}

/// Why the relay keeps an honest change aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum HoldReason {
    /// The author may no longer (or not yet) do this.
    NotAllowed,
    /// The device was revoked.
    DeviceRevoked,
    /// A reason that came later than this version. No relay says so.
    #[default]
    Later,
}

/// A record that a held change would edit, and which of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldEdit {
    /// `client/<id>`
    #[serde(rename = "k")]
    pub record: String,
    #[serde(rename = "f")]
    pub fields: Vec<String>,
}

/// What the relay decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// One voucher, several sales: the first that was accepted stands, the others' clients need a new code.
    DoubleSale {
        #[serde(rename = "v")]
        voucher: VoucherRef,
        #[serde(rename = "s")]
        standing: SaleRef,
        #[serde(rename = "o")]
        other: SaleRef,
    },
    /// The block was no longer the seller's when the sale arrived.
    SoldAfterRecall {
        #[serde(rename = "v")]
        voucher: VoucherRef,
        #[serde(rename = "s")]
        sale: SaleRef,
    },
    /// In a block's verdict document: these were sold by somebody who is not the present holder.
    SoldElsewhere {
        #[serde(rename = "b")]
        block: BlockId,
        #[serde(rename = "i")]
        indexes: Vec<u32>,
    },
    /// In a block's verdict document: these codes already exist in the organisation and are void here.
    DuplicateCodes {
        #[serde(rename = "b")]
        block: BlockId,
        #[serde(rename = "i")]
        indexes: Vec<u32>,
    },
    /// Two sales bear one receipt number (a cloned profile).
    DuplicateReceipt {
        #[serde(rename = "s")]
        first: SaleRef,
        #[serde(rename = "o")]
        other: SaleRef,
    },
    /// Kept aside until somebody decides; `facts` are the values that would be written.
    Held {
        #[serde(rename = "h")]
        hold: HoldId,
        #[serde(rename = "i")]
        intent: IntentId,
        #[serde(rename = "p")]
        person: PersonId,
        #[serde(rename = "d")]
        device: DeviceId,
        #[serde(rename = "r", deserialize_with = "codec::or_default")]
        reason: HoldReason,
        #[serde(rename = "f")]
        facts: Vec<Fact>,
        /// Records that would be edited, without what would stand there: a fact holds nobody's name.
        #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
        edits: Vec<HeldEdit>,
        /// How many more records would be edited than `edits` lists.
        #[serde(rename = "m", default, skip_serializing_if = "is_none_more")]
        more_edits: u32,
    },
    /// In the batches document itself: an undo came too late, and has no effect.
    BatchKept {
        #[serde(rename = "a")]
        batch: BatchId,
        #[serde(rename = "i")]
        undo: IntentId,
        #[serde(rename = "r")]
        reason: KeptReason,
    },
    /// The end of a hold.
    HeldDecided {
        #[serde(rename = "h")]
        hold: HoldId,
        #[serde(rename = "i")]
        intent: IntentId,
        #[serde(rename = "p")]
        by: PersonId,
        #[serde(rename = "a")]
        accepted: bool,
        #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_none_more(count: &u32) -> bool {
    *count == 0
}

impl Fact {
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(&(VERSION, self))
    }

    /// Fails on a kind or version that this code does not know.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (_, fact): (u8, Self) = codec::decode(bytes)?;
        Ok(fact)
    }

    /// When it happened, wherever days are asked. A clock that fell back years while its device was offline cannot make it
    /// older than what that device had heard.
    pub fn happened(&self) -> Timestamp {
        self.at.max(self.since)
    }

    /// The site-independent summary of a sale, for verdicts.
    pub fn sale_ref(&self, id: IntentId) -> Option<SaleRef> {
        match &self.body {
            FactBody::Sale(sale) => Some(SaleRef {
                sale: id,
                person: self.by,
                at: self.at,
                receipt: sale.receipt.clone(),
            }),
            FactBody::Replacement(_) => Some(SaleRef {
                sale: id,
                person: self.by,
                at: self.at,
                receipt: String::new(),
            }),
            _ => None,
        }
    }

    /// The vouchers this fact takes out of stock.
    pub fn vouchers(&self) -> Vec<VoucherRef> {
        match &self.body {
            FactBody::Sale(sale) => sale.lines.iter().map(|line| line.voucher).collect(),
            FactBody::Replacement(replacement) => vec![replacement.voucher],
            _ => Vec::new(),
        }
    }
}

/// The key of a fact the relay writes: what it is about, so that judging twice writes once.
pub fn verdict_key(parts: &[&[u8]]) -> String {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize()[..16]);
    crate::ids::to_text(&id)
}
