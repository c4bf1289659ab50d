//! The journal over reopening, compaction, a full disk, and a writer that was stopped.

use super::{Outcome, javascript, key, open_folder};
use crate::keys::DataKey;
use crate::store::contract::{expect, failed};
use crate::store::journal::opfs::OpfsJournal;
use crate::store::journal::{Entry, Losses};
use crate::store::opfs::Folder;
use crate::store::{Incarnation, StoreError};

async fn open_journal(folder: &Folder, number: u64) -> Result<(OpfsJournal, Losses), String> {
    OpfsJournal::open(folder.clone(), &key(), Incarnation(number))
        .await
        .map_err(failed)
}

pub async fn journal_reopens() -> Outcome {
    let folder = open_folder("journal-reopens").await?;
    let (journal, _) = open_journal(&folder, 1).await?;
    journal
        .append(&[Entry::pending(*b"a", *b"1"), Entry::pending(*b"b", *b"2")])
        .map_err(failed)?;
    journal.append(&[Entry::settled([*b"a"])]).map_err(failed)?;
    drop(journal);
    // IndexedDB was emptied and counts from one again.
    let (journal, losses) = open_journal(&folder, 1).await?;
    expect("losses", losses, Losses::default())?;
    expect(
        "pending",
        journal.pending(),
        vec![(b"b".to_vec(), b"2".to_vec())],
    )?;
    journal
        .append(&[Entry::pending(*b"c", *b"3")])
        .map_err(failed)?;
    drop(journal);
    let other = DataKey::from_bytes([8; 32]);
    let (journal, losses) = OpfsJournal::open(folder, &other, Incarnation(2))
        .await
        .map_err(failed)?;
    expect("with another key", journal.pending(), vec![])?;
    expect("unreadable frames", losses.frames, 6)
}

pub async fn journal_compacts() -> Outcome {
    let folder = open_folder("journal-compacts").await?;
    for incarnation in 1..4 {
        let (journal, _) = open_journal(&folder, incarnation).await?;
        journal
            .append(&[Entry::pending([incarnation as u8], *b"x")])
            .map_err(failed)?;
    }
    let (journal, _) = open_journal(&folder, 4).await?;
    journal.compact().await.map_err(failed)?;
    expect(
        "while pending",
        folder.names().await.map_err(failed)?.len(),
        4,
    )?;
    journal
        .append(&[Entry::settled([[1_u8], [2], [3]])])
        .map_err(failed)?;
    journal.compact().await.map_err(failed)?;
    expect(
        "when settled",
        folder.names().await.map_err(failed)?.len(),
        1,
    )?;
    journal
        .append(&[Entry::pending(*b"d", *b"4")])
        .map_err(failed)?;
    drop(journal);
    let (journal, _) = open_journal(&folder, 5).await?;
    expect(
        "after",
        journal.pending(),
        vec![(b"d".to_vec(), b"4".to_vec())],
    )
}

/// Every write is a byte short, as some browsers have it on a full disk.
const FILL: &str = "
    const proto = FileSystemSyncAccessHandle.prototype;
    self.realWrite = proto.write;
    proto.write = function (bytes, options) {
        return self.realWrite.call(this, bytes.subarray(0, bytes.length - 1), options);
    }";
const CLEAR: &str = "FileSystemSyncAccessHandle.prototype.write = self.realWrite";

pub async fn journal_without_room_to_compact() -> Outcome {
    let folder = open_folder("journal-full").await?;
    let (journal, _) = open_journal(&folder, 1).await?;
    // Long, and most of it settled: it is time to compact.
    journal
        .append(&[
            Entry::pending(*b"a", *b"1"),
            Entry::pending(*b"b", *b"2"),
            Entry::pending(*b"c", vec![0; 1_100_000]),
            Entry::settled([*b"c"]),
        ])
        .map_err(failed)?;
    javascript(FILL).await?;
    let compacted = journal.compact().await;
    javascript(CLEAR).await?;
    expect("compacted", compacted, Err(StoreError::Full))?;
    // It goes on in the file that it has, and what is settled there stays settled.
    journal.append(&[Entry::settled([*b"a"])]).map_err(failed)?;
    drop(journal);
    let (journal, _) = open_journal(&folder, 2).await?;
    let left = vec![(b"b".to_vec(), b"2".to_vec())];
    expect("pending", journal.pending(), left)?;
    journal.append(&[Entry::settled([*b"b"])]).map_err(failed)?;
    journal.compact().await.map_err(failed)?;
    expect("files", folder.names().await.map_err(failed)?.len(), 1)
}

pub async fn journal_of_stale_writer() -> Outcome {
    let folder = open_folder("journal-stale").await?;
    let (stale, _) = open_journal(&folder, 1).await?;
    stale
        .append(&[Entry::pending(*b"a", *b"1")])
        .map_err(failed)?;
    let (journal, _) = open_journal(&folder, 2).await?;
    expect("read while held open", journal.pending().len(), 1)?;
    stale
        .append(&[Entry::pending(*b"b", *b"2")])
        .map_err(failed)?;
    journal.append(&[Entry::settled([*b"a"])]).map_err(failed)?;
    journal.compact().await.map_err(failed)?;
    stale
        .append(&[Entry::pending(*b"c", *b"3")])
        .map_err(failed)?;
    drop(stale);
    journal.append(&[Entry::settled([*b"b"])]).map_err(failed)?;
    journal.compact().await.map_err(failed)?;
    drop(journal);
    let (journal, _) = open_journal(&folder, 3).await?;
    expect(
        "pending",
        journal.pending(),
        vec![(b"c".to_vec(), b"3".to_vec())],
    )
}
