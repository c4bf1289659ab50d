//! What is let in about people and sites: contacts, the last owner, fields of a site.

use crdt_model::admission::{Malformed, Reader, may_read};
use crdt_model::capability::{Grant, Principal, Role, Scope};
use crdt_model::document::{Container, DocumentKey, Put, Scalar};
use crdt_model::ids::PersonId;
use crdt_model::phone::Phone;
use crdt_model::site::{LATITUDE_MAX, Position, SiteDetails};
use crdt_model::staff::{self, Contacts, OWNER};
use crdt_model::sync::message::{Disposition, RefusalCode};

use super::relay::{Author, Bench, record};

const NOT_ALLOWED: Disposition = Disposition::Refused(RefusalCode::NotAllowed);

fn malformed(what: Malformed) -> Disposition {
    Disposition::Refused(RefusalCode::Malformed(what))
}

fn put(key: &str, value: Scalar) -> Put {
    Put {
        container: Container::Records,
        key: key.into(),
        value,
    }
}

impl Bench {
    fn refuses(&mut self, by: &Author, key: DocumentKey, puts: &[Put], answer: Disposition) {
        let change = self.write_intent(by, key, puts);
        self.turns_away(by, key, change, answer);
    }

    fn takes(&mut self, by: &Author, key: DocumentKey, puts: &[Put]) {
        let id = self.intent();
        self.accepts(by, key, id, puts);
    }
}

#[test]
fn ad19_the_last_owner_is_not_removed() {
    let mut bench = Bench::new();
    let (owner, agent) = (bench.owner, bench.agent);
    let off = staff::set_active(owner.person, false);
    bench.refuses(&owner, DocumentKey::Staff, &off, NOT_ALLOWED);
    let removed = put(
        &format!("person/{}/grant/{OWNER}", owner.person),
        Scalar::Bool(false),
    );
    bench.refuses(
        &owner,
        DocumentKey::Staff,
        std::slice::from_ref(&removed),
        NOT_ALLOWED,
    );

    let second = put(
        &format!("person/{}/grant/{OWNER}", agent.person),
        Scalar::Bool(true),
    );
    bench.takes(&owner, DocumentKey::Staff, &[second]);
    // Not both in one change, each of which alone would be fine.
    let both = [
        removed.clone(),
        put(
            &format!("person/{}/active", agent.person),
            Scalar::Bool(false),
        ),
    ];
    bench.refuses(&owner, DocumentKey::Staff, &both, NOT_ALLOWED);
    bench.takes(&owner, DocumentKey::Staff, &[removed]);
}

#[test]
fn ad19_nobody_deactivates_themselves() {
    let mut bench = Bench::new();
    let (owner, agent) = (bench.owner, bench.agent);
    let second = put(
        &format!("person/{}/grant/{OWNER}", agent.person),
        Scalar::Bool(true),
    );
    bench.takes(&owner, DocumentKey::Staff, &[second]);
    let off = staff::set_active(owner.person, false);
    bench.refuses(&owner, DocumentKey::Staff, &off, NOT_ALLOWED);
    bench.takes(&agent, DocumentKey::Staff, &off);
}

#[test]
fn ad6_contacts_are_written_by_whom_manages_the_person() {
    let mut bench = Bench::new();
    let (owner, manager, agent) = (bench.owner, bench.manager, bench.agent);
    let contacts = Contacts {
        phone: Some(Phone::from_e164("+255754318226").unwrap()),
        email: Some("asha@example.org".into()),
        note: Some("Sells at the market".into()),
    };
    let of_agent = contacts.puts(agent.person);
    for by in [manager, agent] {
        bench.refuses(&by, DocumentKey::StaffPrivate, &of_agent, NOT_ALLOWED);
    }
    bench.takes(&owner, DocumentKey::StaffPrivate, &of_agent);

    // An administrator of one site reaches those whose roles are of that site, and nobody above.
    let admin = put(
        &format!(
            "person/{}/grant/{}",
            manager.person,
            Grant {
                role: Role::Admin,
                scope: Scope::Site(bench.site)
            }
        ),
        Scalar::Bool(true),
    );
    bench.takes(&owner, DocumentKey::Staff, &[admin]);
    let email = |person: PersonId| record(&format!("contact/{person}/email"), "new@example.org");
    bench.takes(&manager, DocumentKey::StaffPrivate, &[email(agent.person)]);
    let of_owner = [email(owner.person)];
    bench.refuses(&manager, DocumentKey::StaffPrivate, &of_owner, NOT_ALLOWED);

    let bad = [
        (
            record(&format!("contact/{}/phone", agent.person), "0754"),
            Malformed::BadValue,
        ),
        (
            record(&format!("contact/{}/salary", agent.person), "1"),
            Malformed::UnknownField,
        ),
        (
            record(&format!("contact/{}/email", PersonId::RELAY), "a@b"),
            Malformed::UnknownField,
        ),
        (
            record(&format!("contact/{}/note", agent.person), &"a".repeat(501)),
            Malformed::BadValue,
        ),
    ];
    for (put, what) in bad {
        bench.refuses(&owner, DocumentKey::StaffPrivate, &[put], malformed(what));
    }
}

#[test]
fn contacts_are_read_by_managers_and_not_by_agents() {
    let bench = Bench::new();
    let reads = |role, active| {
        let principal = Principal {
            person: bench.agent.person,
            active,
            grants: [Grant {
                role,
                scope: Scope::Site(bench.site),
            }]
            .into(),
        };
        let reader = Reader {
            principal,
            leases: Default::default(),
            history: 0,
        };
        may_read(&reader, &DocumentKey::StaffPrivate)
    };
    let readers: Vec<Role> = Role::ALL
        .into_iter()
        .filter(|role| reads(*role, true))
        .collect();
    assert_eq!(
        readers,
        [Role::SuperAdmin, Role::Owner, Role::Admin, Role::Manager]
    );
    assert!(!reads(Role::Owner, false));
}

#[test]
fn ad6_fields_of_a_site_have_types_and_bounds() {
    let mut bench = Bench::new();
    let (owner, manager) = (bench.owner, bench.manager);
    let (public, office) = (
        DocumentKey::SitePublic(bench.site),
        DocumentKey::Site(bench.site),
    );
    let details = SiteDetails {
        name: "Mwenge".into(),
        zone: Some("North".into()),
        position: Some(Position {
            latitude: -67_692_000,
            longitude: 392_400_000,
        }),
        ..SiteDetails::default()
    };
    bench.takes(&owner, public, &details.public_puts());
    bench.takes(&owner, office, &details.office_puts());
    // A manager sees sites and does not change them: held, because somebody of the site can decide.
    let closed = crdt_model::site::set_active(false);
    let change = bench.write_intent(&manager, public, &closed);
    bench.holds(&manager, public, change);

    let router = "router/0000000000000000000000000A";
    bench.takes(
        &owner,
        office,
        &[record(&format!("{router}/serial"), "HG1")],
    );
    let bad = [
        (
            put("site/latitude", Scalar::Int(LATITUDE_MAX + 1)),
            Malformed::BadValue,
        ),
        (
            put("site/latitude", Scalar::Int(i64::MIN)),
            Malformed::BadValue,
        ),
        (put("site/longitude", "39.2".into()), Malformed::WrongType),
        (
            record("site/name", "only in the other document"),
            Malformed::UnknownField,
        ),
        (
            record(&format!("{router}/password"), "secret"),
            Malformed::UnknownField,
        ),
        (
            record(&format!("{router}/place"), "Roof"),
            Malformed::UnknownField,
        ),
        (record("ap/x/name", "Roof"), Malformed::UnknownField),
        (
            put(&format!("{router}/active"), Scalar::Int(1)),
            Malformed::WrongType,
        ),
    ];
    for (put, what) in bad {
        bench.refuses(&owner, office, &[put], malformed(what));
    }
}
