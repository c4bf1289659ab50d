//! Batches, blocks and who holds them; hand-overs and asks for stock.

use crdt_model::document::DocumentKey;
use crdt_model::fact::{KeptReason, VoucherRef};
use crdt_model::ids::{BatchId, BlockId, IntentId, PackageId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::package::Package;
use crdt_model::time::Timestamp;
use crdt_model::voucher::VoucherState;
use serde::{Deserialize, Serialize};

/// One's own stock, and what concerns it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StockView {
    pub blocks: Vec<StockBlock>,
    /// Somebody hands these over to this person.
    pub offered: Vec<OfferView>,
    /// Taken by code; the other side has not been heard yet.
    pub taken: Vec<TakenView>,
    /// Handed over in the last days.
    pub handed: Vec<HandedView>,
    /// Open, and those of the last days that were answered.
    pub asks: Vec<AskView>,
    /// What one can ask for, where.
    pub packages: Vec<PackageChoice>,
    /// To whom one can hand over, by site.
    pub sellers: Vec<(SiteId, Vec<SellerView>)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackageChoice {
    pub package: PackageId,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StockBlock {
    pub block: BlockId,
    pub site: SiteId,
    pub site_name: String,
    pub package: PackageId,
    pub package_name: String,
    pub price: Money,
    pub count: u32,
    pub left: u32,
    pub first_code: Option<String>,
    pub since: Option<Timestamp>,
    /// It is being handed over: nothing is sold from it.
    pub leaving: Option<LeavingView>,
}

/// The giver's side of a hand-over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeavingView {
    /// `None`: what is held by the relay cannot be withdrawn.
    pub given: Option<IntentId>,
    /// `None`: back to the office.
    pub to: Option<String>,
    pub code: String,
    pub at: Option<Timestamp>,
    /// Withdrawn here; the server has not said yet that it stays.
    pub is_withdrawing: bool,
}

/// The taker's side of a hand-over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfferView {
    pub given: IntentId,
    pub block: BlockId,
    pub site: SiteId,
    pub site_name: String,
    pub from: PersonId,
    pub from_name: String,
    pub is_return: bool,
    pub package_name: String,
    pub price: Money,
    pub left: u32,
    pub at: Timestamp,
    pub code: String,
    /// Said here already; the server has not moved the codes yet.
    pub is_taken: bool,
}

/// A hand-over of one's own that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandedView {
    pub given: IntentId,
    /// `None`: the office.
    pub to: Option<String>,
    pub package_name: String,
    pub price: Money,
    pub left: u32,
    pub at: Timestamp,
    pub end: HandedEnd,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum HandedEnd {
    Taken { by: String },
    Overtaken,
    NotAllowed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TakenView {
    pub code: String,
    pub site_name: String,
    pub from_name: Option<String>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskView {
    pub ask: IntentId,
    pub till: DocumentKey,
    pub site: SiteId,
    pub site_name: String,
    pub person: PersonId,
    pub person_name: String,
    pub package: PackageId,
    pub package_name: String,
    pub quantity: u32,
    pub note: Option<String>,
    pub at: Timestamp,
    pub ended: Option<AskEndView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AskEndView {
    Met,
    Withdrawn,
    Declined { by: String, reason: String },
}

/// What waits at all sites for this person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockNeedsView {
    /// Where something waits, most asks first. Closed sites are left out: nobody can go there.
    pub sites: Vec<SiteNeedsView>,
    /// Blocks that somebody hands over to this person.
    pub offered: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteNeedsView {
    pub site: SiteId,
    pub name: String,
    /// Asks one may answer.
    pub asks: u32,
    /// Returns one may take.
    pub returns: u32,
    /// Sellers who run low.
    pub low: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VouchersView {
    pub batches: Vec<BatchView>,
    /// Imports that were cut short: nothing of them can be sold.
    pub unfinished: Vec<UnfinishedView>,
    /// Those to whom a block of this site can be leased.
    pub sellers: Vec<SellerView>,
    /// Asks of this site that are open.
    pub asks: Vec<AskView>,
    /// Blocks on their way back to the office.
    pub returns: Vec<OfferView>,
    pub low: Vec<LowView>,
    /// Who holds how much, most valuable first.
    pub holdings: Vec<HoldingView>,
}

/// Somebody who has little left of a package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LowView {
    pub person: PersonId,
    pub name: String,
    pub package: PackageId,
    pub package_name: String,
    pub left: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HoldingView {
    /// `None`: the office.
    pub person: Option<PersonId>,
    pub name: String,
    pub blocks: u32,
    pub left: u32,
    pub value: Money,
    /// Left by package.
    pub packages: Vec<(String, u32)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SellerView {
    pub person: PersonId,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchView {
    pub batch: BatchId,
    pub label: String,
    pub package: PackageId,
    pub package_name: String,
    pub price: Money,
    pub made_at: Timestamp,
    /// When another tool made it.
    pub made_on: Option<Timestamp>,
    pub undo: UndoView,
    pub blocks: Vec<BlockView>,
}

/// Whether a batch can be undone, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UndoView {
    Possible,
    /// A block is leased, or a voucher sold.
    NotNow,
    Undone,
    /// An undo came too late.
    Kept(KeptReason),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnfinishedView {
    pub batch: BatchId,
    pub package_name: String,
    pub vouchers: u32,
    pub at: Timestamp,
    /// Only who began it finishes it.
    pub is_mine: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockView {
    pub block: BlockId,
    pub count: u32,
    pub first_code: Option<String>,
    pub unused: u32,
    pub sold: u32,
    pub double_sold: u32,
    pub void: u32,
    pub holder: HolderView,
    pub held_since: Option<Timestamp>,
    /// Its holder is handing it over.
    pub leaving: Option<LeavingTo>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LeavingTo {
    Office,
    Person(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum HolderView {
    Office,
    /// Asked for, and the server has not answered yet.
    Asked {
        name: String,
    },
    /// Theirs, but none of their devices has the codes yet.
    Waiting {
        person: PersonId,
        name: String,
    },
    Leased {
        person: PersonId,
        name: String,
    },
}

impl HolderView {
    pub const fn person(&self) -> Option<PersonId> {
        match self {
            Self::Waiting { person, .. } | Self::Leased { person, .. } => Some(*person),
            Self::Office | Self::Asked { .. } => None,
        }
    }
}

/// One block with its whole history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockPageView {
    pub block: BlockView,
    pub site: SiteId,
    pub site_name: String,
    pub label: String,
    pub package_name: String,
    pub price: Money,
    /// Newest first.
    pub history: Vec<BlockEvent>,
    /// In the order of the block; without the code where it is not on this device.
    pub vouchers: Vec<(Option<String>, VoucherState)>,
    pub sellers: Vec<SellerView>,
    /// A return of it that waits for the office.
    pub returning: Option<OfferView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockEvent {
    pub at: Timestamp,
    pub what: BlockHappened,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum BlockHappened {
    Made {
        by: String,
    },
    Leased {
        by: Option<String>,
        to: String,
    },
    /// A device of the holder has the codes now.
    Reached {
        name: String,
    },
    Recalled {
        by: Option<String>,
        /// `None`: the office.
        to: Option<String>,
        reason: String,
    },
    /// Both sides have spoken.
    HandedOver {
        from: String,
        to: Option<String>,
        taken_by: String,
        left: u32,
    },
    Given {
        from: String,
        to: Option<String>,
        left: u32,
    },
    Withdrawn {
        from: String,
    },
    /// Another lease came first.
    Overtaken {
        from: String,
    },
    NotAllowed {
        from: String,
        to: String,
    },
    /// An older lease, of which no more is known.
    Moved {
        to: Option<String>,
    },
}

/// Which vouchers a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherFilter {
    pub site: Option<SiteId>,
    pub state: Option<VoucherState>,
    pub package: Option<PackageId>,
    pub batch: Option<BatchId>,
    pub holder: Option<HolderFilter>,
    /// In the code; case, spaces and dashes do not matter.
    pub search: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HolderFilter {
    Office,
    Person(PersonId),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoucherListView {
    pub rows: Vec<VoucherRow>,
    /// Of all that match, not only of `rows`.
    pub count: u32,
    /// At the price of each; only for who may see money.
    pub value: Option<Money>,
    /// What can be chosen at this site.
    pub choices: VoucherChoices,
}

/// The filters there are, and how many vouchers each state would leave.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VoucherChoices {
    pub states: Vec<(VoucherState, u32)>,
    pub packages: Vec<(PackageId, String)>,
    pub batches: Vec<(BatchId, String)>,
    pub people: Vec<(PersonId, String)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoucherRow {
    pub voucher: VoucherRef,
    /// `None`: this person may not see the codes of this block.
    pub code: Option<String>,
    pub package_name: String,
    pub price: Money,
    pub batch_label: String,
    pub holder: HolderView,
    pub state: VoucherState,
}

/// Everything that happened to one voucher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoucherStory {
    pub row: VoucherRow,
    pub site_name: String,
    pub package: Option<Package>,
    pub made_at: Timestamp,
    pub held_since: Option<Timestamp>,
    /// Oldest first; the first one stands.
    pub sales: Vec<VoucherSale>,
    /// Sold by somebody whose till is not visible here.
    pub sold_elsewhere: bool,
    /// Handed out in a sale that nobody has decided about yet, or that was declined.
    pub is_taken: bool,
    /// The code exists in another block, which was there first.
    pub duplicate: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoucherSale {
    pub sale: IntentId,
    pub person_name: String,
    pub at: Timestamp,
    /// Empty for a replacement, which has no receipt of its own.
    pub receipt: String,
    /// The sale itself is on this device.
    pub is_here: bool,
}
