//! Everything durable of one unlocked person, opened together: the sealed store, the journal and their sentinels.
//!
//! It knows that a write is kept twice and what to say when one of the two fails; it must not know what is kept.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use rand_core::Rng;

use super::{
    Incarnation, Store, StoreError, Write,
    envelope::SealedStore,
    indexed_db::{IndexedDb, Writers},
    journal::{Entry, EntryId, Losses, opfs::OpfsJournal},
    opfs::Folder,
    sentinel::{Sentinel, Start, assess},
};
use crate::keys::{BrowserRng, DataKey, browser_rng};

/// Reserved among the logical keys of the sealed store.
const SENTINEL_KEY: &str = "!/sentinel";
const SENTINEL_FILE: &str = "sentinel";

/// Where a commit was kept. Anything but `Both` must be shown to the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    Both,
    /// IndexedDB failed: the entries are safe in the journal, the other writes are lost.
    JournalOnly(StoreError),
    /// The journal failed: everything is in IndexedDB, which Chromium was seen to lose.
    StoreOnly(StoreError),
}

/// How opening went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonOpened {
    /// With `store_error` or `journal_error`, a store that did not open counts as emptied here.
    pub start: Start,
    pub incarnation: Incarnation,
    /// What of the journal could not be read.
    pub losses: Losses,
    /// Entries that the journal holds; compare them with the outbox in the store and re-create what is missing.
    pub pending: Vec<(EntryId, Vec<u8>)>,
    /// Why one of the two stores is not in use, if so.
    pub store_error: Option<StoreError>,
    pub journal_error: Option<StoreError>,
}

type Sealed = SealedStore<IndexedDb, BrowserRng>;

/// The two stores of one person, held by the writer alone.
pub struct PersonStores {
    kv: Option<Sealed>,
    journal: Option<OpfsJournal>,
    folder: Option<Folder>,
    sentinel: Cell<Sentinel>,
    /// Ids of the pending entries, wherever they were kept.
    pending: RefCell<BTreeSet<EntryId>>,
}

impl PersonStores {
    /// Opens both stores as their new writer; it fails only if neither can be written.
    ///
    /// `store` is the person's random store name; `local` is the sentinel that the page keeps in `localStorage`.
    /// Nothing is changed in the stores but the writer's number: once recovery is done, call [`Self::confirm`].
    pub async fn open(
        store: &str,
        data_key: &DataKey,
        local: Option<Sentinel>,
    ) -> Result<(Self, PersonOpened), StoreError> {
        let in_kv = async {
            let kv = open_kv(store, data_key).await;
            let sentinel = match &kv {
                Ok((kv, _)) => read_kv_sentinel(kv).await,
                Err(_) => None,
            };
            (kv, sentinel)
        };
        let in_folder = async {
            let folder = Folder::open(&["viornet", "stores", store]).await;
            let sentinel = match &folder {
                Ok(folder) => read_folder_sentinel(folder).await,
                Err(_) => None,
            };
            (folder, sentinel)
        };
        // Side by side: each is a chain of waits for the browser.
        let ((kv, in_kv), (folder, in_folder)) = futures::join!(in_kv, in_folder);
        let incarnation = match &kv {
            Ok((_, incarnation)) => *incarnation,
            Err(_) => Incarnation(in_folder.map_or(0, |sentinel| sentinel.generation) + 1),
        };
        let journal = match &folder {
            Ok(folder) => OpfsJournal::open(folder.clone(), data_key, incarnation).await,
            Err(error) => Err(error.clone()),
        };
        if let (Err(error), Err(_)) = (&kv, &journal) {
            return Err(error.clone());
        }

        let start = assess(in_kv.as_ref(), in_folder.as_ref(), local.as_ref());
        let known = [in_kv, in_folder, local].into_iter().flatten();
        let generation = known
            .clone()
            .map(|sentinel| sentinel.generation)
            .max()
            .unwrap_or(0)
            + 1;
        let install = known
            .clone()
            .next()
            .map_or_else(new_install, |sentinel| sentinel.install);
        let pending = match &journal {
            Ok((journal, _)) => journal.pending(),
            Err(_) => Vec::new(),
        };
        let opened = PersonOpened {
            start,
            incarnation,
            losses: journal
                .as_ref()
                .map_or(Losses::default(), |(_, losses)| *losses),
            pending,
            store_error: kv.as_ref().err().cloned(),
            journal_error: journal.as_ref().err().cloned(),
        };
        let pending_ids = opened.pending.iter().map(|(id, _)| id.clone()).collect();
        let stores = Self {
            kv: kv.ok().map(|(kv, _)| kv),
            journal: journal.ok().map(|(journal, _)| journal),
            folder: folder.ok(),
            sentinel: Cell::new(Sentinel {
                install,
                generation,
                pending: 0,
            }),
            pending: RefCell::new(pending_ids),
        };
        Ok((stores, opened))
    }

    pub async fn load_all(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let mut entries = self.kv()?.load_all(prefix).await?;
        entries.retain(|(key, _)| key != SENTINEL_KEY);
        Ok(entries)
    }

    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.kv()?.get(key).await
    }

    /// Keeps `writes` in the store and `entries` in the journal: durable when it returns.
    ///
    /// [`StoreError::NotTheWriter`] means that another tab has taken over and this one must give up its role. What it
    /// appended to its journal is taken back there: nobody was told that it was kept, and what it chose (a voucher) may
    /// be another's by now.
    pub async fn commit(&self, writes: &[Write], entries: &[Entry]) -> Result<Kept, StoreError> {
        let in_journal = match &self.journal {
            _ if entries.is_empty() => Ok(()),
            Some(journal) => journal.append(entries),
            None => Err(StoreError::Unavailable("no journal".into())),
        };
        let in_kv = match &self.kv {
            _ if writes.is_empty() => Ok(()),
            Some(kv) => kv.commit(writes).await,
            None => Err(StoreError::Unavailable("no database".into())),
        };
        if in_kv == Err(StoreError::NotTheWriter) {
            self.take_back(entries);
            return Err(StoreError::NotTheWriter);
        }
        let kept = match (in_kv, in_journal) {
            (Ok(()), Ok(())) => Kept::Both,
            (Err(error), Ok(())) if entries.is_empty() => return Err(error),
            (Err(error), Ok(())) => Kept::JournalOnly(error),
            (Ok(()), Err(error)) if writes.is_empty() => return Err(error),
            (Ok(()), Err(error)) => Kept::StoreOnly(error),
            (Err(error), Err(_)) => return Err(error),
        };
        self.count(entries);
        Ok(kept)
    }

    fn take_back(&self, entries: &[Entry]) {
        let pending = |entry: &Entry| match entry {
            Entry::Pending { id, .. } => Some(id.clone()),
            Entry::Settled { .. } => None,
        };
        let ids: Vec<EntryId> = entries.iter().filter_map(pending).collect();
        if let (Some(journal), false) = (&self.journal, ids.is_empty()) {
            // Should it fail, the entries come back as work that contradicts the other tab's, and is judged.
            let _ = journal.append(&[Entry::settled(ids)]);
        }
    }

    /// What the journal holds now; the database may be behind it.
    pub fn journalled(&self) -> Vec<Vec<u8>> {
        let pending = self.journal.as_ref().map(OpfsJournal::pending);
        pending
            .into_iter()
            .flatten()
            .map(|(_, bytes)| bytes)
            .collect()
    }

    /// The sentinel to keep in `localStorage` now.
    pub fn sentinel(&self) -> Sentinel {
        Sentinel {
            pending: self.pending_count(),
            ..self.sentinel.get()
        }
    }

    /// Writes the sentinels: from now on an emptied store will be noticed. Call it when recovery is complete
    /// and again when idle, to keep the count of pending entries fresh.
    pub async fn confirm(&self) -> Result<Sentinel, StoreError> {
        let sentinel = self.sentinel();
        let text = sentinel.to_text();
        let in_kv = match &self.kv {
            Some(kv) => kv.commit(&[Write::put(SENTINEL_KEY, text.clone())]).await,
            None => Ok(()),
        };
        if in_kv == Err(StoreError::NotTheWriter) {
            return Err(StoreError::NotTheWriter);
        }
        let in_folder = match &self.folder {
            Some(folder) => folder.put_small(SENTINEL_FILE, text.as_bytes()).await,
            None => Ok(()),
        };
        in_kv.and(in_folder).map(|()| sentinel)
    }

    /// Housekeeping of the journal; call it when idle.
    pub async fn compact_journal(&self) -> Result<(), StoreError> {
        match &self.journal {
            Some(journal) => journal.compact().await,
            None => Ok(()),
        }
    }

    pub fn pending_count(&self) -> u32 {
        u32::try_from(self.pending.borrow().len()).unwrap_or(u32::MAX)
    }

    fn kv(&self) -> Result<&Sealed, StoreError> {
        self.kv
            .as_ref()
            .ok_or_else(|| StoreError::Unavailable("no database".into()))
    }

    fn count(&self, entries: &[Entry]) {
        let mut pending = self.pending.borrow_mut();
        for entry in entries {
            match entry {
                Entry::Pending { id, .. } => {
                    pending.insert(id.clone());
                }
                Entry::Settled { ids } => {
                    for id in ids {
                        pending.remove(id.as_ref() as &[u8]);
                    }
                }
            }
        }
    }
}

async fn open_kv(store: &str, data_key: &DataKey) -> Result<(Sealed, Incarnation), StoreError> {
    let (db, _) = IndexedDb::open(&format!("viornet-{store}"), Writers::One).await?;
    let kv = SealedStore::new(db, data_key, browser_rng());
    let incarnation = kv.take_over().await?;
    Ok((kv, incarnation))
}

async fn read_kv_sentinel(kv: &Sealed) -> Option<Sentinel> {
    parse(kv.get(SENTINEL_KEY).await.ok().flatten()?)
}

async fn read_folder_sentinel(folder: &Folder) -> Option<Sentinel> {
    parse(folder.get_small(SENTINEL_FILE).await.ok().flatten()?)
}

fn parse(bytes: Vec<u8>) -> Option<Sentinel> {
    Sentinel::parse(&String::from_utf8(bytes).ok()?)
}

fn new_install() -> [u8; 16] {
    let mut install = [0; 16];
    browser_rng().fill_bytes(&mut install);
    install
}
