//! One document as the relay holds it: the Automerge replica, its sheet, and who wrote how far.

use std::collections::{BTreeMap, BTreeSet};

use automerge::Change;

use crate::batch;
use crate::document::{
    Actor, Container, Document, Hash, PlainChange, PlainOp, Put, Sheet, Written,
};
use crate::fact::{FactBody, Leased, Verdict};
use crate::ids::{BatchId, BlockId};
use crate::time::Timestamp;
use crate::voucher;

pub struct RelayDocument {
    document: Document,
    sheet: Sheet,
    /// The last sequence number and operation counter of every actor.
    clock: BTreeMap<Actor, (u64, u64)>,
    /// Every assignment of every record field, by its operation id: what an operation may claim to replace.
    assignments: BTreeMap<String, Vec<(u64, Actor)>>,
    /// Of a batches document, what every sale asks: folded once, and again only by what changes it.
    leases: BTreeMap<BlockId, Leased>,
    undone: BTreeSet<BatchId>,
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
            sheet,
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

    fn refresh(&mut self, container: Container, key: &str) {
        self.sheet.refresh(&self.document, container, key);
        if container != Container::Facts {
            return;
        }
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
            _ => {}
        }
    }

    pub const fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    pub fn heads(&self) -> Vec<Hash> {
        self.document.heads()
    }

    pub fn save(&self) -> Vec<u8> {
        self.document.save()
    }

    pub(super) fn has(&self, hash: &Hash) -> bool {
        self.document.has(hash)
    }

    pub(super) fn fit(&self, actor: Actor, change: &PlainChange, hash: Hash) -> Fit {
        if self.document.has(&hash) {
            return Fit::Already;
        }
        let Ok(dependencies) = change.dependencies() else {
            return Fit::Impossible;
        };
        let mut last_op = 0;
        for dependency in &dependencies {
            match self.document.max_op(dependency) {
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

    pub(super) fn apply(&mut self, change: Change) {
        let plain = PlainChange::of(&change).expect("the change was built from its plain form");
        let actor = Actor::of(&change).expect("the change was built for an actor of ours");
        let touched = self
            .document
            .apply(vec![change])
            .expect("a change that fits can be applied");
        note(&mut self.clock, &mut self.assignments, actor, &plain);
        for (container, key) in touched {
            self.refresh(container, &key);
        }
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
        let written = self.document.write(actor, now.as_seconds(), &new)?;
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
                .is_some_and(|known| known.contains(replaced))
        })
    }

    /// Is every fact of the change already here, to the letter?
    pub(super) fn says_the_same(&self, change: &PlainChange, intent: &str) -> bool {
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
    assignments: &mut BTreeMap<String, Vec<(u64, Actor)>>,
    actor: Actor,
    plain: &PlainChange,
) {
    let (seq, last_op) = clock.entry(actor).or_insert((0, 0));
    *seq = plain.seq.max(*seq);
    *last_op = plain.max_op().max(*last_op);
    for (place, op) in plain.ops.iter().enumerate() {
        if op.container == Container::Records {
            assignments
                .entry(op.key.clone())
                .or_default()
                .push((plain.start_op + place as u64, actor));
        }
    }
}
