//! The rules of staff and sites, each refusal, on one device.

use std::collections::BTreeSet;

use crdt_model::capability::{Capability, Grant, Role, Scope};
use crdt_model::command::{Command, Refusal};
use crdt_model::contested::contested;
use crdt_model::document::{Actor, Container, Document, DocumentKey, Put, Scalar};
use crdt_model::fixture::{self, FixtureDetails, FixtureError, FixtureKind};
use crdt_model::ids::PersonId;
use crdt_model::sale::SellError;
use crdt_model::site::{self, SiteDetails, SiteError};
use crdt_model::staff::{self, Contacts, ContactsError, OWNER};

use crate::shop::{NOW, Shop};

const ASHA: PersonId = PersonId::from_bytes([20; 16]);
const NOBODY: PersonId = PersonId::from_bytes([21; 16]);

fn refused(shop: &mut Shop, command: Command) -> Refusal {
    shop.execute(command).map(drop).unwrap_err()
}

fn does(shop: &mut Shop, command: Command) {
    shop.execute(command).unwrap();
}

fn set_active(person: PersonId, active: bool) -> Command {
    Command::SetStaffActive { person, active }
}

/// The shop's owner, and Asha with these roles.
fn shop_with(grants: &[Grant]) -> (Shop, PersonId) {
    let mut shop = Shop::new();
    let me = shop.replica.me().person;
    does(
        &mut shop,
        Command::AddStaff {
            person: ASHA,
            name: "Asha".into(),
            grants: grants.to_vec(),
        },
    );
    (shop, me)
}

/// From now on the device's person has only this role.
fn becomes(shop: &mut Shop, role: Role, scope: Scope) {
    let me = shop.replica.me().person;
    let puts = staff::add(me, "me", &[Grant { role, scope }]);
    let asha = staff::add(ASHA, "Asha", &[OWNER]);
    shop.have(DocumentKey::Staff, &[puts, asha].concat());
}

#[test]
fn nobody_deactivates_themselves_and_the_last_owner_stays() {
    let (mut shop, me) = shop_with(&[]);
    assert_eq!(
        refused(&mut shop, set_active(me, false)),
        Refusal::NotYourself
    );
    let no_roles = Command::SetGrants {
        person: me,
        grants: Vec::new(),
    };
    assert_eq!(refused(&mut shop, no_roles.clone()), Refusal::LastOwner);
    does(
        &mut shop,
        Command::SetGrants {
            person: ASHA,
            grants: vec![OWNER],
        },
    );
    does(&mut shop, set_active(ASHA, false));
    // An inactive owner is none.
    assert_eq!(refused(&mut shop, no_roles.clone()), Refusal::LastOwner);
    does(&mut shop, set_active(ASHA, true));
    does(&mut shop, no_roles);
}

#[test]
fn a_person_has_several_roles_each_with_its_place() {
    let (here, there) = (
        Shop::new().site,
        crdt_model::ids::SiteId::from_bytes([5; 16]),
    );
    let agent = Grant {
        role: Role::Agent,
        scope: Scope::Site(here),
    };
    let desk = Grant {
        role: Role::Sales,
        scope: Scope::Site(there),
    };
    let (shop, _) = shop_with(&[agent, desk]);
    let staff = shop.replica.sheets().get(&DocumentKey::Staff);
    let asha = staff::person(staff, ASHA).unwrap();
    assert_eq!(asha.grants, BTreeSet::from([agent, desk]));
    let who = asha.principal();
    assert!(who.may_at(Capability::SalesAll, there) && !who.may_at(Capability::SalesAll, here));
}

#[test]
fn who_may_not_manage_a_person_changes_nothing_about_them() {
    let (mut shop, _) = shop_with(&[]);
    let rename = |person| Command::RenameStaff {
        person,
        name: "Asha Mushi".into(),
    };
    let contacts = |person, to: Contacts| Command::SetContacts {
        person,
        from: Contacts::default(),
        to,
    };
    does(&mut shop, rename(ASHA));
    assert_eq!(refused(&mut shop, rename(NOBODY)), Refusal::NoSuchPerson);
    assert_eq!(
        refused(
            &mut shop,
            Command::RenameStaff {
                person: ASHA,
                name: " ".into()
            }
        ),
        Refusal::Name { max: 120 }
    );
    let email = |text: &str| Contacts {
        email: Some(text.into()),
        ..Contacts::default()
    };
    does(&mut shop, contacts(ASHA, email("asha@example.org")));
    let bad = contacts(ASHA, email("asha"));
    assert_eq!(refused(&mut shop, bad), ContactsError::Email.into());
    let unknown = contacts(NOBODY, email("a@b"));
    assert_eq!(refused(&mut shop, unknown), Refusal::NoSuchPerson);

    let site = shop.site;
    becomes(&mut shop, Role::Admin, Scope::Site(site));
    for command in [
        rename(ASHA),
        contacts(ASHA, email("a@b")),
        set_active(ASHA, false),
    ] {
        assert_eq!(refused(&mut shop, command), Refusal::NotYoursToGrant(OWNER));
    }
    becomes(&mut shop, Role::Manager, Scope::Organisation);
    for command in [rename(ASHA), contacts(ASHA, email("a@b"))] {
        assert_eq!(
            refused(&mut shop, command),
            Refusal::NotAllowed(Capability::StaffManage)
        );
    }
}

#[test]
fn an_edit_of_contacts_writes_what_it_changed() {
    let (mut shop, _) = shop_with(&[]);
    let before = Contacts {
        email: Some("asha@example.org".into()),
        note: Some("Market".into()),
        ..Contacts::default()
    };
    let after = Contacts {
        note: Some("Harbour".into()),
        ..before.clone()
    };
    let edit = Command::SetContacts {
        person: ASHA,
        from: before.clone(),
        to: after,
    };
    let (id, _) = shop.execute(edit).unwrap();
    let written: Vec<String> = keys(&shop, id);
    assert_eq!(written, [format!("contact/{ASHA}/note")]);
    let nothing = Command::SetContacts {
        person: ASHA,
        from: before.clone(),
        to: before,
    };
    let (id, _) = shop.execute(nothing).unwrap();
    assert!(
        shop.replica.pending(id).is_none(),
        "nothing waits for nothing"
    );
}

fn keys(shop: &Shop, id: crdt_model::ids::IntentId) -> Vec<String> {
    let pending = shop.replica.pending(id).unwrap();
    let puts = pending.writes.iter().flat_map(|write| &write.puts);
    puts.map(|put| put.key.clone()).collect()
}

#[test]
fn a_site_is_edited_field_by_field_in_two_documents() {
    let mut shop = Shop::new();
    let site = shop.site;
    let edit = |from: &SiteDetails, to: &SiteDetails| Command::EditSite {
        site,
        from: from.clone(),
        to: to.clone(),
    };
    let named = SiteDetails {
        name: "Mwenge".into(),
        ..SiteDetails::default()
    };
    let unknown = edit(&named, &named);
    assert_eq!(refused(&mut shop, unknown), Refusal::NoSuchSite);
    does(
        &mut shop,
        Command::AddSite {
            site,
            name: "Mwenge".into(),
            place: None,
        },
    );
    let more = SiteDetails {
        zone: Some("North".into()),
        notes: Some("Key at the kiosk".into()),
        ..named.clone()
    };
    let (id, _) = shop.execute(edit(&named, &more)).unwrap();
    assert_eq!(keys(&shop, id), ["site/zone", "site/notes"]);
    assert_eq!(site::details(shop.replica.sheets(), site), Some(more));
    let nameless = SiteDetails::default();
    let wrong = edit(&named, &nameless);
    assert_eq!(refused(&mut shop, wrong), SiteError::Name.into());
    becomes(&mut shop, Role::Manager, Scope::Organisation);
    let not_mine = edit(&named, &named);
    assert_eq!(
        refused(&mut shop, not_mine),
        Refusal::NotAllowed(Capability::SitesManage)
    );
}

#[test]
fn a_closed_site_sells_nothing_until_it_opens_again() {
    let mut shop = Shop::new();
    let site = shop.site;
    does(
        &mut shop,
        Command::AddSite {
            site,
            name: "Mwenge".into(),
            place: None,
        },
    );
    let before = shop.sell();
    let sale = shop.sale(before);
    does(
        &mut shop,
        Command::SetSiteActive {
            site,
            active: false,
        },
    );
    let again = Command::Sell {
        site,
        sale,
        new_client: None,
    };
    assert_eq!(refused(&mut shop, again), SellError::SiteClosed.into());
    // What was sold before stays sold, and waits to be sent.
    assert!(shop.replica.pending(before).is_some());
    does(&mut shop, Command::SetSiteActive { site, active: true });
    shop.sell();
}

#[test]
fn routers_and_access_points_are_listed_under_their_site() {
    let mut shop = Shop::new();
    let site = shop.site;
    let put = |id, from: Option<FixtureDetails>, to| Command::PutFixture {
        site,
        fixture: id,
        from,
        to,
    };
    let details = FixtureDetails {
        name: "Gateway".into(),
        model: Some("hEX S".into()),
        address: Some("10.5.50.1".into()),
        ..FixtureDetails::default()
    };
    let router = FixtureKind::Router.with_id([1; 16]);
    does(&mut shop, put(router, None, details.clone()));
    let moved = FixtureDetails {
        address: Some("10.5.60.1".into()),
        ..details.clone()
    };
    let (id, _) = shop
        .execute(put(router, Some(details.clone()), moved.clone()))
        .unwrap();
    assert_eq!(keys(&shop, id), [format!("{router}/address")]);
    let off = Command::SetFixtureActive {
        site,
        fixture: router,
        active: false,
    };
    does(&mut shop, off.clone());
    let office = shop.replica.sheets().get(&DocumentKey::Site(site));
    let found = fixture::fixtures(office, FixtureKind::Router);
    assert_eq!((found.len(), found[0].active), (1, false));
    assert_eq!(found[0].details, moved);
    let nameless = put(router, None, FixtureDetails::default());
    assert_eq!(refused(&mut shop, nameless), FixtureError::Name.into());
    becomes(&mut shop, Role::Sales, Scope::Organisation);
    for command in [put(router, None, details), off] {
        assert_eq!(
            refused(&mut shop, command),
            Refusal::NotAllowed(Capability::SitesManage)
        );
    }
}

/// Two people wrote the site's zone without knowing of each other.
fn contested_zone(shop: &mut Shop) -> (String, Vec<Scalar>) {
    let mut document = Document::new();
    let mut other = Document::new();
    let zone = |text: &str| Put {
        container: Container::Records,
        key: "site/zone".into(),
        value: text.into(),
    };
    document.write(Actor::from_bytes([1; 16]), 0, &site::puts("Mwenge", None));
    document.write(Actor::from_bytes([1; 16]), 0, &[zone("North")]);
    other.write(Actor::from_bytes([2; 16]), 0, &[zone("South")]);
    document.apply(other.changes()).unwrap();
    let key = DocumentKey::SitePublic(shop.site);
    let commit = shop
        .replica
        .snapshot(key, &document.save(), NOW, &mut shop.rng)
        .unwrap();
    shop.replica.stored(commit.number);
    let found = contested(shop.replica.sheets().get(&key), key, "site/");
    assert_eq!(found.len(), 1);
    (
        found[0].key.clone(),
        [vec![found[0].value.clone()], found[0].others.clone()].concat(),
    )
}

#[test]
fn one_of_the_values_is_chosen_and_no_other() {
    let mut shop = Shop::new();
    let (key, values) = contested_zone(&mut shop);
    let document = DocumentKey::SitePublic(shop.site);
    let settle = |key: &str, value: Scalar| Command::SettleField {
        document,
        key: key.into(),
        value,
    };
    for bad in [
        settle(&key, "East".into()),
        settle("site/name", "Mwenge".into()),
        settle("site/contact", Scalar::Null),
    ] {
        assert_eq!(refused(&mut shop, bad), Refusal::NotContested);
    }
    becomes(&mut shop, Role::Manager, Scope::Organisation);
    let mine = settle(&key, values[1].clone());
    assert_eq!(
        refused(&mut shop, mine.clone()),
        Refusal::NotAllowed(Capability::SitesManage)
    );
    becomes(&mut shop, Role::Owner, Scope::Organisation);
    does(&mut shop, mine.clone());
    let sheet = shop.replica.sheets().get(&document);
    assert_eq!(sheet.records[&key].value, values[1]);
    assert_eq!(refused(&mut shop, mine), Refusal::NotContested);
}
