//! What the UI and the worker say to each other, over `postMessage`; `wire` says how it is written.
//!
//! The UI asks and shows; it keeps no truth. The worker answers a request with exactly one reply and sends events
//! whenever something on screen may be out of date. Every view is ready to show but for words and formats: the
//! calls stand here, the views in the modules below.

mod clients;
mod import;
mod packages;
mod packed;
mod people;
mod sales;
mod session;
mod sites;
mod stock;
mod sync;
pub mod wire;

use std::collections::BTreeMap;

use crdt_model::capability::Grant;
use crdt_model::client::index::ClientFilter;
use crdt_model::client::{ClientDetails, ClientEdit};
use crdt_model::command::{NewBlock, Refusal};
use crdt_model::document::{DocumentKey, Scalar};
use crdt_model::fact::{BlockMade, VoucherRef};
use crdt_model::fixture::{FixtureDetails, FixtureId, FixtureKind};
use crdt_model::hand_over::HandOverCode;
use crdt_model::ids::{
    BatchId, BlockId, ClientId, DeviceId, HoldId, IntentId, PackageId, PersonId, SiteId,
};
use crdt_model::import::clients::{ClientFileError, ClientPlan, PlannedClient};
use crdt_model::money::Money;
use crdt_model::package::{PackageDetails, PackageEdit};
use crdt_model::phone::Phone;
use crdt_model::sale::SellOrder;
use crdt_model::site::SiteDetails;
use crdt_model::staff::Contacts;
use crdt_model::sync::rescue::RescueError;
use crdt_model::time::Timestamp;
use crdt_model::voucher::Code;
use serde::{Deserialize, Serialize};

pub use clients::{ClientPageView, ClientView, ClientsView, PurchaseView};
pub use import::{
    GroupChoice, ImportCall, ImportChoices, ImportEnd, ImportPlan, ImportProgress, ImportSaved,
    ImportStep, KnownBlock, KnownCodes, MadeBatch, OpenedFile, PlannedView, ReadFile, RefusedPage,
};
pub use packages::{PackageUse, PackagesView};
pub use packed::Packed;
pub use people::{DeviceView, InviteView, PersonView, StaffView};
pub use sales::{
    CashInHand, CashView, DayFigures, DayView, DoubleSaleView, Safety, SaleLineView, SaleView,
    SalesFilter, SalesView, SellView, Tile,
};
pub use session::{KnownPerson, Session, SetUp, Start};
pub use sites::{SitePerson, SiteRow, SiteView};
pub use stock::{
    AskEndView, AskView, BatchView, BlockEvent, BlockHappened, BlockPageView, BlockView, HandedEnd,
    HandedView, HolderFilter, HolderView, HoldingView, LeavingTo, LeavingView, LowView, OfferView,
    PackageChoice, SellerView, SiteNeedsView, StockBlock, StockNeedsView, StockView, TakenView,
    UndoView, UnfinishedView, VoucherChoices, VoucherFilter, VoucherListView, VoucherRow,
    VoucherSale, VoucherStory, VouchersView,
};
pub use sync::{
    HeldEditView, HeldView, NeedsYou, NeedsYouView, PendingView, RescueCarried, SealedView,
    ShutOut, StoreWarning, Summary, SyncPill, SyncView,
};

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
    /// What happened together: the page draws once for all of it.
    Events(Vec<Event>),
}

/// What opens a store of before the password was changed elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum OldPassword {
    NotAsked,
    Known(String),
    /// What was not sent stays sealed on the device, and everything else is fetched again.
    Forgotten,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// First of all: what the page kept in `localStorage` (the sentinel of each store, by the store's name) and
    /// `sessionStorage` (`unlock_ticket`).
    Start {
        sentinels: BTreeMap<String, String>,
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
        old: OldPassword,
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
    /// About the voucher file that is open in this tab's worker.
    Import(ImportCall),
    /// Reads a client list without writing anything; rows without a site go to this one.
    ReadClients {
        bytes: Vec<u8>,
        site: Option<SiteId>,
    },
    /// Needs a connection; the person must be on the staff.
    Invite {
        person: PersonId,
    },
    /// The links that can still be used. Needs a connection.
    Invites,
    /// Withdraws the open link of a person. Needs a connection.
    RevokeInvite {
        person: PersonId,
    },
    /// Where a person signed in. Needs a connection.
    Devices {
        person: PersonId,
    },
    /// A lost device: nothing it sends counts any more. Needs a connection.
    RevokeDevice {
        device: DeviceId,
    },
    SyncNow,
    /// The session on the server has ended: the password begins another, and everything here goes on.
    SignInAgain {
        password: String,
    },
    /// Opens what is still locked under an old password, and sends it.
    OpenSealed {
        password: String,
    },
    /// What is in it is lost for good, but for the batch that lies ready.
    DiscardSealed {
        store: String,
    },
    /// An access token with which the page fetches an export. Needs a connection.
    ExportAccess,
    /// The pending work as one sealed file, for another device to carry.
    RescueFile,
    /// Another device's rescue file. Needs a connection.
    CarryRescue {
        bytes: Vec<u8>,
    },
    /// A declined or refused item was read; forget it.
    Dismiss {
        intent: IntentId,
    },
}

/// What a person wants done. The worker makes ids and picks vouchers, then executes the command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Order {
    Sell(SellOrder),
    /// A new code for the client of a sale that a verdict contradicted.
    Replace {
        sale: IntentId,
    },
    SetProfile {
        name: String,
        timezone: String,
    },
    AddSite {
        name: String,
        place: Option<String>,
    },
    /// The same with everything that is known.
    NewSite(SiteDetails),
    EditSite {
        site: SiteId,
        /// What the form was opened with.
        from: SiteDetails,
        to: SiteDetails,
    },
    SetSiteActive {
        site: SiteId,
        active: bool,
    },
    AddFixture {
        site: SiteId,
        kind: FixtureKind,
        details: FixtureDetails,
    },
    EditFixture {
        site: SiteId,
        fixture: FixtureId,
        from: FixtureDetails,
        to: FixtureDetails,
    },
    SetFixtureActive {
        site: SiteId,
        fixture: FixtureId,
        active: bool,
    },
    AddPackage(PackageDetails),
    /// The fields that changed.
    EditPackage {
        package: PackageId,
        edits: Vec<PackageEdit>,
    },
    SetPackageActive {
        package: PackageId,
        active: bool,
    },
    AddStaff {
        name: String,
        grants: Vec<Grant>,
        contacts: Contacts,
    },
    RenameStaff {
        person: PersonId,
        name: String,
    },
    SetContacts {
        person: PersonId,
        /// What the form was opened with.
        from: Contacts,
        to: Contacts,
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
    /// What was read from a list.
    RegisterClients {
        clients: Vec<PlannedClient>,
    },
    /// The fields that changed.
    EditClient {
        client: ClientId,
        edits: Vec<ClientEdit>,
    },
    SetClientActive {
        client: ClientId,
        active: bool,
    },
    ImportBatch {
        site: SiteId,
        label: String,
        package: PackageId,
        price: Money,
        codes: Vec<Code>,
        block_size: u32,
    },
    /// Part of an import: see [`crdt_model::command::Command::AddBlocks`].
    AddBlocks {
        site: SiteId,
        batch: BatchId,
        package: PackageId,
        price: Money,
        blocks: Vec<NewBlock>,
    },
    CompleteBatch {
        site: SiteId,
        batch: BatchId,
        label: String,
        package: PackageId,
        price: Money,
        blocks: Vec<BlockMade>,
        made_on: Option<Timestamp>,
    },
    /// What is there of an import that was cut short becomes a batch.
    FinishBatch {
        site: SiteId,
        batch: BatchId,
        label: String,
    },
    UndoBatch {
        site: SiteId,
        batch: BatchId,
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
    /// The same for several blocks at once; what somebody else changed meanwhile is left out.
    LeaseBlocks {
        site: SiteId,
        blocks: Vec<BlockId>,
        to: PersonId,
    },
    RecallBlocks {
        site: SiteId,
        blocks: Vec<BlockId>,
        to: Option<PersonId>,
        reason: String,
    },
    /// Of a block on this device. `None`: back to the office.
    GiveBlock {
        block: BlockId,
        to: Option<PersonId>,
    },
    WithdrawHandOver {
        given: IntentId,
    },
    /// The site follows from the code.
    TakeBlock {
        code: HandOverCode,
        from: Option<PersonId>,
    },
    AskForStock {
        site: SiteId,
        package: PackageId,
        quantity: u32,
        note: Option<String>,
    },
    WithdrawAsk {
        site: SiteId,
        ask: IntentId,
    },
    DeclineAsk {
        till: DocumentKey,
        ask: IntentId,
        reason: String,
    },
    DecideHeld {
        till: DocumentKey,
        hold: HoldId,
        accepted: bool,
        reason: Option<String>,
        told: u32,
    },
    /// One of several values that were written into a field at the same time.
    SettleField {
        document: DocumentKey,
        key: String,
        value: Scalar,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Query {
    Sell {
        site: SiteId,
        /// When the day began.
        today: Timestamp,
    },
    Stock,
    Sales {
        filter: SalesFilter,
        offset: u32,
        limit: u32,
    },
    /// The figures of the days that begin at these instants; the last one has not ended.
    Day {
        starts: Vec<Timestamp>,
    },
    Sale {
        sale: IntentId,
    },
    Vouchers {
        site: SiteId,
    },
    /// The codes of some blocks, in a fixed order.
    KnownCodes {
        after: u32,
        limit: u32,
    },
    Block {
        block: BlockId,
    },
    StockNeeds,
    /// Single vouchers, in pages.
    VoucherList {
        filter: VoucherFilter,
        offset: u32,
        limit: u32,
    },
    Voucher {
        voucher: VoucherRef,
    },
    Staff,
    Person {
        person: PersonId,
    },
    /// What the signed-in person may give to somebody new.
    Grantable,
    Sites,
    Site {
        site: SiteId,
    },
    Packages,
    /// A walk over all sales: only for the screen that shows it.
    PackageUse,
    Clients {
        filter: ClientFilter,
        offset: u32,
        limit: u32,
    },
    Client {
        client: ClientId,
    },
    /// Who has this number already?
    ClientsWithPhone {
        phone: Phone,
        except: Option<ClientId>,
    },
    Sync,
}

/// What only some screens read is [`Packed`]: the others need not know how.
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
        invited_by: String,
        expires_at: Timestamp,
        /// Set: the person signed in before, and chooses a new password.
        login: Option<String>,
    },
    Invites(Packed<Vec<InviteView>>),
    Devices(Packed<Vec<DeviceView>>),
    /// The path of the link, to be shown under this origin: `/invite#token`.
    InviteLink {
        path: String,
        expires_at: Timestamp,
    },
    Sold(SaleView),
    Made {
        id: String,
    },
    ImportOpened(Packed<OpenedFile>),
    ImportRead(Packed<ReadFile>),
    ImportPlan(Packed<ImportPlan>),
    ImportRefused(Packed<RefusedPage>),
    ImportSaved(Packed<ImportSaved>),
    KnownCodes(KnownCodes),
    Access {
        token: String,
    },
    ClientPlan(Packed<ClientPlan>),
    RescueFile {
        name: String,
        bytes: Vec<u8>,
    },
    RescueCarried(RescueCarried),
    /// A store of before was opened.
    Opened {
        /// Entries that are sent from here on.
        waiting: u32,
        /// Entries that the office has, or that were here, already.
        known: u32,
        /// Not all of it can be read: that stays.
        is_whole: bool,
    },
    Sell(SellView),
    Stock(StockView),
    Sales(SalesView),
    Sale(Option<SaleView>),
    Day(DayView),
    Vouchers(Packed<VouchersView>),
    Block(Option<Packed<BlockPageView>>),
    StockNeeds(Packed<StockNeedsView>),
    VoucherList(Packed<VoucherListView>),
    Voucher(Option<Packed<VoucherStory>>),
    Staff(Packed<Vec<StaffView>>),
    Person(Option<Packed<PersonView>>),
    Grantable(Packed<Vec<Grant>>),
    Sites(Packed<Vec<SiteRow>>),
    Site(Option<Packed<SiteView>>),
    Packages(Packed<PackagesView>),
    PackageUse(Packed<Vec<PackageUse>>),
    Clients(Packed<ClientsView>),
    Client(Option<Packed<ClientPageView>>),
    Sync(SyncView),
}

/// What went wrong, by case; the words are the UI's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Failure {
    Refused(Refusal),
    /// A file that cannot be read as vouchers.
    Import(crdt_model::import::ImportError),
    /// A file that cannot be read as clients.
    ClientFile(ClientFileError),
    /// A file that cannot be sent on.
    Rescue(RescueError),
    WrongPassword,
    /// The server said no: its problem type (`too-many-attempts`, `setup-done`, `invite-expired` …).
    Server {
        problem: String,
    },
    /// This needs a connection, and there is none now.
    Offline,
    /// The password was changed elsewhere, and what this device holds is still under the old one: [`Request::SignIn`] again,
    /// with it.
    OldPassword {
        was_wrong: bool,
    },
    /// Somebody ended it before it was done.
    Stopped,
    /// Nobody is signed in, or the screen is locked.
    Locked,
    /// Neither store of this device took the write: nothing was sold.
    NotSaved,
    /// Another tab holds the stores and does not answer; try again.
    Busy,
    /// A bug: it is in the console; reload.
    Unexpected,
}

impl Failure {
    /// What the status of an answer says, where nobody reads its problem.
    pub fn of_status(status: u16) -> Self {
        let problem = match status {
            401 => "session-ended",
            403 => "forbidden",
            429 => "too-many-attempts",
            503 => "unavailable",
            _ => return Self::Unexpected,
        };
        Self::Server {
            problem: problem.into(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Ask again for what is on screen.
    Changed,
    Sync(SyncPill),
    /// How far the import of this tab is.
    Import(ImportProgress),
    /// Keep this in `localStorage`; empty: nothing any more.
    Sentinel {
        store: String,
        text: String,
    },
    /// Locked from elsewhere (another tab, a timer, a revoked device).
    Locked,
    /// The session's rights, sites or names changed.
    Session(Session),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_server_is_told_as_the_server_and_not_as_another_tab() {
        for (status, problem) in [
            (401, "session-ended"),
            (403, "forbidden"),
            (429, "too-many-attempts"),
            (503, "unavailable"),
        ] {
            let problem = problem.into();
            assert_eq!(Failure::of_status(status), Failure::Server { problem });
        }
        assert_eq!(Failure::of_status(500), Failure::Unexpected);
    }
}
