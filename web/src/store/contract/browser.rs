//! The part of the contract that needs a browser: IndexedDB, OPFS, WebCrypto and Web Locks, in one worker.

use js_sys::Function;
use wasm_bindgen::JsValue;
use web_sys::DedicatedWorkerGlobalScope;

use super::{Report, expect, failed, run};
use crate::{
    browser::{settled, within, worker_scope},
    http::{Call, HttpError},
    keys::{Cost, DataKey, WrappedKey, browser_rng, sign::SigningKey, ticket},
    lock::{Ear, Role, acquire},
    store::{
        Incarnation, StoreError, Write,
        envelope::SealedStore,
        indexed_db::{IndexedDb, Writers},
        journal::{Entry, Losses, opfs::OpfsJournal},
        opfs::Folder,
        person::{Kept, PersonStores},
        profile::{Person, browser::Profile},
        sentinel::{Sentinel, Start},
    },
};

type Outcome = Result<(), String>;

/// Does what the worker's name asks for and posts to the page: `contract` (the default) runs every case and posts the report;
/// `write` makes sale after sale and posts the number of each once it is kept; `read` posts what is still there.
pub async fn main() {
    let name = worker().name();
    let outcome = match name.as_str() {
        "write" => write_until_killed().await,
        "read" => read_back().await,
        _ => {
            post(&run_all().await);
            Ok(())
        }
    };
    if let Err(reason) = outcome {
        post(&format!("{name} failed: {reason}"));
    }
}

fn worker() -> DedicatedWorkerGlobalScope {
    wasm_bindgen::JsCast::unchecked_into(worker_scope())
}

fn post(value: &impl serde::Serialize) {
    let json = serde_json::to_string(value).expect("what is posted is plain data");
    worker()
        .post_message(&json.into())
        .expect("text can be posted");
}

/// What a browser that was killed must have kept: every number that was posted.
#[derive(serde::Serialize)]
struct Found {
    start: String,
    journal: Vec<u32>,
    store: Vec<u32>,
}

async fn write_until_killed() -> Outcome {
    let (stores, opened) = open_person("killed", None).await?;
    stores.confirm().await.map_err(failed)?;
    // As every start does: what the kill let reach the journal only is put into the store.
    for (id, bytes) in &opened.pending {
        let key = format!("intent/{}", number_of(id));
        if stores.get(&key).await.map_err(failed)?.is_none() {
            stores
                .commit(&[Write::put(key, bytes.clone())], &[])
                .await
                .map_err(failed)?;
        }
    }
    let from = opened.pending.len() as u32;
    for number in from.. {
        let id = number.to_be_bytes();
        let writes = [Write::put(format!("intent/{number}"), [7; 600])];
        let kept = stores
            .commit(&writes, &[Entry::pending(id, [7; 600])])
            .await
            .map_err(failed)?;
        expect("kept", kept, Kept::Both)?;
        post(&number);
    }
    Ok(())
}

fn number_of(id: &[u8]) -> u32 {
    id.try_into().map_or(u32::MAX, u32::from_be_bytes)
}

async fn read_back() -> Outcome {
    let (stores, opened) = open_person("killed", None).await?;
    let mut store: Vec<u32> = stores
        .load_all("intent/")
        .await
        .map_err(failed)?
        .iter()
        .filter_map(|(key, _)| key.strip_prefix("intent/")?.parse().ok())
        .collect();
    store.sort_unstable();
    let journal = opened.pending.iter().map(|(id, _)| number_of(id)).collect();
    post(&Found {
        start: format!("{:?}", opened.start),
        journal,
        store,
    });
    Ok(())
}

async fn run_all() -> Report {
    let mut report = run(async |name: &'static str| {
        IndexedDb::open(&format!("contract-{name}"), Writers::One)
            .await
            .map(|(db, _)| db)
    })
    .await;
    let sealed = run(async |name: &'static str| {
        let (db, _) = IndexedDb::open(&format!("sealed-{name}"), Writers::One).await?;
        Ok(SealedStore::new(db, &key(), browser_rng()))
    })
    .await;
    report.passed.extend(
        sealed
            .passed
            .into_iter()
            .map(|case| format!("sealed: {case}")),
    );
    report.failed.extend(
        sealed
            .failed
            .into_iter()
            .map(|case| format!("sealed: {case}")),
    );

    report.record("a created database is reported once", created_once().await);
    report.record("small files are replaced whole", small_files().await);
    report.record("the journal survives reopening", journal_reopens().await);
    report.record(
        "the journal drops what is settled",
        journal_compacts().await,
    );
    report.record(
        "a compaction that finds no room leaves nothing behind",
        journal_without_room_to_compact().await,
    );
    report.record(
        "a stale writer's journal file is not lost",
        journal_of_stale_writer().await,
    );
    report.record(
        "a person's stores start new, then normal",
        person_starts().await,
    );
    report.record(
        "a person's stores leave out what a brief stands for",
        person_starts_by_a_brief().await,
    );
    report.record(
        "a wiped database is recovered from the journal",
        wiped_database().await,
    );
    report.record("a wiped journal is rebuilt", wiped_journal().await);
    report.record("a robbed writer's commit is refused", robbed_writer().await);
    report.record(
        "a robbed writer takes back what is new, and only that",
        robbed_writer_takes_back_its_news().await,
    );
    report.record(
        "a transaction that is held open is waited for a while, and costs nothing",
        held_database().await,
    );
    report.record(
        "a sealed batch is forgotten only as what it is",
        ready_batches().await,
    );
    report.record("people are kept twice", people_kept_twice().await);
    report.record(
        "a store that is done with leaves nothing",
        a_store_that_is_done_with().await,
    );
    report.record("the signing key survives and signs", signing().await);
    report.record("an unlock ticket works until revoked", tickets().await);
    report.record("one writer, its followers relay", election().await);
    report.record(
        "who has no role hears of locking too",
        locking_without_a_role().await,
    );
    report.record("a silent holder is robbed of the lock", stealing().await);
    report.record("HTTP errors can be told apart", http_errors().await);
    report
}

fn key() -> DataKey {
    DataKey::from_bytes([7; 32])
}

async fn javascript(code: &str) -> Result<JsValue, String> {
    let promise = Function::new_no_args(code)
        .call0(&JsValue::UNDEFINED)
        .map_err(|error| format!("{error:?}"))?;
    settled(js_sys::Promise::resolve(&promise))
        .await
        .map_err(|error| format!("{error:?}"))
}

async fn delete_database(store: &str) -> Outcome {
    let code = format!(
        "return new Promise((ok, no) => {{ const r = indexedDB.deleteDatabase('viornet-{store}');
         r.onsuccess = ok; r.onerror = no; r.onblocked = () => no('blocked'); }})"
    );
    javascript(&code).await.map(|_| ())
}

async fn created_once() -> Outcome {
    let (_, opened) = IndexedDb::open("created", Writers::Any)
        .await
        .map_err(failed)?;
    expect("first", opened.was_created, true)?;
    let (_, opened) = IndexedDb::open("created", Writers::Any)
        .await
        .map_err(failed)?;
    expect("second", opened.was_created, false)
}

async fn small_files() -> Outcome {
    let folder = Folder::open(&["contract", "small"]).await.map_err(failed)?;
    expect("before", folder.get_small("a").await.map_err(failed)?, None)?;
    for round in 0..5_u8 {
        folder.put_small("a", &[round; 10]).await.map_err(failed)?;
        expect(
            "after",
            folder.get_small("a").await.map_err(failed)?,
            Some(vec![round; 10]),
        )?;
    }
    // A torn write of the newest slot leaves the one before.
    let writer = folder.writer("a.0").await.map_err(failed)?;
    writer.truncate(20).map_err(failed)?;
    drop(writer);
    expect(
        "after a tear",
        folder.get_small("a").await.map_err(failed)?,
        Some(vec![3; 10]),
    )?;
    folder.put_small("a", b"again").await.map_err(failed)?;
    expect(
        "repaired",
        folder.get_small("a").await.map_err(failed)?,
        Some(b"again".to_vec()),
    )?;
    expect(
        "names",
        folder.small_names().await.map_err(failed)?,
        vec!["a".to_owned()],
    )
}

async fn journal_reopens() -> Outcome {
    let folder = Folder::open(&["contract", "journal-reopens"])
        .await
        .map_err(failed)?;
    let (journal, _) = OpfsJournal::open(folder.clone(), &key(), Incarnation(1))
        .await
        .map_err(failed)?;
    journal
        .append(&[Entry::pending(*b"a", *b"1"), Entry::pending(*b"b", *b"2")])
        .map_err(failed)?;
    journal.append(&[Entry::settled([*b"a"])]).map_err(failed)?;
    drop(journal);
    // IndexedDB was emptied and counts from one again.
    let (journal, losses) = OpfsJournal::open(folder.clone(), &key(), Incarnation(1))
        .await
        .map_err(failed)?;
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

async fn journal_compacts() -> Outcome {
    let folder = Folder::open(&["contract", "journal-compacts"])
        .await
        .map_err(failed)?;
    for incarnation in 1..4 {
        let (journal, _) = OpfsJournal::open(folder.clone(), &key(), Incarnation(incarnation))
            .await
            .map_err(failed)?;
        journal
            .append(&[Entry::pending([incarnation as u8], *b"x")])
            .map_err(failed)?;
    }
    let (journal, _) = OpfsJournal::open(folder.clone(), &key(), Incarnation(4))
        .await
        .map_err(failed)?;
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
    let (journal, _) = OpfsJournal::open(folder, &key(), Incarnation(5))
        .await
        .map_err(failed)?;
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

async fn journal_without_room_to_compact() -> Outcome {
    let folder = Folder::open(&["contract", "journal-full"])
        .await
        .map_err(failed)?;
    let (journal, _) = OpfsJournal::open(folder.clone(), &key(), Incarnation(1))
        .await
        .map_err(failed)?;
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
    let (journal, _) = OpfsJournal::open(folder.clone(), &key(), Incarnation(2))
        .await
        .map_err(failed)?;
    let left = vec![(b"b".to_vec(), b"2".to_vec())];
    expect("pending", journal.pending(), left)?;
    journal.append(&[Entry::settled([*b"b"])]).map_err(failed)?;
    journal.compact().await.map_err(failed)?;
    expect("files", folder.names().await.map_err(failed)?.len(), 1)
}

async fn journal_of_stale_writer() -> Outcome {
    let folder = Folder::open(&["contract", "journal-stale"])
        .await
        .map_err(failed)?;
    let (stale, _) = OpfsJournal::open(folder.clone(), &key(), Incarnation(1))
        .await
        .map_err(failed)?;
    stale
        .append(&[Entry::pending(*b"a", *b"1")])
        .map_err(failed)?;
    let (journal, _) = OpfsJournal::open(folder.clone(), &key(), Incarnation(2))
        .await
        .map_err(failed)?;
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
    let (journal, _) = OpfsJournal::open(folder, &key(), Incarnation(3))
        .await
        .map_err(failed)?;
    expect(
        "pending",
        journal.pending(),
        vec![(b"c".to_vec(), b"3".to_vec())],
    )
}

async fn open_person(
    store: &str,
    local: Option<Sentinel>,
) -> Result<(PersonStores, crate::store::person::PersonOpened), String> {
    PersonStores::open(store, &key(), local, |_| Vec::new())
        .await
        .map_err(failed)
}

async fn person_starts() -> Outcome {
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

async fn person_starts_by_a_brief() -> Outcome {
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

async fn wiped_database() -> Outcome {
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

async fn wiped_journal() -> Outcome {
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

async fn robbed_writer() -> Outcome {
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

async fn robbed_writer_takes_back_its_news() -> Outcome {
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

async fn held_database() -> Outcome {
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

fn person(id: &str) -> Person {
    let cost = Cost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    Person {
        id: id.into(),
        revision: 1,
        name: "Asha".into(),
        login: "asha@example.com".into(),
        organisation: "org".into(),
        organisation_name: "Net".into(),
        device: None,
        store: format!("store-{id}"),
        wrapped_key: WrappedKey::wrap(&key(), id, "pw", cost, &mut browser_rng()),
        relay_key: vec![1; 32],
        sealed_before: Vec::new(),
        leftovers: Vec::new(),
        recovery: vec![2; 32],
    }
}

async fn people_kept_twice() -> Outcome {
    let asha = person("asha");
    let profile = Profile::open().await.map_err(failed)?;
    profile.save(&asha).await.map_err(failed)?;
    drop(profile);
    delete_database("profile").await?;
    let profile = Profile::open().await.map_err(failed)?;
    expect(
        "from OPFS",
        profile.people().await.map_err(failed)?,
        vec![asha.clone()],
    )?;
    javascript(
        "return navigator.storage.getDirectory()
         .then(root => root.removeEntry('viornet', { recursive: true }))",
    )
    .await?;
    let profile = Profile::open().await.map_err(failed)?;
    let people = profile.people().await.map_err(failed)?;
    expect("from the repaired database", people, vec![asha.clone()])?;
    let opened = asha
        .wrapped_key
        .unwrap_with("asha", "pw")
        .map_err(|error| error.to_string())?;
    expect("data key", opened.expose(), key().expose())
}

async fn a_store_that_is_done_with() -> Outcome {
    let profile = Profile::open().await.map_err(failed)?;
    let mut before = person("neema");
    before.store = "gone".into();
    profile.save(&before).await.map_err(failed)?;
    let (stores, _) = open_person("gone", None).await?;
    let (writes, entries) = (
        [Write::put("a/1", *b"x")],
        [Entry::pending(*b"1", *b"sale")],
    );
    stores.commit(&writes, &entries).await.map_err(failed)?;
    drop(stores);

    // In another tab this browser went on with a new store; who has the old one open does not undo that.
    let mut now = before.clone();
    (now.store, now.revision) = ("goes-on".into(), 2);
    profile.save(&now).await.map_err(failed)?;
    let stale = profile.edit(&before, |person| person.name = "stale".into());
    expect("stale", stale.await.map_err(failed)?, None)?;
    let edited = profile.edit(&now, |person| person.device = Some("phone".into()));
    let edited = edited
        .await
        .map_err(failed)?
        .ok_or("it is the person's store")?;
    let again = profile.edit(&now, |person| person.name = "Neema".into());
    let again = again
        .await
        .map_err(failed)?
        .ok_or("it is the person's store")?;
    expect(
        "both edits",
        (again.device, again.revision),
        (edited.device, 4),
    )?;

    profile.remove_store("gone").await.map_err(failed)?;
    let left = javascript(
        "return Promise.all([indexedDB.databases(), navigator.storage.getDirectory()
         .then(root => root.getDirectoryHandle('viornet'))
         .then(root => Promise.all(['stores', 'people'].map(name => root.getDirectoryHandle(name))))
         .then(folders => Promise.all(folders.map(folder => Array.fromAsync(folder.keys()))))])
         .then(([databases, names]) =>
             [...databases.map(({ name }) => name), ...names.flat()].filter(name => /gone/.test(name)).join())",
    )
    .await?;
    expect("left of it", left.as_string(), Some(String::new()))?;
    // Once is enough, and an empty place is no error.
    profile.remove_store("gone").await.map_err(failed)?;
    let (_, opened) = open_person("gone", None).await?;
    expect("start", opened.start, Start::New)
}

async fn ready_batches() -> Outcome {
    let profile = Profile::open().await.map_err(failed)?;
    let ready = async || {
        let found = profile.ready_batches().await.map_err(failed)?;
        let found = found.into_iter().map(|batch| (batch.store, batch.sealed));
        Ok::<_, String>(found.collect::<Vec<_>>())
    };
    let set = async |store: &str, sealed: Option<&[u8]>| {
        profile.set_ready_batch(store, sealed).await.map_err(failed)
    };
    let one = |store: &str, sealed: &[u8]| (store.to_owned(), sealed.to_vec());
    // As a version before left it.
    javascript(
        "return new Promise((ok, no) => {
            const request = indexedDB.open('viornet-profile');
            request.onerror = no;
            request.onsuccess = () => {
                const tx = request.result.transaction('kv', 'readwrite');
                tx.objectStore('kv').put(new TextEncoder().encode('old'), 'ready/asha');
                tx.oncomplete = () => { request.result.close(); ok(); };
            };
        })",
    )
    .await?;
    expect("of before", ready().await?, vec![one("asha", b"old")])?;
    set("asha", Some(b"first")).await?;
    expect("in its place", ready().await?, vec![one("asha", b"first")])?;
    let first = profile.ready_batch("asha").await.map_err(failed)?;
    let first = first.ok_or("nothing lies ready")?;
    // While the first one was sent, its person came back and sealed more.
    set("asha", Some(b"second")).await?;
    profile.forget_ready_batch(&first).await.map_err(failed)?;
    expect("it stays", ready().await?, vec![one("asha", b"second")])?;
    set("asha2", Some(b"hers")).await?;
    set("asha", None).await?;
    expect("another's", ready().await?, vec![one("asha2", b"hers")])?;
    set("asha2", None).await
}

async fn signing() -> Outcome {
    let profile = Profile::open().await.map_err(failed)?;
    let made = SigningKey::generate().await.map_err(failed)?;
    profile
        .save_signing_key("asha", &made)
        .await
        .map_err(failed)?;
    let stored = Profile::open()
        .await
        .map_err(failed)?
        .signing_key("asha")
        .await
        .map_err(failed)?;
    let stored = stored.ok_or("no key was stored")?;
    let public = stored.public_key().await.map_err(failed)?;
    expect(
        "public key",
        public == made.public_key().await.map_err(failed)?,
        true,
    )?;
    expect("its form", (public.len(), public[0]), (65, 4))?;
    let signature = stored.sign(b"batch").await.map_err(failed)?;
    expect("signature length", signature.len(), 64)?;
    let code = format!(
        "const bytes = hex => new Uint8Array(hex.match(/../g).map(it => parseInt(it, 16)));
         const ecdsa = {{ name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }};
         return crypto.subtle.importKey('raw', bytes('{}'), ecdsa, true, ['verify']).then(key =>
         crypto.subtle.verify(ecdsa, key, bytes('{}'), new TextEncoder().encode('batch')))",
        hex(&public),
        hex(&signature)
    );
    expect("verified", javascript(&code).await?.as_bool(), Some(true))?;
    expect(
        "nobody else's",
        profile
            .signing_key("baraka")
            .await
            .map_err(failed)?
            .is_none(),
        true,
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn tickets() -> Outcome {
    let profile = Profile::open().await.map_err(failed)?;
    let ticket = ticket::issue(&profile, "asha", &key())
        .await
        .map_err(failed)?;
    let redeem = async |person: &str, ticket: &[u8]| {
        let found = ticket::redeem(&profile, person, ticket)
            .await
            .map_err(failed)?;
        Ok::<_, String>(found.map(|key| *key.expose()))
    };
    expect(
        "redeemed",
        redeem("asha", &ticket).await?,
        Some(*key().expose()),
    )?;
    expect("another person", redeem("baraka", &ticket).await?, None)?;
    expect("cut", redeem("asha", &ticket[..9]).await?, None)?;
    let newer = ticket::issue(&profile, "asha", &key())
        .await
        .map_err(failed)?;
    expect("older", redeem("asha", &ticket).await?, None)?;
    ticket::revoke(&profile, "asha").await.map_err(failed)?;
    expect("revoked", redeem("asha", &newer).await?, None)
}

async fn election() -> Outcome {
    let Role::Writer(mut writer) = acquire("election").await.map_err(|e| e.to_string())? else {
        return Err("the first is not the writer".into());
    };
    let Role::Follower(mut follower) = acquire("election").await.map_err(|e| e.to_string())? else {
        return Err("the second does not follow".into());
    };
    let serve = async {
        let asked = writer
            .incoming
            .next_asked()
            .await
            .ok_or("nothing was asked")?;
        writer
            .relay
            .answer(&asked, [asked.bytes.as_slice(), b"!"].concat());
        writer.relay.broadcast(b"event".to_vec());
        Ok::<_, String>(())
    };
    let (served, answer) = futures::join!(serve, follower.relay.request(b"hello".to_vec()));
    served?;
    expect("answer", answer, Ok(b"hello!".to_vec()))?;
    let event = within(1_000, follower.incoming.next_event())
        .await
        .flatten();
    expect("event", event, Some(b"event".to_vec()))?;
    expect(
        "early",
        within(50, follower.writer_gone()).await.is_none(),
        true,
    )?;
    drop(writer);
    let held = within(1_000, follower.writer_gone())
        .await
        .ok_or("not promoted")?;
    let promoted = follower.promote(held.map_err(|error| error.to_string())?);
    let Role::Follower(mut third) = acquire("election").await.map_err(|e| e.to_string())? else {
        return Err("the third does not follow".into());
    };
    // Either has all others lock, whatever they wait for.
    let mut promoted = promoted;
    third.relay.lock_others();
    let asked = within(1_000, promoted.incoming.next_asked()).await;
    expect("the writer is locked", matches!(asked, Some(None)), true)?;
    promoted.relay.lock_others();
    let event = within(1_000, third.incoming.next_event()).await;
    expect("the follower is locked", event, Some(None))
}

async fn locking_without_a_role() -> Outcome {
    let mut ear = Ear::listen("ear").map_err(|error| error.to_string())?;
    expect("nobody has locked", ear.has_heard(), false)?;
    let Role::Writer(writer) = acquire("ear").await.map_err(|e| e.to_string())? else {
        return Err("the first is not the writer".into());
    };
    writer.relay.broadcast(b"event".to_vec());
    writer.relay.lock_others();
    drop(writer);
    let mut heard = false;
    for _ in 0..20 {
        gloo_timers::future::TimeoutFuture::new(50).await;
        heard = ear.has_heard();
        if heard {
            break;
        }
    }
    expect("heard behind an event", heard, true)?;
    expect("once", ear.has_heard(), false)
}

async fn stealing() -> Outcome {
    javascript(
        "navigator.locks.request('viornet/stolen', () => new Promise(() => {})).catch(() => 0)",
    )
    .await?;
    let Role::Writer(mut writer) = acquire("stolen").await.map_err(|e| e.to_string())? else {
        return Err("the silent holder kept the lock".into());
    };
    javascript(
        "navigator.locks.request('viornet/stolen', { steal: true }, () => 0).catch(() => 0)",
    )
    .await?;
    let told = within(1_000, &mut writer.lost).await;
    expect("told of the loss", matches!(told, Some(Ok(()))), true)
}

async fn http_errors() -> Outcome {
    let missing = Call::get("/no/such/path").fetch_bytes().await;
    expect("missing", missing, Err(HttpError::Unexpected(404)))?;
    let refused = Call::get("http://127.0.0.1:1/").fetch_bytes().await;
    expect(
        "refused",
        matches!(refused, Err(HttpError::Unreachable(_))),
        true,
    )
}
