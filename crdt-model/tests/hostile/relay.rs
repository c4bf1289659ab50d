//! A relay of one organisation in memory, with an owner, a manager, an agent and a leased block.

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::DocumentWrite;
use crdt_model::document::{Actor, Container, Document, DocumentKey, PlainChange, Put, Written};
use crdt_model::fact::{Codes, Fact, FactBody, Line, PaymentMethod, Sale, VoucherRef};
use crdt_model::ids::{BatchId, BlockId, DeviceId, IntentId, OrgId, PackageId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::package::{PackageDetails, Unit, Validity};
use crdt_model::relay::{AdmitError, Kept, Need, OrgState, Outcome, RelayDocument, Signer};
use crdt_model::staff;
use crdt_model::sync::batch::{BATCH_VERSION, Batch, BatchChange, BatchIntent};
use crdt_model::sync::message::Disposition;
use crdt_model::time::{Month, Timestamp};

use super::cost::cheaply;

pub const NOW: Timestamp = Timestamp::from_millis(1_764_000_000_000);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    pub person: PersonId,
    pub device: DeviceId,
}

impl Author {
    const fn new(n: u8) -> Self {
        Self {
            person: PersonId::from_bytes([n; 16]),
            device: DeviceId::from_bytes([n + 100; 16]),
        }
    }

    const fn salt(&self) -> [u8; 16] {
        [7; 16]
    }

    pub fn actor(&self) -> Actor {
        Actor::derive(self.device, &self.salt())
    }
}

pub struct Bench {
    pub state: OrgState,
    pub org: OrgId,
    pub site: SiteId,
    pub package: PackageId,
    pub block: BlockId,
    pub owner: Author,
    pub manager: Author,
    pub agent: Author,
    /// What the driver says about devices: those of a person, and those that were revoked.
    pub devices: BTreeMap<PersonId, Vec<DeviceId>>,
    pub revoked: BTreeSet<DeviceId>,
    /// The relay's clock.
    pub now: Timestamp,
    intents: std::cell::Cell<u8>,
}

pub fn record(key: &str, text: &str) -> Put {
    Put {
        container: Container::Records,
        key: key.into(),
        value: text.into(),
    }
}

impl Bench {
    pub fn new() -> Self {
        let org = OrgId::from_bytes([1; 16]);
        let mut bench = Self {
            state: OrgState::new(org, 0, Actor::from_bytes([0xee; 16])),
            org,
            site: SiteId::from_bytes([2; 16]),
            package: PackageId::from_bytes([3; 16]),
            block: BlockId::from_bytes([4; 16]),
            owner: Author::new(10),
            manager: Author::new(11),
            agent: Author::new(12),
            devices: BTreeMap::new(),
            revoked: BTreeSet::new(),
            now: NOW,
            intents: std::cell::Cell::new(0),
        };
        let at_site = |role| Grant {
            role,
            scope: Scope::Site(bench.site),
        };
        let everywhere = Grant {
            role: Role::Owner,
            scope: Scope::Organisation,
        };
        let mut people = staff::add(bench.owner.person, "owner", &[everywhere]);
        people.extend(staff::add(
            bench.manager.person,
            "manager",
            &[at_site(Role::Manager)],
        ));
        people.extend(staff::add(
            bench.agent.person,
            "agent",
            &[at_site(Role::Agent)],
        ));
        let details = PackageDetails::new(
            "1 week".into(),
            Money::from_minor(1_000),
            Validity {
                count: 1,
                unit: Unit::Week,
            },
        );
        let codes = Codes {
            batch: BatchId::from_bytes([5; 16]),
            package: bench.package,
            price: Money::from_minor(1_000),
            packed: "C1\nC2\nC3".into(),
        };
        let made = Fact {
            at: NOW,
            since: NOW,
            by: bench.owner.person,
            body: FactBody::Codes(codes),
        };
        let writes = [
            DocumentWrite {
                document: DocumentKey::Staff,
                puts: people,
            },
            DocumentWrite {
                document: DocumentKey::Catalog,
                puts: details.puts(bench.package),
            },
            DocumentWrite {
                document: bench.block_key(),
                puts: vec![crdt_model::command::fact_put(
                    &IntentId::from_bytes([99; 16]).to_string(),
                    &made,
                )],
            },
        ];
        bench.state.found(&writes, NOW).unwrap();
        bench
    }

    pub fn intent(&self) -> IntentId {
        self.intents.set(self.intents.get() + 1);
        let mut bytes = [50; 16];
        bytes[15] = self.intents.get();
        IntentId::from_bytes(bytes)
    }

    pub const fn block_key(&self) -> DocumentKey {
        DocumentKey::Block {
            site: self.site,
            block: self.block,
        }
    }

    pub fn till(&self, of: &Author) -> DocumentKey {
        DocumentKey::Till {
            site: self.site,
            person: of.person,
            month: Month::of(NOW),
        }
    }

    pub fn package_field(&self, field: &str) -> String {
        format!("package/{}/{field}", self.package)
    }

    pub fn sale(&self, index: u32) -> FactBody {
        FactBody::Sale(Sale {
            receipt: format!("ABCD-{index:06}"),
            lines: vec![Line {
                voucher: VoucherRef {
                    block: self.block,
                    index,
                },
                package: self.package,
                price: Money::from_minor(1_000),
            }],
            method: PaymentMethod::Cash,
            reference: None,
            client: None,
        })
    }

    pub const fn fact(&self, by: &Author, body: FactBody) -> Fact {
        Fact {
            at: NOW,
            since: NOW,
            by: by.person,
            body,
        }
    }

    pub fn document(&self, key: &DocumentKey) -> Document {
        self.state
            .document(key)
            .map(|document| Document::load(&document.save()).unwrap())
            .unwrap_or_default()
    }

    /// What an honest device would write on the state that the relay has.
    pub fn write(&self, by: &Author, key: DocumentKey, puts: &[Put]) -> Written {
        self.document(&key)
            .write(by.actor(), NOW.as_seconds(), puts)
            .unwrap()
    }

    pub fn write_intent(&self, by: &Author, key: DocumentKey, puts: &[Put]) -> PlainChange {
        self.write(by, key, puts).plain
    }

    pub fn batch(
        &self,
        by: &Author,
        id: IntentId,
        changes: Vec<(DocumentKey, PlainChange)>,
    ) -> Batch {
        Batch {
            version: BATCH_VERSION,
            org: self.org,
            person: by.person,
            device: by.device,
            salt: by.salt(),
            documents: changes.iter().map(|(key, _)| *key).collect(),
            intents: vec![BatchIntent {
                id,
                at: NOW,
                changes: (0_u16..)
                    .zip(changes)
                    .map(|(document, (_, change))| BatchChange { document, change })
                    .collect(),
            }],
        }
    }

    pub fn batch_of(&self, by: &Author, key: DocumentKey, change: PlainChange) -> Batch {
        self.batch(by, self.intent(), vec![(key, change)])
    }

    pub fn admit_as(&mut self, signer: &Author, batch: &Batch) -> Result<Outcome, AdmitError> {
        let batch = &batch
            .expand()
            .expect("nothing is left out that cannot be told");
        self.state.forget_devices();
        loop {
            let needs = self.state.needs(batch, self.now);
            if needs.is_empty() {
                break;
            }
            for need in needs {
                match need {
                    Need::Document(key) => self
                        .state
                        .provide_document(key, RelayDocument::new(Document::new())),
                    Need::Sold(block) => self.state.provide_sold(block, []),
                    Need::Codes(codes) => self
                        .state
                        .provide_codes(codes.into_iter().map(|code| (code, None))),
                    Need::BlocksOf(batch) => self.state.provide_blocks_of(batch, []),
                    Need::SiteOf(block) => self.state.provide_site_of(block, None),
                    Need::Receipt(receipt) => self.state.provide_receipt(receipt, None),
                    Need::Replaced(sale) => self.state.provide_replaced(sale, []),
                    Need::Record(record) => self.state.provide_record(record, false),
                    Need::Intent(id) => self.state.provide_intent(id, None),
                    Need::Hold(id) => self.state.provide_hold(id, None),
                    Need::Kept(person) => self.state.provide_kept(person, Kept::default()),
                    Need::Devices(person) => {
                        let devices = self.devices.get(&person).cloned();
                        self.state
                            .provide_devices(person, devices.unwrap_or_default());
                    }
                }
            }
        }
        let signer = Signer {
            device: signer.device,
            person: signer.person,
            revoked: self.revoked.contains(&signer.device),
        };
        self.state.admit(signer, batch, self.now)
    }

    pub fn accepts(
        &mut self,
        by: &Author,
        key: DocumentKey,
        id: IntentId,
        puts: &[Put],
    ) -> Outcome {
        let change = self.write_intent(by, key, puts);
        let batch = self.batch(by, id, vec![(key, change)]);
        let outcome = self.admit_as(by, &batch).unwrap();
        assert_eq!(outcome.results[0].1, Disposition::Accepted);
        outcome
    }

    pub fn turns_away(
        &mut self,
        by: &Author,
        key: DocumentKey,
        change: PlainChange,
        answer: Disposition,
    ) {
        let id = self.intent();
        self.turns_away_intent(by, key, id, change, answer);
    }

    /// The answer is this one, it came cheaply, and nothing was stored.
    pub fn turns_away_intent(
        &mut self,
        by: &Author,
        key: DocumentKey,
        id: IntentId,
        change: PlainChange,
        answer: Disposition,
    ) {
        let batch = self.batch(by, id, vec![(key, change)]);
        let bytes = batch.encode();
        let before = self.document(&key).heads();
        let outcome = cheaply(|| {
            let batch = Batch::decode(batch.org, batch.device, &bytes).unwrap();
            self.admit_as(by, &batch).unwrap()
        });
        assert_eq!(outcome.results.len(), 1);
        assert_eq!(outcome.results[0].1, answer, "{batch:?}");
        assert!(outcome.rows.is_empty());
        assert_eq!(self.document(&key).heads(), before);
    }

    /// It has no Automerge form, hence no hash to answer by; nothing is stored.
    pub fn cannot_be_built(&mut self, by: &Author, key: DocumentKey, change: PlainChange) {
        let batch = self.batch_of(by, key, change);
        let bytes = batch.encode();
        let before = self.document(&key).heads();
        let outcome = cheaply(|| {
            let batch = Batch::decode(batch.org, batch.device, &bytes).unwrap();
            self.admit_as(by, &batch).unwrap()
        });
        assert!(
            outcome.results.is_empty(),
            "{:?} {batch:?}",
            outcome.results
        );
        assert!(outcome.rows.is_empty());
        assert_eq!(self.document(&key).heads(), before);
    }

    pub fn holds(&mut self, by: &Author, key: DocumentKey, change: PlainChange) {
        let id = self.intent();
        self.holds_intent(by, key, id, change);
    }

    /// Kept aside: a verdict says so, and the document is as before.
    pub fn holds_intent(
        &mut self,
        by: &Author,
        key: DocumentKey,
        id: IntentId,
        change: PlainChange,
    ) {
        let batch = self.batch(by, id, vec![(key, change)]);
        let before = self.document(&key).heads();
        let outcome = cheaply(|| self.admit_as(by, &batch).unwrap());
        assert!(matches!(outcome.results[0].1, Disposition::Held(..)));
        assert_eq!(outcome.holds.len(), 1);
        assert_eq!(self.document(&key).heads(), before);
    }
}
