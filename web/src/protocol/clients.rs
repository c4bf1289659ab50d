//! Clients.

use crdt_model::client::{Client, Standing};
use crdt_model::ids::{ClientId, IntentId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::package::PackageDetails;
use crdt_model::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};

/// A client as a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientView {
    pub id: ClientId,
    pub site: SiteId,
    pub owner: PersonId,
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub expires_on: Option<Date>,
    pub active: bool,
    /// As far as this device sees sales.
    pub last_purchase: Option<Timestamp>,
}

impl ClientView {
    pub fn standing(&self, today: Date) -> Standing {
        Standing::of(self.active, self.expires_on, today)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientsView {
    pub rows: Vec<ClientView>,
    /// Of all that match, not only of `rows`.
    pub count: u32,
    /// Whose clients are here, by name.
    pub owners: Vec<(PersonId, String)>,
}

/// All that is known of one client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientPageView {
    pub client: Client,
    pub site_name: String,
    pub owner_name: String,
    /// Newest first, the latest few hundred.
    pub purchases: Vec<PurchaseView>,
    /// Of all purchases that are seen here.
    pub purchases_count: u32,
    pub purchases_total: Money,
    /// This person may write how the client is reached …
    pub may_edit: bool,
    /// … and everything else.
    pub may_edit_all: bool,
}

/// A sale, as the client's history tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PurchaseView {
    pub sale: IntentId,
    pub receipt: String,
    pub at: Timestamp,
    pub person_name: String,
    /// Each package once, with how many.
    pub packages: Vec<(String, u32)>,
    /// What the first of them gives.
    pub terms: Option<PackageDetails>,
    pub total: Money,
}
