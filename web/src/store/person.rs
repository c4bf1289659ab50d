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
    envelope::{Envelope, SealedStore},
    indexed_db::{IndexedDb, Writers},
    journal::{Entry, EntryId, Losses, opfs::OpfsJournal},
    opfs::Folder,
    profile::browser::database_of,
    sentinel::{Sentinel, Start, assess},
};
use crate::keys::{BrowserRng, DataKey, browser_rng};

/// Reserved among the logical keys of the sealed store.
const SENTINEL_KEY: &str = "!/sentinel";
const SENTINEL_FILE: &str = "sentinel";
const BRIEF_FILE: &str = "brief";

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
    /// The brief that was kept, if one was.
    pub brief: Option<Vec<u8>>,
    /// Everything the database holds, but for what the brief stands for.
    pub entries: Result<Vec<(String, Vec<u8>)>, StoreError>,
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
    /// Seals the brief.
    envelope: Envelope,
}

impl PersonStores {
    /// Opens both stores as their new writer; it fails only if neither can be written, or if a stopped tab holds the
    /// database ([`StoreError::Held`]).
    ///
    /// `store` is the person's random store name; `local` is the sentinel that the page keeps in `localStorage`.
    /// `left_out` tells which entries need not be read where there is a brief.
    /// Nothing is changed in the stores but the writer's number: once recovery is done, call [`Self::confirm`].
    pub async fn open(
        store: &str,
        data_key: &DataKey,
        local: Option<Sentinel>,
        left_out: impl FnOnce(&[u8]) -> Vec<String>,
    ) -> Result<(Self, PersonOpened), StoreError> {
        let envelope = Envelope::new(data_key, BRIEF_FILE);
        let in_folder = async {
            let folder = Folder::open(&["viornet", "stores", store]).await;
            let (sentinel, brief) = match &folder {
                Ok(folder) => {
                    futures::join!(read_folder_sentinel(folder), folder.get_small(BRIEF_FILE))
                }
                Err(_) => (None, Ok(None)),
            };
            (folder, sentinel, brief.ok().flatten())
        };
        // Side by side: each is a chain of waits for the browser.
        let (kv, (folder, in_folder, brief)) = futures::join!(open_kv(store, data_key), in_folder);
        if let Err(StoreError::Held) = kv {
            // It is all there, so this is no case for the journal.
            return Err(StoreError::Held);
        }
        let brief = brief.and_then(|sealed| envelope.open(BRIEF_FILE, &sealed).ok());
        let left_out = brief.as_deref().map(left_out).unwrap_or_default();
        let incarnation = match &kv {
            Ok((_, incarnation)) => *incarnation,
            Err(_) => Incarnation(in_folder.map_or(0, |sentinel| sentinel.generation) + 1),
        };
        let journal = async {
            match &folder {
                Ok(folder) => OpfsJournal::open(folder.clone(), data_key, incarnation).await,
                Err(error) => Err(error.clone()),
            }
        };
        let entries = async {
            match &kv {
                Ok((kv, _)) if left_out.is_empty() => kv.load_all("").await,
                Ok((kv, _)) => kv.load_named(&left_out, false).await,
                Err(error) => Err(error.clone()),
            }
        };
        let (journal, mut entries) = futures::join!(journal, entries);
        let in_kv = match (&mut entries, &kv) {
            (Ok(entries), _) => take_sentinel(entries),
            // One value that cannot be opened spoils the whole, but not what the sentinel says.
            (Err(_), Ok((kv, _))) => read_kv_sentinel(kv).await,
            (Err(_), Err(_)) => None,
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
            brief,
            entries,
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
            envelope,
        };
        Ok((stores, opened))
    }

    pub async fn load_all(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let mut entries = self.kv()?.load_all(prefix).await?;
        take_sentinel(&mut entries);
        Ok(entries)
    }

    /// What [`Self::open`] left out.
    pub async fn load_left_out(
        &self,
        left_out: &[String],
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.kv()?.load_named(left_out, true).await
    }

    /// Keeps a brief for the next start.
    pub async fn keep_brief(&self, brief: &[u8]) -> Result<(), StoreError> {
        let folder = self.folder.as_ref();
        let folder = folder.ok_or_else(|| StoreError::Unavailable("no folder".into()))?;
        let sealed = self.envelope.seal(BRIEF_FILE, brief, &mut browser_rng());
        folder.put_small(BRIEF_FILE, &sealed).await
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
        let in_kv = async {
            match &self.kv {
                _ if writes.is_empty() => Ok(()),
                Some(kv) => kv.commit(writes).await,
                None => Err(StoreError::Unavailable("no database".into())),
            }
        };
        // Appending waits for the disk without letting anybody else run here. The database is asked before, and writes
        // meanwhile.
        let in_journal = async {
            match &self.journal {
                _ if entries.is_empty() => Ok(()),
                Some(journal) => journal.append(entries),
                None => Err(StoreError::Unavailable("no journal".into())),
            }
        };
        let (in_kv, in_journal) = futures::join!(in_kv, in_journal);
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
        let kept = self.pending.borrow();
        // What was kept before stays, written anew or not.
        let news = |entry: &Entry| match entry {
            Entry::Pending { id, .. } if !kept.contains(id) => Some(id.clone()),
            _ => None,
        };
        let ids: Vec<EntryId> = entries.iter().filter_map(news).collect();
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

    /// Whether there is a journal, working or not.
    pub const fn has_journal(&self) -> bool {
        self.journal.is_some()
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
    let (db, _) = IndexedDb::open(&database_of(store), Writers::One).await?;
    let kv = SealedStore::new(db, data_key, browser_rng());
    let incarnation = kv.take_over().await?;
    Ok((kv, incarnation))
}

async fn read_kv_sentinel(kv: &Sealed) -> Option<Sentinel> {
    parse(kv.get(SENTINEL_KEY).await.ok().flatten()?)
}

fn take_sentinel(entries: &mut Vec<(String, Vec<u8>)>) -> Option<Sentinel> {
    let at = entries.iter().position(|(key, _)| key == SENTINEL_KEY)?;
    parse(entries.swap_remove(at).1)
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
