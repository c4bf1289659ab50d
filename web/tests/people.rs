//! What the screens of staff and sites show, from what a device holds.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that fails is a test that fails"
)]

#[path = "../../crdt-model/tests/simulation/random.rs"]
#[expect(dead_code, reason = "the simulation uses the rest")]
mod random;
#[path = "../../crdt-model/tests/shared/shop.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod shop;

use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::Command;
use crdt_model::document::{Actor, Document, DocumentKey, Put};
use crdt_model::fixture::{FixtureDetails, FixtureKind};
use crdt_model::ids::PersonId;
use crdt_model::import::clients::{ClientPlan, ClientRefusal};
use crdt_model::phone::Phone;
use crdt_model::site;
use crdt_model::staff::{self, Contacts, OWNER};
use shop::{NOW, Shop};
use web::protocol::{Answer, Packed, PersonView, Query, SiteView, StaffView};
use web::views::{self, Indexes, Surroundings};

const ASHA: PersonId = PersonId::from_bytes([20; 16]);

fn ask(shop: &Shop, query: &Query) -> Answer {
    let around = Surroundings {
        has_sealed: false,
        now: NOW,
        online: false,
        store_warning: None,
        storage_is_persistent: true,
        is_fetching: false,
        shut_out: None,
    };
    views::answer(&shop.replica, &mut Indexes::default(), query, around)
}

fn person(shop: &Shop, person: PersonId) -> PersonView {
    match ask(shop, &Query::Person { person }) {
        Answer::Person(Some(view)) => view.open(),
        other => panic!("{other:?}"),
    }
}

fn staff_list(shop: &Shop) -> Vec<StaffView> {
    match ask(shop, &Query::Staff) {
        Answer::Staff(people) => people.open(),
        other => panic!("{other:?}"),
    }
}

fn site_view(shop: &Shop) -> SiteView {
    match ask(shop, &Query::Site { site: shop.site }) {
        Answer::Site(Some(view)) => view.open(),
        other => panic!("{other:?}"),
    }
}

/// A site, and Asha who sells there.
fn with_asha() -> Shop {
    let mut shop = Shop::new();
    let site = shop.site;
    let add_site = Command::AddSite {
        site,
        name: "Mwenge".into(),
        place: Some("Dar es Salaam".into()),
    };
    shop.execute(add_site).unwrap();
    let add = Command::AddStaff {
        person: ASHA,
        name: "Asha Mushi".into(),
        grants: vec![Grant {
            role: Role::Agent,
            scope: Scope::Site(site),
        }],
    };
    shop.execute(add).unwrap();
    let contacts = Command::SetContacts {
        person: ASHA,
        from: Contacts::default(),
        to: Contacts {
            phone: Some(Phone::from_e164("+255754318226").unwrap()),
            ..Contacts::default()
        },
    };
    shop.execute(contacts).unwrap();
    shop
}

/// From now on the person of this device has only this role.
fn becomes(shop: &mut Shop, role: Role, scope: Scope) {
    let me = shop.replica.me().person;
    let grant = Grant { role, scope };
    let puts = [
        staff::add(me, "me", &[grant]),
        staff::add(ASHA, "Asha Mushi", &[OWNER]),
    ];
    shop.have(DocumentKey::Staff, &puts.concat());
}

#[test]
fn an_owner_sees_contacts_and_what_a_person_holds() {
    let mut shop = with_asha();
    let me = shop.replica.me().person;
    let asha = person(&shop, ASHA);
    assert_eq!(asha.staff.phone.as_deref(), Some("+255754318226"));
    assert!(asha.contacts.is_some() && asha.staff.can_manage && !asha.is_last_owner);
    assert_eq!((asha.blocks, asha.vouchers, asha.sales), (0, 0, 0));
    let mine = person(&shop, me);
    assert!(mine.is_last_owner && mine.staff.is_me);
    assert_eq!((mine.blocks, mine.vouchers), (1, 3));
    shop.sell();
    let mine = person(&shop, me);
    assert_eq!((mine.vouchers, mine.sales), (2, 1));
    let off = Command::SetStaffActive {
        person: ASHA,
        active: false,
    };
    shop.execute(off).unwrap();
    let people = staff_list(&shop);
    let names: Vec<(&str, bool)> = people
        .iter()
        .map(|person| (person.name.as_str(), person.active))
        .collect();
    assert_eq!(names, [("Asha", true), ("Asha Mushi", false)]);
    assert_eq!(
        ask(
            &shop,
            &Query::Person {
                person: PersonId::from_bytes([1; 16])
            }
        ),
        Answer::Person(None)
    );
}

#[test]
fn only_what_one_may_give_is_offered() {
    let mut shop = with_asha();
    let site = shop.site;
    becomes(&mut shop, Role::Admin, Scope::Site(site));
    let Answer::Grantable(grants) = ask(&shop, &Query::Grantable) else {
        panic!("no grants");
    };
    assert!(grants.iter().all(|grant| grant.scope == Scope::Site(site)));
    assert!(grants.iter().any(|grant| grant.role == Role::Agent));
    // Above them: seen, not managed.
    let asha = person(&shop, ASHA);
    assert!(!asha.staff.can_manage && asha.contacts.is_some());

    becomes(&mut shop, Role::Agent, Scope::Site(site));
    assert_eq!(
        ask(&shop, &Query::Grantable),
        Answer::Grantable(Packed::new(&Vec::new()))
    );
    assert_eq!(person(&shop, ASHA).contacts, None);
}

#[test]
fn a_list_registers_nobody_where_one_may_not() {
    let mut shop = with_asha();
    let site = shop.site;
    let list = "name,phone,site\nHalima,0712345678,mwenge\n";
    let plan = |shop: &Shop| {
        let indexes = &mut Indexes::default();
        views::client_plan(&shop.replica, indexes, list.as_bytes(), None).unwrap()
    };
    assert_eq!(plan(&shop).ready.len(), 1);
    // Sees the site, and nobody's clients.
    becomes(&mut shop, Role::Technical, Scope::Site(site));
    let ClientPlan { ready, refused } = plan(&shop);
    assert_eq!(ready, []);
    assert_eq!(
        refused[0].reason,
        ClientRefusal::NotAtSite {
            name: "Mwenge".into()
        }
    );
}

#[test]
fn a_closed_site_leaves_the_menu_and_keeps_its_name() {
    let mut shop = with_asha();
    let site = shop.site;
    let session = views::session(&shop.replica, true);
    assert_eq!((session.sites.len(), session.closed_sites.len()), (1, 0));
    let close = Command::SetSiteActive {
        site,
        active: false,
    };
    shop.execute(close).unwrap();
    let session = views::session(&shop.replica, true);
    assert_eq!((session.sites.len(), session.closed_sites.len()), (0, 1));
    assert_eq!(session.closed_sites[0].name, "Mwenge");
}

#[test]
fn a_site_shows_its_people_and_what_stands_there() {
    let mut shop = with_asha();
    let site = shop.site;
    for (byte, kind) in [
        (1, FixtureKind::Router),
        (2, FixtureKind::Router),
        (3, FixtureKind::AccessPoint),
    ] {
        let put = Command::PutFixture {
            site,
            fixture: kind.with_id([byte; 16]),
            from: None,
            to: FixtureDetails {
                name: format!("{} {byte}", kind.noun()),
                ..FixtureDetails::default()
            },
        };
        shop.execute(put).unwrap();
    }
    let off = Command::SetFixtureActive {
        site,
        fixture: FixtureKind::Router.with_id([1; 16]),
        active: false,
    };
    shop.execute(off).unwrap();
    let Answer::Sites(rows) = ask(&shop, &Query::Sites) else {
        panic!("no sites");
    };
    // The owner reaches every site.
    assert_eq!(
        (rows[0].staff, rows[0].routers, rows[0].access_points),
        (2, 1, 1)
    );
    let view = site_view(&shop);
    assert!(view.can_edit && view.sees_office);
    assert_eq!(view.details.place.as_deref(), Some("Dar es Salaam"));
    let names: Vec<&str> = view
        .fixtures
        .iter()
        .map(|fixture| fixture.details.name.as_str())
        .collect();
    assert_eq!(names, ["router 2", "router 1", "ap 3"]);
    let asha = view
        .staff
        .iter()
        .find(|person| person.person == ASHA)
        .unwrap();
    assert_eq!(asha.roles, [Role::Agent]);

    becomes(&mut shop, Role::Sales, Scope::Site(site));
    let view = site_view(&shop);
    assert!(!view.can_edit && view.sees_office);
}

#[test]
fn what_two_wrote_at_once_is_on_the_page_until_somebody_chooses() {
    let mut shop = with_asha();
    let key = DocumentKey::SitePublic(shop.site);
    let [one, two] = [1, 2].map(|byte| Actor::from_bytes([byte; 16]));
    let zone = |text: &str| Put {
        key: "site/zone".into(),
        value: text.into(),
        ..site::set_active(true).remove(0)
    };
    let mut document = Document::new();
    document.write(
        one,
        0,
        &[site::puts("Mwenge", None), vec![zone("North")]].concat(),
    );
    let mut other = Document::new();
    other.write(two, 0, &[zone("South")]);
    document.apply(other.changes()).unwrap();
    let commit = shop
        .replica
        .snapshot(key, &document.save(), NOW, &mut shop.rng)
        .unwrap();
    shop.replica.stored(commit.number);
    let contested = site_view(&shop).contested;
    assert_eq!(contested.len(), 1);
    let choice = Command::SettleField {
        document: key,
        key: contested[0].key.clone(),
        value: contested[0].others[0].clone(),
    };
    shop.execute(choice).unwrap();
    let view = site_view(&shop);
    assert_eq!(view.contested, Vec::new());
    assert_eq!(
        view.site.zone.map(Into::into),
        Some(contested[0].others[0].clone())
    );
}
