//! What the relay sends: changes, snapshots, drops.

use std::collections::BTreeMap;

use rand_core::Rng;

use super::{Commit, Pending, PendingState, Replica, Replicated};
use crate::command::{Command, DocumentWrite, Intent};
use crate::document::{
    Actor, Container, Document, DocumentError, DocumentKey, PlainChange, Put, Scalar,
};
use crate::fact::Fact;
use crate::ids::IntentId;
use crate::sync::message::LoggedChange;
use crate::time::Timestamp;

impl Replica {
    /// The relay's clock, heard just now.
    pub fn contact(&mut self, relay_now: Timestamp, now: Timestamp) -> Commit {
        self.meta.offset_millis = relay_now.millis_since(now);
        self.meta.last_contact = Some(relay_now);
        self.meta.clock.observe(relay_now, relay_now);
        self.note_safe(now);
        let mut commit = self.begin();
        self.finish(&mut commit);
        commit
    }

    /// Accepted changes, in `seq` order, up to and including `to`. An error leaves the device to ask for a repair:
    /// see [`Self::distrust`].
    pub fn receive(
        &mut self,
        to: u64,
        changes: Vec<LoggedChange>,
    ) -> Result<Commit, DocumentError> {
        let mut by_document: BTreeMap<DocumentKey, Vec<Vec<u8>>> = BTreeMap::new();
        for change in changes {
            by_document
                .entry(change.key)
                .or_default()
                .push(change.chunk.into_vec());
        }
        let mut commit = self.begin();
        for (key, chunks) in by_document {
            if !self.take_in(key, &chunks, &mut commit) {
                return Err(DocumentError::MissingDependencies);
            }
        }
        self.meta.cursor = self.meta.cursor.max(to);
        self.settle_what_arrived(&mut commit);
        self.decide_held(&mut commit);
        self.finish(&mut commit);
        Ok(commit)
    }

    /// The next hello asks the relay to compare everything.
    pub fn distrust(&mut self) -> Commit {
        self.meta.rights = 0;
        let mut commit = self.begin();
        self.finish(&mut commit);
        commit
    }

    /// Applies acknowledged chunks to a document, its sheet and its stored form. `false`: they do not fit, and the
    /// device will compare.
    pub(super) fn take_in(
        &mut self,
        key: DocumentKey,
        chunks: &[Vec<u8>],
        commit: &mut Commit,
    ) -> bool {
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
            return false;
        };
        let on_top = has_pending
            && replicated
                .current()
                .apply_chunks(chunks.iter().map(Vec::as_slice))
                .is_ok();
        if !on_top {
            replicated.current = None;
        }
        let sheet = self.sheets.entry(key);
        let shown = replicated.shown();
        for (container, field) in touched {
            sheet.refresh(shown, container, &field);
        }
        self.store_document(key, chunks, commit);
        true
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
        let replicated = self.documents.entry(key).or_insert_with(Replicated::new);
        let lost: Vec<(Actor, PlainChange)> = replicated
            .acknowledged()
            .changes()
            .iter()
            .filter(|change| !arrived.has(&change.hash().0))
            .filter_map(|change| Some((Actor::of(change)?, PlainChange::of(change).ok()?)))
            .collect();
        let had_pending = replicated.current.is_some();
        for n in 1..replicated.stored.len() {
            commit
                .writes
                .insert(super::open::document_key(&key, n), None);
        }
        *replicated = Replicated::new();
        *self.sheets.entry(key) = arrived.sheet();
        replicated.acknowledged = Some(arrived);
        self.store_document(key, &[], &mut commit);
        let brought_back = self.bring_back(key, &lost, now, rng);
        self.settle_what_arrived(&mut commit);
        if had_pending || brought_back {
            self.rebase(&mut commit, rng);
        }
        self.decide_held(&mut commit);
        self.finish(&mut commit);
        Ok(commit)
    }

    fn bring_back(
        &mut self,
        document: DocumentKey,
        lost: &[(Actor, PlainChange)],
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> bool {
        let mine = self.actor();
        let mut found = false;
        for (actor, change) in lost {
            let puts: Vec<Put> = change
                .ops
                .iter()
                .filter(|op| match (op.container, &op.value) {
                    (Container::Facts, Scalar::Bytes(bytes)) => {
                        Fact::decode(bytes).is_ok_and(|fact| fact.by == self.me.person)
                    }
                    (Container::Records, _) => *actor == mine,
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
            let order = self.meta.next_order;
            self.meta.next_order += 1;
            let at = Timestamp::from_millis(change.time.saturating_mul(1000));
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
                    writes: vec![DocumentWrite { document, puts }],
                    changes: Vec::new(),
                    state: PendingState::Waiting,
                    commit: 0,
                },
            );
            found = true;
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
    pub fn synced(&mut self, cursor: u64, rights: u64) -> Commit {
        self.meta.cursor = cursor;
        self.meta.rights = rights;
        let mut commit = self.begin();
        self.finish(&mut commit);
        commit
    }
}
