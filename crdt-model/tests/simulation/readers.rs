//! Who may read what, said once more and by role: what is sent and what is held is held against this, not against the
//! rule that decided it. The people of the simulation are owners, managers and agents.

use crdt_model::admission::Reader;
use crdt_model::capability::Role;
use crdt_model::document::DocumentKey;
use crdt_model::ids::SiteId;

pub fn should_read(reader: &Reader, document: &DocumentKey) -> bool {
    let who = &reader.principal;
    let is_own = match document {
        DocumentKey::Till { person, .. }
        | DocumentKey::VerdictTill { person, .. }
        | DocumentKey::Me(person) => *person == who.person,
        _ => false,
    };
    if !who.active {
        return is_own;
    }
    let works_at = |site: &SiteId| who.grants.iter().any(|grant| grant.scope.covers(*site));
    let is_office = |role: Role| matches!(role, Role::Owner | Role::Manager);
    let is_office_of = |site: &SiteId| {
        let mut grants = who.grants.iter();
        grants.any(|grant| is_office(grant.role) && grant.scope.covers(*site))
    };
    match document {
        DocumentKey::Org | DocumentKey::Staff | DocumentKey::Catalog => true,
        DocumentKey::StaffPrivate => who.grants.iter().any(|grant| is_office(grant.role)),
        DocumentKey::SitePublic(site) => works_at(site),
        DocumentKey::Site(site) | DocumentKey::Batches(site) => is_office_of(site),
        DocumentKey::Clients { site, owner, .. } => {
            is_office_of(site) || (*owner == who.person && works_at(site))
        }
        DocumentKey::Block { site, block } | DocumentKey::VerdictBlock { site, block } => {
            is_office_of(site) || reader.leases.contains(&(*site, *block))
        }
        DocumentKey::Till { site, .. } | DocumentKey::VerdictTill { site, .. } => {
            is_own || is_office_of(site)
        }
        DocumentKey::Me(_) => is_own,
    }
}
