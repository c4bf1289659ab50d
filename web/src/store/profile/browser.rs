//! Reads and writes the people of this browser in IndexedDB and OPFS; either alone is enough to start.

use futures::lock::Mutex;
use sha2::{Digest, Sha256};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::CryptoKey;

use super::{Person, reconcile};
use crate::{
    browser::error_text,
    keys::sign::SigningKey,
    store::{
        Store, StoreError, Write,
        indexed_db::{IndexedDb, Writers},
        opfs::Folder,
    },
};

const DATABASE: &str = "viornet-profile";
const FOLDER: [&str; 2] = ["viornet", "people"];
const PEOPLE: &str = "person/";
const READY: &str = "ready/";
const STORES: [&str; 2] = ["viornet", "stores"];

/// What lies ready for any connection to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyBatch {
    pub store: String,
    pub sealed: Vec<u8>,
    key: String,
}

/// The shared, unencrypted records of this browser.
pub struct Profile {
    db: Result<IndexedDb, StoreError>,
    folder: Result<Folder, StoreError>,
    /// Records are changed one by one: each change begins with what is there.
    turn: Mutex<()>,
}

impl Profile {
    /// Opens both copies; it fails only if neither opens.
    pub async fn open() -> Result<Self, StoreError> {
        // Side by side: each is a chain of waits for the browser.
        let (db, folder) = futures::join!(
            IndexedDb::open(DATABASE, Writers::Any),
            Folder::open(&FOLDER)
        );
        let db = db.map(|(db, _)| db);
        match (&db, &folder) {
            (Err(error), Err(_)) => Err(error.clone()),
            _ => Ok(Self {
                db,
                folder,
                turn: Mutex::new(()),
            }),
        }
    }

    /// Everybody who has signed in here, by name. A copy that lost somebody is repaired on the way.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        let (in_db, in_folder) = futures::join!(self.people_in_db(), self.people_in_folder());
        if let (Err(error), Err(_)) = (&in_db, &in_folder) {
            return Err(error.clone());
        }
        let db_failed = in_db.is_err();
        let folder_failed = in_folder.is_err();
        let found = reconcile(&in_db.unwrap_or_default(), &in_folder.unwrap_or_default());
        // Repairs are an extra: the record is whole in the other copy, and the next start tries again.
        if !db_failed {
            for person in &found.missing_in_indexed_db {
                let _ = self.save_in_db(person).await;
            }
        }
        if !folder_failed {
            for person in &found.missing_in_opfs {
                let _ = self.save_in_folder(person).await;
            }
        }
        Ok(found.people)
    }

    /// Writes a person's record to both copies; one is enough, the other is repaired later.
    pub async fn save(&self, person: &Person) -> Result<(), StoreError> {
        let in_db = self.save_in_db(person).await;
        let in_folder = self.save_in_folder(person).await;
        in_db.or(in_folder)
    }

    /// Changes a person's record as it is now, whoever wrote it last. `None`: this browser goes on with another store of
    /// the person, and whoever has this one open must stop.
    pub async fn edit(
        &self,
        mine: &Person,
        change: impl FnOnce(&mut Person),
    ) -> Result<Option<Person>, StoreError> {
        let _turn = self.turn.lock().await;
        let people = self.people().await?;
        let known = people.into_iter().find(|person| person.id == mine.id);
        let mut person = known.unwrap_or_else(|| mine.clone());
        if person.store != mine.store {
            return Ok(None);
        }
        change(&mut person);
        person.revision += 1;
        self.save(&person).await?;
        Ok(Some(person))
    }

    /// Deletes what a store that is done with left: its database, its files, and the record of its person under its name.
    /// [`StoreError::Held`]: a tab that was stopped still has it open.
    pub async fn remove_store(&self, store: &str) -> Result<(), StoreError> {
        IndexedDb::delete(&database_of(store)).await?;
        Folder::open(&STORES).await?.remove_folder(store).await?;
        self.folder()?.remove_small(&record_of(store)).await
    }

    /// The latest sealed batch of a person's store, which may be sent while he is locked out.
    pub async fn ready_batch(&self, store: &str) -> Result<Option<ReadyBatch>, StoreError> {
        let batches = self.ready_batches().await?;
        Ok(batches.into_iter().find(|batch| batch.store == store))
    }

    /// Replaces the sealed batch; none when nothing is pending.
    pub async fn set_ready_batch(
        &self,
        store: &str,
        sealed: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let key = sealed.map(|sealed| ready_key(store, sealed));
        let with = key.as_deref().zip(sealed);
        self.db()?
            .replace_all(&format!("{READY}{store}"), with)
            .await
    }

    /// Forgets a batch that was sent. One that took its place meanwhile has another name, and stays.
    pub async fn forget_ready_batch(&self, batch: &ReadyBatch) -> Result<(), StoreError> {
        let forgotten = Write::delete(batch.key.as_str());
        self.db()?.commit(&[forgotten]).await
    }

    /// The sealed batches of every store at this browser: what a locked screen can send.
    pub async fn ready_batches(&self) -> Result<Vec<ReadyBatch>, StoreError> {
        let found = self.db()?.load_all(READY).await?;
        Ok(found
            .into_iter()
            .filter_map(|(key, sealed)| {
                // Versions before named it by the store alone.
                let name = key.strip_prefix(READY)?;
                let store = name.split_once('/').map_or(name, |(store, _)| store);
                Some(ReadyBatch {
                    store: store.to_owned(),
                    sealed,
                    key,
                })
            })
            .collect())
    }

    /// The signing key of this device for a person; none before the first sign-in, or if the browser lost it.
    pub async fn signing_key(&self, person: &str) -> Result<Option<SigningKey>, StoreError> {
        let stored = self.db()?.get_js(&format!("signing/{person}")).await?;
        Ok(stored.and_then(|pair| SigningKey::from_js(&pair)))
    }

    pub async fn save_signing_key(&self, person: &str, key: &SigningKey) -> Result<(), StoreError> {
        self.db()?
            .put_js(&format!("signing/{person}"), key.as_js())
            .await
    }

    pub(crate) async fn ticket_key(&self, person: &str) -> Result<Option<CryptoKey>, StoreError> {
        let stored = self.db()?.get_js(&format!("ticket/{person}")).await?;
        Ok(stored.and_then(|key| key.dyn_into().ok()))
    }

    pub(crate) async fn save_ticket_key(
        &self,
        person: &str,
        key: Option<&CryptoKey>,
    ) -> Result<(), StoreError> {
        let name = format!("ticket/{person}");
        match key {
            Some(key) => self.db()?.put_js(&name, key).await,
            None => self.db()?.commit(&[Write::delete(name)]).await,
        }
    }

    fn db(&self) -> Result<&IndexedDb, StoreError> {
        self.db.as_ref().map_err(Clone::clone)
    }

    fn folder(&self) -> Result<&Folder, StoreError> {
        self.folder.as_ref().map_err(Clone::clone)
    }

    async fn people_in_db(&self) -> Result<Vec<Person>, StoreError> {
        let found = self.db()?.load_all(PEOPLE).await?;
        // One unreadable record must not hide the others; the other copy has it.
        Ok(found
            .iter()
            .filter_map(|(_, bytes)| Person::decode(bytes).ok())
            .collect())
    }

    /// What the files say alone, in any order; one may be there twice.
    pub async fn people_in_folder(&self) -> Result<Vec<Person>, StoreError> {
        let folder = self.folder()?;
        let mut people = Vec::new();
        for name in folder.small_names().await? {
            if let Some(bytes) = folder.get_small(&name).await? {
                people.extend(Person::decode(&bytes).ok());
            }
        }
        Ok(people)
    }

    async fn save_in_db(&self, person: &Person) -> Result<(), StoreError> {
        self.db()?
            .commit(&[Write::put(
                format!("{PEOPLE}{}", person.id),
                person.encode(),
            )])
            .await
    }

    async fn save_in_folder(&self, person: &Person) -> Result<(), StoreError> {
        self.folder()?
            .put_small(&record_of(&person.store), &person.encode())
            .await
    }
}

/// The database of one store.
pub(crate) fn database_of(store: &str) -> String {
    format!("viornet-{store}")
}

/// The file that holds the record of the person who has this store.
fn record_of(store: &str) -> String {
    format!("{store}.person")
}

/// It names what lies there: so one batch is deleted without looking whether it is still the one that was sent, for
/// which no transaction can wait.
fn ready_key(store: &str, sealed: &[u8]) -> String {
    let digest = Sha256::digest(sealed);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{READY}{store}/{digest}")
}

/// A browser's refusal of a key operation, as a storage error.
pub(crate) fn crypto_error(error: &JsValue) -> StoreError {
    StoreError::Failed(error_text(error))
}
