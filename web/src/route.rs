//! The addresses of the app, and who may open them.

use crdt_model::capability::{Capability, Role};
use crdt_model::ids::{BlockId, ClientId, IntentId, PackageId, PersonId, SiteId};
use yew_router::prelude::*;

use crate::i18n::Words;
use crate::protocol::Session;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Routable)]
pub enum Route {
    #[at("/")]
    Home,
    /// The start of those who only sell, beside the till.
    #[at("/day")]
    Day,
    #[at("/setup")]
    SetUp,
    #[at("/invite")]
    Invite,
    #[at("/sell")]
    Sell,
    #[at("/sell/:sale")]
    Receipt { sale: IntentId },
    #[at("/stock")]
    Stock,
    /// What the picture of a hand-over code opens; the code stands after `#`.
    #[at("/stock/take")]
    Take,
    #[at("/sales")]
    Sales,
    #[at("/sales/:sale")]
    Sale { sale: IntentId },
    #[at("/vouchers")]
    Vouchers,
    #[at("/vouchers/import")]
    Import,
    #[at("/vouchers/block/:block")]
    Block { block: BlockId },
    #[at("/vouchers/list")]
    VoucherList,
    #[at("/voucher/:block/:index")]
    Voucher { block: BlockId, index: u32 },
    #[at("/staff")]
    Staff,
    #[at("/staff/new")]
    NewPerson,
    #[at("/staff/:person")]
    Person { person: PersonId },
    #[at("/clients")]
    Clients,
    #[at("/clients/new")]
    NewClient,
    #[at("/clients/import")]
    ImportClients,
    #[at("/clients/:client")]
    Client { client: ClientId },
    #[at("/clients/:client/edit")]
    EditClient { client: ClientId },
    #[at("/sites")]
    Sites,
    #[at("/sites/new")]
    NewSite,
    #[at("/sites/:site")]
    Site { site: SiteId },
    #[at("/packages")]
    Packages,
    #[at("/packages/new")]
    NewPackage,
    #[at("/packages/:package")]
    Package { package: PackageId },
    #[at("/settings")]
    Settings,
    /// Not `/sync`, which is the relay's.
    #[at("/pending")]
    Sync,
    #[not_found]
    #[at("/404")]
    NotFound,
}

impl Route {
    /// Any one of these opens it; none: everybody signed in.
    pub const fn capabilities(self) -> &'static [Capability] {
        use Capability::{
            BatchesView, ClientsEdit, ClientsOwn, ClientsView, PackagesManage, SalesAll, Sell,
            SitesManage, SitesView, StaffContacts, StaffManage, VouchersCreate,
        };
        match self {
            Self::Sell | Self::Day | Self::Receipt { .. } | Self::Stock | Self::Take => &[Sell],
            Self::Sales | Self::Sale { .. } => &[Sell, SalesAll],
            Self::Vouchers | Self::VoucherList | Self::Block { .. } => &[BatchesView],
            Self::Voucher { .. } => &[Sell, BatchesView],
            Self::Import => &[VouchersCreate],
            Self::Staff | Self::Person { .. } => &[StaffManage, StaffContacts],
            Self::NewPerson => &[StaffManage],
            Self::Sites | Self::Site { .. } => &[SitesView, SitesManage],
            Self::NewSite => &[SitesManage],
            Self::Clients | Self::Client { .. } => &[ClientsView, ClientsOwn],
            Self::ImportClients => &[ClientsEdit],
            Self::NewClient | Self::EditClient { .. } => &[ClientsEdit, ClientsOwn],
            Self::NewPackage | Self::Package { .. } => &[PackagesManage],
            Self::Home
            | Self::Packages
            | Self::Settings
            | Self::Sync
            | Self::SetUp
            | Self::Invite
            | Self::NotFound => &[],
        }
    }

    pub fn is_open_to(self, session: &Session) -> bool {
        let needed = self.capabilities();
        needed.is_empty() || needed.iter().any(|capability| session.may(*capability))
    }

    /// The roles that open it, for the person who may not.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| {
            self.capabilities()
                .iter()
                .any(|capability| role.capabilities().contains(capability))
        })
    }

    /// What `n` begins here.
    pub const fn new_one(self) -> Self {
        match self.section() {
            Self::Staff => Self::NewPerson,
            Self::Packages => Self::NewPackage,
            Self::Vouchers => Self::Import,
            Self::Clients => Self::NewClient,
            _ => Self::Sell,
        }
    }

    /// The screen of the menu that a page belongs to.
    pub const fn section(self) -> Self {
        match self {
            Self::Receipt { .. } => Self::Sell,
            Self::Sale { .. } => Self::Sales,
            Self::Import | Self::VoucherList | Self::Voucher { .. } | Self::Block { .. } => {
                Self::Vouchers
            }
            Self::Take => Self::Stock,
            Self::NewPerson | Self::Person { .. } => Self::Staff,
            Self::NewClient
            | Self::ImportClients
            | Self::Client { .. }
            | Self::EditClient { .. } => Self::Clients,
            Self::NewSite | Self::Site { .. } => Self::Sites,
            Self::NewPackage | Self::Package { .. } => Self::Packages,
            other => other,
        }
    }

    pub fn title(self, words: Words) -> &'static str {
        if self == Self::VoucherList {
            return words.all_vouchers();
        }
        match self.section() {
            Self::Home => words.home(),
            Self::Day => words.my_day(),
            Self::Sell => words.sell(),
            Self::Stock => words.stock(),
            Self::Sales => words.sales(),
            Self::Vouchers => words.vouchers(),
            Self::Staff => words.staff(),
            Self::Clients => words.clients(),
            Self::Sites => words.sites(),
            Self::Packages => words.packages(),
            Self::Sync => words.sync(),
            Self::Settings => words.settings(),
            Self::SetUp => words.setup_title(),
            Self::Invite => words.invite_join(),
            _ => words.not_found(),
        }
    }
}
