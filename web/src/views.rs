//! From a replica to what screens show. Pure: the worker calls it for every query, tests call it natively.

mod clients;
pub mod import;
mod people;
mod sales;
mod sites;
mod stock;
mod sync;
mod voucher_list;

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::client::index::ClientIndex;
use crdt_model::document::DocumentKey;
use crdt_model::fact::FactBody;
use crdt_model::ids::{ClientId, PackageId, PersonId, SiteId};
use crdt_model::import::clients::{ClientFileError, ClientPlan};
use crdt_model::money::Currency;
use crdt_model::package;
use crdt_model::replica::Replica;
use crdt_model::site;
use crdt_model::staff;
use crdt_model::time::Timestamp;

use crate::protocol::{
    Answer, PackageUse, PackagesView, Packed, Query, Session, ShutOut, StoreWarning,
};

/// What the worker knows beside the replica.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    pub now: Timestamp,
    pub online: bool,
    pub store_warning: Option<StoreWarning>,
    pub storage_is_persistent: bool,
    pub is_fetching: bool,
    pub shut_out: Option<ShutOut>,
    pub has_sealed: bool,
}

/// What is kept between queries, so that a keystroke costs no fold. Of one replica: another one needs new ones.
#[derive(Default)]
pub struct Indexes {
    clients: ClientIndex,
    vouchers: VoucherIndex,
    sales: SalesIndex,
}

/// Answers a query from what the device holds.
pub fn answer(
    replica: &Replica,
    indexes: &mut Indexes,
    query: &Query,
    around: Surroundings,
) -> Answer {
    match query {
        Query::Sell { site, today } => Answer::Sell(stock::sell(replica, *site, *today)),
        Query::Stock => Answer::Stock(stock::mine(replica, around.now)),
        Query::Sales {
            filter,
            offset,
            limit,
        } => Answer::Sales(indexes.sales.list(replica, filter, *offset, *limit)),
        Query::Day { starts } => Answer::Day(sales::day(replica, starts)),
        Query::Sale { sale } => Answer::Sale(sales::one(replica, *sale)),
        Query::Block { block } => {
            Answer::Block(stock::block(replica, *block).as_ref().map(Packed::new))
        }
        Query::StockNeeds => Answer::StockNeeds(Packed::new(&stock::needs(replica))),
        Query::VoucherList {
            filter,
            offset,
            limit,
        } => Answer::VoucherList(Packed::new(
            &indexes.vouchers.list(replica, filter, *offset, *limit),
        )),
        Query::Voucher { voucher } => Answer::Voucher(
            voucher_list::story(replica, *voucher)
                .as_ref()
                .map(Packed::new),
        ),
        Query::Vouchers { site } => Answer::Vouchers(Packed::new(&stock::vouchers(replica, *site))),
        Query::KnownCodes { after, limit } => {
            Answer::KnownCodes(import::known_codes(replica, *after, *limit))
        }
        Query::Staff => Answer::Staff(Packed::new(&people::list(replica))),
        Query::Person { person } => {
            Answer::Person(people::one(replica, *person).as_ref().map(Packed::new))
        }
        Query::Grantable => Answer::Grantable(Packed::new(&people::grantable(replica))),
        Query::Sites => Answer::Sites(Packed::new(&sites::list(replica))),
        Query::Site { site } => Answer::Site(sites::one(replica, *site).as_ref().map(Packed::new)),
        Query::Packages => Answer::Packages(Packed::new(&packages(replica))),
        Query::PackageUse => Answer::PackageUse(Packed::new(&package_use(replica))),
        Query::Clients {
            filter,
            offset,
            limit,
        } => {
            let index = &mut indexes.clients;
            Answer::Clients(Packed::new(&clients::list(
                replica, index, filter, *offset, *limit,
            )))
        }
        Query::Client { client } => {
            Answer::Client(clients::one(replica, *client).as_ref().map(Packed::new))
        }
        Query::ClientsWithPhone { phone, except } => {
            let index = &mut indexes.clients;
            Answer::Clients(Packed::new(&clients::with_phone(
                replica, index, phone, *except,
            )))
        }
        Query::Sync => Answer::Sync(sync::view(replica, around)),
    }
}

pub use voucher_list::VoucherIndex;

use sales::SalesIndex;

/// One sale as its receipt shows it.
pub use sales::one as sale;
/// The pill of the header.
pub use sync::pill;

/// What registering a client list comes to.
pub fn client_plan(
    replica: &Replica,
    indexes: &mut Indexes,
    bytes: &[u8],
    site: Option<SiteId>,
) -> Result<ClientPlan, ClientFileError> {
    let country = crate::format::country(currency(replica));
    clients::plan(replica, &mut indexes.clients, bytes, site, country)
}

/// Who is signed in, from the documents they may read.
pub fn session(replica: &Replica, storage_is_persistent: bool) -> Session {
    let me = replica.me();
    let org = replica.sheets().get(&DocumentKey::Org);
    let principal = replica.principal();
    let grants = if principal.active {
        principal.grants.iter().copied().collect()
    } else {
        Vec::new()
    };
    let (sites, closed_sites) = site::sites(replica.sheets())
        .into_iter()
        .partition(|site| site.active);
    Session {
        org: me.org,
        organisation: org.text("org/name").unwrap_or_default().to_string(),
        currency: currency(replica),
        timezone: org
            .text("org/timezone")
            .unwrap_or("Africa/Dar_es_Salaam")
            .to_string(),
        person: me.person,
        name: name_of(replica, me.person),
        grants,
        sites,
        closed_sites,
        storage_is_persistent,
    }
}

fn currency(replica: &Replica) -> Currency {
    let org = replica.sheets().get(&DocumentKey::Org);
    org.text("org/currency")
        .and_then(Currency::from_code)
        .unwrap_or(Currency::Tzs)
}

fn name_of(replica: &Replica, person: PersonId) -> String {
    staff::person(replica.sheets().get(&DocumentKey::Staff), person)
        .map(|person| person.name)
        .unwrap_or_default()
}

fn packages(replica: &Replica) -> PackagesView {
    let mut packages: Vec<_> = package::packages(replica.sheets().get(&DocumentKey::Catalog))
        .into_values()
        .collect();
    packages.sort_by(|one, two| {
        (one.details.price, &one.details.name).cmp(&(two.details.price, &two.details.name))
    });
    let offered = if packages.is_empty() {
        package::first_packages(currency(replica)).to_vec()
    } else {
        Vec::new()
    };
    PackagesView { packages, offered }
}

/// One walk over the tills.
fn package_use(replica: &Replica) -> Vec<PackageUse> {
    let mut used: BTreeMap<PackageId, (u32, BTreeSet<ClientId>)> = BTreeMap::new();
    for (_, _, fact) in replica.sheets().facts() {
        if let FactBody::Sale(sale) = &fact.body {
            for line in &sale.lines {
                let (sold, clients) = used.entry(line.package).or_default();
                *sold += 1;
                clients.extend(sale.client);
            }
        }
    }
    used.into_iter()
        .map(|(package, (sold, clients))| PackageUse {
            package,
            sold,
            clients: count(clients.len()),
        })
        .collect()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
