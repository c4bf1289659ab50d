//! Encryption at rest: wraps any store so that what lies on the disk shows neither values nor the names of keys.
//!
//! Values are sealed with XChaCha20-Poly1305 under a key derived from the person's data key, bound to the store's name and
//! to the place they lie in, so that sealed values cannot be swapped. Keys become keyed hashes; the logical key is inside
//! the sealed value. The part of a key before the first `/` (its space) is hashed apart, so that a space can be loaded alone.
//! It must not know what the spaces mean, nor where the data key came from.

use std::{cell::RefCell, collections::BTreeSet};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Incarnation, Store, StoreError, Write};
use crate::keys::DataKey;

/// First byte of every sealed value: nonce (24) and ciphertext with its tag (16) follow.
const FORMAT: u8 = 1;
const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
/// Bytes of a space's and of a key's hash; 128 bits make an accidental collision of keys impossible in practice.
const SPACE_HASH_LEN: usize = 6;
const KEY_HASH_LEN: usize = 16;

/// Seals and opens the values of one store for one person.
pub struct Envelope {
    cipher: XChaCha20Poly1305,
    name_key: Zeroizing<[u8; 32]>,
    store: &'static str,
}

impl Envelope {
    /// `store` names the place ("kv", "journal"): what was sealed for one cannot be opened as the other.
    pub fn new(data_key: &DataKey, store: &'static str) -> Self {
        let seal_key = data_key.subkey(&format!("seal {store}"));
        Self {
            cipher: XChaCha20Poly1305::new(&(*seal_key).into()),
            name_key: data_key.subkey(&format!("names {store}")),
            store,
        }
    }

    /// Seals `value` for the place called `name`; it opens nowhere else.
    pub fn seal(&self, name: &str, value: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let aad = self.associated(FORMAT, name);
        let ciphertext = self
            .cipher
            .encrypt(
                &nonce.into(),
                Payload {
                    msg: value,
                    aad: &aad,
                },
            )
            .expect("XChaCha20-Poly1305 only refuses messages beyond 256 GiB");
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + ciphertext.len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        sealed
    }

    /// Opens what [`Envelope::seal`] made for the same place.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let damaged = |what: &str| StoreError::Damaged(format!("{what} in {}", self.store));
        if sealed.len() < 1 + NONCE_LEN + TAG_LEN {
            return Err(damaged("a value is too short"));
        }
        if sealed[0] != FORMAT {
            return Err(damaged(&format!(
                "a value has the unknown format {}",
                sealed[0]
            )));
        }
        let (nonce, ciphertext) = sealed[1..].split_at(NONCE_LEN);
        let nonce: [u8; NONCE_LEN] = nonce.try_into().expect("it was split at this length");
        let aad = self.associated(FORMAT, name);
        self.cipher
            .decrypt(
                &nonce.into(),
                Payload {
                    msg: ciphertext,
                    aad: &aad,
                },
            )
            .map_err(|_| damaged("a value was altered or belongs to another key"))
    }

    /// Where the logical `key` lies: `<hash of its space>/<hash of the whole key>`.
    fn physical(&self, key: &str) -> String {
        let space = key.split('/').next().unwrap_or_default();
        format!(
            "{}{}",
            self.physical_space(space),
            self.hash("key", key, KEY_HASH_LEN)
        )
    }

    fn physical_space(&self, space: &str) -> String {
        format!("{}/", self.hash("space", space, SPACE_HASH_LEN))
    }

    fn hash(&self, kind: &str, text: &str, len: usize) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.name_key.as_ref())
            .expect("HMAC takes keys of any length");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes()[..len]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn associated(&self, format: u8, name: &str) -> Vec<u8> {
        let mut aad = vec![format];
        for part in [self.store, name] {
            aad.extend_from_slice(&(part.len() as u32).to_le_bytes());
            aad.extend_from_slice(part.as_bytes());
        }
        aad
    }
}

/// A store whose contents only the holder of the data key can read.
pub struct SealedStore<S, R> {
    inner: S,
    envelope: Envelope,
    rng: RefCell<R>,
}

impl<S: Store, R: CryptoRng> SealedStore<S, R> {
    /// The entries of these keys, or those of all others: where an entry lies does not tell its key, but a key where
    /// it lies.
    pub async fn load_named(
        &self,
        keys: &[String],
        is_wanted: bool,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let named: BTreeSet<String> = keys.iter().map(|key| self.envelope.physical(key)).collect();
        let found = self
            .inner
            .load_where(&|name| named.contains(name) == is_wanted)
            .await?;
        self.open_all(found)
    }

    fn open_all(
        &self,
        found: Vec<(String, Vec<u8>)>,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        found
            .into_iter()
            .map(|(name, sealed)| self.open_entry(&name, &sealed))
            .collect()
    }

    pub fn new(inner: S, data_key: &DataKey, rng: R) -> Self {
        Self {
            inner,
            envelope: Envelope::new(data_key, "kv"),
            rng: RefCell::new(rng),
        }
    }

    /// The store below, as it lies on the disk.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    fn seal_entry(&self, physical: &str, key: &str, value: &[u8]) -> Vec<u8> {
        let mut plain = Vec::with_capacity(4 + key.len() + value.len());
        plain.extend_from_slice(&(key.len() as u32).to_le_bytes());
        plain.extend_from_slice(key.as_bytes());
        plain.extend_from_slice(value);
        self.envelope
            .seal(physical, &plain, &mut *self.rng.borrow_mut())
    }

    fn open_entry(&self, physical: &str, sealed: &[u8]) -> Result<(String, Vec<u8>), StoreError> {
        let mut plain = self.envelope.open(physical, sealed)?;
        let damaged = || StoreError::Damaged("an entry does not hold its key".into());
        let len = plain
            .first_chunk()
            .map(|len| u32::from_le_bytes(*len))
            .ok_or_else(damaged)?;
        let value_at = (len as usize).checked_add(4).ok_or_else(damaged)?;
        let key = plain.get(4..value_at).ok_or_else(damaged)?;
        let key = String::from_utf8(key.to_vec()).map_err(|_| damaged())?;
        plain.drain(..value_at);
        Ok((key, plain))
    }
}

impl<S: Store, R: CryptoRng> Store for SealedStore<S, R> {
    async fn load_all(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        // A prefix that does not name a whole space may match several, so everything is opened.
        let physical = match prefix.split_once('/') {
            Some((space, _)) => self.envelope.physical_space(space),
            None => String::new(),
        };
        let mut entries = self.open_all(self.inner.load_all(&physical).await?)?;
        entries.retain(|(key, _)| key.starts_with(prefix));
        Ok(entries)
    }

    async fn load_where(
        &self,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let mut entries = self.load_all("").await?;
        entries.retain(|(key, _)| is_wanted(key));
        Ok(entries)
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let physical = self.envelope.physical(key);
        let Some(sealed) = self.inner.get(&physical).await? else {
            return Ok(None);
        };
        let (stored_key, value) = self.open_entry(&physical, &sealed)?;
        if stored_key != key {
            return Err(StoreError::Damaged(
                "an entry lies at another key's place".into(),
            ));
        }
        Ok(Some(value))
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let sealed: Vec<Write> = writes
            .iter()
            .map(|write| match write {
                Write::Put { key, value } => {
                    let physical = self.envelope.physical(key);
                    let value = self.seal_entry(&physical, key, value);
                    Write::Put {
                        key: physical,
                        value,
                    }
                }
                Write::Delete { key } => Write::Delete {
                    key: self.envelope.physical(key),
                },
            })
            .collect();
        self.inner.commit(&sealed).await
    }

    async fn take_over(&self) -> Result<Incarnation, StoreError> {
        self.inner.take_over().await
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, rc::Rc};

    use futures::executor::block_on;

    use super::*;
    use crate::{
        keys::test_rng::TestRng,
        store::{contract, memory::MemoryStore},
    };

    type Sealed = SealedStore<MemoryStore, TestRng>;

    fn sealed_over(inner: MemoryStore, key: u8) -> Sealed {
        SealedStore::new(
            inner,
            &DataKey::from_bytes([key; 32]),
            TestRng::seeded(key.into()),
        )
    }

    #[test]
    fn a_sealed_store_keeps_the_contract() {
        let disks: Rc<RefCell<BTreeMap<&'static str, MemoryStore>>> = Rc::default();
        let report = block_on(contract::run(async |name: &'static str| {
            let inner = disks.borrow_mut().entry(name).or_default().reopen();
            Ok(sealed_over(inner, 7))
        }));
        assert_eq!(report.failed, Vec::<String>::new());
    }

    #[test]
    fn nothing_readable_lies_on_the_disk() {
        block_on(async {
            let store = sealed_over(MemoryStore::new(), 1);
            store.take_over().await.unwrap();
            store
                .commit(&[Write::put("client/asha", *b"0712345678")])
                .await
                .unwrap();
            let raw = format!("{:?}", store.inner().raw());
            let shown: Vec<u8> = store
                .inner()
                .raw()
                .into_iter()
                .flat_map(|(_, value)| value)
                .collect();
            assert!(!raw.contains("client") && !raw.contains("asha"), "{raw}");
            assert!(
                !shown
                    .windows(4)
                    .any(|bytes| bytes == b"asha" || bytes == b"0712")
            );
        });
    }

    #[test]
    fn another_persons_key_opens_nothing() {
        block_on(async {
            let store = sealed_over(MemoryStore::new(), 1);
            store.take_over().await.unwrap();
            store
                .commit(&[Write::put("a/1", *b"secret")])
                .await
                .unwrap();
            let other = sealed_over(store.inner().reopen(), 2);
            assert_eq!(other.get("a/1").await, Ok(None));
            assert!(matches!(
                other.load_all("").await,
                Err(StoreError::Damaged(_))
            ));
        });
    }

    #[test]
    fn swapped_and_altered_values_are_noticed() {
        block_on(async {
            let store = sealed_over(MemoryStore::new(), 1);
            store.take_over().await.unwrap();
            store
                .commit(&[Write::put("a/1", *b"one"), Write::put("a/2", *b"two")])
                .await
                .unwrap();
            let raw = store.inner().raw();
            let swapped = [
                Write::put(raw[0].0.clone(), raw[1].1.clone()),
                Write::put(raw[1].0.clone(), raw[0].1.clone()),
            ];
            store.inner().commit(&swapped).await.unwrap();
            assert!(matches!(
                store.get("a/1").await,
                Err(StoreError::Damaged(_))
            ));
            for at in 0..raw[0].1.len() {
                let mut altered = raw[0].1.clone();
                altered[at] ^= 1;
                assert!(
                    store.envelope.open(&raw[0].0, &altered).is_err(),
                    "byte {at}"
                );
                assert!(
                    store.envelope.open(&raw[0].0, &raw[0].1[..at]).is_err(),
                    "cut at {at}"
                );
            }
        });
    }

    #[test]
    fn one_store_does_not_open_what_another_sealed() {
        let key = DataKey::from_bytes([3; 32]);
        let sealed = Envelope::new(&key, "kv").seal("1", b"x", &mut TestRng::seeded(1));
        assert!(Envelope::new(&key, "journal").open("1", &sealed).is_err());
        assert!(Envelope::new(&key, "kv").open("2", &sealed).is_err());
        assert_eq!(
            Envelope::new(&key, "kv").open("1", &sealed),
            Ok(b"x".to_vec())
        );
    }
}
