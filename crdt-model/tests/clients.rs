//! Who may write which field of whose client: the command on the device and the relay's admission, side by side.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;
use std::sync::Arc;

use crdt_model::admission;
use crdt_model::capability::{Capability, Grant, Principal, Role, Scope};
use crdt_model::client::{Client, ClientDetails, ClientEdit, clients, find, is_contact};
use crdt_model::command::{Command, Intent, NewClient, Refusal, execute};
use crdt_model::document::{Actor, Container, Document, DocumentKey, Field, PlainOp, Put, Scalar};
use crdt_model::ids::{ClientId, DeviceId, IntentId, PersonId, SiteId};
use crdt_model::package::Connection;
use crdt_model::phone::{Country, Phone};
use crdt_model::sheets::Sheets;
use crdt_model::time::Timestamp;
use crdt_model::voucher::{Holder, Stock};

const SITE: SiteId = SiteId::from_bytes([1; 16]);
const ME: PersonId = PersonId::from_bytes([2; 16]);
const OTHER: PersonId = PersonId::from_bytes([3; 16]);
const MINE: ClientId = ClientId::from_bytes([4; 16]);
const THEIRS: ClientId = ClientId::from_bytes([5; 16]);

fn document(owner: PersonId) -> DocumentKey {
    DocumentKey::Clients {
        site: SITE,
        owner,
        part: 0,
    }
}

fn details() -> ClientDetails {
    ClientDetails {
        name: "Halima Mrema".into(),
        phone: Phone::parse("0712 345 678", Country::Tanzania).ok(),
        email: Some("halima@example.com".into()),
        address: Some("Mtaa wa Kongo".into()),
        mac: "44-15-a4-9c-91-e1".parse().ok(),
        connection: Some(Connection::Pppoe),
        registered_on: "2025-01-02".parse().ok(),
        expires_on: "2026-12-31".parse().ok(),
        sms_reminder: true,
        notes: Some("anadaiwa 5,000".into()),
    }
}

fn sheets() -> Sheets {
    let mut sheets = Sheets::default();
    for (owner, client) in [(ME, MINE), (OTHER, THEIRS)] {
        let mut written = Document::new();
        let actor = Actor::from_bytes([1; 16]);
        written.write(actor, 0, &details().puts(client)).unwrap();
        *sheets.entry(document(owner)) = written.sheet();
    }
    sheets
}

fn with(role: Role, scope: Scope) -> Principal {
    Principal {
        person: ME,
        active: true,
        grants: BTreeSet::from([Grant { role, scope }]),
    }
}

fn run(
    sheets: &Sheets,
    who: &Principal,
    command: Command,
) -> Result<Vec<(DocumentKey, Put)>, Refusal> {
    let holder = Holder {
        person: ME,
        device: DeviceId::from_bytes([9; 16]),
    };
    let intent = Intent {
        id: IntentId::from_bytes([8; 16]),
        at: Timestamp::ZERO,
        since: Timestamp::ZERO,
        by: ME,
        command,
    };
    let writes = execute(
        sheets,
        || Arc::new(Stock::fold(sheets, holder)),
        who,
        &intent,
    )?;
    let puts = writes
        .into_iter()
        .flat_map(|write| write.puts.into_iter().map(move |put| (write.document, put)));
    Ok(puts.collect())
}

fn admits(sheets: &Sheets, who: &Principal, key: DocumentKey, put: &Put) -> bool {
    let op = PlainOp {
        container: put.container,
        key: put.key.clone(),
        value: put.value.clone(),
        replaces: Vec::new(),
    };
    let intent = IntentId::from_bytes([8; 16]);
    admission::check(who, &key, sheets.get(&key), intent, &op).is_ok()
}

/// Every field, changed.
fn edits() -> Vec<ClientEdit> {
    ClientDetails {
        name: "Halima Said".into(),
        ..ClientDetails::default()
    }
    .edits_from(&details())
}

#[test]
fn a_record_says_what_was_entered() {
    let read: Client = find(&sheets(), MINE).unwrap();
    assert_eq!((read.site, read.owner), (SITE, ME));
    assert_eq!(read.details, details());
    assert!(read.active && read.contested.is_empty());
    assert_eq!(clients(&sheets()).len(), 2);
    assert_eq!(edits().len(), 10, "every field is tried below");
}

#[test]
fn the_device_refuses_exactly_what_the_relay_does_not_admit() {
    let sheets = sheets();
    for role in Role::ALL {
        for scope in [
            Scope::Organisation,
            Scope::Site(SITE),
            Scope::Site(SiteId::from_bytes([6; 16])),
        ] {
            let who = with(role, scope);
            for (owner, client) in [(ME, MINE), (OTHER, THEIRS)] {
                let mut commands: Vec<(Put, Command)> = edits()
                    .into_iter()
                    .map(|edit| {
                        let edits = vec![edit.clone()];
                        (edit.put(client), Command::EditClient { client, edits })
                    })
                    .collect();
                commands.push((
                    crdt_model::client::set_active(client, false),
                    Command::SetClientActive {
                        client,
                        active: false,
                    },
                ));
                for (put, command) in commands {
                    let told = run(&sheets, &who, command);
                    let admitted = admits(&sheets, &who, document(owner), &put);
                    assert_eq!(told.is_ok(), admitted, "{role:?} {scope:?} {}", put.key);
                    if let Ok(written) = told {
                        assert_eq!(written, [(document(owner), put)]);
                    }
                }
            }
        }
    }
}

#[test]
fn an_agent_writes_only_how_their_own_clients_are_reached() {
    let sheets = sheets();
    let agent = with(Role::Agent, Scope::Site(SITE));
    for edit in edits() {
        let field = edit.field();
        let own = run(
            &sheets,
            &agent,
            Command::EditClient {
                client: MINE,
                edits: vec![edit.clone()],
            },
        );
        match is_contact(field) {
            true => assert!(own.is_ok(), "{field}"),
            false => assert_eq!(
                own,
                Err(Refusal::NotAllowed(Capability::ClientsEdit)),
                "{field}"
            ),
        }
        let other = Command::EditClient {
            client: THEIRS,
            edits: vec![edit],
        };
        assert!(
            matches!(run(&sheets, &agent, other), Err(Refusal::NotAllowed(_))),
            "{field}"
        );
    }
    let off = Command::SetClientActive {
        client: MINE,
        active: false,
    };
    let refused = Err(Refusal::NotAllowed(Capability::ClientsEdit));
    assert_eq!(run(&sheets, &agent, off), refused);
    // The office's fields are not written on registering either.
    let register = |details| Command::RegisterClient {
        client: ClientId::from_bytes([7; 16]),
        site: SITE,
        details,
    };
    assert_eq!(run(&sheets, &agent, register(details())), refused);
    let contact = ClientDetails {
        mac: None,
        connection: None,
        registered_on: None,
        expires_on: None,
        ..details()
    };
    assert_eq!(run(&sheets, &agent, register(contact)).unwrap().len(), 6);
}

#[test]
fn a_list_fills_one_document_before_the_next() {
    let mut sheets = sheets();
    let id = |n: u16| {
        let mut bytes = [6; 16];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        ClientId::from_bytes(bytes)
    };
    for n in 0..480 {
        for put in details().puts(id(n)) {
            let field = Field {
                value: put.value,
                others: Vec::new(),
            };
            sheets.entry(document(ME)).records.insert(put.key, field);
        }
    }
    let owner = with(Role::Owner, Scope::Organisation);
    let register = |count: u16| Command::RegisterClients {
        site: SITE,
        clients: (1_000..1_000 + count)
            .map(|n| NewClient {
                client: id(n),
                details: ClientDetails {
                    name: "Anna".into(),
                    ..ClientDetails::default()
                },
            })
            .collect(),
    };
    let puts = run(&sheets, &owner, register(50)).unwrap();
    let in_part = |wanted: u16| {
        puts.iter()
            .filter(|(key, _)| matches!(key, DocumentKey::Clients { part, .. } if *part == wanted))
            .count()
    };
    // 481 of 500 places are taken.
    assert_eq!((in_part(0), in_part(1)), (19, 31));
    let refused = Err(Refusal::TooManyClients);
    assert_eq!(run(&sheets, &owner, register(51)), refused);
    let agent = with(Role::Agent, Scope::Site(SITE));
    assert!(run(&sheets, &agent, register(1)).is_ok());
    let technician = with(Role::Technical, Scope::Site(SITE));
    assert!(run(&sheets, &technician, register(1)).is_err());
}

#[test]
fn who_is_not_here_cannot_be_edited() {
    let nobody = Command::SetClientActive {
        client: ClientId::from_bytes([9; 16]),
        active: false,
    };
    let owner = with(Role::Owner, Scope::Organisation);
    assert_eq!(run(&sheets(), &owner, nobody), Err(Refusal::NoSuchClient));
}

#[test]
fn a_field_has_one_spelling_and_a_cap() {
    let sheets = sheets();
    let owner = with(Role::Owner, Scope::Organisation);
    let try_out = |field: &str, value: Scalar| {
        let put = Put {
            container: Container::Records,
            key: format!("client/{MINE}/{field}"),
            value,
        };
        admits(&sheets, &owner, document(ME), &put)
    };
    for (field, good) in [
        ("mac", "44:15:A4:9C:91:E1"),
        ("connection", "HOTSPOT"),
        ("expires_on", "2026-02-28"),
        ("registered_on", "1999-12-31"),
    ] {
        assert!(try_out(field, good.into()), "{field}");
        assert!(try_out(field, Scalar::Null), "{field}");
    }
    for (field, bad) in [
        ("mac", "44-15-a4-9c-91-e1".into()),
        ("mac", "somewhere".into()),
        ("connection", "SATELLITE".into()),
        ("expires_on", "28/02/2026".into()),
        ("expires_on", "2026-02-30".into()),
        ("registered_on", Scalar::Int(20_000)),
        ("sms_reminder", Scalar::Null),
        ("active", "yes".into()),
        ("notes", "x".repeat(2_001).into()),
        ("address", "x".repeat(201).into()),
        ("name", " ".into()),
        ("last_purchase", "2026-01-01".into()),
    ] {
        assert!(!try_out(field, bad), "{field}");
    }
}

#[test]
fn two_offices_edit_one_client_and_nothing_is_lost() {
    let mut here = Document::new();
    let [one, two] = [1, 2].map(|byte| Actor::from_bytes([byte; 16]));
    here.write(one, 0, &details().puts(MINE)).unwrap();
    let mut there = here.clone();
    let writes = |changed: ClientDetails| -> Vec<Put> {
        let edits = changed.edits_from(&details());
        edits.iter().map(|edit| edit.put(MINE)).collect()
    };
    let phone = |text| Phone::parse(text, Country::Tanzania).ok();
    let here_says = ClientDetails {
        phone: phone("0655 000 001"),
        address: Some("Sinza".into()),
        ..details()
    };
    let there_says = ClientDetails {
        phone: phone("0655 000 002"),
        notes: None,
        ..details()
    };
    here.write(one, 1, &writes(here_says)).unwrap();
    there.write(two, 1, &writes(there_says)).unwrap();
    here.apply(there.changes()).unwrap();
    there.apply(here.changes()).unwrap();

    let read = |document: &Document| {
        let mut sheets = Sheets::default();
        *sheets.entry(self::document(ME)) = document.sheet();
        find(&sheets, MINE).unwrap()
    };
    let client = read(&here);
    assert_eq!(client, read(&there));
    assert_eq!(client.details.address.as_deref(), Some("Sinza"));
    assert_eq!(client.details.notes, None);
    assert_eq!(client.contested.len(), 1);
    assert_eq!(client.contested[0].field(), "phone");
    assert_eq!(client.contested[0].others.len(), 1);
}
