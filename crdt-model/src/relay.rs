//! The relay's judgement, without IO: admits a batch into an organisation, decides what is held, refused or
//! contradictory, and writes verdicts and leases in its own name.
//!
//! The driver opens a transaction under the organisation's lock, asks [`OrgState::needs`] and provides what is
//! missing until nothing is, calls [`OrgState::admit`], stores the [`Outcome`] and commits. If the transaction
//! fails, the state is thrown away: PostgreSQL is the truth, this is a cache. What a batch changed stays in the state, so
//! that others can be judged on it before the database says so too: only what the state lacks is asked for.

mod batches;
mod claims;
mod codes;
mod holds;
mod judge;
mod kept;
mod leases;
mod needs;
mod records;
mod replica;
mod sales;
mod sites;
mod stock;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use crate::admission::{self, Malformed, Objection};
use crate::capability::Principal;
use crate::command::DocumentWrite;
use crate::document::{Actor, Document, DocumentKey, Hash, PlainChange, PlainOp, Put, Written};
use crate::fact::{Fact, FactBody, HoldReason, SaleRef, Verdict, VoucherRef, verdict_key};
use crate::ids::{BatchId, BlockId, DeviceId, HoldId, IntentId, OrgId, PersonId, SiteId};
use crate::staff;
use crate::sync::batch::{FullBatch, FullChange, FullIntent, fact_of};
use crate::sync::message::{Disposition, RefusalCode};
use crate::time::{Month, Timestamp};

pub use kept::{Kept, is_counted};
pub use needs::Need;
pub use records::Record;
pub use replica::RelayDocument;

/// What the relay has in memory of one organisation.
pub struct OrgState {
    org: OrgId,
    head: u64,
    actor: Actor,
    documents: BTreeMap<DocumentKey, RelayDocument>,
    /// Sales of each block by index, in the order of acceptance.
    sold: BTreeMap<BlockId, BTreeMap<u32, Vec<SaleRef>>>,
    /// Where a code (user name) already exists.
    codes: BTreeMap<String, Option<VoucherRef>>,
    /// The blocks of a batch, whether it exists yet or not.
    blocks_of: BTreeMap<BatchId, BlocksOf>,
    /// The site of a block.
    site_of: BTreeMap<BlockId, Option<SiteId>>,
    /// Blocks whose codes became free since this state was made; the database may not say so yet.
    freed: BTreeSet<BlockId>,
    /// What of undone batches was handed out all the same since this state was made.
    handed_out: BTreeSet<VoucherRef>,
    receipts: BTreeMap<String, Option<SaleRef>>,
    /// What was given in place of the vouchers of a sale, wherever it lies.
    replaced: BTreeMap<IntentId, Replaced>,
    /// The till in which an intent's sale or replacement already is.
    intents: BTreeMap<IntentId, Option<DocumentKey>>,
    /// Is there this record? Asked where it is not in the document at hand.
    begun: BTreeMap<Record, bool>,
    holds: BTreeMap<HoldId, Option<Hold>>,
    kept: BTreeMap<PersonId, Kept>,
    /// The devices of a person, most recently seen first, revoked ones left out.
    devices: BTreeMap<PersonId, Vec<DeviceId>>,
}

#[derive(Default)]
struct BlocksOf {
    blocks: BTreeSet<(SiteId, BlockId)>,
    /// The database was asked; until then these are only those that were just accepted.
    is_complete: bool,
}

#[derive(Default)]
struct Replaced {
    /// Each replacement, and the voucher that it replaces.
    by: BTreeSet<(IntentId, VoucherRef)>,
    /// The database was asked; until then these are only those that were just accepted.
    is_complete: bool,
}

/// One accepted change, to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub seq: u64,
    pub document: DocumentKey,
    pub hash: Hash,
    pub actor: Actor,
    pub actor_seq: u64,
    /// [`PersonId::RELAY`] for what the relay wrote.
    pub author: PersonId,
    pub device: Option<DeviceId>,
    pub intent: Option<IntentId>,
    pub chunk: Vec<u8>,
    /// What it says, for projections.
    pub ops: Vec<PlainOp>,
}

/// A change kept aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub id: HoldId,
    /// The verdict document in which it is listed.
    pub listed_in: DocumentKey,
    pub intent: IntentId,
    pub person: PersonId,
    pub device: DeviceId,
    pub reason: HoldReason,
    pub writes: Vec<DocumentWrite>,
    /// What it costs others to keep it, in bytes, while nobody decided.
    pub weight: u64,
    pub decided: Option<bool>,
}

/// What came of a batch. To be stored in one transaction, then acknowledged.
#[derive(Debug, Default)]
pub struct Outcome {
    pub rows: Vec<Row>,
    /// New and newly decided holds.
    pub holds: Vec<Hold>,
    /// For each change of the batch, in its order.
    pub results: Vec<(Hash, Disposition)>,
}

/// Why a batch is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    #[error("the batch is for another organisation")]
    WrongOrganisation,
    #[error("the batch is not by the device and person that signed it")]
    WrongAuthor,
    #[error("the driver did not provide {0:?}")]
    Missing(Need),
}

/// What the driver knows of the device that signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signer {
    pub device: DeviceId,
    pub person: PersonId,
    pub revoked: bool,
}

impl OrgState {
    pub const fn new(org: OrgId, head: u64, actor: Actor) -> Self {
        Self {
            org,
            head,
            actor,
            documents: BTreeMap::new(),
            sold: BTreeMap::new(),
            codes: BTreeMap::new(),
            blocks_of: BTreeMap::new(),
            site_of: BTreeMap::new(),
            freed: BTreeSet::new(),
            handed_out: BTreeSet::new(),
            receipts: BTreeMap::new(),
            replaced: BTreeMap::new(),
            intents: BTreeMap::new(),
            begun: BTreeMap::new(),
            holds: BTreeMap::new(),
            kept: BTreeMap::new(),
            devices: BTreeMap::new(),
        }
    }

    /// The `seq` of the last row this state knows of.
    pub const fn head(&self) -> u64 {
        self.head
    }

    pub const fn org(&self) -> OrgId {
        self.org
    }

    pub fn document(&self, key: &DocumentKey) -> Option<&RelayDocument> {
        self.documents.get(key)
    }

    pub fn documents_loaded(&self) -> usize {
        self.documents.len()
    }

    /// Forgets everything but the place in the log, when too much is loaded or another node wrote.
    pub fn forget(&mut self, head: u64) {
        *self = Self::new(self.org, head, self.actor);
    }

    /// Which devices people have is no part of the log: it must be asked anew for every batch.
    pub fn forget_devices(&mut self) {
        self.devices.clear();
    }

    /// A member of staff as the rules know them.
    pub fn principal(&self, person: PersonId) -> Result<Principal, AdmitError> {
        Ok(staff::principal(
            self.get(&DocumentKey::Staff)?.sheet(),
            person,
        ))
    }

    fn get(&self, key: &DocumentKey) -> Result<&RelayDocument, AdmitError> {
        self.documents
            .get(key)
            .ok_or(AdmitError::Missing(Need::Document(*key)))
    }

    fn get_mut(&mut self, key: &DocumentKey) -> Result<&mut RelayDocument, AdmitError> {
        self.documents
            .get_mut(key)
            .ok_or(AdmitError::Missing(Need::Document(*key)))
    }

    /// Judges a batch whose signature was verified. Nothing is stored yet: that is the driver's part.
    pub fn admit(
        &mut self,
        signer: Signer,
        batch: &FullBatch,
        now: Timestamp,
    ) -> Result<Outcome, AdmitError> {
        if batch.org != self.org {
            return Err(AdmitError::WrongOrganisation);
        }
        // Its actor is derived from the device it names: nobody writes as another one.
        if batch.device != signer.device
            || batch.person != signer.person
            || signer.person == PersonId::RELAY
        {
            return Err(AdmitError::WrongAuthor);
        }
        let mut outcome = Outcome::default();
        for intent in &batch.intents {
            self.admit_intent(signer, batch, intent, now, &mut outcome)?;
        }
        Ok(outcome)
    }

    fn admit_intent(
        &mut self,
        signer: Signer,
        batch: &FullBatch,
        intent: &FullIntent,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let actor = batch.actor;
        let changes = &intent.changes;
        let Signer { revoked, .. } = signer;
        let held = hold_id(signer.device, intent.id);
        let author = self.principal(signer.person)?;
        let mut built = Vec::with_capacity(changes.len());
        let facts = || changes.iter().flat_map(facts_of);
        let fields = || {
            changes.iter().flat_map(|full| {
                let ops = full.change.ops.iter();
                ops.map(|op| (full.document, op.container, op.key.as_str()))
            })
        };
        let malformed = if !is_of_one_till(facts()) {
            Some(Malformed::FactNotOfItsIntent)
        } else if changes.len() > 1 && !(sites::agree(facts()) && records::agree(fields())) {
            Some(Malformed::WrongDocument)
        } else {
            None
        };
        let mut verdict = malformed.map(|what| Disposition::Refused(RefusalCode::Malformed(what)));
        let mut changed = BTreeSet::new();
        for full in changes {
            let Some(change) = &full.built else {
                // There is no hash to answer by; the device asks again after a rebase or support looks.
                verdict = verdict.or(Some(Disposition::Refused(RefusalCode::Impossible)));
                continue;
            };
            let document = self.get(&full.document)?;
            let mut fit = document.fit(actor, &full.change, change.hash().0);
            // What the first change of a document leaves there, a second one of the same tap could not be held to.
            if fit == replica::Fit::Next && !changed.insert(full.document) {
                fit = replica::Fit::Impossible;
            }
            let objection = match fit {
                replica::Fit::Next => self.objection(&author, batch, intent, full)?,
                _ => None,
            };
            // Whoever may write there may read there, and replaces what stands once it is here. What will be held is
            // written by the relay, which knows it all.
            let goes_in = fit == replica::Fit::Next && objection.is_none() && !revoked;
            if goes_in && document.crowds_a_field(&full.change) {
                fit = replica::Fit::Apart;
            }
            built.push((full, change, fit, objection));
        }
        let already = !built.is_empty()
            && built
                .iter()
                .all(|(_, _, fit, _)| *fit == replica::Fit::Already);
        if already {
            outcome.results.extend(
                built
                    .iter()
                    .map(|(_, change, _, _)| (change.hash().0, Disposition::Accepted)),
            );
            return Ok(());
        }
        let mut found = Vec::with_capacity(built.len());
        for (full, _, fit, objection) in &built {
            found.push(match (fit, objection) {
                (replica::Fit::Already, _) | (replica::Fit::Next, None) => Disposition::Accepted,
                (replica::Fit::Apart, _) => Disposition::Rebase,
                (replica::Fit::Impossible, _) => Disposition::Refused(RefusalCode::Impossible),
                (replica::Fit::Next, Some(Objection::Malformed(Malformed::FactOverwritten)))
                    if self
                        .get_mut(&full.document)?
                        .says_the_same(&full.change, &intent.id.to_string()) =>
                {
                    Disposition::Known
                }
                (replica::Fit::Next, Some(Objection::Malformed(what))) => {
                    Disposition::Refused(RefusalCode::Malformed(*what))
                }
                (replica::Fit::Next, Some(Objection::NotAllowed(_))) => {
                    Disposition::Held(held, HoldReason::NotAllowed)
                }
            });
        }
        // The gravest finding speaks for the whole intent: all of it or nothing.
        let weight = |d: &&Disposition| match d {
            Disposition::Accepted | Disposition::Known => 0,
            Disposition::Held(..) => 2,
            Disposition::Rebase => 3,
            Disposition::Refused(_) => 4,
        };
        let gravest = found.iter().max_by_key(weight).copied();
        verdict = verdict.or(gravest.filter(|found| weight(&found) > 0));
        // What is here already waits for nobody.
        let is_here = |fit: replica::Fit, found: Disposition| {
            fit == replica::Fit::Already || found == Disposition::Known
        };
        let may_wait = matches!(verdict, None | Some(Disposition::Held(..)));
        if may_wait
            && built
                .iter()
                .zip(&found)
                .any(|(built, found)| !is_here(built.2, *found))
        {
            let known = self
                .holds
                .get(&held)
                .ok_or(AdmitError::Missing(Need::Hold(held)))?;
            match known {
                // What was held once waits for its decision, even when the author may do it again.
                Some(hold) if hold.decided != Some(true) => {
                    verdict = Some(Disposition::Held(held, hold.reason));
                }
                _ if signer.revoked => {
                    verdict = Some(Disposition::Held(held, HoldReason::DeviceRevoked));
                }
                _ => {}
            }
        }
        if let Some(Disposition::Held(id, reason)) = verdict {
            let missing = FullIntent {
                id: intent.id,
                changes: built
                    .iter()
                    .zip(&found)
                    .filter(|(built, found)| !is_here(built.2, **found))
                    .map(|((full, ..), _)| (*full).clone())
                    .collect(),
            };
            if !may_be_held(&missing) {
                verdict = Some(Disposition::Refused(RefusalCode::NotAllowed));
            } else if !self.hold(signer, &missing, id, reason, now, outcome)? {
                verdict = Some(Disposition::Refused(RefusalCode::TooMuchHeld));
            }
        }
        if verdict.is_none() {
            let goes_in = built
                .iter()
                .zip(&found)
                .filter(|(built, found)| !is_here(built.2, **found))
                .map(|((full, ..), _)| full.document);
            if !self.may_begin(signer.person, goes_in, now)? {
                verdict = Some(Disposition::Refused(RefusalCode::TooManyDocuments));
            }
        }
        if let Some(verdict) = verdict {
            let results = built
                .iter()
                .zip(&found)
                .map(|((_, change, fit, _), found)| {
                    let is_here = is_here(*fit, *found);
                    (change.hash().0, if is_here { *found } else { verdict })
                });
            outcome.results.extend(results);
            return Ok(());
        }
        for ((full, change, _, _), found) in built.into_iter().zip(found) {
            outcome.results.push((change.hash().0, found));
            if found == Disposition::Known || self.get(&full.document)?.has(&change.hash().0) {
                continue;
            }
            if self.begins(&full.document)? {
                self.count_begun(signer.person);
            }
            let hash = change.hash().0;
            let chunk = change.raw_bytes().to_vec();
            self.get_mut(&full.document)?
                .take(change.clone(), actor, &full.change);
            self.head += 1;
            outcome.rows.push(Row {
                seq: self.head,
                document: full.document,
                hash,
                actor,
                actor_seq: full.change.seq,
                author: signer.person,
                device: Some(signer.device),
                intent: Some(intent.id),
                chunk,
                ops: full.change.ops.clone(),
            });
            self.join_heads(full.document, now, outcome)?;
            self.react(full.document, &full.change.ops, signer, now, outcome)?;
        }
        Ok(())
    }

    /// The first objection to any operation of a change.
    fn objection(
        &self,
        author: &Principal,
        batch: &FullBatch,
        intent: &FullIntent,
        full: &FullChange,
    ) -> Result<Option<Objection>, AdmitError> {
        let document = self.get(&full.document)?;
        if full.change.ops.len() > admission::caps::OPS_PER_CHANGE_MAX
            || batch.person != author.person
        {
            return Ok(Some(Objection::Malformed(Malformed::TooLarge)));
        }
        // What is malformed anywhere outweighs what is merely not allowed: a held change is well formed throughout.
        let mut not_allowed = None;
        let mut keys = BTreeSet::new();
        for (op, fact) in full.change.ops.iter().zip(&full.facts) {
            let mut objections = Vec::new();
            objections.extend(
                admission::check(author, &full.document, document.sheet(), intent.id, op).err(),
            );
            if full.document == DocumentKey::StaffPrivate {
                let staff = self.get(&DocumentKey::Staff)?.sheet();
                objections.extend(admission::may_write_contacts(author, staff, op).err());
            }
            if !keys.insert((op.container, &op.key)) {
                objections.push(Objection::Malformed(Malformed::FactOverwritten));
            }
            objections.extend(self.false_record(&full.document, op)?);
            if !document.knows_assignments(op) {
                objections.push(Objection::Malformed(Malformed::UnknownAssignment));
            }
            // What is malformed asked for nothing, and there may be nothing to hold it against.
            let is_malformed = objections
                .iter()
                .any(|objection| matches!(objection, Objection::Malformed(_)));
            if !is_malformed && let Some(fact) = fact {
                objections.extend(self.false_claim(&full.document, intent.id, fact)?);
            }
            for objection in objections {
                match objection {
                    Objection::Malformed(_) => return Ok(Some(objection)),
                    Objection::NotAllowed(_) => not_allowed = Some(objection),
                }
            }
        }
        let whole = admission::check_whole(&full.document, document.sheet(), &full.change.ops);
        Ok(not_allowed.or(whole.err()))
    }

    /// Writes facts into a document in the relay's own name. Facts that are already there are left out.
    fn write(
        &mut self,
        document: DocumentKey,
        puts: &[Put],
        author: PersonId,
        intent: Option<IntentId>,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<Vec<PlainOp>, AdmitError> {
        let actor = self.actor;
        let begins = self.begins(&document)?;
        let replica = self.get_mut(&document)?;
        let Some((written, seq)) = replica.write(actor, now, puts) else {
            return Ok(Vec::new());
        };
        if begins {
            self.count_begun(author);
        }
        let ops = written.plain.ops.clone();
        let row = self.own_row(document, written, seq);
        outcome.rows.push(Row {
            author,
            intent,
            ..row
        });
        Ok(ops)
    }

    /// Keeps a document from having more heads than a change may build on. Not everybody who writes into it may read it,
    /// and a liar need not build on what they read.
    fn join_heads(
        &mut self,
        document: DocumentKey,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let actor = self.actor;
        if let Some((written, seq)) = self.get_mut(&document)?.join_heads(actor, now) {
            let row = self.own_row(document, written, seq);
            outcome.rows.push(row);
        }
        Ok(())
    }

    /// The next row of the log, with a change that the relay wrote.
    fn own_row(&mut self, document: DocumentKey, written: Written, actor_seq: u64) -> Row {
        self.head += 1;
        Row {
            seq: self.head,
            document,
            hash: written.hash,
            actor: self.actor,
            actor_seq,
            author: PersonId::RELAY,
            device: None,
            intent: None,
            chunk: written.chunk,
            ops: written.plain.ops,
        }
    }

    /// The first documents of an organisation, in the relay's name: its profile, its owner, its first site.
    pub fn found(
        &mut self,
        writes: &[DocumentWrite],
        now: Timestamp,
    ) -> Result<Outcome, AdmitError> {
        let mut outcome = Outcome::default();
        for write in writes {
            self.documents
                .entry(write.document)
                .or_insert_with(|| RelayDocument::new(Document::new()));
            self.write(
                write.document,
                &write.puts,
                PersonId::RELAY,
                None,
                now,
                &mut outcome,
            )?;
        }
        Ok(outcome)
    }
}

/// The same hold for the same intent, however often it is pushed.
fn hold_id(device: DeviceId, intent: IntentId) -> HoldId {
    let key = verdict_key(&[b"hold", device.as_bytes(), intent.as_bytes()]);
    key.parse().expect("a verdict key is the text of an id")
}

/// Only what belongs to a site can be listed where somebody sees it and decides, and nothing may hide behind it; a
/// decision is never held.
fn may_be_held(intent: &FullIntent) -> bool {
    let mut facts = intent.changes.iter().flat_map(FullChange::known_facts);
    intent
        .changes
        .iter()
        .all(|full| full.document.site().is_some())
        && !facts.any(|fact| matches!(fact.body, FactBody::HeldDecision(_)))
}

fn facts_of(full: &FullChange) -> impl Iterator<Item = (DocumentKey, &Fact)> {
    full.known_facts().map(|fact| (full.document, fact))
}

/// A sale or replacement has its intent's key in one till, or money would count twice.
fn is_of_one_till<F: Borrow<Fact>>(facts: impl Iterator<Item = (DocumentKey, F)>) -> bool {
    let takes = |fact: &Fact| matches!(fact.body, FactBody::Sale(_) | FactBody::Replacement(_));
    let tills: BTreeSet<DocumentKey> = facts
        .filter(|(_, fact)| takes(fact.borrow()))
        .map(|(document, _)| document)
        .collect();
    tills.len() <= 1
}

fn puts_of(change: &PlainChange) -> Vec<Put> {
    change
        .ops
        .iter()
        .map(|op| Put {
            container: op.container,
            key: op.key.clone(),
            value: op.value.clone(),
        })
        .collect()
}

/// The verdict document of a person's till in the month of an instant.
const fn verdict_till(site: crate::ids::SiteId, person: PersonId, month: Month) -> DocumentKey {
    DocumentKey::VerdictTill {
        site,
        person,
        month,
    }
}

/// A fact in the relay's name.
const fn relay_fact(now: Timestamp, body: FactBody) -> Fact {
    Fact {
        at: now,
        since: now,
        by: PersonId::RELAY,
        body,
    }
}

const fn verdict_fact(now: Timestamp, verdict: Verdict) -> Fact {
    relay_fact(now, FactBody::Verdict(verdict))
}
