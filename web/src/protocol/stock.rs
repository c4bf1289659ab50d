//! Batches, blocks and who holds them.

use crdt_model::fact::KeptReason;
use crdt_model::ids::{BatchId, BlockId, PersonId};
use crdt_model::money::Money;
use crdt_model::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StockView {
    pub blocks: Vec<StockBlock>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StockBlock {
    pub block: BlockId,
    pub site_name: String,
    pub package_name: String,
    pub price: Money,
    pub count: u32,
    pub left: u32,
    pub first_code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VouchersView {
    pub batches: Vec<BatchView>,
    /// Imports that were cut short: nothing of them can be sold.
    pub unfinished: Vec<UnfinishedView>,
    /// Those to whom a block of this site can be leased.
    pub sellers: Vec<SellerView>,
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
