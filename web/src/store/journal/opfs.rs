//! The journal on disk: one append-only file per writer incarnation in the person's folder of the private file system.
//!
//! Appending is synchronous and flushed: when [`OpfsJournal::append`] returns, the entries survive a kill.
//! Files of earlier writers are read at the start and removed only when everything in them is settled or rewritten,
//! which the browser refuses while a frozen earlier writer still holds its file.

use std::cell::RefCell;

use super::{Entry, EntryId, FileName, Ledger, Losses, Sealer};
use crate::{
    keys::{BrowserRng, DataKey, browser_rng},
    store::{
        Incarnation, StoreError,
        opfs::{FileWriter, Folder},
    },
};

/// A file with nothing pending is replaced once it is this large.
const IDLE_FILE_LEN_MAX: u64 = 64 * 1024;
/// A file is rewritten once it is this large and mostly settled.
const BUSY_FILE_LEN_MAX: u64 = 1024 * 1024;

/// The journal of one person, open for appending.
pub struct OpfsJournal {
    folder: Folder,
    sealer: Sealer,
    state: RefCell<State>,
}

struct State {
    writer: FileWriter,
    file: FileName,
    next_number: u32,
    len: u64,
    ledger: Ledger,
    /// Files of before, with the length that was read of each.
    old_files: Vec<(FileName, u64)>,
    rng: BrowserRng,
    /// After a failed write whose remains could not be cut off, nothing more is written.
    is_broken: bool,
}

impl OpfsJournal {
    /// Reads what earlier writers left, then starts a file of its own and proves that it can be written and read back.
    pub async fn open(
        folder: Folder,
        data_key: &DataKey,
        incarnation: Incarnation,
    ) -> Result<(Self, Losses), StoreError> {
        let sealer = Sealer::new(data_key);
        let mut files: Vec<FileName> = folder
            .names()
            .await?
            .iter()
            .filter_map(|name| FileName::parse(name))
            .collect();
        files.sort();

        let mut ledger = Ledger::default();
        let mut losses = Losses::default();
        let mut old_files = Vec::new();
        // Side by side: each is a chain of waits for the browser.
        let read = files.iter().map(|file| {
            let name = file.to_string();
            let folder = &folder;
            async move { folder.read(&name).await }
        });
        let contents = futures::future::try_join_all(read).await?;
        for (file, bytes) in files.into_iter().zip(contents) {
            let bytes = bytes.unwrap_or_default();
            losses.add(sealer.read_into(&mut ledger, file, &bytes));
            old_files.push((file, bytes.len() as u64));
        }

        // IndexedDB may have been emptied and count from one again: never write under a name that exists.
        let newest = old_files.last().map(|(file, _)| *file);
        let file = match newest {
            Some(newest) if newest.incarnation >= incarnation.0 => FileName {
                incarnation: newest.incarnation,
                part: newest.part + 1,
            },
            _ => FileName {
                incarnation: incarnation.0,
                part: 0,
            },
        };
        let writer = folder.writer(&file.to_string()).await?;
        let state = State {
            writer,
            file,
            next_number: 0,
            len: 0,
            ledger,
            old_files,
            rng: browser_rng(),
            is_broken: false,
        };
        let journal = Self {
            folder,
            sealer,
            state: RefCell::new(state),
        };
        journal.probe()?;
        Ok((journal, losses))
    }

    /// Appends and flushes: kept when it returns. On an error none of the entries counts as kept.
    pub fn append(&self, entries: &[Entry]) -> Result<(), StoreError> {
        let state = &mut *self.state.borrow_mut();
        if state.is_broken {
            return Err(StoreError::Failed("the journal broke earlier".into()));
        }
        let mut bytes = Vec::new();
        let mut number = state.next_number;
        for entry in entries {
            bytes.extend(self.sealer.seal(state.file, number, entry, &mut state.rng));
            number += 1;
        }
        let written = state
            .writer
            .write_at(state.len, &bytes)
            .and_then(|()| state.writer.flush());
        if let Err(error) = written {
            let cut = state
                .writer
                .truncate(state.len)
                .and_then(|()| state.writer.flush());
            state.is_broken = cut.is_err();
            return Err(error);
        }
        state.len += bytes.len() as u64;
        state.next_number = number;
        entries
            .iter()
            .cloned()
            .for_each(|entry| state.ledger.apply(entry));
        Ok(())
    }

    /// Everything not settled, oldest first.
    pub fn pending(&self) -> Vec<(EntryId, Vec<u8>)> {
        self.state.borrow().ledger.pending()
    }

    pub fn pending_count(&self) -> usize {
        self.state.borrow().ledger.len()
    }

    /// Starts a new file and removes the old ones when there is something to gain. Call it when idle.
    pub async fn compact(&self) -> Result<(), StoreError> {
        if !self.is_compaction_due() {
            return Ok(());
        }
        self.reread_grown_files().await?;

        let next = {
            let state = self.state.borrow();
            FileName {
                part: state.file.part + 1,
                ..state.file
            }
        };
        let writer = self.folder.writer(&next.to_string()).await?;
        writer.truncate(0)?;
        let rewritten = {
            // No await from here to the swap: an append in between would be lost with the old file.
            let state = &mut *self.state.borrow_mut();
            let mut bytes = Vec::new();
            let mut number = 0;
            for (id, entry) in state.ledger.pending() {
                let entry = Entry::Pending { id, bytes: entry };
                bytes.extend(self.sealer.seal(next, number, &entry, &mut state.rng));
                number += 1;
            }
            match writer.write_at(0, &bytes).and_then(|()| writer.flush()) {
                Ok(()) => {
                    let (old_file, old_len) = (state.file, state.len);
                    state.old_files.push((old_file, old_len));
                    state.writer = writer;
                    state.file = next;
                    state.len = bytes.len() as u64;
                    state.next_number = number;
                    state.is_broken = false;
                    Ok(std::mem::take(&mut state.old_files))
                }
                Err(error) => {
                    // It is read after the file that goes on: what of it were left would wait again once that one has
                    // settled it. Cutting needs no room.
                    let cut = writer.truncate(0).and_then(|()| writer.flush());
                    drop(writer);
                    Err((error, cut.is_ok()))
                }
            }
        };
        let superseded = match rewritten {
            Ok(superseded) => superseded,
            Err((error, is_cut)) => {
                let is_removed = self.folder.remove(&next.to_string()).await.is_ok();
                self.state.borrow_mut().is_broken |= !is_cut && !is_removed;
                return Err(error);
            }
        };
        for (file, len) in superseded {
            if self.folder.remove(&file.to_string()).await.is_err() {
                self.state.borrow_mut().old_files.push((file, len));
            }
        }
        Ok(())
    }

    fn is_compaction_due(&self) -> bool {
        let state = self.state.borrow();
        let is_idle = state.ledger.is_empty()
            && (state.len > IDLE_FILE_LEN_MAX || !state.old_files.is_empty());
        let is_mostly_settled =
            state.len > BUSY_FILE_LEN_MAX && (state.ledger.bytes() as u64) < state.len / 2;
        is_idle || is_mostly_settled || state.old_files.len() > 8
    }

    /// A writer that lost the lock may have appended after its file was read; what it wrote must not go with the file.
    async fn reread_grown_files(&self) -> Result<(), StoreError> {
        let old_files = self.state.borrow().old_files.clone();
        for (at, (file, len)) in old_files.into_iter().enumerate() {
            let bytes = self
                .folder
                .read(&file.to_string())
                .await?
                .unwrap_or_default();
            if bytes.len() as u64 > len {
                let mut left = Ledger::default();
                self.sealer
                    .read_into(&mut left, file, &bytes[len as usize..]);
                let state = &mut *self.state.borrow_mut();
                state.ledger.take_in(&left);
                state.old_files[at].1 = bytes.len() as u64;
            }
        }
        Ok(())
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.append(&[Entry::settled(Vec::<EntryId>::new())])?;
        let state = self.state.borrow();
        let bytes = state.writer.read_at(0, state.len as usize)?;
        let losses = self
            .sealer
            .read_into(&mut Ledger::default(), state.file, &bytes);
        if bytes.len() as u64 == state.len && losses == Losses::default() {
            Ok(())
        } else {
            Err(StoreError::Failed(
                "the journal does not read back what was written".into(),
            ))
        }
    }
}
