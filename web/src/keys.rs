//! The person's data key, which seals everything at rest, and how a password opens it.
//!
//! The data key is random and never changes; the password only wraps it (argon2id, XChaCha20-Poly1305), so that changing
//! the password rewrites one record. It must not know where wrapped keys are stored ([`crate::store::profile`]).
//! [`sign`] is the device's signing key; [`ticket`] lets an unlocked person survive a page reload.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

#[cfg(target_arch = "wasm32")]
pub mod sign;
#[cfg(target_arch = "wasm32")]
pub mod ticket;
#[cfg(target_arch = "wasm32")]
mod webcrypto;

/// The random key of one person on one device. Wiped when dropped, never printed, never stored unwrapped.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut());
        Self(bytes)
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Only for wrapping it with another key.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key for one purpose; knowing it tells nothing about the others.
    pub fn subkey(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, self.0.as_ref())
            .expand(format!("viornet v1 {purpose}").as_bytes(), out.as_mut())
            .expect("32 bytes are within HKDF's limit");
        out
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(..)")
    }
}

/// How costly guessing a password is; stored with each wrapped key, so that it can rise later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Cost {
    /// The least OWASP recommends for argon2id: 19 MiB and two passes, about 0.2 s on a desktop and 1 to 2 s on a cheap phone.
    pub const STANDARD: Self = Self {
        memory_kib: 19_456,
        passes: 2,
        lanes: 1,
    };

    /// A stored record must not be able to hang or exhaust the device that reads it.
    const MOST: Self = Self {
        memory_kib: 256 * 1024,
        passes: 16,
        lanes: 4,
    };

    fn is_sane(self) -> bool {
        self.memory_kib <= Self::MOST.memory_kib
            && self.passes <= Self::MOST.passes
            && self.lanes <= Self::MOST.lanes
    }
}

/// The data key as it lies on the disk: useless without the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    pub format: u8,
    pub cost: Cost,
    #[serde(with = "serde_bytes")]
    pub salt: Vec<u8>,
    #[serde(with = "serde_bytes")]
    pub nonce: Vec<u8>,
    #[serde(with = "serde_bytes")]
    pub sealed: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    #[error("wrong password")]
    WrongPassword,
    /// Not a matter of the password: the record is unreadable, so the other copy must be tried.
    #[error("the stored key is damaged: {0}")]
    Damaged(&'static str),
}

const WRAP_FORMAT: u8 = 1;

impl WrappedKey {
    /// Wraps `key` with `password` for `person`; the record opens for no other person.
    pub fn wrap(
        key: &DataKey,
        person: &str,
        password: &str,
        cost: Cost,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let mut salt = [0; 16];
        let mut nonce = [0; 24];
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut nonce);
        let wrapping_key = stretch(password, &salt, cost).expect("our own costs are valid");
        let sealed = XChaCha20Poly1305::new(&(*wrapping_key).into())
            .encrypt(
                &nonce.into(),
                Payload {
                    msg: key.expose(),
                    aad: &associated(person),
                },
            )
            .expect("a key is short enough to seal");
        Self {
            format: WRAP_FORMAT,
            cost,
            salt: salt.to_vec(),
            nonce: nonce.to_vec(),
            sealed,
        }
    }

    /// Takes as long as [`Cost`] says: the page must not wait for it on its main thread.
    pub fn unwrap_with(&self, person: &str, password: &str) -> Result<DataKey, UnlockError> {
        if self.format != WRAP_FORMAT {
            return Err(UnlockError::Damaged("unknown format"));
        }
        if !self.cost.is_sane() {
            return Err(UnlockError::Damaged("absurd cost"));
        }
        let nonce: [u8; 24] = self
            .nonce
            .as_slice()
            .try_into()
            .map_err(|_| UnlockError::Damaged("bad nonce"))?;
        if self.sealed.len() != 32 + 16 {
            return Err(UnlockError::Damaged("bad length"));
        }
        let wrapping_key = stretch(password, &self.salt, self.cost)
            .map_err(|_| UnlockError::Damaged("bad cost or salt"))?;
        let key = XChaCha20Poly1305::new(&(*wrapping_key).into())
            .decrypt(
                &nonce.into(),
                Payload {
                    msg: &self.sealed,
                    aad: &associated(person),
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| UnlockError::WrongPassword)?;
        let key = key
            .as_slice()
            .try_into()
            .map_err(|_| UnlockError::Damaged("bad length"))?;
        Ok(DataKey::from_bytes(key))
    }

    /// The record for a changed password; the data key, and so everything stored, stays as it is.
    pub fn rewrap(
        &self,
        person: &str,
        old_password: &str,
        new_password: &str,
        cost: Cost,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, UnlockError> {
        let key = self.unwrap_with(person, old_password)?;
        Ok(Self::wrap(&key, person, new_password, cost, rng))
    }
}

fn associated(person: &str) -> Vec<u8> {
    [b"viornet data key v1 ".as_slice(), person.as_bytes()].concat()
}

fn stretch(password: &str, salt: &[u8], cost: Cost) -> Result<Zeroizing<[u8; 32]>, argon2::Error> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
        password.as_bytes(),
        salt,
        key.as_mut(),
    )?;
    Ok(key)
}

/// The browser's random source, as an argument for everything that takes one.
#[cfg(target_arch = "wasm32")]
pub type BrowserRng = rand_core::UnwrapErr<getrandom::SysRng>;

#[cfg(target_arch = "wasm32")]
pub fn browser_rng() -> BrowserRng {
    rand_core::UnwrapErr(getrandom::SysRng)
}

#[cfg(test)]
pub mod test_rng {
    //! A seeded random source for tests.

    use std::convert::Infallible;

    use sha2::{Digest, Sha256};

    pub struct TestRng {
        seed: u64,
        counter: u64,
    }

    impl TestRng {
        pub fn seeded(seed: u64) -> Self {
            Self { seed, counter: 0 }
        }
    }

    impl rand_core::TryRng for TestRng {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            Ok(self.try_next_u64()? as u32)
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            self.counter += 1;
            let block = [self.seed.to_le_bytes(), self.counter.to_le_bytes()].concat();
            Ok(u64::from_le_bytes(
                *Sha256::digest(block).first_chunk().unwrap(),
            ))
        }

        fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
            for chunk in dst.chunks_mut(8) {
                let bytes = self.try_next_u64()?.to_le_bytes();
                chunk.copy_from_slice(&bytes[..chunk.len()]);
            }
            Ok(())
        }
    }

    impl rand_core::TryCryptoRng for TestRng {}
}

#[cfg(test)]
mod tests {
    use super::{test_rng::TestRng, *};

    const CHEAP: Cost = Cost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };

    #[test]
    fn the_password_opens_the_key() {
        let mut rng = TestRng::seeded(1);
        let key = DataKey::generate(&mut rng);
        let wrapped = WrappedKey::wrap(&key, "asha", "sesame", CHEAP, &mut rng);
        assert_eq!(
            wrapped.unwrap_with("asha", "sesame").unwrap().expose(),
            key.expose()
        );
        assert_eq!(
            wrapped.unwrap_with("asha", "Sesame").unwrap_err(),
            UnlockError::WrongPassword
        );
        assert_eq!(
            wrapped.unwrap_with("baraka", "sesame").unwrap_err(),
            UnlockError::WrongPassword
        );
    }

    #[test]
    fn changing_the_password_keeps_the_key() {
        let mut rng = TestRng::seeded(2);
        let key = DataKey::generate(&mut rng);
        let old = WrappedKey::wrap(&key, "asha", "old", CHEAP, &mut rng);
        let new = old.rewrap("asha", "old", "new", CHEAP, &mut rng).unwrap();
        assert_eq!(
            new.unwrap_with("asha", "new").unwrap().expose(),
            key.expose()
        );
        assert_eq!(
            new.unwrap_with("asha", "old").unwrap_err(),
            UnlockError::WrongPassword
        );
        assert!(old.rewrap("asha", "guess", "new", CHEAP, &mut rng).is_err());
        assert_ne!(old.salt, new.salt);
    }

    #[test]
    fn a_record_cannot_ask_for_absurd_work() {
        let mut rng = TestRng::seeded(3);
        let key = DataKey::generate(&mut rng);
        let mut wrapped = WrappedKey::wrap(&key, "asha", "x", CHEAP, &mut rng);
        wrapped.cost.memory_kib = u32::MAX;
        assert_eq!(
            wrapped.unwrap_with("asha", "x").unwrap_err(),
            UnlockError::Damaged("absurd cost")
        );
        wrapped.cost = Cost {
            memory_kib: 0,
            passes: 0,
            lanes: 0,
        };
        assert!(matches!(
            wrapped.unwrap_with("asha", "x"),
            Err(UnlockError::Damaged(_))
        ));
    }

    #[test]
    fn subkeys_differ_by_purpose() {
        let key = DataKey::from_bytes([9; 32]);
        assert_ne!(*key.subkey("seal kv"), *key.subkey("seal journal"));
        assert_eq!(
            *key.subkey("seal kv"),
            *DataKey::from_bytes([9; 32]).subkey("seal kv")
        );
        assert_eq!(format!("{key:?}"), "DataKey(..)");
    }
}
