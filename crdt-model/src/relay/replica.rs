//! One document as the relay holds it: the Automerge replica, its sheet, and who wrote how far.
//!
//! Automerge walks the whole document for every call that applies changes, and a sale only adds a fact under a key of its
//! own, whose value needs no merging. So such changes are learned at once and applied to Automerge later, many in one
//! call: when there are enough of them, or when something is asked that Automerge alone can answer.

use std::collections::{BTreeMap, BTreeSet};

use automerge::Change;

use super::batches::codes_of;
use crate::batch;
use crate::document::{
    Actor, Container, Document, Hash, PlainChange, PlainOp, Put, Scalar, Sheet, Written,
    genesis_hash,
};
use crate::fact::{Codes, FactBody, Leased, Verdict};
use crate::ids::{BatchId, BlockId};
use crate::time::Timestamp;
use crate::voucher;

/// A change that builds on more heads than [`crate::admission::caps::DEPENDENCIES_MAX`], or replaces more values of a
/// field than `REPLACES_MAX`, cannot be read; and whoever writes honestly builds on all that is there. So there is never
/// more than this of either, whoever writes and however.
const HEADS_MAX: usize = 16;
const VALUES_MAX: usize = 16;

/// So many changes are applied in one call.
const LATE_MAX: usize = 64;

pub struct RelayDocument {
    /// Without the changes in `late`; everything else here is with them.
    document: Document,
    late: Vec<Change>,
    /// Of the changes in `late`, the counter of the last operation.
    late_ops: BTreeMap<Hash, u64>,
    heads: BTreeSet<Hash>,
    sheet: Sheet,
    /// The last sequence number and operation counter of every actor.
    clock: BTreeMap<Actor, (u64, u64)>,
    assignments: BTreeMap<String, Assignments>,
    /// Of a batches document, what every sale asks: folded once, and again only by what changes it.
    leases: BTreeMap<BlockId, Leased>,
    undone: BTreeSet<BatchId>,
    /// Of a block, how many vouchers it has: counting them for each sale takes longer than all else about it.
    vouchers: Option<u32>,
}

/// The assignments of a record field, by their operation ids.
#[derive(Default)]
struct Assignments {
    /// What an operation may claim to replace.
    all: Vec<(u64, Actor)>,
    /// Those that none replaced: the concurrent values of the field.
    standing: Vec<(u64, Actor)>,
}

/// How a change lies to what is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Next,
    Already,
    /// Its author's history or its dependencies are not the ones here: to be written again.
    Apart,
    /// Its counters cannot follow its dependencies.
    Impossible,
}

impl RelayDocument {
    pub fn new(document: Document) -> Self {
        let mut clock = BTreeMap::new();
        let mut assignments = BTreeMap::new();
        for change in document.changes() {
            if let (Some(actor), Ok(plain)) = (Actor::of(&change), PlainChange::of(&change)) {
                note(&mut clock, &mut assignments, actor, &plain);
            }
        }
        let sheet = document.sheet();
        Self {
            leases: voucher::leases(&sheet),
            undone: batch::undone(&sheet),
            vouchers: codes_of(&sheet).map(Codes::count),
            sheet,
            heads: document.heads().into_iter().collect(),
            late: Vec::new(),
            late_ops: BTreeMap::new(),
            document,
            clock,
            assignments,
        }
    }

    /// The lease in force of each block.
    pub(super) const fn leases(&self) -> &BTreeMap<BlockId, Leased> {
        &self.leases
    }

    /// The batches that were undone.
    pub(super) const fn undone(&self) -> &BTreeSet<BatchId> {
        &self.undone
    }

    /// How many vouchers this block has.
    pub(super) const fn vouchers(&self) -> Option<u32> {
        self.vouchers
    }

    fn refresh(&mut self, container: Container, key: &str) {
        self.sheet.refresh(&self.document, container, key);
        if container == Container::Facts {
            self.fold(key);
        }
    }

    /// Takes a new fact of the sheet into what is folded from it.
    fn fold(&mut self, key: &str) {
        let Some(Some(fact)) = self.sheet.facts.get(key) else {
            return;
        };
        match &fact.body {
            FactBody::Leased(leased) => {
                let known = self.leases.get(&leased.block);
                if known.is_none_or(|known| known.turn < leased.turn) {
                    self.leases.insert(leased.block, leased.clone());
                }
            }
            FactBody::BatchUndone(_) | FactBody::Verdict(Verdict::BatchKept { .. }) => {
                self.undone = batch::undone(&self.sheet);
            }
            FactBody::Codes(_) => self.vouchers = codes_of(&self.sheet).map(Codes::count),
            _ => {}
        }
    }

    pub const fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    /// Did anybody write into it yet?
    pub(super) fn is_begun(&self) -> bool {
        self.heads.iter().any(|head| *head != genesis_hash())
    }

    /// Sorted.
    pub fn heads(&self) -> Vec<Hash> {
        self.heads.iter().copied().collect()
    }

    /// The whole document, as [`Document::save`] writes it.
    pub fn save(&self) -> Vec<u8> {
        let mut whole = self.document.clone();
        whole
            .apply(self.late.clone())
            .expect("changes that fit can be applied");
        whole.save()
    }

    pub(super) fn has(&self, hash: &Hash) -> bool {
        self.late_ops.contains_key(hash) || self.document.has(hash)
    }

    fn max_op(&self, hash: &Hash) -> Option<u64> {
        let late = self.late_ops.get(hash).copied();
        late.or_else(|| self.document.max_op(hash))
    }

    pub(super) fn fit(&self, actor: Actor, change: &PlainChange, hash: Hash) -> Fit {
        if self.has(&hash) {
            return Fit::Already;
        }
        let Ok(dependencies) = change.dependencies() else {
            return Fit::Impossible;
        };
        let mut last_op = 0;
        for dependency in &dependencies {
            match self.max_op(dependency) {
                Some(op) => last_op = last_op.max(op),
                None => return Fit::Apart,
            }
        }
        let (last_seq, own_last_op) = self.clock.get(&actor).copied().unwrap_or((0, 0));
        if change.seq != last_seq + 1 {
            return Fit::Apart;
        }
        // Automerge numbers operations on from the highest one that the author has seen, and nobody is blind to
        // his own: otherwise two operations would bear one id.
        if change.start_op == last_op + 1 && change.start_op > own_last_op {
            Fit::Next
        } else {
            Fit::Impossible
        }
    }

    /// Takes a change that follows what is here.
    pub fn apply(&mut self, change: Change) {
        let plain = PlainChange::of(&change).expect("the change was built from its plain form");
        let actor = Actor::of(&change).expect("the change was built for an actor of ours");
        self.take(change, actor, &plain);
    }

    /// The same, with what it says and whose it is.
    pub(super) fn take(&mut self, change: Change, actor: Actor, plain: &PlainChange) {
        note(&mut self.clock, &mut self.assignments, actor, plain);
        for dependency in change.deps() {
            self.heads.remove(&dependency.0);
        }
        self.heads.insert(change.hash().0);
        if self.only_adds_facts(plain) {
            for op in &plain.ops {
                self.sheet.overlay(op);
                self.fold(&op.key);
            }
            self.late_ops.insert(change.hash().0, plain.max_op());
            self.late.push(change);
            if self.late.len() >= LATE_MAX {
                self.catch_up();
            }
        } else {
            self.late.push(change);
            for (container, key) in self.catch_up() {
                self.refresh(container, &key);
            }
        }
    }

    /// Under keys of their own: nobody else's value can be the one that wins.
    fn only_adds_facts(&self, plain: &PlainChange) -> bool {
        let mut keys = BTreeSet::new();
        plain.ops.iter().all(|op| {
            op.container == Container::Facts
                && matches!(op.value, Scalar::Bytes(_))
                && !self.sheet.facts.contains_key(&op.key)
                && keys.insert(&op.key)
        })
    }

    /// Gives Automerge what it has not seen yet; the keys that were touched.
    fn catch_up(&mut self) -> Vec<(Container, String)> {
        if self.late.is_empty() {
            return Vec::new();
        }
        self.late_ops.clear();
        self.document
            .apply(std::mem::take(&mut self.late))
            .expect("changes that fit can be applied")
    }

    pub(super) fn write(
        &mut self,
        actor: Actor,
        now: Timestamp,
        puts: &[Put],
    ) -> Option<(Written, u64)> {
        let new: Vec<Put> = puts
            .iter()
            .filter(|put| {
                put.container == Container::Records || !self.sheet.facts.contains_key(&put.key)
            })
            .cloned()
            .collect();
        if new.is_empty() {
            return None;
        }
        self.catch_up();
        let written = self.document.write(actor, now.as_seconds(), &new)?;
        self.heads = self.document.heads().into_iter().collect();
        note(
            &mut self.clock,
            &mut self.assignments,
            actor,
            &written.plain,
        );
        for op in &written.plain.ops {
            self.refresh(op.container, &op.key);
        }
        let seq = written.plain.seq;
        Some((written, seq))
    }

    /// Does every claim to replace an assignment name one of the same field?
    pub(super) fn knows_assignments(&self, op: &PlainOp) -> bool {
        op.replaces.iter().all(|replaced| {
            self.assignments
                .get(&op.key)
                .is_some_and(|known| known.all.contains(replaced))
        })
    }

    /// Would the change put one more value beside the many that a field has already? Its author has not seen them.
    pub(super) fn crowds_a_field(&self, change: &PlainChange) -> bool {
        let records = change.ops.iter();
        records
            .filter(|op| op.container == Container::Records)
            .filter_map(|op| Some((op, self.assignments.get(&op.key)?)))
            .any(|(op, known)| {
                known.standing.len() >= VALUES_MAX
                    && !known.standing.iter().any(|one| op.replaces.contains(one))
            })
    }

    /// Where there are too many heads, a change of the relay's that builds on all of them.
    pub(super) fn join_heads(&mut self, actor: Actor, now: Timestamp) -> Option<(Written, u64)> {
        if self.heads.len() <= HEADS_MAX {
            return None;
        }
        self.catch_up();
        let written = self.document.join_heads(actor, now.as_seconds());
        self.heads = self.document.heads().into_iter().collect();
        note(
            &mut self.clock,
            &mut self.assignments,
            actor,
            &written.plain,
        );
        let seq = written.plain.seq;
        Some((written, seq))
    }

    /// Is every fact of the change already here, to the letter?
    pub(super) fn says_the_same(&mut self, change: &PlainChange, intent: &str) -> bool {
        self.catch_up();
        change.ops.iter().all(|op| {
            op.key == intent
                && self
                    .document
                    .field(op.container, &op.key)
                    .is_some_and(|field| field.value == op.value)
        })
    }
}

fn note(
    clock: &mut BTreeMap<Actor, (u64, u64)>,
    assignments: &mut BTreeMap<String, Assignments>,
    actor: Actor,
    plain: &PlainChange,
) {
    let (seq, last_op) = clock.entry(actor).or_insert((0, 0));
    *seq = plain.seq.max(*seq);
    *last_op = plain.max_op().max(*last_op);
    for (place, op) in plain.ops.iter().enumerate() {
        if op.container == Container::Records {
            let known = assignments.entry(op.key.clone()).or_default();
            let id = (plain.start_op + place as u64, actor);
            known.standing.retain(|one| !op.replaces.contains(one));
            known.standing.push(id);
            known.all.push(id);
        }
    }
}
