//! Sealing a batch to the relay's public key: HPKE (RFC 9180), base mode, X25519 with HKDF-SHA256 and ChaCha20-Poly1305.
//!
//! A sealed batch can be carried by anyone's session, even from a locked screen, and read by the relay alone.
//! It proves nothing about its author: that is the signature's work, which is inside. Randomness is an argument.

use hpke::{
    Deserializable, HpkeError, Kem, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305,
    kdf::HkdfSha256, kem::X25519HkdfSha256, setup_receiver, setup_sender_with_rng,
};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// First byte of everything sealed: what follows is key id (8), encapsulated key (32), ciphertext with its tag (16).
const FORMAT: u8 = 1;
const KEY_ID_LEN: usize = 8;
const ENCAPSULATED_LEN: usize = 32;
const TAG_LEN: usize = 16;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + ENCAPSULATED_LEN;

/// Separates our use of HPKE from every other one.
const INFO: &[u8] = b"viornet sealed v1";

/// How many bytes sealing adds.
pub const OVERHEAD: usize = HEADER_LEN + TAG_LEN;

/// Tells the relay which of its keys was used: the first bytes of the public key's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealingKeyId(pub [u8; KEY_ID_LEN]);

/// The relay's public key, as devices learn it at sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealingPublicKey([u8; 32]);

/// The relay's secret key. It is wiped when dropped and never printed.
pub struct SealingSecretKey(Zeroizing<[u8; 32]>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealingError {
    #[error("not a usable X25519 key")]
    BadKey,
    #[error("the sealed bytes are shorter than their header")]
    TooShort,
    #[error("sealed in format {0}, which this version does not know")]
    UnknownFormat(u8),
    #[error("sealed to another key")]
    OtherKey,
    #[error("the sealed bytes were altered, or belong to another context")]
    Altered,
}

impl SealingPublicKey {
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealingError> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| SealingError::BadKey)?;
        <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&bytes)
            .map_err(|_| SealingError::BadKey)?;
        Ok(Self(bytes))
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn id(&self) -> SealingKeyId {
        let digest = Sha256::digest(self.0);
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&digest[..KEY_ID_LEN]);
        SealingKeyId(id)
    }
}

impl SealingSecretKey {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut());
        Self(bytes)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealingError> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| SealingError::BadKey)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn public_key(&self) -> SealingPublicKey {
        let public = X25519HkdfSha256::sk_to_pk(&self.hpke());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&public.to_bytes());
        SealingPublicKey(bytes)
    }

    fn hpke(&self) -> <X25519HkdfSha256 as Kem>::PrivateKey {
        <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(self.0.as_ref())
            .expect("every 32 bytes are an X25519 secret key")
    }
}

impl std::fmt::Debug for SealingSecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SealingSecretKey")
            .field(&self.public_key().id())
            .finish()
    }
}

/// Seals `plain` so that only the holder of `to`'s secret key can read it; `context` must be given again to open it.
pub fn seal(
    to: &SealingPublicKey,
    context: &[u8],
    plain: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, SealingError> {
    let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&to.0)
        .map_err(|_| SealingError::BadKey)?;
    let (encapsulated, mut sender) = setup_sender_with_rng::<
        ChaCha20Poly1305,
        HkdfSha256,
        X25519HkdfSha256,
    >(&OpModeS::Base, &key, INFO, rng)
    .map_err(|_| SealingError::BadKey)?;
    let ciphertext = sender
        .seal(plain, context)
        .map_err(|_| SealingError::Altered)?;

    let mut sealed = Vec::with_capacity(HEADER_LEN + ciphertext.len());
    sealed.push(FORMAT);
    sealed.extend_from_slice(&to.id().0);
    sealed.extend_from_slice(&encapsulated.to_bytes());
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

/// Which key these bytes were sealed to, so that a relay that rotates keys can find the right one.
pub fn sealed_to(sealed: &[u8]) -> Result<SealingKeyId, SealingError> {
    if sealed.len() < OVERHEAD {
        return Err(SealingError::TooShort);
    }
    if sealed[0] != FORMAT {
        return Err(SealingError::UnknownFormat(sealed[0]));
    }
    let mut id = [0; KEY_ID_LEN];
    id.copy_from_slice(&sealed[1..=KEY_ID_LEN]);
    Ok(SealingKeyId(id))
}

/// Opens what [`seal`] made for this key and the same `context`.
pub fn open(
    secret: &SealingSecretKey,
    context: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, SealingError> {
    if sealed_to(sealed)? != secret.public_key().id() {
        return Err(SealingError::OtherKey);
    }
    let (header, ciphertext) = sealed.split_at(HEADER_LEN);
    let encapsulated =
        <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&header[1 + KEY_ID_LEN..])
            .map_err(|_| SealingError::Altered)?;
    let mut receiver = setup_receiver::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &secret.hpke(),
        &encapsulated,
        INFO,
    )
    .map_err(|_: HpkeError| SealingError::Altered)?;
    receiver
        .open(ciphertext, context)
        .map_err(|_| SealingError::Altered)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A counter hashed with a seed: enough for tests, and no dependency.
    struct TestRng(u64, u64);

    impl rand_core::TryRng for TestRng {
        type Error = std::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(self.try_next_u64()? as u32)
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            self.1 += 1;
            let mut hash = Sha256::new();
            hash.update(self.0.to_le_bytes());
            hash.update(self.1.to_le_bytes());
            Ok(u64::from_le_bytes(hash.finalize()[..8].try_into().unwrap()))
        }
        fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
            for chunk in dst.chunks_mut(8) {
                let bytes = self.try_next_u64()?.to_le_bytes();
                chunk.copy_from_slice(&bytes[..chunk.len()]);
            }
            Ok(())
        }
    }
    impl rand_core::TryCryptoRng for TestRng {}

    #[test]
    fn opens_what_was_sealed_to_it() {
        let mut rng = TestRng(1, 0);
        let secret = SealingSecretKey::generate(&mut rng);
        let sealed = seal(&secret.public_key(), b"org 1", b"ten sales", &mut rng).unwrap();
        assert_eq!(sealed.len(), b"ten sales".len() + OVERHEAD);
        assert_eq!(sealed_to(&sealed).unwrap(), secret.public_key().id());
        assert_eq!(open(&secret, b"org 1", &sealed).unwrap(), b"ten sales");
        assert_eq!(open(&secret, b"org 2", &sealed), Err(SealingError::Altered));
    }

    #[test]
    fn sealing_twice_gives_different_bytes() {
        let mut rng = TestRng(2, 0);
        let public = SealingSecretKey::generate(&mut rng).public_key();
        let first = seal(&public, b"", b"same", &mut rng).unwrap();
        assert_ne!(first, seal(&public, b"", b"same", &mut rng).unwrap());
    }

    #[test]
    fn another_key_is_named_as_the_reason() {
        let mut rng = TestRng(3, 0);
        let ours = SealingSecretKey::generate(&mut rng);
        let theirs = SealingSecretKey::generate(&mut rng);
        let sealed = seal(&theirs.public_key(), b"", b"x", &mut rng).unwrap();
        assert_eq!(open(&ours, b"", &sealed), Err(SealingError::OtherKey));
    }

    #[test]
    fn any_altered_or_missing_byte_is_noticed() {
        let mut rng = TestRng(4, 0);
        let secret = SealingSecretKey::generate(&mut rng);
        let sealed = seal(&secret.public_key(), b"", b"money", &mut rng).unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(open(&secret, b"", &altered).is_err(), "byte {at}");
            assert!(open(&secret, b"", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn keys_survive_storage() {
        let secret = SealingSecretKey::generate(&mut TestRng(5, 0));
        let again = SealingSecretKey::from_bytes(secret.as_bytes()).unwrap();
        assert_eq!(again.public_key(), secret.public_key());
        let public = SealingPublicKey::from_bytes(secret.public_key().as_bytes()).unwrap();
        assert_eq!(public, secret.public_key());
        assert_eq!(
            SealingPublicKey::from_bytes(&[0; 31]),
            Err(SealingError::BadKey)
        );
    }

    #[test]
    fn a_key_of_low_order_is_refused() {
        let zero = SealingPublicKey([0; 32]);
        assert_eq!(
            seal(&zero, b"", b"x", &mut TestRng(6, 0)),
            Err(SealingError::BadKey)
        );
    }
}
