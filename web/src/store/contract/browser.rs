//! The part of the contract that needs a browser: IndexedDB, OPFS, WebCrypto and Web Locks, in one worker.

mod files;
mod journal;
mod kills;
mod person;
mod profile;
mod tabs;

use js_sys::Function;
use wasm_bindgen::JsValue;
use web_sys::DedicatedWorkerGlobalScope;

use crate::browser::{settled, worker_scope};
use crate::http::{Call, HttpError};
use crate::keys::{DataKey, browser_rng};
use crate::store::contract::{Report, expect, failed, run};
use crate::store::envelope::SealedStore;
use crate::store::indexed_db::{IndexedDb, Writers};
use crate::store::opfs::Folder;
use crate::store::person::PersonStores;
use crate::store::sentinel::Sentinel;

type Outcome = Result<(), String>;

/// Does what the worker's name asks for and posts to the page: `contract` (the default) runs every case and posts the report;
/// `write` makes sale after sale and posts the number of each once it is kept; `read` posts what is still there.
pub async fn main() {
    let name = worker().name();
    let outcome = match name.as_str() {
        "write" => kills::write_until_killed().await,
        "read" => kills::read_back().await,
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

    report.record(
        "a created database is reported once",
        files::created_once().await,
    );
    report.record("small files are replaced whole", files::small_files().await);
    report.record(
        "the journal survives reopening",
        journal::journal_reopens().await,
    );
    report.record(
        "the journal drops what is settled",
        journal::journal_compacts().await,
    );
    report.record(
        "a compaction that finds no room leaves nothing behind",
        journal::journal_without_room_to_compact().await,
    );
    report.record(
        "a stale writer's journal file is not lost",
        journal::journal_of_stale_writer().await,
    );
    report.record(
        "a person's stores start new, then normal",
        person::person_starts().await,
    );
    report.record(
        "a person's stores leave out what a brief stands for",
        person::person_starts_by_a_brief().await,
    );
    report.record(
        "a wiped database is recovered from the journal",
        person::wiped_database().await,
    );
    report.record("a wiped journal is rebuilt", person::wiped_journal().await);
    report.record(
        "a robbed writer's commit is refused",
        person::robbed_writer().await,
    );
    report.record(
        "a robbed writer takes back what is new, and only that",
        person::robbed_writer_takes_back_its_news().await,
    );
    report.record(
        "a transaction that is held open is waited for a while, and costs nothing",
        person::held_database().await,
    );
    report.record(
        "a sealed batch is forgotten only as what it is",
        profile::ready_batches().await,
    );
    report.record("people are kept twice", profile::people_kept_twice().await);
    report.record(
        "a store that is done with leaves nothing",
        profile::a_store_that_is_done_with().await,
    );
    report.record(
        "the signing key survives and signs",
        profile::signing().await,
    );
    report.record(
        "an unlock ticket works until revoked",
        profile::tickets().await,
    );
    report.record("one writer, its followers relay", tabs::election().await);
    report.record(
        "who has no role hears of locking too",
        tabs::locking_without_a_role().await,
    );
    report.record(
        "a silent holder is robbed of the lock",
        tabs::stealing().await,
    );
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

async fn open_folder(name: &str) -> Result<Folder, String> {
    Folder::open(&["contract", name]).await.map_err(failed)
}

async fn open_person(
    store: &str,
    local: Option<Sentinel>,
) -> Result<(PersonStores, crate::store::person::PersonOpened), String> {
    PersonStores::open(store, &key(), local, |_| Vec::new())
        .await
        .map_err(failed)
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
