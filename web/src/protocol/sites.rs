//! Sites and what belongs to them.

use crdt_model::contested::Contested;
use crdt_model::fixture::Fixture;
use crdt_model::ids::PersonId;
use crdt_model::site::{Site, SiteDetails};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteRow {
    pub site: Site,
    /// Active people granted there or for the whole organisation.
    pub staff: u32,
    /// In use.
    pub routers: u32,
    pub access_points: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteView {
    pub site: Site,
    pub details: SiteDetails,
    pub can_edit: bool,
    /// The office's part is on this device.
    pub sees_office: bool,
    /// Routers, access points and areas.
    pub fixtures: Vec<Fixture>,
    pub staff: Vec<SitePerson>,
    /// Fields that several wrote at once.
    pub contested: Vec<Contested>,
}

/// Who works at a site, with the roles that reach it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SitePerson {
    pub person: PersonId,
    pub name: String,
    pub roles: Vec<crdt_model::capability::Role>,
}
