//! The store in IndexedDB: one database, one object store `kv` from text to bytes, schema version 1 for ever
//! (versions live inside the bytes), every write transaction `strict`.
//!
//! **No transaction waits for this tab.** Everything a transaction does is asked at once, its commit too, and only then
//! waited for: one that is read from in between stays open in a tab that is stopped there, and keeps every other tab
//! from reading and writing until the browser gives up on it, which in Chromium takes a minute. So a writer does not
//! look who may write before it writes; it adds a key that is taken once somebody else may ([`replaced`]).
//!
//! Browsers close connections under a page's feet (sleep, low memory, iOS in the background), so an operation that
//! fails drops the connection, opens a new one and tries again, at most three times. A database is deleted only by its name.
//! It must not know what keys and values mean.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    rc::Rc,
};

use futures::{channel::oneshot, lock::Mutex};
use gloo_timers::future::TimeoutFuture;
use indexed_db_futures::{
    KeyRange,
    database::Database,
    error::{DomException, Error, OpenDbError, UnexpectedDataError},
    object_store::ObjectStore,
    prelude::*,
    transaction::{TransactionDurability, TransactionMode, TransactionOptions},
};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;

use super::{Incarnation, Store, StoreError, Write};
use crate::browser::{error_name, error_text, within};

const KV: &str = "kv";
/// Reserved: the current writer's incarnation, and the start of every [`replaced`] key. Never returned by
/// [`Store::load_all`].
const WRITER_KEY: &str = "!writer";
/// As many writers are remembered as replaced. A tab would have to be stopped at the very commit and go on after as many
/// others have written to be believed.
const REPLACED_MAX: u64 = 256;
const ATTEMPTS: u32 = 3;
const OPEN_TIMEOUT_MS: u32 = 10_000;
/// A deletion waits for every tab that has the database open.
const DELETE_TIMEOUT_MS: u32 = 3_000;
/// How long a small transaction may take before it counts as held up by a tab that was stopped. A slow phone's disk needs
/// a few seconds at worst.
const HELD_AFTER_MS: u32 = 10_000;

/// Who may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// Only the latest to have called [`Store::take_over`].
    One,
    /// Every tab: for records that are few, written rarely and whole.
    Any,
}

/// What opening found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// There was no such database: this is a new device, or the browser lost it. The sentinels tell which.
    ///
    /// Chromium's `dataLoss` on the upgrade event would name the cause, but says nothing when the folder was removed.
    pub was_created: bool,
}

/// A connection to one database, reopened when the browser drops it.
pub struct IndexedDb {
    name: String,
    writers: Writers,
    connection: RefCell<Option<Database>>,
    /// The browser removed the database while it was in use.
    is_emptied: Cell<bool>,
    incarnation: Cell<Option<Incarnation>>,
    /// Commits go one by one, so that a retried commit cannot overtake a later one to the same key.
    turn: Mutex<()>,
}

impl IndexedDb {
    pub async fn open(name: &str, writers: Writers) -> Result<(Self, Opened), StoreError> {
        let store = Self {
            name: name.to_owned(),
            writers,
            connection: RefCell::new(None),
            is_emptied: Cell::new(false),
            incarnation: Cell::new(None),
            turn: Mutex::new(()),
        };
        let mut attempt = 0;
        loop {
            match store.connect().await {
                Ok(opened) => return Ok((store, opened)),
                Err(error) => retry_after(&mut attempt, error).await?,
            }
        }
    }

    /// Deletes a database of which no store here is open. [`StoreError::Held`]: another tab has it open, and the browser
    /// deletes it once that one lets it go.
    pub async fn delete(name: &str) -> Result<(), StoreError> {
        let deleting = Database::delete_by_name(name).map_err(open_error)?;
        let (sender, receiver) = oneshot::channel();
        // As an opening, it cannot be cancelled.
        spawn_local(async move { drop(sender.send(deleting.await)) });
        match within(DELETE_TIMEOUT_MS, receiver).await {
            Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(Failure::from(error).into_store_error().await),
            _ => Err(StoreError::Held),
        }
    }

    /// A value that is not bytes, such as a `CryptoKey`.
    pub async fn get_js(&self, key: &str) -> Result<Option<JsValue>, StoreError> {
        self.with_connection(async |db| {
            let tx = db.transaction(KV).build()?;
            let value = tx.object_store(KV)?.get(key).primitive()?;
            tx.commit().await?;
            let value: Option<JsValue> = value.await?;
            Ok(value.filter(|value| !value.is_undefined()))
        })
        .await
    }

    /// Stores any value that can be cloned, such as a `CryptoKey`, under a key that [`Store::load_all`] must not cover.
    pub async fn put_js(&self, key: &str, value: &JsValue) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        self.with_connection(async |db| {
            let tx = write_transaction(db)?;
            let kv = tx.object_store(KV)?;
            self.unless_replaced(&kv)?;
            put(&kv, key, value)?;
            tx.commit().await.map_err(Failure::from)
        })
        .await
    }

    /// Puts a value in the place of `name` and of everything whose key starts with `name/`, in one transaction.
    pub async fn replace_all(
        &self,
        name: &str,
        with: Option<(&str, &[u8])>,
    ) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        self.with_connection(async |db| {
            let tx = write_transaction(db)?;
            let kv = tx.object_store(KV)?;
            self.unless_replaced(&kv)?;
            drop(kv.delete(name).primitive()?);
            let below = starting_with(&format!("{name}/"));
            drop(kv.delete::<String, _>(below).primitive()?);
            if let Some((key, value)) = with {
                put(&kv, key, &Uint8Array::from(value).into())?;
            }
            tx.commit().await.map_err(Failure::from)
        })
        .await
    }

    async fn connect(&self) -> Result<Opened, StoreError> {
        let was_created = Rc::new(Cell::new(false));
        let opening = Database::open(self.name.clone())
            .with_version(1_u8)
            .with_on_upgrade_needed({
                let was_created = Rc::clone(&was_created);
                move |event, db| {
                    was_created.set(event.old_version() == 0.0);
                    db.create_object_store(KV).build()?;
                    Ok(())
                }
            });
        // An open request cannot be cancelled. It runs to its end even if nobody waits any more, because its upgrade
        // handler must be there: without it a late success would leave a database without its object store, for good.
        let (sender, receiver) = oneshot::channel();
        spawn_local(async move {
            if let Err(Ok(late)) = sender.send(opening.await) {
                late.close();
            }
        });
        let db = within(OPEN_TIMEOUT_MS, receiver)
            .await
            .and_then(Result::ok)
            .ok_or_else(|| StoreError::Failed("opening the database took too long".into()))?
            .map_err(open_error)?;
        *self.connection.borrow_mut() = Some(db);
        Ok(Opened {
            was_created: was_created.get(),
        })
    }

    /// Runs `work` on an open connection; when it fails, once more on a new one, and once more.
    async fn with_connection<T>(
        &self,
        work: impl AsyncFn(&Database) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut attempt = 0;
        loop {
            if self.is_emptied.get() {
                return Err(StoreError::Failed(
                    "the browser emptied the database".into(),
                ));
            }
            let connection = self.connection.borrow().clone();
            let outcome = match connection {
                Some(db) => match self.unless_held(work(&db)).await {
                    Ok(value) => Ok(value),
                    Err(failure) => Err(failure.into_store_error().await),
                },
                None => match self.connect().await {
                    // It was there when this store was opened: an empty one must not be mistaken for it, now or later.
                    Ok(opened) => {
                        self.is_emptied.set(opened.was_created);
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            match outcome {
                Ok(value) => return Ok(value),
                Err(error) => {
                    self.disconnect();
                    retry_after(&mut attempt, error).await?;
                }
            }
        }
    }

    /// With one writer only taking over can meet a tab that was stopped, and much may be read. Giving up a commit of his
    /// would leave open whether it happened.
    async fn unless_held<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let is_written_by_all = self.writers == Writers::Any;
        if !is_written_by_all && self.incarnation.get().is_some() {
            return work.await;
        }
        within(HELD_AFTER_MS, work)
            .await
            .unwrap_or(Err(Failure::Store(StoreError::Held)))
    }

    fn disconnect(&self) {
        if let Some(db) = self.connection.borrow_mut().take() {
            db.close();
        }
    }

    /// Makes the transaction fail if somebody else may write.
    fn unless_replaced(&self, kv: &ObjectStore<'_>) -> Result<(), Failure> {
        if self.writers == Writers::Any {
            return Ok(());
        }
        let me = self
            .incarnation
            .get()
            .ok_or(Failure::Store(StoreError::NotTheWriter))?;
        add(kv, &replaced(me), &JsValue::TRUE)?;
        drop(kv.delete(replaced(me).as_str()).primitive()?);
        Ok(())
    }
}

/// A connection left open would block the removal of the database until the garbage collector finds it.
impl Drop for IndexedDb {
    fn drop(&mut self) {
        self.disconnect();
    }
}

impl Store for IndexedDb {
    async fn load_all(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.with_connection(async |db| {
            let tx = db.transaction(KV).build()?;
            let kv = tx.object_store(KV)?;
            let range = starting_with(prefix);
            let keys = kv
                .get_all_keys::<String>()
                .with_query::<String, _>(range.clone())
                .primitive()?;
            let values = kv
                .get_all::<JsValue>()
                .with_query::<String, _>(range)
                .primitive()?;
            tx.commit().await?;
            let keys = keys.await?.collect::<Result<Vec<_>, _>>()?;
            let values = values.await?.collect::<Result<Vec<_>, _>>()?;
            let mut entries: Vec<_> = entries_of(keys, values).collect();
            entries.retain(|(key, _)| key.starts_with(prefix));
            Ok(entries)
        })
        .await
    }

    async fn load_where(
        &self,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.with_connection(async |db| {
            let tx = db.transaction(KV).build()?;
            let keys = tx.object_store(KV)?.get_all_keys::<String>().primitive()?;
            tx.commit().await?;
            let keys = keys.await?.collect::<Result<Vec<_>, _>>()?;
            // Keys come in order, and what lies side by side comes in one answer.
            let runs: Vec<&[String]> = keys
                .chunk_by(|one, next| is_wanted(one) == is_wanted(next))
                .filter(|run| is_wanted(&run[0]))
                .collect();
            // A second transaction. What comes between the two is another writer's, and this one's next commit fails.
            let tx = db.transaction(KV).build()?;
            let kv = tx.object_store(KV)?;
            let mut asked = Vec::new();
            for run in &runs {
                let range =
                    KeyRange::Bound(run[0].clone(), false, run[run.len() - 1].clone(), false);
                asked.push(
                    kv.get_all::<JsValue>()
                        .with_query::<String, _>(range)
                        .primitive()?,
                );
            }
            tx.commit().await?;
            let mut entries = Vec::new();
            for (run, values) in runs.into_iter().zip(asked) {
                let values = values.await?.collect::<Result<Vec<_>, _>>()?;
                entries.extend(entries_of(run.to_vec(), values));
            }
            Ok(entries)
        })
        .await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.get_js(key).await?.and_then(bytes))
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        self.with_connection(async |db| {
            let tx = write_transaction(db)?;
            let kv = tx.object_store(KV)?;
            self.unless_replaced(&kv)?;
            for write in writes {
                match write {
                    Write::Put { key, value } => {
                        put(&kv, key, &Uint8Array::from(value.as_slice()).into())?;
                    }
                    Write::Delete { key } => {
                        drop(kv.delete(key.as_str()).primitive()?);
                    }
                }
            }
            tx.commit().await.map_err(Failure::from)
        })
        .await
    }

    async fn take_over(&self) -> Result<Incarnation, StoreError> {
        let _turn = self.turn.lock().await;
        let taken = self
            .with_connection(async |db| {
                loop {
                    let before = read_writer(db).await?;
                    let next = Incarnation(before.0 + 1);
                    let tx = write_transaction(db)?;
                    let kv = tx.object_store(KV)?;
                    add(&kv, &replaced(before), &JsValue::TRUE)?;
                    // Exact as a JavaScript number for the next nine quadrillion take-overs.
                    put(&kv, WRITER_KEY, &JsValue::from_f64(next.0 as f64))?;
                    if let Some(forgotten) = next.0.checked_sub(REPLACED_MAX) {
                        drop(
                            kv.delete(replaced(Incarnation(forgotten)).as_str())
                                .primitive()?,
                        );
                    }
                    match tx.commit().await {
                        Ok(()) => return Ok(next),
                        // Another tab took over in between.
                        Err(error) if is_taken(&error) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            })
            .await?;
        self.incarnation.set(Some(taken));
        Ok(taken)
    }
}

fn starting_with(prefix: &str) -> KeyRange<String> {
    KeyRange::Bound(prefix.into(), false, format!("{prefix}\u{ffff}"), false)
}

fn write_transaction(
    db: &Database,
) -> Result<indexed_db_futures::transaction::Transaction<'_>, Failure> {
    let strict = TransactionOptions::new().with_durability(TransactionDurability::Strict);
    Ok(db
        .transaction(KV)
        .with_mode(TransactionMode::Readwrite)
        .with_options(strict)
        .build()?)
}

/// The key that is there once `writer` may write no more.
fn replaced(writer: Incarnation) -> String {
    format!("{WRITER_KEY}/{writer}")
}

/// Makes the transaction fail ([`is_taken`]) if the key is there.
fn add(kv: &ObjectStore<'_>, key: &str, value: &JsValue) -> Result<(), Failure> {
    drop(
        kv.add(value.clone())
            .with_key(key.to_owned())
            .without_key_type()
            .primitive()?,
    );
    Ok(())
}

fn is_taken(error: &Error) -> bool {
    matches!(error, Error::DomException(DomException::ConstraintError(_)))
}

fn put(kv: &ObjectStore<'_>, key: &str, value: &JsValue) -> Result<(), Failure> {
    // Not awaited: the transaction's own end tells how it went.
    drop(
        kv.put(value.clone())
            .with_key(key.to_owned())
            .without_key_type()
            .primitive()?,
    );
    Ok(())
}

/// What was kept as bytes, without the writer's number.
fn entries_of(keys: Vec<String>, values: Vec<JsValue>) -> impl Iterator<Item = (String, Vec<u8>)> {
    keys.into_iter()
        .zip(values)
        .filter(|(key, _)| !key.starts_with(WRITER_KEY))
        .filter_map(|(key, value)| Some((key, bytes(value)?)))
}

/// Who may write; 0 is nobody yet.
async fn read_writer(db: &Database) -> Result<Incarnation, Error> {
    let tx = db.transaction(KV).build()?;
    let stored = tx.object_store(KV)?.get(WRITER_KEY).primitive()?;
    tx.commit().await?;
    let stored: Option<JsValue> = stored.await?;
    let number = stored.and_then(|value| value.as_f64()).unwrap_or(0.0);
    Ok(Incarnation(number as u64))
}

fn bytes(value: JsValue) -> Option<Vec<u8>> {
    value
        .dyn_into::<Uint8Array>()
        .ok()
        .map(|array| array.to_vec())
}

/// Passes `error` on if trying again cannot help or was tried often enough; otherwise waits a little.
async fn retry_after(attempt: &mut u32, error: StoreError) -> Result<(), StoreError> {
    *attempt += 1;
    if *attempt >= ATTEMPTS || !matches!(error, StoreError::Failed(_)) {
        return Err(error);
    }
    TimeoutFuture::new(50 * 4_u32.pow(*attempt - 1)).await;
    Ok(())
}

/// Why a transaction did not happen.
enum Failure {
    Store(StoreError),
    Browser(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Browser(error)
    }
}

impl Failure {
    async fn into_store_error(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Browser(error) if is_taken(&error) => StoreError::NotTheWriter,
            Self::Browser(Error::DomException(exception)) => {
                let exception: JsValue = exception.into();
                if error_name(&exception) == "QuotaExceededError" {
                    StoreError::Full
                } else {
                    StoreError::Failed(error_text(&exception))
                }
            }
            // An abort comes without its reason; the usual one is a full disk or quota.
            Self::Browser(Error::MissingData(UnexpectedDataError::TransactionAborted))
                if is_nearly_full().await =>
            {
                StoreError::Full
            }
            Self::Browser(error) => StoreError::Failed(error.to_string()),
        }
    }
}

fn open_error(error: OpenDbError) -> StoreError {
    match error {
        OpenDbError::Base(Error::DomException(exception)) => {
            let exception: JsValue = exception.into();
            match error_name(&exception).as_str() {
                "QuotaExceededError" => StoreError::Full,
                // Blocked by the person or by private browsing; a newer app's database.
                "SecurityError" | "VersionError" => StoreError::Unavailable(error_text(&exception)),
                _ => StoreError::Failed(error_text(&exception)),
            }
        }
        OpenDbError::UnsupportedEnvironment | OpenDbError::NullFactory => {
            StoreError::Unavailable(error.to_string())
        }
        error => StoreError::Failed(error.to_string()),
    }
}

/// Whether this website has used its quota up but for 2 MiB, which one commit can take.
async fn is_nearly_full() -> bool {
    let Ok(promise) = crate::browser::worker_scope()
        .navigator()
        .storage()
        .estimate()
    else {
        return false;
    };
    let Ok(estimate) = crate::browser::settled::<js_sys::Object>(promise).await else {
        return false;
    };
    let number = |name: &str| js_sys::Reflect::get(&estimate, &name.into()).ok()?.as_f64();
    match (number("usage"), number("quota")) {
        (Some(usage), Some(quota)) => usage + 2_097_152.0 >= quota,
        _ => false,
    }
}
