//! Stores of before a password was forgotten. Who remembers it opens them: what they had not sent is taken into the
//! present store and sent from there. Then nothing is left of them.

use std::rc::Rc;

use crdt_model::replica::{Identity, Replica};
use futures::channel::oneshot;

use super::shared::Taken;
use super::{Desk, Input, Lost, Shared};
use crate::keys::{DataKey, UnlockError, browser_rng};
use crate::lock::{self, Role, Writer};
use crate::protocol::{self, Answer, Failure, SealedView};
use crate::store::StoreError;
use crate::store::journal::{self, FileName};
use crate::store::opfs::Folder;
use crate::store::person::{Kept, PersonOpened, PersonStores};
use crate::store::sentinel::Start;
use crate::worker::account::edit;
use crate::worker::{log, not_saved};

/// A frame that only says what was settled is hardly longer, and none that holds an entry is shorter.
const ENTRY_LEN_MIN: usize = 300;

/// Looks at what is still locked, and deletes what could not be deleted before.
pub(super) async fn look(shared: Rc<Shared>) {
    let person = shared.person.borrow().clone();
    for store in &person.leftovers {
        remove(&shared, store).await;
    }
    if !person.sealed_before.is_empty() || !person.leftovers.is_empty() {
        tell(&shared, person.leftovers).await;
    }
}

async fn tell(shared: &Shared, gone: Vec<String>) {
    let stores = shared.person.borrow().sealed_before.clone();
    let mut sealed = Vec::new();
    for store in stores {
        sealed.push(seen(store.store).await);
    }
    shared.tell(Input::Sealed { sealed, gone });
}

/// Frames can be counted without a key.
async fn seen(store: String) -> SealedView {
    let (mut entries, mut bytes) = (0, 0);
    if let Ok(folder) = Folder::open(&["viornet", "stores", &store]).await {
        let names = folder.names().await.unwrap_or_default();
        for name in names.iter().filter(|name| FileName::parse(name).is_some()) {
            let Ok(Some(file)) = folder.read(name).await else {
                continue;
            };
            bytes += file.len() as u64;
            let frames = journal::recover(&file).frames;
            let is_entry = |frame: &&journal::Frame| frame.payload.len() >= ENTRY_LEN_MIN;
            entries += frames.iter().filter(is_entry).count();
        }
    }
    SealedView {
        store,
        entries_max: u32::try_from(entries).unwrap_or(u32::MAX),
        bytes,
    }
}

/// Opens every store that this password opens.
pub(super) async fn open(shared: &Shared, password: &str) -> Result<Answer, Failure> {
    let person = shared.person.borrow().clone();
    let mut opened = Vec::new();
    for sealed in &person.sealed_before {
        match sealed.wrapped_key.unwrap_with(&person.id, password) {
            Ok(key) => opened.push((sealed.store.clone(), key)),
            Err(UnlockError::WrongPassword) => {}
            Err(UnlockError::Damaged(what)) => log(&format!("a wrapped key is damaged: {what}")),
        }
    }
    if opened.is_empty() {
        return Err(Failure::WrongPassword);
    }
    let (mut waiting, mut known, mut all_whole) = (0_u32, 0_u32, true);
    for (store, key) in opened {
        let left = read(shared, &store, &key).await?;
        let (reply, taken) = oneshot::channel();
        shared.tell(Input::Inherit {
            left: left.entries,
            reply,
        });
        let taken = taken.await.unwrap_or(Err(Failure::Locked))?;
        waiting = waiting.saturating_add(taken.waiting);
        known = known.saturating_add(taken.known);
        let is_whole = left.is_whole && taken.kept_twice;
        all_whole &= is_whole;
        if is_whole {
            // All of it is in the present store, whose own batch lies ready now.
            if let Err(error) = shared.profile.set_ready_batch(&store, None).await {
                log(&format!("the ready slot: {error}"));
            }
            let_go(shared, &store).await?;
        }
        drop(left.writer);
        remove_if_let_go(shared, &store).await;
    }
    Ok(Answer::Opened {
        waiting,
        known,
        is_whole: all_whole,
    })
}

/// What lies ready of it is sent all the same.
pub(super) async fn discard(shared: &Shared, store: &str) -> Result<Answer, Failure> {
    let is_known = |shared: &Shared| {
        let person = shared.person.borrow();
        person
            .sealed_before
            .iter()
            .any(|sealed| sealed.store == store)
    };
    if !is_known(shared) {
        return Err(Failure::Unexpected);
    }
    let writer = hold(store).await?;
    let_go(shared, store).await?;
    drop(writer);
    remove_if_let_go(shared, store).await;
    Ok(Answer::Done)
}

/// A tab that was unlocked before the password was forgotten may be at work in it.
async fn hold(store: &str) -> Result<Writer, Failure> {
    match lock::acquire(store).await {
        Ok(Role::Writer(writer)) => Ok(writer),
        Ok(Role::Follower(_)) => Err(Failure::Busy),
        Err(error) => {
            log(&format!("the writer's lock: {error}"));
            Err(Failure::Busy)
        }
    }
}

/// What a store holds that the relay did not confirm.
struct Left {
    entries: Vec<Vec<u8>>,
    /// Nothing was found that cannot be read.
    is_whole: bool,
    writer: Writer,
}

async fn read(shared: &Shared, store: &str, key: &DataKey) -> Result<Left, Failure> {
    let writer = hold(store).await?;
    let (stores, opened) = PersonStores::open(store, key, None, |_| Vec::new())
        .await
        .map_err(not_saved)?;
    drop(stores);
    let id = |text: &str| crdt_model::ids::from_text(text).map_err(|_| Failure::Unexpected);
    let person = shared.person.borrow().clone();
    let me = Identity {
        org: crdt_model::ids::OrgId::from_bytes(id(&person.organisation)?),
        person: crdt_model::ids::PersonId::from_bytes(id(&person.id)?),
        device: crdt_model::ids::DeviceId::from_bytes(id(person
            .device
            .as_deref()
            .unwrap_or_default())?),
    };
    let (entries, is_whole) = unsent(me, opened);
    Ok(Left {
        entries,
        is_whole,
        writer,
    })
}

/// The unsent work as the store's own start would find it, and whether all of it could be read.
fn unsent(me: Identity, opened: PersonOpened) -> (Vec<Vec<u8>>, bool) {
    let mut rng = browser_rng();
    let journal: Vec<Vec<u8>> = opened.pending.into_iter().map(|(_, bytes)| bytes).collect();
    let mut is_whole = opened.store_error.is_none()
        && opened.journal_error.is_none()
        && opened.losses.frames == 0
        && journal.iter().all(|bytes| Replica::reads(bytes));
    let database = match opened.start {
        Start::Normal | Start::RebuildJournal | Start::MergeForeign => opened.entries,
        // It was emptied, or is older than the journal.
        Start::New | Start::RecoverFromJournal | Start::RecoverFromRelay { .. } => {
            return (journal, is_whole);
        }
    };
    let replica = database
        .map_err(|error| error.to_string())
        .and_then(|entries| {
            Replica::open(me, entries, &mut rng).map_err(|error| error.to_string())
        });
    match replica {
        Ok(mut replica) => {
            replica.adopt(journal, &mut rng);
            let entries = replica.journal();
            (
                entries.into_iter().map(|(_, bytes)| bytes).collect(),
                is_whole,
            )
        }
        Err(error) => {
            log(&format!("a database of before cannot be read: {error}"));
            is_whole = false;
            (journal, is_whole)
        }
    }
}

/// From here on its key is nowhere.
async fn let_go(shared: &Shared, store: &str) -> Result<(), Failure> {
    let mut person = shared.person.borrow().clone();
    let revision = person.revision;
    edit(&shared.profile, &mut person, |person| {
        person.sealed_before.retain(|sealed| sealed.store != store);
        person.leftovers.push(store.into());
    })
    .await?;
    // A record lies in two slots, of which the other one still has the key.
    let again = edit(&shared.profile, &mut person, |_| {}).await;
    shared.has_edited(person, revision);
    again
}

async fn remove_if_let_go(shared: &Shared, store: &str) {
    let is_over = shared
        .person
        .borrow()
        .leftovers
        .iter()
        .any(|left| left == store);
    if is_over {
        remove(shared, store).await;
        tell(shared, vec![store.to_owned()]).await;
    }
}

/// What a tab that was stopped still holds is deleted at a later start.
async fn remove(shared: &Shared, store: &str) {
    if let Err(error) = shared.profile.remove_store(store).await {
        return log(&format!("a store that is done with stays for now: {error}"));
    }
    let mut person = shared.person.borrow().clone();
    let revision = person.revision;
    let edited = edit(&shared.profile, &mut person, |person| {
        person.leftovers.retain(|left| left != store);
    });
    if let Err(error) = edited.await {
        log(&format!("the record of a store that is gone: {error:?}"));
    }
    shared.has_edited(person, revision);
}

impl Desk {
    pub(super) fn see_sealed(&mut self, sealed: Vec<SealedView>, gone: Vec<String>) {
        for store in gone {
            let text = String::new();
            self.page.event(protocol::Event::Sentinel { store, text });
        }
        self.changed |= self.sealed != sealed;
        self.sealed = sealed;
    }

    /// Makes the work of a store of before this one's.
    pub(super) async fn inherit(
        &mut self,
        left: Vec<Vec<u8>>,
    ) -> Result<Result<Taken, Failure>, Lost> {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let inherited = self.device.replica.inherit(left, &mut self.rng);
        self.changed = true;
        match self.commit(inherited.commit).await? {
            Ok(kept) => Ok(Ok(Taken {
                waiting: count(inherited.waiting),
                known: count(inherited.known),
                kept_twice: kept == Kept::Both,
            })),
            Err(error) => {
                log(&format!("inherited work was not kept: {error}"));
                self.reload().await?;
                Ok(Err(not_saved(StoreError::Full)))
            }
        }
    }
}
