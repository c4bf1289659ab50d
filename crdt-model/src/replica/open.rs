//! How a replica lies in the stores, and how it comes back: normally, or from the journal alone.

use std::collections::BTreeSet;

use rand_core::Rng;

use super::{
    Commit, Identity, Meta, Pending, PendingState, Replica, Replicated, SHEET_VERSION, SheetPage,
};
use crate::codec;
use crate::document::{DocumentKey, Hash};
use crate::ids::{DeviceId, IntentId};

/// Chunks after which a document is compacted: opening with hundreds of unmerged ones costs hundreds of megabytes.
pub(super) const CHUNKS_MAX: usize = 20;

/// Stored bytes that are no replica. The journal and the relay still have everything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the store holds an unknown key {0}")]
    UnknownKey(String),
    #[error(transparent)]
    Decode(#[from] codec::DecodeError),
    #[error("the store does not hold {0}, of which a brief speaks")]
    Missing(DocumentKey),
}

pub(super) fn outbox_key(order: u64) -> String {
    format!("o|{order:016x}")
}

/// Whether a key of the database holds work that the relay may not have.
pub fn is_outbox_key(key: &str) -> bool {
    key.starts_with("o|")
}

/// A snapshot (0), or the change chunk number `n` after it.
pub(super) fn document_key(key: &DocumentKey, n: usize) -> String {
    format!("d|{key}|{n:04}")
}

pub(super) fn sheet_key(key: &DocumentKey) -> String {
    format!("s|{key}")
}

impl Replica {
    /// Reads everything the database holds, in any order.
    pub fn open(
        me: Identity,
        entries: impl IntoIterator<Item = (String, Vec<u8>)>,
        rng: &mut impl Rng,
    ) -> Result<Self, OpenError> {
        let mut replica = Self::read_all(me, entries, rng)?;
        replica.lay_pending_over();
        Ok(replica)
    }

    pub(super) fn read_all(
        me: Identity,
        entries: impl IntoIterator<Item = (String, Vec<u8>)>,
        rng: &mut impl Rng,
    ) -> Result<Self, OpenError> {
        let mut replica = Self::new(me, rng);
        let mut entries: Vec<(String, Vec<u8>)> = entries.into_iter().collect();
        entries.sort();
        for (key, value) in entries {
            replica.read(&key, value)?;
        }
        Ok(replica)
    }

    pub(super) fn read(&mut self, name: &str, value: Vec<u8>) -> Result<(), OpenError> {
        let unknown = || OpenError::UnknownKey(name.into());
        let parts: Vec<&str> = name.split('|').collect();
        match parts.as_slice() {
            ["meta"] => self.meta = codec::decode::<Meta>(&value)?,
            ["o", _] => {
                let pending: Pending = codec::decode(&value)?;
                self.outbox.insert(pending.order, pending);
            }
            ["d", key, _] => {
                let key: DocumentKey = key.parse().map_err(|_| unknown())?;
                self.documents
                    .entry(key)
                    .or_insert_with(Replicated::new)
                    .stored
                    .push(value);
            }
            ["s", key] => {
                let key: DocumentKey = key.parse().map_err(|_| unknown())?;
                let page = codec::decode::<SheetPage>(&value)
                    .ok()
                    .filter(|page| page.version == SHEET_VERSION);
                if let Some(page) = page {
                    let replicated = self.documents.entry(key).or_insert_with(Replicated::new);
                    replicated.heads = page
                        .heads
                        .chunks_exact(32)
                        .filter_map(|head| Hash::try_from(head).ok())
                        .collect();
                    *self.sheets.entry(key) = page.sheet;
                }
            }
            _ => return Err(unknown()),
        }
        Ok(())
    }

    /// A sheet that was not stored (or by another version) is made again.
    pub(super) fn make_missing_sheet(&mut self, key: DocumentKey) {
        let replicated = self.documents.get_mut(&key);
        if let Some(replicated) = replicated.filter(|replicated| replicated.heads.is_empty()) {
            let document = replicated.acknowledged();
            let (sheet, heads) = (document.sheet(), document.heads());
            *self.sheets.entry(key) = sheet;
            replicated.heads = heads;
        }
    }

    /// Pending changes are shown on top of what is stored.
    pub(super) fn lay_pending_over(&mut self) {
        let keys: Vec<DocumentKey> = self.documents.keys().copied().collect();
        for key in keys {
            self.make_missing_sheet(key);
        }
        let pending: Vec<Pending> = self
            .in_turn()
            .iter()
            .filter_map(|order| self.outbox.get(order).cloned())
            .collect();
        for change in pending
            .iter()
            .flat_map(|pending| &pending.changes)
            .filter(|change| !change.accepted)
        {
            let replicated = self
                .documents
                .entry(change.document)
                .or_insert_with(Replicated::new);
            let current = replicated.current();
            if current.apply_chunks([change.chunk.as_slice()]).is_ok() {
                let sheet = self.sheets.entry(change.document);
                for op in &change.plain.ops {
                    sheet.refresh(current, op.container, &op.key);
                }
            }
        }
    }

    /// Begins again from the journal, when the database was lost: the pending work under a new actor, and nothing
    /// else until the relay sends it.
    pub fn recover(
        me: Identity,
        journal: impl IntoIterator<Item = Vec<u8>>,
        rng: &mut impl Rng,
    ) -> (Self, Commit) {
        let mut replica = Self::new(me, rng);
        for entry in journal {
            let Ok(pending) = codec::decode::<Pending>(&entry) else {
                continue;
            };
            replica.meta.next_order = replica.meta.next_order.max(pending.order + 1);
            replica.outbox.insert(pending.order, pending);
        }
        let mut commit = replica.begin();
        for pending in replica.outbox.values_mut() {
            pending.set_accepted_aside();
            pending.changes.clear();
        }
        replica.bring_back_accepted_facts();
        replica.rebase(&mut commit, rng);
        // Held and refused items are kept as they were.
        let kept: Vec<Pending> = replica
            .outbox
            .values()
            .filter(|pending| pending.state != PendingState::Waiting)
            .cloned()
            .collect();
        for pending in kept {
            replica.keep_pending(pending, &mut commit);
        }
        replica.finish(&mut commit);
        (replica, commit)
    }

    /// Whether [`Self::adopt`] and [`Self::recover`] can read what the journal holds, or a newer app wrote it.
    pub fn reads(journalled: &[u8]) -> bool {
        codec::decode::<Pending>(journalled).is_ok()
    }

    /// Takes in what the journal holds and the database does not (it failed, or is older): written again under a
    /// new actor. What turns out to be known already settles itself.
    pub fn adopt(
        &mut self,
        journal: impl IntoIterator<Item = Vec<u8>>,
        rng: &mut impl Rng,
    ) -> Option<Commit> {
        let missing = self.missing(journal);
        if missing.is_empty() {
            return None;
        }
        let mut commit = self.begin();
        let mut orders = Vec::new();
        for mut pending in missing {
            // "Settled" may be lost while what it told of is not: an edit must not be made a second time.
            let place = (pending.order, pending.intent.id);
            if self.meta.settled.contains(&place) {
                commit.settled.push(pending.order);
                continue;
            }
            if self.is_acknowledged(&mut pending) {
                commit.settled.push(pending.order);
                continue;
            }
            // The place in the journal stays the same, so that settling it there finds it.
            while self.outbox.contains_key(&pending.order) {
                commit.settled.push(pending.order);
                pending.order = self.meta.next_order.max(pending.order + 1);
            }
            self.meta.next_order = self.meta.next_order.max(pending.order + 1);
            orders.push(pending.order);
            self.outbox.insert(pending.order, pending);
        }
        self.write_adopted(&orders, &mut commit, rng);
        commit
            .settled
            .retain(|order| !self.outbox.contains_key(order));
        self.finish(&mut commit);
        Some(commit)
    }

    /// What of the journal is not in the outbox.
    pub(super) fn missing(&self, journal: impl IntoIterator<Item = Vec<u8>>) -> Vec<Pending> {
        let known: BTreeSet<IntentId> = self
            .outbox
            .values()
            .map(|pending| pending.intent.id)
            .collect();
        journal
            .into_iter()
            .filter_map(|entry| codec::decode::<Pending>(&entry).ok())
            .filter(|pending| !known.contains(&pending.intent.id))
            .collect()
    }

    /// Everything anew, when earlier commits did not reach the database.
    pub fn everything(&mut self) -> Commit {
        let mut commit = self.begin();
        let keys: Vec<DocumentKey> = self.documents.keys().copied().collect();
        for key in keys {
            for n in 1..=CHUNKS_MAX {
                commit.writes.insert(document_key(&key, n), None);
            }
            if let Some(replicated) = self.documents.get_mut(&key) {
                replicated.acknowledged();
                replicated.stored.clear();
            }
            self.store_document(key, &[], &mut commit);
        }
        for pending in self.outbox.values() {
            commit
                .writes
                .insert(outbox_key(pending.order), Some(codec::encode(pending)));
        }
        self.finish(&mut commit);
        commit
    }

    /// The relay knows this device under a new id, since the browser lost its key.
    pub fn change_device(&mut self, device: DeviceId, rng: &mut impl Rng) -> Commit {
        self.me.device = device;
        let mut commit = self.begin();
        self.rebase(&mut commit, rng);
        self.finish(&mut commit);
        commit
    }

    /// What the journal should hold: every unacknowledged intent, for rebuilding a lost journal.
    pub fn journal(&self) -> Vec<(u64, Vec<u8>)> {
        self.outbox
            .values()
            .map(|pending| (pending.order, codec::encode(pending)))
            .collect()
    }

    /// How many entries [`Self::journal`] has.
    pub fn journal_len(&self) -> usize {
        self.outbox.len()
    }

    /// Stores the acknowledged state of a document: more chunks, or everything anew when there are too many.
    pub(super) fn store_document(
        &mut self,
        key: DocumentKey,
        chunks: &[Vec<u8>],
        commit: &mut Commit,
    ) {
        self.forget_brief_of(key);
        let Some(replicated) = self.documents.get_mut(&key) else {
            return;
        };
        let is_damaged = replicated.is_damaged;
        if is_damaged
            || replicated.stored.is_empty()
            || replicated.stored.len() + chunks.len() > CHUNKS_MAX
        {
            // Where one is missing, others may lie behind it.
            let last = if is_damaged {
                CHUNKS_MAX + 1
            } else {
                replicated.stored.len()
            };
            for n in 1..last {
                commit.writes.insert(document_key(&key, n), None);
            }
            let snapshot = replicated.acknowledged().save();
            commit
                .writes
                .insert(document_key(&key, 0), Some(snapshot.clone()));
            replicated.stored = vec![snapshot];
        } else {
            for chunk in chunks {
                commit.writes.insert(
                    document_key(&key, replicated.stored.len()),
                    Some(chunk.clone()),
                );
                replicated.stored.push(chunk.clone());
            }
        }
        let heads = replicated.acknowledged().heads();
        let sheet = match replicated.current {
            Some(_) => replicated.acknowledged().sheet(),
            None => self.sheets.get(&key).clone(),
        };
        let page = SheetPage {
            version: SHEET_VERSION,
            heads: heads.concat(),
            sheet,
        };
        commit
            .writes
            .insert(sheet_key(&key), Some(codec::encode(&page)));
        replicated.heads = heads;
    }

    pub(super) fn forget_document(&mut self, key: DocumentKey, commit: &mut Commit) {
        self.forget_brief_of(key);
        let Some(replicated) = self.documents.remove(&key) else {
            return;
        };
        for n in 0..replicated.stored.len().max(1) {
            commit.writes.insert(document_key(&key, n), None);
        }
        commit.writes.insert(sheet_key(&key), None);
        self.sheets.remove(&key);
    }

    /// What a brief says of this document is about to be true no more.
    fn forget_brief_of(&mut self, key: DocumentKey) {
        self.meta.brief.take_if(|mark| mark.covers(&key));
    }
}
