//! From a replica to what screens show. Pure: the worker calls it for every query, tests call it natively.

mod sales;
mod stock;
mod sync;

use crdt_model::capability::Role;
use crdt_model::client::{self, Client};
use crdt_model::document::DocumentKey;
use crdt_model::ids::PersonId;
use crdt_model::money::Currency;
use crdt_model::package;
use crdt_model::replica::Replica;
use crdt_model::site;
use crdt_model::staff;
use crdt_model::time::Timestamp;

use crate::protocol::{Answer, ClientView, PackagesView, Query, Session, StaffView, StoreWarning};

/// What the worker knows beside the replica.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    pub now: Timestamp,
    pub online: bool,
    pub store_warning: Option<StoreWarning>,
    pub storage_is_persistent: bool,
}

/// Answers a query from what the device holds.
pub fn answer(replica: &Replica, query: &Query, around: Surroundings) -> Answer {
    match query {
        Query::Sell { site } => Answer::Sell(stock::sell(replica, *site, around.now)),
        Query::Stock => Answer::Stock(stock::mine(replica)),
        Query::Sales {
            filter,
            offset,
            limit,
        } => Answer::Sales(sales::list(replica, filter, *offset, *limit)),
        Query::Sale { sale } => Answer::Sale(sales::one(replica, *sale)),
        Query::Vouchers { site } => Answer::Vouchers(stock::vouchers(replica, *site)),
        Query::Staff => Answer::Staff(staff_list(replica)),
        Query::Packages => Answer::Packages(packages(replica)),
        Query::Clients {
            site,
            search,
            limit,
        } => {
            let found = client::clients(replica.sheets())
                .into_iter()
                .filter(|client| {
                    site.is_none_or(|site| client.site == site) && client_matches(client, search)
                })
                .take(*limit as usize)
                .map(client_view)
                .collect();
            Answer::Clients(found)
        }
        Query::Sync => Answer::Sync(sync::view(replica, around)),
    }
}

/// One sale as its receipt shows it.
pub use sales::one as sale;
/// The pill of the header.
pub use sync::pill;

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
        sites: site::sites(replica.sheets()),
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

fn client_view(client: Client) -> ClientView {
    ClientView {
        id: client.id,
        site: client.site,
        name: client.name,
        phone: client.phone,
        email: client.email,
    }
}

fn client_matches(client: &Client, search: &str) -> bool {
    let search = search.trim().to_lowercase();
    if search.is_empty() {
        return true;
    }
    let digits: String = search.chars().filter(char::is_ascii_digit).collect();
    // 0712… is written +255712… in the record.
    let digits = digits.trim_start_matches('0');
    client.name.to_lowercase().contains(&search)
        || client
            .email
            .as_ref()
            .is_some_and(|email| email.to_lowercase().contains(&search))
        || (digits.len() >= 3
            && client
                .phone
                .as_ref()
                .is_some_and(|phone| phone.contains(digits)))
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

fn staff_list(replica: &Replica) -> Vec<StaffView> {
    let me = replica.principal();
    let mut staff: Vec<StaffView> = staff::people(replica.sheets().get(&DocumentKey::Staff))
        .into_values()
        .map(|person| StaffView {
            person: person.id,
            can_manage: person.grants.iter().all(|grant| me.may_grant(*grant))
                && me.may_somewhere(crdt_model::capability::Capability::StaffManage),
            is_me: person.id == me.person,
            name: person.name,
            active: person.active,
            grants: person.grants.into_iter().collect(),
            grantable: Role::ALL
                .into_iter()
                .filter(|role| {
                    me.grants.iter().any(|own| {
                        me.may_grant(crdt_model::capability::Grant {
                            role: *role,
                            scope: own.scope,
                        })
                    })
                })
                .collect(),
        })
        .collect();
    staff.sort_by(|one, two| {
        (!one.active, &one.name, one.person).cmp(&(!two.active, &two.name, two.person))
    });
    staff
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
