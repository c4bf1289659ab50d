//! The people of this browser: who may unlock here, and what must be reachable while everything else is locked.
//!
//! Unencrypted, shared by everybody at this browser, so it holds names, wrapped keys, sealed batches and a recovery
//! secret that without its person's sign-in moves nothing: never anything a thief may not see. Records are kept twice, in IndexedDB and in OPFS, and reconciled
//! here, purely; [`browser`] does the reading and writing.

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::keys::WrappedKey;

#[cfg(target_arch = "wasm32")]
pub mod browser;

/// One person who has signed in here. Fields are only ever added, each with `#[serde(default)]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The relay's id of the person.
    pub id: String,
    /// Grows with each change; of two copies the higher one is true.
    pub revision: u64,
    pub name: String,
    /// What is typed to sign in.
    pub login: String,
    pub organisation: String,
    pub organisation_name: String,
    /// The id under which the relay knows this device for this person; none before it is registered.
    pub device: Option<String>,
    /// Random; names this person's database and folder, so that they tell nothing.
    pub store: String,
    pub wrapped_key: WrappedKey,
    /// The relay's key to seal batches to (32 bytes).
    #[serde(default, with = "serde_bytes")]
    pub relay_key: Vec<u8>,
    /// Stores of before a password that opens them was forgotten. What they hold is not lost while their keys are here.
    #[serde(default)]
    pub sealed_before: Vec<SealedStore>,
    /// Stores that are done with, and are there until the browser lets them be deleted.
    #[serde(default)]
    pub leftovers: Vec<String>,
    /// By this the relay knows the browser profile again when its signing key is lost (32 bytes; the relay has a hash).
    #[serde(default, with = "serde_bytes")]
    pub recovery: Vec<u8>,
}

/// A store and its key, under a password that is not this person's any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedStore {
    pub store: String,
    pub wrapped_key: WrappedKey,
}

impl Person {
    pub fn encode(&self) -> Vec<u8> {
        minicbor_serde::to_vec(self).expect("a person's record is plain data")
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        minicbor_serde::from_slice(bytes)
            .map_err(|error| StoreError::Damaged(format!("a person's record: {error}")))
    }
}

/// What to show and what to write again after comparing the two copies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Everybody, by name.
    pub people: Vec<Person>,
    pub missing_in_indexed_db: Vec<Person>,
    pub missing_in_opfs: Vec<Person>,
}

/// Takes the newer record of each person and says which copy lacks it.
pub fn reconcile(indexed_db: &[Person], opfs: &[Person]) -> Reconciled {
    let newest = |id: &str| {
        indexed_db
            .iter()
            .chain(opfs)
            .filter(|person| person.id == id)
            .max_by_key(|person| person.revision)
    };
    let mut reconciled = Reconciled::default();
    for person in indexed_db.iter().chain(opfs) {
        if reconciled.people.iter().any(|known| known.id == person.id) {
            continue;
        }
        let person = newest(&person.id).expect("it is one of them").clone();
        if !indexed_db.contains(&person) {
            reconciled.missing_in_indexed_db.push(person.clone());
        }
        if !opfs.contains(&person) {
            reconciled.missing_in_opfs.push(person.clone());
        }
        reconciled.people.push(person);
    }
    reconciled
        .people
        .sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    reconciled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Cost, DataKey, test_rng::TestRng};

    fn person(id: &str, revision: u64) -> Person {
        let cost = Cost {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        };
        let key = DataKey::from_bytes([1; 32]);
        Person {
            id: id.into(),
            revision,
            name: id.to_uppercase(),
            login: format!("{id}@example.com"),
            organisation: "org".into(),
            organisation_name: "Net".into(),
            device: None,
            store: format!("store-{id}"),
            wrapped_key: WrappedKey::wrap(&key, id, "pw", cost, &mut TestRng::seeded(1)),
            relay_key: vec![7; 32],
            sealed_before: Vec::new(),
            leftovers: Vec::new(),
            recovery: vec![8; 32],
        }
    }

    #[test]
    fn a_record_is_read_back() {
        let asha = person("asha", 1);
        assert_eq!(Person::decode(&asha.encode()), Ok(asha));
        assert!(matches!(
            Person::decode(b"\xff"),
            Err(StoreError::Damaged(_))
        ));
    }

    #[test]
    fn equal_copies_need_nothing() {
        let both = [person("baraka", 1), person("asha", 1)];
        let reconciled = reconcile(&both, &both);
        let names: Vec<&str> = reconciled
            .people
            .iter()
            .map(|person| person.name.as_str())
            .collect();
        assert_eq!(names, ["ASHA", "BARAKA"]);
        assert!(
            reconciled.missing_in_indexed_db.is_empty() && reconciled.missing_in_opfs.is_empty()
        );
    }

    #[test]
    fn an_emptied_copy_is_filled_from_the_other() {
        let asha = person("asha", 1);
        let reconciled = reconcile(&[], std::slice::from_ref(&asha));
        assert_eq!(reconciled.people, std::slice::from_ref(&asha));
        assert_eq!(
            reconciled.missing_in_indexed_db,
            std::slice::from_ref(&asha)
        );
        let reconciled = reconcile(std::slice::from_ref(&asha), &[]);
        assert_eq!(reconciled.missing_in_opfs, [asha]);
    }

    #[test]
    fn the_higher_revision_wins_in_both() {
        let (old, new) = (person("asha", 1), person("asha", 2));
        let reconciled = reconcile(std::slice::from_ref(&old), std::slice::from_ref(&new));
        assert_eq!(reconciled.people, std::slice::from_ref(&new));
        assert_eq!(reconciled.missing_in_indexed_db, [new]);
        assert!(reconciled.missing_in_opfs.is_empty());
    }
}
