//! What a change of the replica leads to: both stores first, then whatever nobody waits for.

use crdt_model::replica::{Commit, Replica};
use crdt_model::sync::device::{Device, Effect, Event};
use crdt_model::sync::message::CloseReason;

use super::{Desk, Input, Lost};
use crate::browser::within;
use crate::keys::sign::SigningKey;
use crate::protocol::{self, ShutOut, StoreWarning};
use crate::store::journal::Entry;
use crate::store::person::Kept;
use crate::store::profile::Person;
use crate::store::{StoreError, Write};
use crate::views::Indexes;
use crate::worker::account::now;
use crate::worker::link::Link;
use crate::worker::{PROFILE_MILLIS, log, seal};

impl Desk {
    /// Makes one commit durable; what follows from it is left for later. The result tells where it is.
    pub(super) async fn commit(
        &mut self,
        commit: Commit,
    ) -> Result<Result<Kept, StoreError>, Lost> {
        let number = commit.number;
        let kept = self.keep(commit).await?;
        match &kept {
            Ok(_) => {
                let stored = Event::Stored(number);
                let more = self.device.handle(stored, now(), &mut self.rng);
                self.later.extend(more);
            }
            Err(error) => {
                log(&format!("a commit was not kept: {error}"));
                // Where the journal is not in use either, nothing is kept in it.
                self.warning = self.warning.or(Some(StoreWarning::DatabaseFailed));
            }
        }
        Ok(kept)
    }

    /// Carries out effects in order, and those that follow from them, after what was left for later. The result tells
    /// where the last commit is.
    pub(super) async fn run(
        &mut self,
        effects: Vec<Effect>,
    ) -> Result<Result<Kept, StoreError>, Lost> {
        let mut kept = Ok(Kept::Both);
        self.later.extend(effects);
        while let Some(effect) = self.later.pop_front() {
            match effect {
                Effect::Commit(commit) => kept = self.commit(commit).await?,
                Effect::Connect => {
                    self.links += 1;
                    self.link = Some(Link::open(self.shared.clone(), self.links));
                }
                Effect::Send(frame) => {
                    if let Some(link) = &self.link {
                        link.send(frame);
                    }
                }
                Effect::Close => self.link = None,
                // The one that follows holds what this one would, and more.
                Effect::Seal { .. } if self.later.iter().any(is_seal) => {}
                Effect::Seal { number, batch } => {
                    if let Some(bytes) = self.seal(&batch).await {
                        let event = Event::Sealed { number, bytes };
                        let more = self.device.handle(event, now(), &mut self.rng);
                        self.later.extend(more);
                    }
                }
                Effect::NothingToSeal => {
                    let store = self.shared.person.borrow().store.clone();
                    self.keep_ready(&store, None).await;
                    self.confirm().await;
                    self.shared.tell(Input::Brief);
                }
                Effect::Changed => self.changed = true,
                Effect::Refused(reason) => {
                    log(&format!("the server ended the connection: {reason:?}"));
                    if reason == CloseReason::DeviceRevoked {
                        self.shut_out = Some(ShutOut::DeviceRefused);
                    }
                }
            }
        }
        Ok(kept)
    }

    /// Makes a commit durable in both stores, or in the one that works.
    async fn keep(&mut self, commit: Commit) -> Result<Result<Kept, StoreError>, Lost> {
        let deleted: Vec<String> = commit
            .writes
            .iter()
            .filter(|(_, value)| value.is_none())
            .map(|(key, _)| key.clone())
            .collect();
        let writes = match &self.database_behind {
            None => commit.writes,
            Some(missed) => {
                let mut writes = self.device.replica.everything().writes;
                // What it does not know any more it does not delete either.
                for key in missed.iter().chain(&deleted) {
                    writes.entry(key.clone()).or_insert(None);
                }
                writes
            }
        };
        let writes: Vec<Write> = writes
            .into_iter()
            .map(|(key, value)| match value {
                Some(value) => Write::put(key, value),
                None => Write::delete(key),
            })
            .collect();
        let pending = if self.journal_behind && self.stores.has_journal() {
            self.device.replica.journal()
        } else {
            commit.pending
        };
        let mut entries: Vec<Entry> = pending
            .into_iter()
            .map(|(order, bytes)| Entry::pending(order.to_be_bytes(), bytes))
            .collect();
        if !commit.settled.is_empty() {
            entries.push(Entry::settled(
                commit.settled.iter().map(|order| order.to_be_bytes()),
            ));
        }
        let kept = self.stores.commit(&writes, &entries).await;
        let warning = match &kept {
            Err(StoreError::NotTheWriter) => return Err(Lost),
            Ok(Kept::Both) => {
                // Only a store that was written to has shown that it works again.
                let (in_database, in_journal) = (!writes.is_empty(), !entries.is_empty());
                if in_database {
                    self.database_behind = None;
                }
                self.journal_behind &= !in_journal;
                self.warning.filter(|warning| match warning {
                    StoreWarning::DatabaseFailed => !in_database,
                    StoreWarning::JournalFailed => !in_journal,
                    // Recovery ends when the relay has sent everything.
                    StoreWarning::Recovering => !self.device.is_online(),
                })
            }
            Ok(Kept::StoreOnly(error)) => {
                log(&format!("the journal: {error}"));
                self.journal_behind = true;
                Some(StoreWarning::JournalFailed)
            }
            Ok(Kept::JournalOnly(error)) => {
                log(&format!("the database: {error}"));
                self.database_behind.get_or_insert_default().extend(deleted);
                Some(StoreWarning::DatabaseFailed)
            }
            Err(_) => {
                self.database_behind.get_or_insert_default().extend(deleted);
                self.journal_behind |= !entries.is_empty();
                self.warning
            }
        };
        if warning != self.warning {
            self.warning = warning;
            self.changed = true;
        }
        Ok(kept)
    }

    /// None where it cannot be done now; the device asks again.
    async fn seal(&self, batch: &crdt_model::sync::batch::Batch) -> Option<Vec<u8>> {
        let person = self.shared.person.borrow().clone();
        let key = self.signing_key(&person).await?;
        let sealed = seal::seal(batch, &key, &person.relay_key).await;
        match sealed {
            Ok(bytes) => {
                self.keep_ready(&person.store, Some(&bytes)).await;
                Some(bytes)
            }
            Err(error) => {
                log(&format!("sealing: {error}"));
                None
            }
        }
    }

    /// `None` where it was lost with IndexedDB, until the next ticket registers a new one, or cannot be read just now.
    pub(super) async fn signing_key(&self, person: &Person) -> Option<SigningKey> {
        match within(PROFILE_MILLIS, self.shared.profile.signing_key(&person.id)).await? {
            Ok(key) => key,
            Err(error) => {
                log(&format!("the signing key: {error}"));
                None
            }
        }
    }

    async fn keep_ready(&self, store: &str, sealed: Option<&[u8]>) {
        let kept = self.shared.profile.set_ready_batch(store, sealed);
        if let Some(Err(error)) = within(PROFILE_MILLIS, kept).await {
            log(&format!("the ready slot: {error}"));
        }
    }

    /// Writes the sentinels, so that an emptied store is noticed.
    pub(super) async fn confirm(&self) {
        match self.stores.confirm().await {
            Ok(sentinel) => self.page.event(protocol::Event::Sentinel {
                store: self.shared.person.borrow().store.clone(),
                text: sentinel.to_text(),
            }),
            // The files are another tab's to tidy.
            Err(StoreError::NotTheWriter) => return,
            Err(error) => log(&format!("the sentinels: {error}")),
        }
        if let Err(error) = self.stores.compact_journal().await {
            log(&format!("tidying the journal: {error}"));
        }
    }

    /// Back to what is durable: the database, and what only the journal could take while the database failed. Where that
    /// cannot be read either the desk ends, since what it has in memory was said not to have happened.
    pub(super) async fn reload(&mut self) -> Result<(), Lost> {
        let me = self.device.replica.me();
        let entries = match self.stores.load_all("").await {
            Ok(entries) => entries,
            Err(error) => {
                log(&format!("the database cannot be read: {error}"));
                return Err(Lost);
            }
        };
        let mut replica = match Replica::open(me, entries, &mut self.rng) {
            Ok(replica) => replica,
            Err(error) => {
                log(&format!("the database cannot be read: {error}"));
                return Err(Lost);
            }
        };
        let adopted = replica.adopt(self.stores.journalled(), &mut self.rng);
        self.device = Device::new(replica);
        self.later.clear();
        self.indexes = Indexes::default();
        self.link = None;
        self.links += 1;
        self.database_behind = None;
        // Should it fail once more, it is still in the journal, and the next commit writes everything.
        if let Some(commit) = adopted {
            let _ = self.run(vec![Effect::Commit(commit)]).await?;
        }
        Ok(())
    }
}

const fn is_seal(effect: &Effect) -> bool {
    matches!(effect, Effect::Seal { .. })
}
