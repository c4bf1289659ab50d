//! From pending to acknowledged: batches, acks, and writing again what the relay could not take.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::Rng;
use serde_bytes::ByteBuf;

use super::receive::TakenIn;
use super::{
    AcceptedPart, Commit, Pending, PendingChange, PendingState, REPLACED_REMEMBERED, Replica,
};
use crate::admission::{caps, may_read};
use crate::command::{Command, DocumentWrite};
use crate::document::{Container, DocumentKey, Hash, Put};
use crate::fact::{FactBody, Verdict};
use crate::ids::{BatchId, HoldId, IntentId};
use crate::sync::batch::{BATCH_VERSION, Batch, BatchChange, BatchIntent};
use crate::sync::message::{Disposition, RefusalCode};
use crate::time::Timestamp;

/// Well below the inflated cap, and below the frame even if nothing can be deflated.
const BATCH_BYTES_AIM: usize = caps::INFLATED_BYTES_MAX / 8;
/// One intent that is all of its batch: its codes, the rest of their facts and changes, and still within a frame.
const BATCH_BYTES_MAX: usize = caps::FRAME_BYTES_MAX / 4 * 3;

/// About what a change and an operation need besides keys and values.
const CHANGE_BYTES: usize = 256;
const OP_BYTES: usize = 64;

impl PendingChange {
    /// Inflated: the chunk's own length tells nothing, since Automerge deflates long ones.
    fn size(&self) -> usize {
        let ops = self.plain.ops.iter();
        let ops: usize = ops
            .map(|op| op.key.len() + op.value.size() + OP_BYTES)
            .sum();
        CHANGE_BYTES + ops
    }
}

impl Pending {
    pub(super) fn is_coming(&self, coming: &BTreeSet<(IntentId, DocumentKey)>) -> bool {
        let mut changes = self.changes.iter();
        changes.any(|change| coming.contains(&(self.intent.id, change.document)))
    }

    /// Sets aside what was accepted: it is not written again.
    pub(super) fn set_accepted_aside(&mut self) {
        let changes = std::mem::take(&mut self.changes).into_iter();
        let (accepted, rest): (Vec<_>, Vec<_>) = changes.partition(|change| change.accepted);
        self.changes = rest;
        for change in accepted {
            self.writes
                .retain(|write| write.document != change.document);
            let puts = change.plain.ops.into_iter().map(|op| Put {
                container: op.container,
                key: op.key,
                value: op.value,
            });
            self.accepted.push(AcceptedPart {
                hash: change.hash,
                write: DocumentWrite {
                    document: change.document,
                    puts: puts.collect(),
                },
            });
        }
    }
}

impl Replica {
    /// The oldest durable pending work, as one batch. `None`: everything is acknowledged or waits for a person.
    pub fn next_batch(&self) -> Option<Batch> {
        self.batch_without(&BTreeSet::new()).map(|(batch, _)| batch)
    }

    /// All durable pending work as batches in their order, each on top of those before it.
    pub fn all_batches(&self) -> Vec<Batch> {
        let mut before = BTreeSet::new();
        let mut batches = Vec::new();
        while let Some((batch, hashes)) = self.batch_without(&before) {
            before.extend(hashes);
            batches.push(batch);
        }
        batches
    }

    /// The oldest durable pending work that does not lie in a batch already, and the changes it is made of.
    fn batch_without(&self, before: &BTreeSet<Hash>) -> Option<(Batch, Vec<Hash>)> {
        let mut batch = Batch {
            version: BATCH_VERSION,
            org: self.me.org,
            person: self.me.person,
            device: self.me.device,
            salt: self.meta.salt,
            documents: Vec::new(),
            intents: Vec::new(),
        };
        let mut hashes: Vec<Hash> = Vec::new();
        let mut bytes = 0;
        let waiting = self
            .in_turn()
            .into_iter()
            .filter_map(|order| self.outbox.get(&order))
            .take_while(|pending| pending.commit <= self.durable)
            .filter(|pending| pending.state == PendingState::Waiting);
        for pending in waiting {
            let is_unsent = |change: &&PendingChange| {
                !change.accepted
                    && !before.contains(&change.hash)
                    && !self.coming.contains(&(pending.intent.id, change.document))
            };
            // An intent is judged as one: it begins the next batch when it does not fit this one.
            let unsent = pending.changes.iter().filter(is_unsent);
            let (count, size) = unsent.fold((0, 0), |(count, size), change| {
                (count + 1, size + change.size())
            });
            let would_fit = hashes.len() + count <= caps::CHANGES_PER_BATCH_MAX
                && bytes + size <= BATCH_BYTES_AIM;
            if !hashes.is_empty() && !would_fit {
                break;
            }
            let mut intent = BatchIntent {
                id: pending.intent.id,
                at: pending.intent.at,
                changes: Vec::new(),
            };
            for change in pending.changes.iter().filter(is_unsent) {
                // Only what an older version wrote is longer than a batch.
                let is_full = hashes.len() == caps::CHANGES_PER_BATCH_MAX
                    || (bytes > 0 && bytes + change.size() > BATCH_BYTES_MAX);
                if is_full {
                    break;
                }
                let document = batch
                    .documents
                    .iter()
                    .position(|known| *known == change.document)
                    .unwrap_or_else(|| {
                        batch.documents.push(change.document);
                        batch.documents.len() - 1
                    });
                bytes += change.size();
                hashes.push(change.hash);
                intent.changes.push(BatchChange {
                    document: u16::try_from(document).expect("a batch has at most 256 documents"),
                    change: change.plain.clone(),
                });
            }
            if !intent.changes.is_empty() {
                batch.intents.push(intent);
            }
            if bytes > BATCH_BYTES_AIM {
                break;
            }
        }
        if batch.intents.is_empty() {
            return None;
        }
        batch.shorten(&hashes);
        Some((batch, hashes))
    }

    /// A batch does not come to be without a part that waits for a person: who made it hears of it, and finishes it
    /// once the part is there.
    fn refuse_incomplete(&mut self, commit: &mut Commit) -> bool {
        let broken: BTreeSet<BatchId> = self
            .outbox
            .values()
            .filter(|pending| pending.state != PendingState::Waiting)
            .filter_map(|pending| match &pending.intent.command {
                Command::AddBlocks { batch, .. } => Some(*batch),
                _ => None,
            })
            .collect();
        let is_broken = |pending: &&Pending| {
            pending.state == PendingState::Waiting
                && matches!(&pending.intent.command, Command::CompleteBatch { batch, .. }
                    if broken.contains(batch))
        };
        let found: Vec<Pending> = self.outbox.values().filter(is_broken).cloned().collect();
        let is_any = !found.is_empty();
        for mut pending in found {
            pending.state = PendingState::Refused(RefusalCode::NotAllowed);
            pending.changes.clear();
            self.keep_pending(pending, commit);
        }
        is_any
    }

    /// The relay answered: what is committed moves into the acknowledged state; what must be written again is.
    pub fn acknowledge(
        &mut self,
        results: &[(ByteBuf, Disposition)],
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Commit {
        let results: BTreeMap<&[u8], Disposition> = results
            .iter()
            .map(|(hash, disposition)| (hash.as_slice(), *disposition))
            .collect();
        let mut commit = self.begin();
        let mut accepted: BTreeMap<DocumentKey, Vec<Vec<u8>>> = BTreeMap::new();
        let mut must_rebase = false;
        let here = self.known_and_here(&results);
        // As they were written, so that each finds here what it builds on.
        for order in self.in_turn() {
            let Some(pending) = self.outbox.get_mut(&order) else {
                continue;
            };
            let mut changed = false;
            let mut state = None;
            for change in pending.changes.iter_mut().filter(|change| !change.accepted) {
                let Some(disposition) = results.get(&change.hash[..8]) else {
                    continue;
                };
                changed = true;
                match disposition {
                    Disposition::Accepted => {
                        change.accepted = true;
                        accepted
                            .entry(change.document)
                            .or_default()
                            .push(change.chunk.clone());
                    }
                    Disposition::Known => {
                        must_rebase = true;
                        if here.contains(&change.hash) {
                            change.accepted = true;
                        } else {
                            self.coming.insert((pending.intent.id, change.document));
                            // If it does not come by the log, a comparison brings it.
                            self.meta.rights = 0;
                            self.has_gap = true;
                        }
                    }
                    Disposition::Rebase => must_rebase = true,
                    Disposition::Held(hold, reason) => {
                        state = Some(PendingState::Held {
                            hold: *hold,
                            reason: *reason,
                        });
                    }
                    Disposition::Refused(code) => state = Some(PendingState::Refused(*code)),
                }
            }
            if !changed {
                continue;
            }
            if let Some(state) = state {
                pending.state = state;
                pending.set_accepted_aside();
                pending.changes.clear();
                must_rebase = true;
            }
            if pending.state == PendingState::Waiting
                && pending.changes.iter().all(|change| change.accepted)
            {
                self.settle(order, &mut commit);
            } else {
                let pending = pending.clone();
                self.keep_pending(pending, &mut commit);
            }
        }
        must_rebase |= self.refuse_incomplete(&mut commit);
        // Accepted, but written again since: the new ones turn out to be known.
        for (hash, document, chunk) in std::mem::take(&mut self.replaced) {
            match results.get(&hash[..8]) {
                Some(Disposition::Accepted) => {
                    accepted.entry(document).or_default().push(chunk);
                    must_rebase = true;
                }
                Some(_) => {}
                None => self.replaced.push((hash, document, chunk)),
            }
        }
        for (document, chunks) in accepted {
            must_rebase |= self.take_in(document, &chunks, &mut commit) == TakenIn::Clashes;
        }
        if must_rebase {
            self.rebase(&mut commit, rng);
        }
        self.decide_held(&mut commit);
        self.note_safe(now);
        self.finish(&mut commit);
        commit
    }

    /// Of what the relay has by another name, what we have too.
    fn known_and_here(&mut self, results: &BTreeMap<&[u8], Disposition>) -> BTreeSet<Hash> {
        let known: Vec<PendingChange> = self
            .outbox
            .values()
            .flat_map(|pending| &pending.changes)
            .filter(|change| results.get(&change.hash[..8]) == Some(&Disposition::Known))
            .cloned()
            .collect();
        known
            .into_iter()
            .filter(|change| self.says_the_same(change))
            .map(|change| change.hash)
            .collect()
    }

    /// Whether what is acknowledged has every value of a change.
    fn says_the_same(&mut self, change: &PendingChange) -> bool {
        let Some(replicated) = self.documents.get_mut(&change.document) else {
            return false;
        };
        let document = replicated.acknowledged();
        change.plain.ops.iter().all(|op| {
            let field = document.field(op.container, &op.key);
            field.is_some_and(|field| field.value == op.value)
        })
    }

    /// What was coming and is here now must be written no more: whether there is any.
    pub(super) fn greet_what_came(&mut self) -> bool {
        let mut coming = std::mem::take(&mut self.coming);
        let before = coming.len();
        let awaited: Vec<(IntentId, PendingChange)> = self
            .outbox
            .values()
            .flat_map(|pending| {
                let changes = pending.changes.iter();
                changes.map(|change| (pending.intent.id, change.clone()))
            })
            .filter(|(intent, change)| coming.contains(&(*intent, change.document)))
            .collect();
        for (intent, change) in awaited {
            if self.says_the_same(&change) {
                coming.remove(&(intent, change.document));
            }
        }
        let some_came = coming.len() < before;
        self.coming = coming;
        some_came
    }

    /// After a comparison, what has not come is in documents that this person may no longer read; or the relay has
    /// lost it since it said so (it was restored from an older backup), and it is sent again.
    pub(super) fn stop_waiting(&mut self, commit: &mut Commit) -> bool {
        let mut coming = std::mem::take(&mut self.coming);
        let waited = !coming.is_empty();
        let reader = self.reader();
        coming.retain(|(_, document)| !may_read(&reader, document));
        for order in self.in_turn() {
            let Some(mut pending) = self.outbox.get(&order).cloned() else {
                continue;
            };
            if !pending.is_coming(&coming) {
                continue;
            }
            for change in &mut pending.changes {
                change.accepted |= coming.contains(&(pending.intent.id, change.document));
            }
            if pending.changes.iter().all(|change| change.accepted) {
                self.settle(order, commit);
            } else {
                self.keep_pending(pending, commit);
            }
        }
        waited
    }

    /// What was refused is nowhere but here, until its author has read so.
    pub(super) fn note_safe(&mut self, now: Timestamp) {
        if self.outbox().all(|pending| {
            matches!(
                pending.state,
                PendingState::Held { .. } | PendingState::Declined { .. }
            )
        }) {
            self.meta.safe_at = Some(self.present(now));
        }
    }

    /// Writes every pending change again, on what is acknowledged and under a new actor. What turns out to be
    /// acknowledged already is left out, so that nothing is ever doubled.
    pub(super) fn rebase(&mut self, commit: &mut Commit, rng: &mut impl Rng) {
        self.new_actor(rng);
        let touched: BTreeSet<DocumentKey> = self
            .documents
            .iter()
            .filter(|(_, document)| document.current.is_some())
            .map(|(key, _)| *key)
            .chain(
                self.outbox
                    .values()
                    .flat_map(|pending| pending.writes.iter().map(|write| write.document)),
            )
            .collect();
        for key in touched {
            if let Some(replicated) = self.documents.get_mut(&key) {
                replicated.current = None;
                *self.sheets.entry(key) = replicated.acknowledged().sheet();
            }
        }
        let too_many = self.replaced.len().saturating_sub(REPLACED_REMEMBERED);
        self.replaced.drain(..too_many);
        for order in self.in_turn() {
            let waiting = self
                .outbox
                .get(&order)
                .filter(|pending| pending.state == PendingState::Waiting);
            let Some(mut pending) = waiting.cloned() else {
                continue;
            };
            pending.set_accepted_aside();
            let writes = pending.writes.clone();
            for write in &mut pending.writes {
                let facts = &self.sheets.get(&write.document).facts;
                write.puts.retain(|put| {
                    put.container == Container::Records || !facts.contains_key(&put.key)
                });
            }
            for change in pending.changes.drain(..) {
                self.replaced
                    .push((change.hash, change.document, change.chunk));
            }
            pending.commit = commit.number;
            self.write_pending(&mut pending);
            pending.writes = writes;
            if pending.changes.is_empty() {
                self.settle(order, commit);
            } else {
                self.keep_pending(pending, commit);
            }
        }
    }

    /// Ends the waiting of held items about which a verdict says that somebody decided.
    pub(super) fn decide_held(&mut self, commit: &mut Commit) {
        let held: Vec<(u64, IntentId, HoldId)> = self
            .outbox
            .values()
            .filter_map(|pending| match &pending.state {
                PendingState::Held { hold, .. } => Some((pending.order, pending.intent.id, *hold)),
                _ => None,
            })
            .collect();
        if held.is_empty() {
            return;
        }
        let mut settled = BTreeSet::new();
        let mut declined = Vec::new();
        for (_, _, fact) in self.sheets.facts() {
            let FactBody::Verdict(Verdict::HeldDecided {
                hold,
                intent,
                by,
                accepted,
                reason,
            }) = &fact.body
            else {
                continue;
            };
            // What was brought back lies here in several parts of one name. Accepted is the intent, whichever device's
            // hold it was by; declined is this hold.
            for (order, _, of) in held.iter().filter(|(_, id, _)| id == intent) {
                if *accepted {
                    settled.insert(*order);
                } else if of == hold {
                    declined.push((*order, *by, reason.clone()));
                }
            }
        }
        for order in &settled {
            self.settle(*order, commit);
        }
        for (order, by, reason) in declined {
            if let Some(mut pending) = self.outbox.get(&order).cloned() {
                pending.state = PendingState::Declined { by, reason };
                self.keep_pending(pending, commit);
            }
        }
    }
}
