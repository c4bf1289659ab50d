//! Clients: the list from its index, and one client with what they bought.

use std::collections::BTreeSet;

use crdt_model::capability::Capability;
use crdt_model::client::index::{ClientFilter, ClientIndex};
use crdt_model::client::{self, Client};
use crdt_model::document::DocumentKey;
use crdt_model::fact::FactBody;
use crdt_model::ids::{ClientId, PersonId, SiteId};
use crdt_model::import::ImportLimits;
use crdt_model::import::clients::{ClientFileError, ClientPlan, KnownSite, read_clients};
use crdt_model::package;
use crdt_model::phone::{Country, Phone};
use crdt_model::replica::Replica;
use crdt_model::sheets::Sheets;
use crdt_model::site;

use super::{count, name_of};
use crate::protocol::{ClientPageView, ClientView, ClientsView, PurchaseView};

/// A longer history is told by the sales screen.
const PURCHASES_SHOWN: usize = 300;
/// More people with one number than anybody reads.
const NAMESAKES_MAX: usize = 5;

pub fn list(
    replica: &Replica,
    index: &mut ClientIndex,
    filter: &ClientFilter,
    offset: u32,
    limit: u32,
) -> ClientsView {
    index.catch_up(replica.sheets());
    let (found, page) = index.find(filter, offset as usize, limit as usize);
    let rows = page.into_iter().map(|client| row(client, index)).collect();
    ClientsView {
        rows,
        count: count(found),
        owners: owners(replica),
    }
}

/// Who else has this number.
pub fn with_phone(
    replica: &Replica,
    index: &mut ClientIndex,
    phone: &Phone,
    except: Option<ClientId>,
) -> ClientsView {
    index.catch_up(replica.sheets());
    let rows: Vec<ClientView> = index
        .with_phone(phone)
        .filter(|client| Some(client.id) != except)
        .take(NAMESAKES_MAX)
        .map(|client| row(client, index))
        .collect();
    ClientsView {
        count: count(rows.len()),
        rows,
        owners: Vec::new(),
    }
}

/// Reads a list, and leaves out whose number somebody here has, and who is of a site where one registers nobody.
pub fn plan(
    replica: &Replica,
    index: &mut ClientIndex,
    bytes: &[u8],
    site: Option<SiteId>,
    country: Country,
) -> Result<ClientPlan, ClientFileError> {
    let file = read_clients(bytes, &ImportLimits::default(), country)?;
    index.catch_up(replica.sheets());
    let holders = index.phones();
    let me = replica.principal();
    let sites: Vec<KnownSite> = site::sites(replica.sheets())
        .into_iter()
        .map(|site| KnownSite {
            may_register: client::may_write(&me, site.id, me.person, "name").is_ok(),
            id: site.id,
            name: site.name,
        })
        .collect();
    Ok(file.plan(&sites, site, |phone| {
        holders.get(phone).map(|name| (*name).to_string())
    }))
}

fn row(client: &Client, index: &ClientIndex) -> ClientView {
    ClientView {
        last_purchase: index.last_purchase(client.id),
        ..view(client)
    }
}

pub fn view(client: &Client) -> ClientView {
    let details = &client.details;
    ClientView {
        id: client.id,
        site: client.site,
        owner: client.owner,
        name: details.name.clone(),
        phone: details.phone.as_ref().map(ToString::to_string),
        email: details.email.clone(),
        expires_on: details.expires_on,
        active: client.active,
        last_purchase: None,
    }
}

/// The people whose clients are here.
fn owners(replica: &Replica) -> Vec<(PersonId, String)> {
    let ids: BTreeSet<PersonId> = replica
        .sheets()
        .iter()
        .filter_map(|(key, _)| match key {
            DocumentKey::Clients { owner, .. } => Some(*owner),
            _ => None,
        })
        .collect();
    let mut owners: Vec<(PersonId, String)> = ids
        .into_iter()
        .map(|id| (id, name_of(replica, id)))
        .collect();
    owners.sort_by(|one, two| (&one.1, one.0).cmp(&(&two.1, two.0)));
    owners
}

pub fn one(replica: &Replica, id: ClientId) -> Option<ClientPageView> {
    let sheets = replica.sheets();
    let client = client::find(sheets, id)?;
    let me = replica.principal();
    let may = |field| client::may_write(&me, client.site, client.owner, field).is_ok();
    let mut purchases = purchases(replica, id);
    let (purchases_count, purchases_total) = (
        count(purchases.len()),
        purchases.iter().map(|purchase| purchase.total).sum(),
    );
    purchases.truncate(PURCHASES_SHOWN);
    Some(ClientPageView {
        site_name: site::site(sheets, client.site)
            .map(|site| site.name)
            .unwrap_or_default(),
        owner_name: name_of(replica, client.owner),
        purchases,
        purchases_count,
        purchases_total,
        may_edit: may("name"),
        may_edit_all: me.may_at(Capability::ClientsEdit, client.site),
        client,
    })
}

/// What a client bought, newest first: one walk over the tills, asked for on the client's own page only.
pub(super) fn purchases(replica: &Replica, id: ClientId) -> Vec<PurchaseView> {
    let sheets = replica.sheets();
    let mut purchases: Vec<PurchaseView> = sheets
        .iter()
        .filter(|(key, _)| matches!(key, DocumentKey::Till { .. }))
        .flat_map(|(_, sheet)| sheet.known_facts())
        .filter_map(|(key, fact)| match &fact.body {
            FactBody::Sale(sale) if sale.client == Some(id) => {
                let mut packages: Vec<(String, u32)> = Vec::new();
                for line in &sale.lines {
                    let name = package_of(sheets, line.package)
                        .map_or_else(|| "?".into(), |package| package.name);
                    match packages.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, many)) => *many += 1,
                        None => packages.push((name, 1)),
                    }
                }
                Some(PurchaseView {
                    sale: key.parse().ok()?,
                    receipt: sale.receipt.clone(),
                    at: fact.happened(),
                    person_name: name_of(replica, fact.by),
                    packages,
                    terms: sale
                        .lines
                        .first()
                        .and_then(|line| package_of(sheets, line.package)),
                    total: sale.total(),
                })
            }
            _ => None,
        })
        .collect();
    purchases.sort_by_key(|purchase| std::cmp::Reverse((purchase.at, purchase.sale)));
    purchases
}

fn package_of(sheets: &Sheets, id: crdt_model::ids::PackageId) -> Option<package::PackageDetails> {
    package::package(sheets.get(&DocumentKey::Catalog), id).map(|package| package.details)
}
