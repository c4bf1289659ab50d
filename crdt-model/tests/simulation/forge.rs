//! A liar: somebody's credentials on a device of their own, and a program that states what no honest one does. Whatever
//! everybody else is in the middle of, nothing of it may be let in.

use crdt_model::admission::Malformed;
use crdt_model::capability::{Capability, Grant, Principal, Role, Scope};
use crdt_model::codec;
use crdt_model::document::{Actor, Container, DocumentKey, PlainChange, PlainOp, Put, Scalar};
use crdt_model::fact::{
    BatchUndone, Codes, Fact, FactBody, HandOverTaken, HeldDecision, LeaseAsked, Leased, Line,
    PaymentMethod, Sale, VoucherRef,
};
use crdt_model::hand_over::HandOverCode;
use crdt_model::ids::{BatchId, BlockId, DeviceId, HoldId, IntentId, OrgId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::relay::{AdmitError, Signer};
use crdt_model::sync::batch::{BATCH_VERSION, Batch, BatchChange, BatchIntent};
use crdt_model::sync::message::{DeviceMessage, Disposition, PROTOCOL, RefusalCode};
use crdt_model::time::Month;

use crate::network::ConnectionId;
use crate::relay::Output;
use crate::world::{Check, World};

/// What is wrong with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    TooLarge,
    NoSuchField,
    PriceIsText,
    NameIsEmpty,
    NotAFact,
    OfAnotherIntent,
    ByAnotherPerson,
    Overwrites,
    InAnotherDocument,
    InAnotherTill,
    InAnotherMonth,
    LeasedByOneself,
    Currency,
    BadReceipt,
    NoSuchVoucher,
    TwiceInOneSale,
    Cheaper,
    ReplacesNothing,
    CounterUsed,
    SequenceSkipped,
    SignedBySomebodyElse,
    OtherOrganisation,
    CodeOfAnotherSite,
    AsksAsAnother,
    // What only its author's role makes wrong:
    Decides,
    EditsCatalog,
    PromotesOneself,
    Undoes,
    MakesCodes,
    LeasesForeignBlock,
}

/// What must come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Malformed(Malformed),
    NotAllowed,
    Impossible,
    Rebase,
    Held,
    NotLookedAt,
}

const LIES: [(Lie, Expected); 30] = [
    (Lie::TooLarge, Expected::Malformed(Malformed::TooLarge)),
    (
        Lie::NoSuchField,
        Expected::Malformed(Malformed::UnknownField),
    ),
    (Lie::PriceIsText, Expected::Malformed(Malformed::WrongType)),
    (Lie::NameIsEmpty, Expected::Malformed(Malformed::BadValue)),
    (Lie::NotAFact, Expected::Malformed(Malformed::UnknownFact)),
    (
        Lie::OfAnotherIntent,
        Expected::Malformed(Malformed::FactNotOfItsIntent),
    ),
    (
        Lie::ByAnotherPerson,
        Expected::Malformed(Malformed::FactOfAnotherPerson),
    ),
    (
        Lie::Overwrites,
        Expected::Malformed(Malformed::FactOverwritten),
    ),
    (
        Lie::InAnotherDocument,
        Expected::Malformed(Malformed::WrongDocument),
    ),
    (
        Lie::InAnotherTill,
        Expected::Malformed(Malformed::FactOfAnotherPerson),
    ),
    (
        Lie::InAnotherMonth,
        Expected::Malformed(Malformed::WrongMonth),
    ),
    (
        Lie::LeasedByOneself,
        Expected::Malformed(Malformed::RelayOnly),
    ),
    (Lie::Currency, Expected::Malformed(Malformed::RelayOnly)),
    (Lie::BadReceipt, Expected::Malformed(Malformed::BadValue)),
    (
        Lie::NoSuchVoucher,
        Expected::Malformed(Malformed::UnknownVoucher),
    ),
    (
        Lie::TwiceInOneSale,
        Expected::Malformed(Malformed::BadValue),
    ),
    (Lie::Cheaper, Expected::Malformed(Malformed::WrongPrice)),
    (
        Lie::ReplacesNothing,
        Expected::Malformed(Malformed::UnknownAssignment),
    ),
    (Lie::CounterUsed, Expected::Impossible),
    (Lie::SequenceSkipped, Expected::Rebase),
    (Lie::SignedBySomebodyElse, Expected::NotLookedAt),
    (Lie::OtherOrganisation, Expected::NotLookedAt),
    (
        Lie::CodeOfAnotherSite,
        Expected::Malformed(Malformed::WrongDocument),
    ),
    (
        Lie::AsksAsAnother,
        Expected::Malformed(Malformed::FactOfAnotherPerson),
    ),
    (
        Lie::Decides,
        Expected::Malformed(Malformed::NotYoursToDecide),
    ),
    (Lie::EditsCatalog, Expected::NotAllowed),
    (Lie::PromotesOneself, Expected::NotAllowed),
    (Lie::Undoes, Expected::Held),
    (Lie::MakesCodes, Expected::Held),
    (Lie::LeasesForeignBlock, Expected::Held),
];

/// Who lies, and about what.
pub struct Liar {
    pub me: PersonId,
    other: PersonId,
    pub site: SiteId,
    pub principal: Principal,
    pub intent: IntentId,
    pub block: BlockId,
    pub codes: Codes,
}

impl World {
    /// Tries one lie at the relay.
    pub fn lie(&mut self) -> Check {
        if self.random.chance(10) {
            return self.noise();
        }
        let (lie, expected) = LIES[self.random.below(LIES.len())];
        let Some(liar) = self.liar() else {
            return Ok(());
        };
        if !is_a_lie(lie, &liar) {
            return Ok(());
        }
        let device = DeviceId::generate(self.now, &mut self.random);
        let mut salt = [0; 16];
        rand_core::Rng::fill_bytes(&mut self.random, &mut salt);
        let (document, put) = self.statement(lie, &liar);
        let actor = Actor::derive(device, &salt);
        // The liar has seen everything.
        let mut copy = self.relay.database.document(&document);
        let Some(mut plain) = copy
            .write(actor, self.now.as_seconds(), std::slice::from_ref(&put))
            .map(|written| written.plain)
        else {
            return Ok(());
        };
        alter(lie, &liar, &mut plain);
        let mut batch = Batch {
            version: BATCH_VERSION,
            org: self.relay.org,
            person: liar.me,
            device,
            salt,
            documents: vec![document],
            intents: vec![BatchIntent {
                id: liar.intent,
                at: self.now,
                changes: vec![BatchChange {
                    document: 0,
                    change: plain,
                }],
            }],
        };
        let mut signer = Signer {
            device,
            person: liar.me,
            revoked: false,
        };
        match lie {
            Lie::SignedBySomebodyElse => signer.person = liar.other,
            Lie::OtherOrganisation => {
                batch.org = OrgId::generate(self.now, &mut self.random);
            }
            _ => {}
        }
        self.note(format!("{} lies: {lie:?} in {document}", liar.me));
        let batch = batch
            .expand()
            .map_err(|error| format!("a lie cannot be put back: {error}"))?;
        let (found, outputs) = self
            .relay
            .judge(signer, &batch, self.now, &mut self.random)?;
        self.outputs(outputs);
        let is_as_expected = match (expected, &found) {
            (
                Expected::NotLookedAt,
                Err(AdmitError::WrongAuthor | AdmitError::WrongOrganisation),
            ) => true,
            (Expected::Malformed(what), Ok(found)) => {
                *found == [Disposition::Refused(RefusalCode::Malformed(what))]
            }
            (Expected::NotAllowed, Ok(found)) => {
                *found == [Disposition::Refused(RefusalCode::NotAllowed)]
            }
            (Expected::Impossible, Ok(found)) => {
                *found == [Disposition::Refused(RefusalCode::Impossible)]
            }
            (Expected::Rebase, Ok(found)) => *found == [Disposition::Rebase],
            (Expected::Held, Ok(found)) => matches!(found.as_slice(), [Disposition::Held(..)]),
            _ => false,
        };
        if is_as_expected {
            Ok(())
        } else {
            Err(format!("{lie:?} in {document} is answered with {found:?}"))
        }
    }

    /// A connection of no device of ours: what does not belong there ends it.
    fn noise(&mut self) -> Check {
        let nobody = ConnectionId::MAX;
        let bytes = match self.random.below(3) {
            0 => vec![0xff; 8],
            1 => codec::encode(&DeviceMessage::Ping),
            _ => codec::encode(&DeviceMessage::Hello {
                protocol: PROTOCOL,
                ticket: "guessed".into(),
                cursor: 0,
                rights: 0,
            }),
        };
        let outputs = self
            .relay
            .frame(nobody, &bytes, self.now, &mut self.random)?;
        match outputs.last() {
            Some(Output::Close(id)) if *id == nobody => Ok(()),
            _ => Err(format!(
                "{bytes:?} of a stranger is answered with {outputs:?}"
            )),
        }
    }

    /// Somebody who has a site, and a block there whose codes the relay has.
    pub fn liar(&mut self) -> Option<Liar> {
        let n = self.random.below(self.devices.len());
        let me = self.devices[n].me.person;
        let other = self.devices.iter().map(|device| device.me.person);
        let other = other.into_iter().find(|person| *person != me)?;
        let blocks: Vec<(SiteId, BlockId, Codes)> = self
            .relay
            .database
            .facts()
            .filter_map(|(document, _, fact)| match (document, &fact.body) {
                (DocumentKey::Block { site, block }, FactBody::Codes(codes)) => {
                    Some((site, block, codes.clone()))
                }
                _ => None,
            })
            .collect();
        let (site, block, codes) = self.random.pick(&blocks)?.clone();
        Some(Liar {
            me,
            other,
            site,
            principal: self.relay.database.principal(me),
            intent: IntentId::generate(self.now, &mut self.random),
            block,
            codes,
        })
    }

    /// What the liar writes, and where.
    fn statement(&mut self, lie: Lie, liar: &Liar) -> (DocumentKey, Put) {
        let till = DocumentKey::Till {
            site: liar.site,
            person: liar.me,
            month: Month::of(self.now),
        };
        let batches = DocumentKey::Batches(liar.site);
        let package = self.packages[0];
        let record = |document, key: String, value: Scalar| {
            let container = Container::Records;
            (
                document,
                Put {
                    container,
                    key,
                    value,
                },
            )
        };
        match lie {
            Lie::NoSuchField => record(
                DocumentKey::Catalog,
                format!("package/{package}/colour"),
                "red".into(),
            ),
            Lie::PriceIsText => record(
                DocumentKey::Catalog,
                format!("package/{package}/price"),
                "cheap".into(),
            ),
            Lie::NameIsEmpty => record(
                DocumentKey::Catalog,
                format!("package/{package}/name"),
                " ".into(),
            ),
            Lie::EditsCatalog | Lie::ReplacesNothing => {
                let price =
                    Scalar::Int(1 + i64::try_from(self.random.below(1_000_000)).expect("small"));
                record(
                    DocumentKey::Catalog,
                    format!("package/{package}/price"),
                    price,
                )
            }
            Lie::Currency => record(DocumentKey::Org, "org/currency".into(), "KES".into()),
            Lie::PromotesOneself => {
                let grant = Grant {
                    role: Role::Owner,
                    scope: Scope::Organisation,
                };
                record(
                    DocumentKey::Staff,
                    format!("person/{}/grant/{grant}", liar.me),
                    true.into(),
                )
            }
            Lie::LeasedByOneself => self.fact(
                batches,
                liar,
                FactBody::Leased(Leased {
                    block: liar.block,
                    turn: 99,
                    person: Some(liar.me),
                    device: None,
                    cause: None,
                }),
            ),
            Lie::LeasesForeignBlock => {
                let block = BlockId::generate(self.now, &mut self.random);
                self.fact(
                    batches,
                    liar,
                    FactBody::LeaseAsked(LeaseAsked { block, to: liar.me }),
                )
            }
            Lie::AsksAsAnother => self.fact(
                batches,
                liar,
                FactBody::LeaseAsked(LeaseAsked {
                    block: liar.block,
                    to: liar.me,
                }),
            ),
            Lie::Undoes => {
                let batch = liar.codes.batch;
                self.fact(batches, liar, FactBody::BatchUndone(BatchUndone { batch }))
            }
            Lie::MakesCodes => {
                let document = DocumentKey::Block {
                    site: liar.site,
                    block: BlockId::generate(self.now, &mut self.random),
                };
                let batch = BatchId::generate(self.now, &mut self.random);
                let codes = Codes {
                    batch,
                    packed: format!("LIE{}", liar.intent),
                    ..liar.codes.clone()
                };
                self.fact(document, liar, FactBody::Codes(codes))
            }
            Lie::Decides => self.fact(
                till,
                liar,
                FactBody::HeldDecision(HeldDecision {
                    hold: HoldId::from_bytes([7; 16]),
                    accepted: true,
                    reason: None,
                    told: 1,
                }),
            ),
            Lie::CodeOfAnotherSite => {
                // Two digits of a code are of its site: another site may have the same.
                let code = loop {
                    let site = SiteId::generate(self.now, &mut self.random);
                    let code = HandOverCode::of(liar.intent, site);
                    if !code.is_of_site(liar.site) {
                        break code;
                    }
                };
                self.fact(
                    till,
                    liar,
                    FactBody::HandOverTaken(HandOverTaken { code, from: None }),
                )
            }
            Lie::InAnotherDocument => self.fact(batches, liar, FactBody::Sale(sale(lie, liar))),
            Lie::InAnotherTill => {
                let till = DocumentKey::Till {
                    site: liar.site,
                    person: liar.other,
                    month: Month::of(self.now),
                };
                self.fact(till, liar, FactBody::Sale(sale(lie, liar)))
            }
            _ => self.fact(till, liar, FactBody::Sale(sale(lie, liar))),
        }
    }

    pub fn fact(&self, document: DocumentKey, liar: &Liar, body: FactBody) -> (DocumentKey, Put) {
        let fact = Fact {
            at: self.now,
            since: self.now,
            by: liar.me,
            body,
        };
        let put = Put {
            container: Container::Facts,
            key: liar.intent.to_string(),
            value: bytes(fact.encode()),
        };
        (document, put)
    }
}

/// Is it one, of this person?
fn is_a_lie(lie: Lie, liar: &Liar) -> bool {
    let who = &liar.principal;
    match lie {
        Lie::Decides => !who.may_at(Capability::SalesAll, liar.site),
        Lie::EditsCatalog => !who.may(Capability::PackagesManage),
        Lie::PromotesOneself => !who.may(Capability::StaffManage),
        Lie::Undoes | Lie::MakesCodes => !who.may_at(Capability::VouchersCreate, liar.site),
        _ => true,
    }
}

fn sale(lie: Lie, liar: &Liar) -> Sale {
    let index = match lie {
        Lie::NoSuchVoucher => 9_999,
        _ => 0,
    };
    let price = match lie {
        Lie::Cheaper => Money::from_minor(1),
        _ => liar.codes.price,
    };
    let line = Line {
        voucher: VoucherRef {
            block: liar.block,
            index,
        },
        package: liar.codes.package,
        price,
    };
    let receipt = match lie {
        Lie::BadReceipt => "lie-1",
        _ => "LIES-000001",
    };
    Sale {
        receipt: receipt.into(),
        lines: match lie {
            Lie::TwiceInOneSale => vec![line.clone(), line],
            _ => vec![line],
        },
        method: PaymentMethod::Cash,
        reference: None,
        client: None,
    }
}

/// What an honest program could not even write.
fn alter(lie: Lie, liar: &Liar, plain: &mut PlainChange) {
    let last_op = plain.start_op;
    let Some(op) = plain.ops.first_mut() else {
        return;
    };
    match lie {
        Lie::TooLarge => op.value = bytes(vec![0; 40_000]),
        Lie::NotAFact => op.value = bytes(vec![0xff; 20]),
        Lie::OfAnotherIntent => op.key = IntentId::from_bytes([9; 16]).to_string(),
        Lie::ByAnotherPerson | Lie::AsksAsAnother => restate(op, |fact| fact.by = liar.other),
        Lie::InAnotherMonth => restate(op, |fact| fact.at = fact.at.plus_millis(40 * 86_400_000)),
        Lie::Overwrites => op.replaces = vec![(1, Actor::from_bytes([3; 16]))],
        Lie::ReplacesNothing => op.replaces = vec![(1, Actor::from_bytes([3; 16]))],
        Lie::CounterUsed => plain.start_op = last_op + 5,
        Lie::SequenceSkipped => plain.seq += 1,
        _ => {}
    }
}

fn restate(op: &mut PlainOp, change: impl FnOnce(&mut Fact)) {
    if let Scalar::Bytes(encoded) = &op.value
        && let Ok(mut fact) = Fact::decode(encoded)
    {
        change(&mut fact);
        op.value = bytes(fact.encode());
    }
}

fn bytes(bytes: Vec<u8>) -> Scalar {
    Scalar::Bytes(bytes.into())
}
