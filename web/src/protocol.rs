//! What the UI and the worker say to each other, as CBOR over `postMessage`.
//!
//! The UI asks and shows; it keeps no truth. The worker answers a request with exactly one reply and sends events
//! whenever something on screen may be out of date. Every view is ready to show but for words and formats.

use crdt_model::capability::{Capability, Grant, Role};
use crdt_model::client::ClientDetails;
use crdt_model::command::Refusal;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{HoldReason, PaymentMethod, VoucherRef};
use crdt_model::ids::{
    BatchId, BlockId, ClientId, HoldId, IntentId, OrgId, PackageId, PersonId, SiteId,
};
use crdt_model::import::VoucherFile;
use crdt_model::money::{Currency, Money};
use crdt_model::package::{Package, PackageDetails};
use crdt_model::sale::SellOrder;
use crdt_model::site::Site;
use crdt_model::time::Timestamp;
use crdt_model::voucher::Code;
use serde::{Deserialize, Serialize};

/// UI → worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub id: u32,
    pub request: Request,
}

/// Worker → UI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FromWorker {
    Reply {
        id: u32,
        result: Result<Box<Answer>, Failure>,
    },
    Event(Event),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// First of all: what the page kept in `localStorage` (`sentinel`) and `sessionStorage` (`unlock_ticket`).
    Start {
        sentinel: Option<String>,
        unlock_ticket: Option<Vec<u8>>,
    },
    /// The one-time link of a new server.
    SetUp(SetUp),
    LookInvite {
        token: String,
    },
    AcceptInvite {
        token: String,
        login: String,
        password: String,
    },
    /// Needs a connection: first sign-in on this device, or another person.
    SignIn {
        login: String,
        password: String,
    },
    /// Works offline: a person known on this device.
    Unlock {
        person: PersonId,
        password: String,
    },
    Lock,
    /// Nothing pending is lost: sealed batches stay on the device until the server has them.
    SignOut,
    Do(Order),
    Query(Query),
    /// Reads a voucher file without writing anything.
    ReadVouchers {
        bytes: Vec<u8>,
    },
    /// Needs a connection; the person must be on the staff.
    Invite {
        person: PersonId,
    },
    SyncNow,
    /// The pending work as one sealed file, for another device to carry.
    RescueFile,
    /// A declined or refused item was read; forget it.
    Dismiss {
        intent: IntentId,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetUp {
    pub token: String,
    pub organisation: String,
    pub currency: Currency,
    /// IANA name.
    pub timezone: String,
    pub site: String,
    pub owner: String,
    pub login: String,
    pub password: String,
}

/// What a person wants done. The worker makes ids and picks vouchers, then executes the command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Order {
    Sell(SellOrder),
    /// A new code for the client of a sale that a verdict contradicted.
    Replace {
        sale: IntentId,
    },
    AddSite {
        name: String,
        place: Option<String>,
    },
    AddPackage(PackageDetails),
    EditPackage {
        package: PackageId,
        details: PackageDetails,
    },
    SetPackageActive {
        package: PackageId,
        active: bool,
    },
    AddStaff {
        name: String,
        grants: Vec<Grant>,
    },
    SetGrants {
        person: PersonId,
        grants: Vec<Grant>,
    },
    SetStaffActive {
        person: PersonId,
        active: bool,
    },
    RegisterClient {
        site: SiteId,
        details: ClientDetails,
    },
    ImportBatch {
        site: SiteId,
        label: String,
        package: PackageId,
        price: Money,
        codes: Vec<Code>,
        block_size: u32,
    },
    LeaseBlock {
        site: SiteId,
        block: BlockId,
        to: PersonId,
    },
    RecallBlock {
        site: SiteId,
        block: BlockId,
        to: Option<PersonId>,
        reason: String,
    },
    DecideHeld {
        till: DocumentKey,
        hold: HoldId,
        accepted: bool,
        reason: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Query {
    Sell {
        site: SiteId,
    },
    Stock,
    Sales {
        filter: SalesFilter,
        offset: u32,
        limit: u32,
    },
    Sale {
        sale: IntentId,
    },
    Vouchers {
        site: SiteId,
    },
    Staff,
    Packages,
    Clients {
        site: Option<SiteId>,
        search: String,
        limit: u32,
    },
    Sync,
}

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
pub enum Answer {
    Done,
    Started(Start),
    /// Set-up, sign-in, unlock and invite acceptance end here. `unlock_ticket` goes to `sessionStorage`.
    SignedIn {
        session: Session,
        unlock_ticket: Option<Vec<u8>>,
    },
    Invite {
        organisation: String,
        name: String,
    },
    /// The path of the link, to be shown under this origin: `/invite#token`.
    InviteLink {
        path: String,
        expires_at: Timestamp,
    },
    Sold(SaleView),
    Made {
        id: String,
    },
    VoucherFile(VoucherFile),
    RescueFile {
        name: String,
        bytes: Vec<u8>,
    },
    Sell(SellView),
    Stock(StockView),
    Sales(SalesView),
    Sale(Option<SaleView>),
    Vouchers(VouchersView),
    Staff(Vec<StaffView>),
    Packages(PackagesView),
    Clients(Vec<ClientView>),
    Sync(SyncView),
}

/// What went wrong, by case; the words are the UI's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Failure {
    Refused(Refusal),
    /// A file that cannot be read as vouchers.
    Import(crdt_model::import::ImportError),
    WrongPassword,
    /// The server said no: its problem type (`too-many-attempts`, `setup-done`, `invite-expired` …).
    Server {
        problem: String,
    },
    /// This needs a connection, and there is none now.
    Offline,
    /// Nobody is signed in, or the screen is locked.
    Locked,
    /// Neither store of this device took the write: nothing was sold.
    NotSaved,
    /// Another tab holds the stores and does not answer; try again.
    Busy,
    /// A bug: it is in the console; reload.
    Unexpected,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Ask again for what is on screen.
    Changed,
    Sync(SyncPill),
    /// Keep this in `localStorage`.
    Sentinel(String),
    /// Locked from elsewhere (another tab, a timer, a revoked device).
    Locked,
    /// The session's rights, sites or names changed.
    Session(Session),
}

/// What the worker found at its start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// People who signed in on this device before.
    pub people: Vec<KnownPerson>,
    /// The unlock ticket was good: no password needed.
    pub session: Option<Session>,
    /// This server has no organisation yet (`None`: could not ask).
    pub needs_set_up: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownPerson {
    pub id: PersonId,
    pub name: String,
    pub organisation: String,
    pub login: String,
}

/// Who is signed in, and what they may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub org: OrgId,
    pub organisation: String,
    pub currency: Currency,
    pub timezone: String,
    pub person: PersonId,
    pub name: String,
    pub grants: Vec<Grant>,
    /// The sites the person is granted on.
    pub sites: Vec<Site>,
    /// `navigator.storage.persisted()`.
    pub storage_is_persistent: bool,
}

impl Session {
    /// May they do this anywhere?
    pub fn may(&self, capability: Capability) -> bool {
        self.grants
            .iter()
            .any(|grant| grant.role.capabilities().contains(&capability))
    }

    pub fn may_at(&self, capability: Capability, site: SiteId) -> bool {
        self.grants.iter().any(|grant| {
            grant.scope.covers(site) && grant.role.capabilities().contains(&capability)
        })
    }
}

/// The pill in the header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncPill {
    pub online: bool,
    /// On this device only.
    pub pending: u32,
    pub oldest_pending_at: Option<Timestamp>,
    pub needs_you: u32,
    /// Last time the server said that all was safe.
    pub safe_at: Option<Timestamp>,
    /// One of the two stores of this device failed; selling goes on with the other.
    pub store_warning: Option<StoreWarning>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreWarning {
    /// IndexedDB failed; the journal works.
    DatabaseFailed,
    /// The journal failed; IndexedDB works.
    JournalFailed,
    /// The database was found empty and is being rebuilt from the journal and the server.
    Recovering,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SellView {
    pub tiles: Vec<Tile>,
    /// Of this person, all tills.
    pub cash: Money,
    pub sold_today: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    pub package: Package,
    /// Of the vouchers in stock; the package's own price where none are left.
    pub price: Money,
    pub left: u32,
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
    pub voucher: VoucherRef,
    pub standing_by: String,
    pub standing_at: Timestamp,
    pub other_by: String,
    pub other_at: Timestamp,
    pub this_sale_stands: bool,
    /// This person may give the client a new code now.
    pub can_replace: bool,
    pub replaced: bool,
}

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
pub struct SalesView {
    pub rows: Vec<SaleView>,
    /// Of all that match, not only of `rows`.
    pub count: u32,
    pub revenue: Money,
    /// Cash to hand over, by seller, for those who may see all sales.
    pub cash: Vec<CashView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CashView {
    pub person: PersonId,
    pub name: String,
    pub sales: u32,
    pub cash: Money,
    pub total: Money,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VouchersView {
    pub batches: Vec<BatchView>,
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
    pub blocks: Vec<BlockView>,
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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaffView {
    pub person: PersonId,
    pub name: String,
    pub active: bool,
    pub grants: Vec<Grant>,
    pub is_me: bool,
    /// The signed-in person may change this one.
    pub can_manage: bool,
    /// Roles the signed-in person may grant for the organisation; per-site granting follows the same rule.
    pub grantable: Vec<Role>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackagesView {
    pub packages: Vec<Package>,
    /// The four first ones, offered while there are none.
    pub offered: Vec<PackageDetails>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientView {
    pub id: ClientId,
    pub site: SiteId,
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncView {
    pub pill: SyncPill,
    pub pending: Vec<PendingView>,
    /// Mine to know: held, refused, declined.
    pub needs_you: Vec<NeedsYouView>,
    /// Mine to decide: what others' devices sent and the server holds.
    pub to_decide: Vec<HeldView>,
    pub last_contact: Option<Timestamp>,
    /// Measured at the last contact: positive when this device's clock is behind.
    pub clock_offset_millis: i64,
    pub storage_is_persistent: bool,
}

/// What an item is, in the user's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Summary {
    Sale { receipt: String, total: Money },
    Replacement,
    Client { name: String },
    Package { name: String },
    Staff { name: String },
    Site { name: String },
    Batch { label: String, codes: u32 },
    Lease { name: String },
    Recall,
    Decision,
    Other,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingView {
    pub intent: IntentId,
    pub at: Timestamp,
    pub summary: Summary,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeedsYouView {
    pub intent: IntentId,
    pub at: Timestamp,
    pub summary: Summary,
    pub why: NeedsYou,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum NeedsYou {
    /// Waits for somebody with the right to decide.
    Held {
        reason: HoldReason,
    },
    Declined {
        by: String,
        reason: Option<String>,
    },
    /// The server could not take it; the text is for support.
    Refused {
        code: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldView {
    pub till: DocumentKey,
    pub hold: HoldId,
    pub person_name: String,
    pub at: Timestamp,
    pub summary: Summary,
    pub reason: HoldReason,
}
