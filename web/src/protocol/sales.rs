//! Selling and what was sold.

use crdt_model::fact::{PaymentMethod, VoucherRef};
use crdt_model::ids::{IntentId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::package::Package;
use crdt_model::time::Timestamp;
use crdt_model::voucher::Code;
use serde::{Deserialize, Serialize};

use super::{ClientView, StoreWarning};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SalesFilter {
    pub site: Option<SiteId>,
    pub person: Option<PersonId>,
    pub method: Option<PaymentMethod>,
    /// In receipt number, client name, reference or code.
    pub search: String,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SellView {
    pub tiles: Vec<Tile>,
    /// Of this person, all tills.
    pub cash: CashInHand,
    pub sold_today: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    pub package: Package,
    /// Of the vouchers in stock; the package's own price where none are left.
    pub price: Money,
    pub left: u32,
    /// So few that one asks for more.
    pub is_low: bool,
    /// More of it was asked for, and no answer has come.
    pub is_asked: bool,
}

/// Where a sale is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Safety {
    OnThisDevice,
    SafeOnServer,
    NeedsYou,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SaleView {
    pub id: IntentId,
    pub receipt: String,
    pub at: Timestamp,
    pub site: SiteId,
    pub site_name: String,
    pub person: PersonId,
    pub person_name: String,
    pub client: Option<ClientView>,
    pub method: PaymentMethod,
    pub reference: Option<String>,
    pub total: Money,
    pub lines: Vec<SaleLineView>,
    pub safety: Safety,
    pub double_sale: Option<DoubleSaleView>,
    /// Sold from a block that had been recalled.
    pub after_recall: bool,
    /// Only one store of the device took it.
    pub warning: Option<StoreWarning>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SaleLineView {
    pub voucher: VoucherRef,
    pub package: Option<Package>,
    pub price: Money,
    /// `None`: the codes of this block are not on this device.
    pub code: Option<Code>,
    /// The new code, where a verdict took the first one away.
    pub replacement: Option<Code>,
}

/// "Code K7QM was sold twice: by Asha (14:05) and Baraka (14:20). Asha's sale stands."
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoubleSaleView {
    /// Of several in one sale, one that waits for its replacement, while there is one. It may itself have been given in
    /// the place of another.
    pub voucher: VoucherRef,
    /// `None`: the codes of this block are not on this device.
    pub code: Option<Code>,
    pub standing_by: String,
    pub standing_at: Timestamp,
    pub other_by: String,
    pub other_at: Timestamp,
    pub this_sale_stands: bool,
    /// This person may give the client a new code now.
    pub can_replace: bool,
    /// The client has a new code, even where somebody has still to decide about it.
    pub replaced: bool,
    pub is_replacement_held: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SalesView {
    pub rows: Vec<SaleView>,
    /// Of all that match, not only of `rows`.
    pub count: u32,
    pub revenue: Money,
    /// Cash to hand over, by seller, for those who may see all sales.
    pub cash: Vec<CashView>,
    /// Whom one may choose to see the sales of, for the same: all who ever sold, and who is chosen.
    pub sellers: Vec<(PersonId, String)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CashView {
    pub person: PersonId,
    pub name: String,
    pub sales: u32,
    pub cash: Money,
    pub total: Money,
}

/// What a person has taken in cash, and hands over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashInHand {
    /// With what waits: the money is there, whatever is decided about the sale.
    pub all: Money,
    /// Of sales that the relay holds: somebody decides about them.
    pub waiting: Money,
    /// Of sales that the relay could not take: nobody can decide about them, support looks at them.
    pub refused: Money,
}

/// A start screen's figures, of what this person may see.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DayView {
    /// One a day that was asked for, oldest first; the last is today.
    pub days: Vec<DayFigures>,
    pub cash: CashInHand,
    /// Unsold vouchers on this device that this person can sell.
    pub stock_left: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayFigures {
    /// When it began: the answer to an earlier question is of other days.
    pub start: Timestamp,
    pub sales: u32,
    pub total: Money,
}
