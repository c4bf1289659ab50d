//! What the relay sends: changes, snapshots, drops.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::Rng;

use super::{AcceptedPart, Commit, Pending, PendingState, Replica, Replicated};
use crate::admission::may_read;
use crate::command::{Command, DocumentWrite, Intent};
use crate::document::{
    Actor, Container, Document, DocumentError, DocumentId, DocumentKey, Hash, PlainChange, Put,
    Scalar,
};
use crate::fact::{Fact, FactBody, Verdict};
use crate::ids::{HoldId, IntentId};
use crate::sync::message::{LoggedChange, RefusalCode};
use crate::time::Timestamp;

/// How accepted changes lie to what is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TakenIn {
    Fits,
    /// They fit, but what is pending does not go on top of them any more (another device wrote as the same actor).
    Clashes,
    /// They build on what is not here; the device will compare.
    Gap,
}

impl Replica {
    /// The relay's clock, heard just now; and whether it asks what is here.
    pub fn contact(&mut self, relay_now: Timestamp, now: Timestamp, is_comparing: bool) -> Commit {
        self.has_gap = false;
        if is_comparing {
            // Cut off halfway, the documents are neither of the old rights nor of the new.
            self.meta.rights = 0;
        }
        self.meta.offset_millis = relay_now.millis_since(now);
        self.meta.last_contact = Some(relay_now);
        self.meta.clock.observe(relay_now, relay_now);
        self.note_safe(now);
        let mut commit = self.begin();
        self.finish(&mut commit);
        commit
    }

    /// Accepted changes, in `seq` order, up to and including `to`. What does not fit is left out, and leaves a gap:
    /// see [`Self::has_gap`].
    pub fn receive(&mut self, to: u64, changes: Vec<LoggedChange>, rng: &mut impl Rng) -> Commit {
        let mut by_document: BTreeMap<DocumentKey, Vec<Vec<u8>>> = BTreeMap::new();
        for change in changes {
            by_document
                .entry(change.key)
                .or_default()
                .push(change.chunk.into_vec());
        }
        let mut commit = self.begin();
        let mut clashes = false;
        for (key, chunks) in by_document {
            clashes |= self.take_in(key, &chunks, &mut commit) == TakenIn::Clashes;
        }
        self.meta.cursor = self.meta.cursor.max(to);
        self.settle_what_arrived(&mut commit);
        clashes |= self.greet_what_came();
        if clashes {
            self.rebase(&mut commit, rng);
        }
        self.decide_held(&mut commit);
        self.finish(&mut commit);
        commit
    }

    /// The next hello asks the relay to compare everything.
    pub fn distrust(&mut self) -> Commit {
        self.meta.rights = 0;
        let mut commit = self.begin();
        self.finish(&mut commit);
        commit
    }

    /// Applies acknowledged chunks to a document, its sheet and its stored form.
    pub(super) fn take_in(
        &mut self,
        key: DocumentKey,
        chunks: &[Vec<u8>],
        commit: &mut Commit,
    ) -> TakenIn {
        let has_pending = self.outbox.values().any(|pending| {
            pending
                .changes
                .iter()
                .any(|change| change.document == key && !change.accepted)
        });
        let replicated = self.documents.entry(key).or_insert_with(Replicated::new);
        let Ok(touched) = replicated
            .acknowledged()
            .apply_chunks(chunks.iter().map(Vec::as_slice))
        else {
            self.meta.rights = 0;
            self.has_gap = true;
            return TakenIn::Gap;
        };
        let on_top = has_pending
            && replicated
                .current()
                .apply_chunks(chunks.iter().map(Vec::as_slice))
                .is_ok();
        if !on_top
            && let Some(current) = replicated.current.take()
            && current.heads() != replicated.acknowledged().heads()
        {
            // What lay on top is gone, the keys that only it had among them.
            *self.sheets.entry(key) = replicated.acknowledged().sheet();
        }
        let fields = touched
            .iter()
            .map(|(container, field)| (*container, field.as_str()));
        self.sheets.refresh(key, replicated.shown(), fields);
        self.store_document(key, chunks, commit);
        if has_pending && !on_top {
            TakenIn::Clashes
        } else {
            TakenIn::Fits
        }
    }

    /// Our own changes can arrive by the log before (or instead of) their ack.
    fn settle_what_arrived(&mut self, commit: &mut Commit) {
        let orders: Vec<u64> = self.outbox.keys().copied().collect();
        for order in orders {
            let Some(mut pending) = self.outbox.get(&order).cloned() else {
                continue;
            };
            let mut changed = false;
            for change in pending.changes.iter_mut().filter(|change| !change.accepted) {
                let arrived = self
                    .documents
                    .get_mut(&change.document)
                    .is_some_and(|document| document.acknowledged().has(&change.hash));
                change.accepted |= arrived;
                changed |= arrived;
            }
            if changed && pending.changes.iter().all(|change| change.accepted) {
                self.settle(order, commit);
            } else if changed {
                self.keep_pending(pending, commit);
            }
        }
    }

    /// A whole document as the relay has it. What this person had got acknowledged and the relay no longer has (it
    /// was restored from an older backup) becomes pending again.
    pub fn snapshot(
        &mut self,
        key: DocumentKey,
        bytes: &[u8],
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Result<Commit, DocumentError> {
        let arrived = Document::load(bytes)?;
        let mut commit = self.begin();
        self.replace(key, arrived, now, rng, &mut commit);
        self.decide_held(&mut commit);
        self.finish(&mut commit);
        Ok(commit)
    }

    /// Documents of which the relay has nothing. Those that were acknowledged once are lost there: what this person
    /// wrote into them becomes pending again.
    pub fn unknown_to_relay(
        &mut self,
        ids: &[DocumentId],
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Commit {
        let lost: Vec<DocumentKey> = self
            .documents
            .iter()
            .filter(|(key, document)| {
                !document.heads.is_empty() && ids.contains(&DocumentId::of(self.me.org, key))
            })
            .map(|(key, _)| *key)
            .collect();
        let mut commit = self.begin();
        for key in lost {
            self.replace(key, Document::new(), now, rng, &mut commit);
        }
        self.finish(&mut commit);
        commit
    }

    /// Puts the relay's state of a document in the place of ours.
    fn replace(
        &mut self,
        key: DocumentKey,
        arrived: Document,
        now: Timestamp,
        rng: &mut impl Rng,
        commit: &mut Commit,
    ) {
        let replicated = self.documents.entry(key).or_insert_with(Replicated::new);
        let lost: Vec<(Hash, Actor, PlainChange)> = replicated
            .acknowledged()
            .changes()
            .iter()
            .filter(|change| !arrived.has(&change.hash().0))
            .filter_map(|change| {
                let plain = PlainChange::of(change).ok()?;
                Some((change.hash().0, Actor::of(change)?, plain))
            })
            .collect();
        let had_pending = replicated.current.is_some();
        let last = if replicated.is_damaged {
            super::open::CHUNKS_MAX + 1
        } else {
            replicated.stored.len()
        };
        for n in 1..last {
            commit
                .writes
                .insert(super::open::document_key(&key, n), None);
        }
        *replicated = Replicated::new();
        *self.sheets.entry(key) = arrived.sheet();
        replicated.acknowledged = Some(arrived);
        self.store_document(key, &[], commit);
        let brought_back = self.bring_back(key, &lost, now, rng, commit);
        self.settle_what_arrived(commit);
        let some_came = self.greet_what_came();
        if had_pending || brought_back || some_came {
            self.rebase(commit, rng);
        }
    }

    fn bring_back(
        &mut self,
        document: DocumentKey,
        lost: &[(Hash, Actor, PlainChange)],
        now: Timestamp,
        rng: &mut impl Rng,
        commit: &mut Commit,
    ) -> bool {
        let mut found = false;
        let mut edits = BTreeSet::new();
        for (hash, actor, change) in lost {
            if self.meta.actors.contains(actor) {
                edits.insert(*hash);
            }
            let puts: Vec<Put> = change
                .ops
                .iter()
                .filter(|op| match (op.container, &op.value) {
                    (Container::Facts, Scalar::Bytes(bytes)) => {
                        Fact::decode(bytes).is_ok_and(|fact| fact.by == self.me.person)
                    }
                    (Container::Records, _) => self.meta.actors.contains(actor),
                    _ => false,
                })
                .map(|op| Put {
                    container: op.container,
                    key: op.key.clone(),
                    value: op.value.clone(),
                })
                .collect();
            let Some(first) = puts.first() else { continue };
            let id = first
                .key
                .parse()
                .unwrap_or_else(|_| IntentId::generate(now, rng));
            let at = Timestamp::from_millis(change.time.saturating_mul(1000));
            self.keep_lost(id, at, DocumentWrite { document, puts });
            found = true;
        }
        self.forget_accepted_edits(|part| edits.contains(&part.hash), commit);
        found
    }

    /// A fact is stated once however often it is brought back; an edit would be made again.
    fn forget_accepted_edits(
        &mut self,
        are_brought_back: impl Fn(&AcceptedPart) -> bool,
        commit: &mut Commit,
    ) {
        let is_edit = |put: &Put| put.container == Container::Records;
        let mut changed = Vec::new();
        for pending in self.outbox.values_mut() {
            for part in &mut pending.accepted {
                if part.write.puts.iter().any(is_edit) && are_brought_back(part) {
                    part.write.puts.retain(|put| !is_edit(put));
                    changed.push(pending.order);
                }
            }
        }
        for order in changed {
            if let Some(pending) = self.outbox.get(&order).cloned() {
                self.keep_pending(pending, commit);
            }
        }
    }

    fn keep_lost(&mut self, id: IntentId, at: Timestamp, write: DocumentWrite) {
        let order = self.meta.next_order;
        self.meta.next_order += 1;
        let document = write.document;
        let command = Command::BringBack { document };
        self.outbox.insert(
            order,
            Pending {
                order,
                intent: Intent {
                    id,
                    at,
                    since: at,
                    by: self.me.person,
                    command,
                },
                writes: vec![write],
                changes: Vec::new(),
                accepted: Vec::new(),
                state: PendingState::Waiting,
                is_dismissed: false,
                commit: 0,
            },
        );
    }

    /// Of intents of which a part waits, what was accepted and is not here, by this test: it becomes pending again.
    fn bring_back_accepted(&mut self, is_lost: impl Fn(&AcceptedPart, &Put) -> bool) -> bool {
        let mut found = Vec::new();
        for pending in self.outbox.values() {
            let id = pending.intent.id;
            for part in &pending.accepted {
                let document = part.write.document;
                let is_back = self.outbox.values().any(|other| {
                    other.intent.id == id && other.intent.command == Command::BringBack { document }
                });
                let mut puts = part.write.puts.clone();
                puts.retain(|put| is_lost(part, put));
                if !is_back && !puts.is_empty() {
                    found.push((id, pending.intent.at, DocumentWrite { document, puts }));
                }
            }
        }
        let is_any = !found.is_empty();
        for (id, at, write) in found {
            self.keep_lost(id, at, write);
        }
        is_any
    }

    /// The database was lost, and nothing here says whether the relay still has what it had accepted. A fact it knows
    /// by its name; whether an edit is there shows after a comparison.
    pub(super) fn bring_back_accepted_facts(&mut self) {
        self.bring_back_accepted(|_, put| put.container == Container::Facts);
    }

    /// After a comparison: what is not in a document that this person may read, the relay has lost.
    fn bring_back_what_is_lost(&mut self, commit: &mut Commit) -> bool {
        let reader = self.reader();
        let mut lost: BTreeSet<(Hash, String)> = BTreeSet::new();
        for part in self.outbox.values().flat_map(|pending| &pending.accepted) {
            let key = part.write.document;
            let document = self.documents.get_mut(&key);
            let is_here = document.is_some_and(|known| known.acknowledged().has(&part.hash));
            if is_here || !may_read(&reader, &key) {
                continue;
            }
            let facts = &self.sheets.get(&key).facts;
            let puts =
                part.write.puts.iter().filter(|put| {
                    put.container == Container::Records || !facts.contains_key(&put.key)
                });
            lost.extend(puts.map(|put| (part.hash, put.key.clone())));
        }
        let is_any =
            self.bring_back_accepted(|part, put| lost.contains(&(part.hash, put.key.clone())));
        let hashes: BTreeSet<Hash> = lost.into_iter().map(|(hash, _)| hash).collect();
        self.forget_accepted_edits(|part| hashes.contains(&part.hash), commit);
        is_any
    }

    /// Everybody sees what of their own is held. What the relay does not list any more, it has forgotten (it was
    /// restored from an older backup): it is told again. So is what there was no room for: the office may have decided since;
    /// and what was refused for a reason that this version may know by now.
    fn wait_again(&mut self) -> bool {
        let listed: BTreeSet<HoldId> = self
            .sheets
            .facts()
            .filter_map(|(_, _, fact)| match &fact.body {
                FactBody::Verdict(Verdict::Held { hold, .. }) => Some(*hold),
                _ => None,
            })
            .collect();
        let mut found = false;
        for pending in self.outbox.values_mut() {
            let has_reason = match &pending.state {
                PendingState::Held { hold, .. } => !listed.contains(hold),
                PendingState::Refused(RefusalCode::TooMuchHeld | RefusalCode::Later) => {
                    !pending.is_dismissed
                }
                _ => false,
            };
            if has_reason {
                pending.state = PendingState::Waiting;
                found = true;
            }
        }
        found
    }

    /// Documents this person may no longer read. Pending work stays in the outbox.
    pub fn drop_documents(&mut self, keys: &[DocumentKey], rng: &mut impl Rng) -> Commit {
        let mut commit = self.begin();
        let mut had_pending = false;
        for key in keys {
            had_pending |= self
                .outbox
                .values()
                .any(|pending| pending.writes.iter().any(|write| write.document == *key));
            self.forget_document(*key, &mut commit);
        }
        if had_pending {
            self.rebase(&mut commit, rng);
        }
        self.finish(&mut commit);
        commit
    }

    /// The repair is complete.
    pub fn synced(&mut self, cursor: u64, rights: u64, rng: &mut impl Rng) -> Commit {
        self.meta.cursor = cursor;
        self.meta.rights = rights;
        for document in self.documents.values_mut() {
            document.is_damaged = false;
        }
        let mut commit = self.begin();
        let stopped_waiting = self.stop_waiting(&mut commit);
        let brought_back = self.bring_back_what_is_lost(&mut commit);
        if self.wait_again() || stopped_waiting || brought_back {
            self.rebase(&mut commit, rng);
        }
        self.finish(&mut commit);
        commit
    }
}
