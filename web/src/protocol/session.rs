//! Who is signed in, and how they came in.

use crdt_model::capability::{Capability, Grant};
use crdt_model::ids::{OrgId, PersonId, SiteId};
use crdt_model::money::Currency;
use crdt_model::site::Site;
use serde::{Deserialize, Serialize};

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

/// What the worker found at its start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// People who signed in on this device before.
    pub people: Vec<KnownPerson>,
    /// The unlock ticket was good: no password needed.
    pub session: Option<Session>,
    /// With the session: it takes the place of the ticket that was good, for the next reload.
    pub unlock_ticket: Option<Vec<u8>>,
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
    /// The sites the person is granted on, and that are active.
    pub sites: Vec<Site>,
    /// The inactive ones: their names are still on old sales and roles.
    pub closed_sites: Vec<Site>,
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
