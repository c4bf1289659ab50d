//! Work that another store of this person on this device left: it was sealed when its password was forgotten, and is
//! opened after all. Meanwhile a new store went on, and the batch that lay ready was sent.

use rand_core::Rng;

use super::{Commit, Pending, PendingState, Replica};
use crate::codec;
use crate::command::Command;

/// What became of what a store of before held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inherited {
    /// Intents that wait here from now on.
    pub waiting: usize,
    /// Intents that the relay has, or that wait here, already.
    pub known: usize,
    pub commit: Commit,
}

impl Replica {
    /// Takes in the unsent work of a store of before ([`Self::journal`] of it), behind what waits here. What the relay has
    /// of it is not written again, however often this is done.
    pub fn inherit(
        &mut self,
        left: impl IntoIterator<Item = Vec<u8>>,
        rng: &mut impl Rng,
    ) -> Inherited {
        let left: Vec<Pending> = left
            .into_iter()
            .filter_map(|entry| codec::decode(&entry).ok())
            .collect();
        let count = left.len();
        let mut commit = self.begin();
        let mut orders = Vec::new();
        for mut pending in left {
            if self.is_at_home(&pending) || self.is_acknowledged(&mut pending) {
                continue;
            }
            // Its old number is another intent's here.
            pending.order = self.meta.next_order;
            self.meta.next_order += 1;
            orders.push(pending.order);
            self.outbox.insert(pending.order, pending);
        }
        if !orders.is_empty() {
            self.write_adopted(&orders, &mut commit, rng);
        }
        let waits = |order: &&u64| {
            let pending = self.outbox.get(order);
            pending.is_some_and(|pending| !pending.is_dismissed)
        };
        let waiting = orders.iter().filter(waits).count();
        self.finish(&mut commit);
        Inherited {
            waiting,
            known: count - waiting,
            commit,
        }
    }

    /// Waits here as well, or did lately.
    fn is_at_home(&self, pending: &Pending) -> bool {
        let id = pending.intent.id;
        // Of one intent, the relay may have lost several parts.
        if let Command::BringBack { .. } = &pending.intent.command {
            let mut outbox = self.outbox.values();
            return outbox.any(|known| known.intent == pending.intent);
        }
        let is_here = self.outbox.values().any(|known| known.intent.id == id);
        is_here || self.meta.settled.iter().any(|(_, settled)| *settled == id)
    }

    /// Notes what of an intent is acknowledged, and says whether nothing of it has to be written any more.
    pub(super) fn is_acknowledged(&mut self, pending: &mut Pending) -> bool {
        for change in &mut pending.changes {
            change.accepted |= self
                .documents
                .get_mut(&change.document)
                .is_some_and(|document| document.acknowledged().has(&change.hash));
        }
        let is_settled = pending.state == PendingState::Waiting
            && !pending.changes.is_empty()
            && pending.changes.iter().all(|change| change.accepted);
        pending.changes.retain(|change| change.accepted);
        is_settled
    }

    /// Writes what was put into the outbox from elsewhere, under a new actor.
    pub(super) fn write_adopted(
        &mut self,
        orders: &[u64],
        commit: &mut Commit,
        rng: &mut impl Rng,
    ) {
        self.rebase(commit, rng);
        // Held and refused items are kept as they were.
        for order in orders {
            let kept = self.outbox.get(order);
            let kept = kept.filter(|pending| pending.state != PendingState::Waiting);
            if let Some(pending) = kept.cloned() {
                self.keep_pending(pending, commit);
            }
        }
        // The word that ended the wait of what was held may be here.
        self.decide_held(commit);
    }
}
