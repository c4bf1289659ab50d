//! Laws: merges in any order agree, what is written can be read, and what the commands allow is admitted.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;

use automerge::Change;
use crdt_model::admission::{Reader, may_read};
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::client::ClientDetails;
use crdt_model::codec;
use crdt_model::command::{Command, DocumentWrite, NewBlock, NewClient};
use crdt_model::document::{
    Actor, Container, Document, DocumentKey, Hash, PlainChange, Put, Scalar,
};
use crdt_model::fact::{
    Fact, FactBody, HandOverTaken, Line, PaymentMethod, Sale, StockAsked, VoucherRef,
};
use crdt_model::fixture::{FixtureDetails, FixtureKind};
use crdt_model::hand_over::{HandOvers, give};
use crdt_model::ids::{
    BatchId, BlockId, ClientId, DeviceId, IntentId, OrgId, PackageId, PersonId, SiteId,
};
use crdt_model::money::{AMOUNT_MINOR_MAX, Money};
use crdt_model::package::{Connection, PackageDetails, Unit, Validity};
use crdt_model::phone::{Country, Phone};
use crdt_model::relay::{Kept, Need, OrgState, RelayDocument, Signer};
use crdt_model::replica::{Identity, Replica};
use crdt_model::site::{Position, SiteDetails};
use crdt_model::staff::{self, Contacts};
use crdt_model::stock_ask::asks;
use crdt_model::sync::batch::{BATCH_VERSION, Batch, BatchChange, BatchIntent};
use crdt_model::sync::message::{DeviceMessage, Disposition, LoggedChange, RelayMessage};
use crdt_model::time::Timestamp;
use crdt_model::voucher::{Code, leases};
use proptest::prelude::*;
use rand_core::TryRng;
use serde_bytes::ByteBuf;

const NOW: Timestamp = Timestamp::from_millis(1_764_000_000_000);

/// A source of chance that counts.
struct Counter(u64);

impl TryRng for Counter {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        // Knuth's MMIX constants.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for byte in bytes {
            *byte = self.try_next_u64()?.to_be_bytes()[0];
        }
        Ok(())
    }
}

/// What one of three writers does: write a field, or take over what another has.
#[derive(Debug, Clone)]
enum Move {
    Write(usize, u8, i64),
    State(usize, u8),
    Take(usize, usize),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => (0..3_usize, 0..4_u8, 0..3_i64).prop_map(|(who, field, value)| Move::Write(who, field, value)),
        1 => (0..3_usize, any::<u8>()).prop_map(|(who, fact)| Move::State(who, fact)),
        1 => (0..3_usize, 0..3_usize).prop_map(|(who, from)| Move::Take(who, from)),
    ];
    proptest::collection::vec(one, 1..40)
}

/// Three documents and the chunks of all their changes.
fn play(moves: &[Move]) -> ([Document; 3], Vec<PlainChange>) {
    let mut documents = [Document::new(), Document::new(), Document::new()];
    let mut written = Vec::new();
    for (n, each) in moves.iter().enumerate() {
        let time = i64::try_from(n).unwrap();
        let (who, put) = match each {
            Move::Take(who, from) => {
                let changes = documents[*from].changes();
                documents[*who].apply(changes).unwrap();
                continue;
            }
            Move::Write(who, field, value) => (
                who,
                Put {
                    container: Container::Records,
                    key: format!("package/p/{field}"),
                    value: (*value).into(),
                },
            ),
            Move::State(who, fact) => (
                who,
                Put {
                    container: Container::Facts,
                    key: format!("{who}-{fact}-{n}"),
                    value: Scalar::Bytes(ByteBuf::from(vec![*fact])),
                },
            ),
        };
        let actor = Actor::from_bytes([u8::try_from(*who).unwrap() + 1; 16]);
        written.extend(
            documents[*who]
                .write(actor, time, &[put])
                .map(|written| written.plain),
        );
    }
    (documents, written)
}

/// The relay gives Automerge many changes at once, and answers meanwhile as if it had them.
fn the_relay_knows_what_the_document_says(changes: impl IntoIterator<Item = Change>) {
    let mut document = Document::new();
    let mut relay = RelayDocument::new(Document::new());
    for change in changes {
        if document.has(&change.hash().0) {
            continue;
        }
        document.apply(vec![change.clone()]).unwrap();
        relay.apply(change);
        assert_eq!(relay.heads(), document.heads());
        assert_eq!(relay.sheet(), &document.sheet());
    }
    let loaded = Document::load(&relay.save()).unwrap();
    assert_eq!(loaded.heads(), document.heads());
    assert_eq!(loaded.sheet(), document.sheet());
}

#[test]
fn the_relay_knows_hundreds_of_facts() {
    let facts: Vec<Move> = (0..200).map(|n| Move::State(0, n)).collect();
    let (documents, _) = play(&facts);
    the_relay_knows_what_the_document_says(documents[0].changes());
}

proptest! {
    #[test]
    fn the_relay_knows_edits_and_facts(moves in moves()) {
        let (documents, _) = play(&moves);
        the_relay_knows_what_the_document_says(documents.iter().flat_map(Document::changes));
    }

    #[test]
    fn any_merge_order_says_the_same(moves in moves(), order in Just([0_usize, 1, 2]).prop_shuffle()) {
        let (documents, _) = play(&moves);
        let merge = |order: &[usize]| {
            let mut merged = Document::new();
            for n in order {
                merged.apply(documents[*n].changes()).unwrap();
                merged.apply(documents[*n].changes()).unwrap();
            }
            merged
        };
        let (one, two) = (merge(&[0, 1, 2]), merge(&order));
        prop_assert_eq!(one.heads(), two.heads());
        prop_assert_eq!(one.sheet(), two.sheet());
        let loaded = Document::load(&one.save()).unwrap();
        prop_assert_eq!(loaded.heads(), one.heads());
        prop_assert_eq!(loaded.sheet(), one.sheet());
    }

    #[test]
    fn a_sheet_kept_up_to_date_is_the_sheet(moves in moves()) {
        let (documents, _) = play(&moves);
        let mut merged = Document::new();
        let mut sheet = merged.sheet();
        for document in &documents {
            for (container, key) in merged.apply(document.changes()).unwrap() {
                sheet.refresh(&merged, container, &key);
            }
        }
        prop_assert_eq!(sheet, merged.sheet());
    }

    #[test]
    fn se4_every_change_survives_the_plain_form(moves in moves()) {
        let (documents, _) = play(&moves);
        for change in documents.iter().flat_map(Document::changes) {
            let plain = PlainChange::of(&change).unwrap();
            let decoded: PlainChange = codec::decode(&codec::encode(&plain)).unwrap();
            prop_assert_eq!(&decoded, &plain);
            let rebuilt = decoded.rebuild(Actor::of(&change).unwrap()).unwrap();
            prop_assert_eq!(rebuilt.raw_bytes(), change.raw_bytes());
        }
    }

    #[test]
    fn a_batch_says_the_same_shortened(puts in proptest::collection::vec((0..3_u8, any::<bool>(), "[a-z]{0,9}"), 1..20)) {
        let device = DeviceId::from_bytes([1; 16]);
        let salt = [2; 16];
        let actor = Actor::derive(device, &salt);
        let keys = [DocumentKey::Catalog, DocumentKey::Staff, DocumentKey::Org];
        let mut documents: BTreeMap<DocumentKey, Document> = BTreeMap::new();
        let mut batch = Batch {
            version: BATCH_VERSION,
            org: OrgId::from_bytes([3; 16]),
            person: PersonId::from_bytes([4; 16]),
            device,
            salt,
            documents: keys.to_vec(),
            intents: Vec::new(),
        };
        let mut full = Vec::new();
        let mut hashes: Vec<Hash> = Vec::new();
        for (n, (document, is_fact, text)) in puts.into_iter().enumerate() {
            let id = IntentId::generate(NOW.plus_millis(i64::try_from(n).unwrap()), &mut Counter(n as u64));
            let put = Put {
                container: if is_fact { Container::Facts } else { Container::Records },
                key: if is_fact { id.to_string() } else { "a/b".into() },
                value: format!("{n}{text}").into(),
            };
            let key = keys[usize::from(document)];
            let written = documents.entry(key).or_default().write(actor, 0, &[put]).unwrap();
            hashes.push(written.hash);
            full.push((id, key, written.plain.clone()));
            batch.intents.push(BatchIntent {
                id,
                at: NOW,
                changes: vec![BatchChange { document: document.into(), change: written.plain }],
            });
        }
        batch.shorten(&hashes);
        let decoded = Batch::decode(batch.org, batch.device, &batch.encode()).unwrap();
        prop_assert_eq!(&decoded, &batch);
        let expanded: Vec<_> = decoded
            .expand()
            .unwrap()
            .intents
            .into_iter()
            .map(|intent| (intent.id, intent.changes[0].document, intent.changes[0].change.clone()))
            .collect();
        prop_assert_eq!(expanded, full);
    }

    #[test]
    fn facts_and_messages_round_trip(receipt in ".{0,20}", index in any::<u32>(), price in any::<i64>(), bytes in proptest::collection::vec(any::<u8>(), 0..50), cursor in any::<u64>()) {
        let fact = Fact {
            at: NOW,
            since: Timestamp::ZERO,
            by: PersonId::from_bytes([1; 16]),
            body: FactBody::Sale(Sale {
                receipt,
                lines: vec![Line {
                    voucher: VoucherRef { block: BlockId::from_bytes([2; 16]), index },
                    package: PackageId::from_bytes([3; 16]),
                    price: Money::from_minor(price),
                }],
                method: PaymentMethod::Cash,
                reference: None,
                client: None,
            }),
        };
        prop_assert_eq!(Fact::decode(&fact.encode()).unwrap(), fact);
        let hello = DeviceMessage::Hello { protocol: 1, ticket: "t".into(), cursor, rights: cursor };
        prop_assert_eq!(codec::decode::<DeviceMessage>(&codec::encode(&hello)).unwrap(), hello);
        let push = DeviceMessage::Push { number: 1, sealed: bytes.clone().into() };
        prop_assert_eq!(codec::decode::<DeviceMessage>(&codec::encode(&push)).unwrap(), push);
        let changes = RelayMessage::Changes {
            from: 0,
            to: cursor,
            changes: vec![LoggedChange { key: DocumentKey::Catalog, chunk: bytes.into() }],
        };
        prop_assert_eq!(codec::decode::<RelayMessage>(&codec::encode(&changes)).unwrap(), changes);
    }
}

// Commands and admission: the same rules on both sides.

struct Business {
    state: OrgState,
    owner: Replica,
    random: Counter,
}

const SITE: SiteId = SiteId::from_bytes([7; 16]);
const PACKAGE: PackageId = PackageId::from_bytes([8; 16]);

impl Business {
    fn new() -> Self {
        let me = Identity {
            org: OrgId::from_bytes([1; 16]),
            person: PersonId::from_bytes([2; 16]),
            device: DeviceId::from_bytes([3; 16]),
        };
        let mut random = Counter(1);
        let mut state = OrgState::new(me.org, 0, Actor::from_bytes([0xee; 16]));
        let grant = Grant {
            role: Role::Owner,
            scope: Scope::Organisation,
        };
        let writes = [
            DocumentWrite {
                document: DocumentKey::Staff,
                puts: staff::add(me.person, "owner", &[grant]),
            },
            DocumentWrite {
                document: DocumentKey::Catalog,
                puts: package("1 week".into(), 1_000).puts(PACKAGE),
            },
        ];
        let outcome = state.found(&writes, NOW).unwrap();
        let mut business = Self {
            state,
            owner: Replica::new(me, &mut random),
            random,
        };
        business.hear(outcome.rows);
        business
    }

    fn hear(&mut self, rows: Vec<crdt_model::relay::Row>) {
        let me = self.owner.me();
        let reader = Reader {
            principal: self.state.principal(me.person).unwrap(),
            leases: self
                .state
                .document(&DocumentKey::Batches(SITE))
                .map(|batches| {
                    let blocks = leases(batches.sheet()).into_keys();
                    blocks.map(|block| (SITE, block)).collect()
                })
                .unwrap_or_default(),
            history: 0,
        };
        let changes = rows
            .into_iter()
            .filter(|row| may_read(&reader, &row.document))
            .map(|row| LoggedChange {
                key: row.document,
                chunk: row.chunk.into(),
            })
            .collect();
        let commit = self
            .owner
            .receive(self.state.head(), changes, &mut self.random);
        self.owner.stored(commit.number);
        assert!(!self.owner.has_gap());
    }

    /// If the rules let it through, the relay does as well.
    fn tries(&mut self, command: Command) {
        let shown = format!("{command:?}");
        let Ok((_, commit)) = self.owner.execute(command, NOW, &mut self.random) else {
            return;
        };
        self.owner.stored(commit.number);
        while let Some(batch) = self.owner.next_batch() {
            let batch = Batch::decode(batch.org, batch.device, &batch.encode())
                .unwrap()
                .expand()
                .unwrap();
            loop {
                let needs = self.state.needs(&batch, NOW);
                if needs.is_empty() {
                    break;
                }
                for need in needs {
                    self.provide(need);
                }
            }
            let me = self.owner.me();
            let signer = Signer {
                device: me.device,
                person: me.person,
                revoked: false,
            };
            let outcome = self.state.admit(signer, &batch, NOW).unwrap();
            for (_, result) in &outcome.results {
                assert_eq!(*result, Disposition::Accepted, "{shown}");
            }
            let results: Vec<_> = outcome
                .results
                .iter()
                .map(|(hash, result)| (ByteBuf::from(hash[..8].to_vec()), *result))
                .collect();
            let commit = self.owner.acknowledge(&results, NOW, &mut self.random);
            self.owner.stored(commit.number);
            self.hear(outcome.rows);
        }
        assert_eq!(self.owner.outbox().count(), 0, "{shown}");
    }

    fn provide(&mut self, need: Need) {
        let state = &mut self.state;
        match need {
            Need::Document(key) => {
                state.provide_document(key, RelayDocument::new(Document::new()));
            }
            Need::Sold(block) => state.provide_sold(block, []),
            Need::Codes(codes) => {
                state.provide_codes(codes.into_iter().map(|code| (code, None)));
            }
            Need::BlocksOf(batch) => state.provide_blocks_of(batch, []),
            Need::SiteOf(block) => state.provide_site_of(block, None),
            Need::Receipt(receipt) => state.provide_receipt(receipt, None),
            Need::Replaced(sale) => state.provide_replaced(sale, []),
            Need::Record(record) => state.provide_record(record, false),
            Need::Intent(intent) => state.provide_intent(intent, None),
            Need::Hold(hold) => state.provide_hold(hold, None),
            Need::Kept(person) => state.provide_kept(person, Kept::default()),
            Need::Devices(person) => {
                state.provide_devices(person, vec![self.owner.me().device]);
            }
        }
    }
}

fn package(name: String, price: i64) -> PackageDetails {
    PackageDetails::new(
        name,
        Money::from_minor(price),
        Validity {
            count: 1,
            unit: Unit::Week,
        },
    )
}

/// Texts at the edges of every limit: empty, blank, long in characters, long in bytes.
fn text() -> impl Strategy<Value = String> {
    let length = prop_oneof![
        Just(0_usize),
        Just(1),
        Just(59),
        Just(60),
        Just(61),
        Just(64),
        Just(65),
        Just(119),
        Just(120),
        Just(121),
        Just(254),
        Just(255),
        Just(499),
        Just(500),
        Just(501)
    ];
    let letter = prop_oneof![
        Just("a"),
        Just("é"),
        Just("界"),
        Just(" "),
        Just("\n"),
        Just("@")
    ];
    (length, letter, any::<bool>()).prop_map(|(length, letter, padded)| {
        let text = letter.repeat(length);
        if padded { format!(" {text}\t") } else { text }
    })
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(-1),
        Just(0),
        Just(1),
        Just(AMOUNT_MINOR_MAX),
        Just(AMOUNT_MINOR_MAX + 1),
        Just(i64::MAX)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() })]
    #[test]
    fn what_the_rules_allow_is_admitted(
        texts in proptest::collection::vec(text(), 4),
        price in amount(),
        count in prop_oneof![Just(0_u32), Just(1), Just(1_000), Just(1_001)],
        large in prop_oneof![Just(None), Just(Some(0_u64)), Just(Some(u64::MAX))],
        codes in prop_oneof![Just(1_usize), Just(2), Just(400), Just(1_000), Just(1_001)],
        code_length in prop_oneof![Just(1_usize), Just(30), Just(64), Just(65)],
    ) {
        let mut business = Business::new();
        let [one, two, three, four] = <[String; 4]>::try_from(texts).unwrap();
        let person = PersonId::from_bytes([9; 16]);
        let block = BlockId::from_bytes([10; 16]);
        business.tries(Command::SetProfile { name: one.clone(), timezone: "Africa/Nairobi".into() });
        business.tries(Command::SetProfile { name: "Pwani Net".into(), timezone: two.clone() });
        business.tries(Command::AddSite { site: SITE, name: one.clone(), place: Some(two.clone()) });
        let details = PackageDetails {
            validity: Validity { count, unit: Unit::Day },
            uptime_limit_seconds: large,
            quota_bytes: large,
            use_within_days: Some(u32::MAX),
            description: Some(one.clone()),
            download_kbps: Some(count),
            upload_kbps: large.map(|_| u32::MAX),
            shared_users: Some(count),
            kind: Connection::Pppoe,
            low_stock: Some(count * 200),
            ..package(two.clone(), price)
        };
        for edit in details.edits_from(&package(String::new(), -1)) {
            business.tries(Command::ChangePackage { package: PACKAGE, edits: vec![edit] });
        }
        business.tries(Command::AddPackage { package: PackageId::from_bytes([11; 16]), details: details.clone() });
        business.tries(Command::EditPackage { package: PACKAGE, details });
        business.tries(Command::SetPackageActive { package: PACKAGE, active: count == 1 });
        let grant = Grant { role: Role::Agent, scope: Scope::Site(SITE) };
        business.tries(Command::AddStaff { person, name: three.clone(), grants: vec![grant, grant] });
        let me = business.owner.me().person;
        business.tries(Command::RenameStaff { person, name: one.clone() });
        business.tries(Command::SetContacts {
            person,
            from: Contacts::default(),
            to: Contacts { phone: None, email: Some(one.clone()), note: Some(two.clone()) },
        });
        business.tries(Command::SetGrants { person: me, grants: Vec::new() });
        business.tries(Command::SetStaffActive { person: me, active: false });
        business.tries(Command::SetGrants { person, grants: Vec::new() });
        let site = SiteDetails {
            name: two.clone(),
            place: Some(one.clone()),
            zone: Some(three.clone()),
            contact: Some(four.clone()),
            phone: None,
            position: Some(Position { latitude: price, longitude: price }),
            notes: Some(four.clone()),
        };
        business.tries(Command::EditSite { site: SITE, from: SiteDetails::default(), to: site });
        for kind in FixtureKind::ALL {
            let fixture = kind.with_id([20; 16]);
            let details = FixtureDetails {
                name: one.clone(),
                model: Some(two.clone()),
                address: Some(three.clone()),
                serial: Some(four.clone()),
                place: Some(one.clone()),
                note: Some(two.clone()),
            };
            business.tries(Command::PutFixture { site: SITE, fixture, from: None, to: details });
            business.tries(Command::SetFixtureActive { site: SITE, fixture, active: false });
        }
        business.tries(Command::SetStaffActive { person, active: false });
        let client = ClientDetails {
            name: four.clone(),
            email: Some(one.clone()),
            address: Some(two.clone()),
            notes: Some(three.clone()),
            phone: Phone::parse("0712345678", Country::Tanzania).ok(),
            mac: "44:15:a4:9c:91:e1".parse().ok(),
            connection: Some(Connection::Hotspot),
            registered_on: "1900-01-01".parse().ok(),
            expires_on: "9999-12-31".parse().ok(),
            sms_reminder: true,
        };
        business.tries(Command::RegisterClient {
            client: ClientId::from_bytes([12; 16]),
            site: SITE,
            details: client.clone(),
        });
        let client_id = ClientId::from_bytes([12; 16]);
        let many = (0..50_u8)
            .map(|n| NewClient { client: ClientId::from_bytes([n; 16]), details: client.clone() })
            .skip(1)
            .collect();
        business.tries(Command::RegisterClients { site: SITE, clients: many });
        for edit in ClientDetails::default().edits_from(&client) {
            business.tries(Command::EditClient { client: client_id, edits: vec![edit] });
        }
        business.tries(Command::EditClient { client: client_id, edits: client.edits_from(&ClientDetails::default()) });
        business.tries(Command::SetClientActive { client: client_id, active: false });
        let codes = (0..codes)
            .map(|n| Code { username: format!("{n:0>code_length$}"), password: None })
            .collect();
        business.tries(Command::MakeBatch {
            site: SITE,
            batch: BatchId::from_bytes([13; 16]),
            label: three,
            package: PACKAGE,
            price: Money::from_minor(price),
            blocks: vec![NewBlock { block, codes }],
        });
        let me = business.owner.me().person;
        business.tries(Command::LeaseBlock { site: SITE, block, to: me });
        let line = Line {
            voucher: VoucherRef { block, index: 0 },
            package: PACKAGE,
            price: Money::from_minor(price),
        };
        business.tries(Command::Sell {
            site: SITE,
            sale: Sale {
                receipt: "ABCD-000001".into(),
                lines: vec![line],
                method: PaymentMethod::Mpesa,
                reference: Some(two),
                client: Some(ClientId::from_bytes([14; 16])),
            },
            new_client: Some(ClientDetails { name: one, ..ClientDetails::default() }),
        });
        let ask = StockAsked { package: PACKAGE, quantity: count.saturating_mul(10), note: Some(four.clone()) };
        business.tries(Command::AskForStock { site: SITE, asked: ask.clone() });
        for ask in asks(business.owner.sheets()) {
            business.tries(Command::DeclineAsk { till: ask.till, asked: ask.id, reason: four.clone() });
        }
        business.tries(Command::AskForStock { site: SITE, asked: ask });
        for ask in asks(business.owner.sheets()) {
            business.tries(Command::WithdrawAsk { site: SITE, asked: ask.id });
        }
        for to in [Some(person), None] {
            let stock = business.owner.stock();
            let given = stock.held().next().and_then(|block| give(&stock, block, to).ok());
            let Some(given) = given else { continue };
            business.tries(Command::GiveBlock { site: SITE, given });
            let open: Vec<_> = HandOvers::fold(business.owner.sheets()).all.into_values().collect();
            for known in open {
                let taken = HandOverTaken { code: known.code(), from: None };
                business.tries(Command::TakeBlock { site: SITE, taken });
                business.tries(Command::WithdrawHandOver { site: SITE, given: known.offer.given });
            }
        }
        business.tries(Command::RecallBlock { site: SITE, block, to: None, reason: four });
    }
}
