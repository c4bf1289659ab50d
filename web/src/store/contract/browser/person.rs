//! Both stores of one person: how they start, what of them can be lost, and who may write.

use super::{Outcome, delete_database, javascript, key, open_person};
use crate::store::contract::{expect, failed};
use crate::store::journal::Entry;
use crate::store::person::{Kept, PersonStores};
use crate::store::sentinel::{Sentinel, Start};
use crate::store::{StoreError, Write};

pub async fn person_starts() -> Outcome {
    let (stores, opened) = open_person("starts", None).await?;
    expect("first", opened.start, Start::New)?;
    let kept = stores
        .commit(
            &[Write::put("intent/1", *b"sale")],
            &[Entry::pending(*b"1", *b"sale")],
        )
        .await
        .map_err(failed)?;
    expect("kept", kept, Kept::Both)?;
    let sentinel = stores.confirm().await.map_err(failed)?;
    expect("pending", sentinel.pending, 1)?;
    drop(stores);
    let (stores, opened) = open_person("starts", Some(sentinel)).await?;
    expect("second", opened.start, Start::Normal)?;
    expect(
        "pending again",
        opened.pending,
        vec![(b"1".to_vec(), b"sale".to_vec())],
    )?;
    let all = stores.load_all("").await.map_err(failed)?;
    expect(
        "stored",
        all,
        vec![("intent/1".to_owned(), b"sale".to_vec())],
    )?;
    expect(
        "generation",
        stores.confirm().await.map_err(failed)?.generation,
        2,
    )
}

pub async fn person_starts_by_a_brief() -> Outcome {
    let (stores, opened) = open_person("brief", None).await?;
    expect("no brief yet", opened.brief, None)?;
    let old = Write::put("d|till/old|0000", *b"a month");
    let new = Write::put("d|till/new|0000", *b"today");
    stores.commit(&[old, new], &[]).await.map_err(failed)?;
    stores.keep_brief(b"in brief").await.map_err(failed)?;
    let sentinel = stores.confirm().await.map_err(failed)?;
    drop(stores);
    let left_out = |brief: &[u8]| {
        if brief == b"in brief" {
            vec!["d|till/old|0000".to_owned(), "d|till/gone|0000".to_owned()]
        } else {
            Vec::new()
        }
    };
    let (stores, opened) = PersonStores::open("brief", &key(), Some(sentinel), left_out)
        .await
        .map_err(failed)?;
    expect("start", opened.start, Start::Normal)?;
    let entry = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    expect(
        "the rest",
        opened.entries,
        Ok(vec![entry("d|till/new|0000", b"today")]),
    )?;
    let keys = left_out(&opened.brief.unwrap_or_default());
    expect(
        "left out",
        stores.load_left_out(&keys).await,
        Ok(vec![entry("d|till/old|0000", b"a month")]),
    )
}

pub async fn wiped_database() -> Outcome {
    let (stores, _) = open_person("wiped-db", None).await?;
    let sale = [Entry::pending(*b"1", *b"sale")];
    stores
        .commit(&[Write::put("intent/1", *b"sale")], &sale)
        .await
        .map_err(failed)?;
    let sentinel = stores.confirm().await.map_err(failed)?;
    drop(stores);
    delete_database("wiped-db").await?;
    let (stores, opened) = open_person("wiped-db", Some(sentinel)).await?;
    expect("start", opened.start, Start::RecoverFromJournal)?;
    expect(
        "pending",
        opened.pending,
        vec![(b"1".to_vec(), b"sale".to_vec())],
    )?;
    drop(stores);
    // Recovery was cut short before it was confirmed: it is still due.
    let (stores, opened) = open_person("wiped-db", None).await?;
    expect("start again", opened.start, Start::RecoverFromJournal)?;
    stores.confirm().await.map_err(failed)?;
    drop(stores);
    expect(
        "recovered",
        open_person("wiped-db", None).await?.1.start,
        Start::Normal,
    )
}

pub async fn wiped_journal() -> Outcome {
    let (stores, _) = open_person("wiped-journal", None).await?;
    let sentinel = stores.confirm().await.map_err(failed)?;
    drop(stores);
    javascript(
        "return navigator.storage.getDirectory().then(root => root.getDirectoryHandle('viornet'))
         .then(it => it.getDirectoryHandle('stores'))
         .then(it => it.removeEntry('wiped-journal', { recursive: true }))",
    )
    .await?;
    let (stores, opened) = open_person("wiped-journal", Some(sentinel)).await?;
    expect("start", opened.start, Start::RebuildJournal)?;
    stores.confirm().await.map_err(failed)?;
    drop(stores);
    delete_database("wiped-journal").await?;
    javascript(
        "return navigator.storage.getDirectory()
         .then(root => root.removeEntry('viornet', { recursive: true }))",
    )
    .await?;
    let lost = Sentinel {
        pending: 3,
        ..sentinel
    };
    let (_, opened) = open_person("wiped-journal", Some(lost)).await?;
    expect(
        "both",
        opened.start,
        Start::RecoverFromRelay { pending_lost: 3 },
    )
}

pub async fn robbed_writer() -> Outcome {
    let (robbed, _) = open_person("robbed", None).await?;
    let (writer, _) = open_person("robbed", None).await?;
    let refused = robbed.commit(&[Write::put("a/1", *b"x")], &[]).await;
    expect("robbed", refused, Err(StoreError::NotTheWriter))?;
    writer
        .commit(&[Write::put("a/1", *b"y")], &[])
        .await
        .map_err(failed)?;
    expect(
        "value",
        robbed.get("a/1").await.map_err(failed)?,
        Some(b"y".to_vec()),
    )
}

pub async fn robbed_writer_takes_back_its_news() -> Outcome {
    let (robbed, _) = open_person("taken-back", None).await?;
    let entry = |id: &[u8; 1], bytes: &[u8]| Entry::pending(*id, bytes);
    robbed
        .commit(&[Write::put("a/1", *b"x")], &[entry(b"1", b"kept")])
        .await
        .map_err(failed)?;
    let (writer, _) = open_person("taken-back", None).await?;
    let anew = [entry(b"1", b"written anew"), entry(b"2", b"never kept")];
    let refused = robbed.commit(&[Write::put("a/1", *b"y")], &anew).await;
    expect("robbed", refused, Err(StoreError::NotTheWriter))?;
    drop((robbed, writer));
    let (_, opened) = open_person("taken-back", None).await?;
    let left = vec![(b"1".to_vec(), b"written anew".to_vec())];
    expect("left in the journal", opened.pending, left)
}

/// What a tab does that was stopped between two requests: its transaction goes on.
const HOLD: &str = "
    self.isHolding = true;
    return new Promise((ok, no) => {
        const request = indexedDB.open('viornet-held');
        request.onerror = no;
        request.onsuccess = () => {
            const db = request.result;
            const kv = db.transaction('kv', 'readwrite').objectStore('kv');
            const again = () => {
                if (self.isHolding) kv.get('nothing').onsuccess = again;
                else db.close();
            };
            again();
            ok();
        };
    })";

pub async fn held_database() -> Outcome {
    let (stores, _) = open_person("held", None).await?;
    stores
        .commit(
            &[Write::put("a/1", *b"x")],
            &[Entry::pending(*b"1", *b"sale")],
        )
        .await
        .map_err(failed)?;
    let sentinel = stores.confirm().await.map_err(failed)?;
    drop(stores);
    javascript(HOLD).await?;
    let held = PersonStores::open("held", &key(), Some(sentinel), |_| Vec::new()).await;
    expect("held", held.err(), Some(StoreError::Held))?;
    javascript("self.isHolding = false").await?;
    let (stores, opened) = open_person("held", Some(sentinel)).await?;
    expect("start", opened.start, Start::Normal)?;
    expect("pending", opened.pending.len(), 1)?;
    let kept = stores.get("a/1").await.map_err(failed)?;
    expect("kept", kept, Some(b"x".to_vec()))
}
