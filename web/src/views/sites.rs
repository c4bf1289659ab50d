//! Sites: the list, and one site's page.

use std::collections::BTreeSet;

use crdt_model::capability::{Capability, Role};
use crdt_model::contested::contested;
use crdt_model::document::DocumentKey;
use crdt_model::fixture::{self, FixtureKind};
use crdt_model::ids::SiteId;
use crdt_model::replica::Replica;
use crdt_model::site::{self, Site};
use crdt_model::staff;

use super::count;
use crate::protocol::{SitePerson, SiteRow, SiteView};

pub(super) fn list(replica: &Replica) -> Vec<SiteRow> {
    let mut sites = site::sites(replica.sheets());
    sites.sort_by_key(|site| !site.active);
    sites.into_iter().map(|site| row(replica, site)).collect()
}

fn row(replica: &Replica, site: Site) -> SiteRow {
    let office = replica.sheets().get(&DocumentKey::Site(site.id));
    let in_use = |kind| {
        let all = fixture::fixtures(office, kind);
        count(all.into_iter().filter(|fixture| fixture.active).count())
    };
    SiteRow {
        staff: count(people(replica, site.id).len()),
        routers: in_use(FixtureKind::Router),
        access_points: in_use(FixtureKind::AccessPoint),
        site,
    }
}

fn people(replica: &Replica, site: SiteId) -> Vec<SitePerson> {
    let mut people: Vec<SitePerson> = staff::people(replica.sheets().get(&DocumentKey::Staff))
        .into_values()
        .filter(|person| person.principal().is_of_site(site))
        .map(|person| {
            let roles: BTreeSet<Role> = person
                .grants
                .iter()
                .filter(|grant| grant.scope.covers(site))
                .map(|grant| grant.role)
                .collect();
            SitePerson {
                person: person.id,
                name: person.name,
                roles: roles.into_iter().collect(),
            }
        })
        .collect();
    people.sort_by(|one, two| (&one.name, one.person).cmp(&(&two.name, two.person)));
    people
}

pub(super) fn one(replica: &Replica, id: SiteId) -> Option<SiteView> {
    let sheets = replica.sheets();
    let (public, office) = (DocumentKey::SitePublic(id), DocumentKey::Site(id));
    let me = replica.principal();
    let mut fields = contested(sheets.get(&public), public, "site/");
    fields.extend(contested(sheets.get(&office), office, ""));
    Some(SiteView {
        site: site::site(sheets, id)?,
        details: site::details(sheets, id)?,
        can_edit: me.may_at(Capability::SitesManage, id),
        sees_office: me.may_at(Capability::SitesView, id),
        fixtures: FixtureKind::ALL
            .into_iter()
            .flat_map(|kind| fixture::fixtures(sheets.get(&office), kind))
            .collect(),
        staff: people(replica, id),
        contested: fields,
    })
}
