//! What is signed, sealed, and in which version.

use crdt_model::fact::HoldReason;
use crdt_model::ids::{DeviceId, HoldId, OrgId};
use crdt_model::sealing::{OVERHEAD, SealingError, SealingSecretKey, open, seal, sealed_to};
use crdt_model::sync::batch::{Batch, BatchError, signed_bytes};
use crdt_model::sync::message::{Disposition, RelayMessage};
use sha2::{Digest, Sha256};

use crate::talk::{DEVICE, ME, ORG};

fn batch(version: u8) -> Batch {
    Batch {
        version,
        org: ORG,
        person: ME,
        device: DEVICE,
        salt: [0; 16],
        documents: Vec::new(),
        intents: Vec::new(),
    }
}

#[test]
fn se1_a_signature_is_for_one_organisation_and_device() {
    let bytes = signed_bytes(ORG, DEVICE, b"batch");
    let drawn = [&b"ViorNet batch 1\0"[..], &[1; 16], &[5; 16], &b"batch"[..]].concat();
    assert_eq!(bytes, drawn);
    assert_ne!(
        bytes,
        signed_bytes(OrgId::from_bytes([2; 16]), DEVICE, b"batch")
    );
    assert_ne!(
        bytes,
        signed_bytes(ORG, DeviceId::from_bytes([6; 16]), b"batch")
    );
}

/// A counter hashed: chance enough for a test.
struct Chance(u64);

impl rand_core::TryRng for Chance {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 += 1;
        let hash = Sha256::digest(self.0.to_be_bytes());
        Ok(u64::from_be_bytes(hash[..8].try_into().unwrap()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for byte in bytes {
            *byte = self.try_next_u64()?.to_be_bytes()[0];
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Chance {}

#[test]
fn se2_what_is_sealed_grows_by_57_bytes_and_names_its_key() {
    let mut chance = Chance(0);
    let (ours, theirs) = (
        SealingSecretKey::generate(&mut chance),
        SealingSecretKey::generate(&mut chance),
    );
    let context = b"ViorNet push 1";
    let sealed = seal(&ours.public_key(), context, b"money", &mut chance).unwrap();
    assert_eq!(OVERHEAD, 57);
    assert_eq!(sealed.len(), 5 + OVERHEAD);
    let key_id = Sha256::digest(ours.public_key().as_bytes());
    assert_eq!(sealed[0], 1);
    assert_eq!(sealed[1..9], key_id[..8]);
    assert_eq!(sealed_to(&sealed).unwrap().0, key_id[..8]);
    assert_eq!(open(&ours, context, &sealed).unwrap(), b"money");
    assert_eq!(open(&theirs, context, &sealed), Err(SealingError::OtherKey));
    assert!(open(&ours, b"ViorNet push 2", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(open(&ours, context, &altered).is_err(), "byte {at}");
        assert!(open(&ours, context, &sealed[..at]).is_err(), "cut at {at}");
    }
}

/// Once it was also inside.
#[test]
fn se1_whose_a_batch_is_stands_beside_it() {
    let bytes = batch(1).encode();
    let (org, device) = (OrgId::from_bytes([3; 16]), DeviceId::from_bytes([4; 16]));
    let read = Batch::decode(org, device, &bytes).unwrap();
    assert_eq!((read.org, read.device), (org, device));
    let inflated = miniz_oxide::inflate::decompress_to_vec(&bytes).unwrap();
    // A map of five that had seven.
    assert_eq!(inflated[0], 0xa5);
    let mut before = vec![0xa7];
    for (key, id) in [(b'o', [1; 16]), (b'd', [5; 16])] {
        before.extend([0x61, key, 0x50]);
        before.extend(id);
    }
    before.extend(&inflated[1..]);
    let before = miniz_oxide::deflate::compress_to_vec(&before, 6);
    assert_eq!(Batch::decode(ORG, DEVICE, &before), Ok(batch(1)));
}

#[test]
fn se3_a_batch_of_an_unknown_version_is_refused_as_a_whole() {
    assert_eq!(Batch::decode(ORG, DEVICE, &batch(1).encode()), Ok(batch(1)));
    for version in [0, 2, u8::MAX] {
        assert_eq!(
            Batch::decode(ORG, DEVICE, &batch(version).encode()),
            Err(BatchError::Version(version))
        );
    }
}

#[test]
fn a_batch_of_which_something_must_be_written_again_is_not_done_with() {
    let ack = |dispositions: &[Disposition]| {
        let results: Vec<_> = dispositions.iter().map(|one| ([7; 32], *one)).collect();
        RelayMessage::ack(0, &results).is_final()
    };
    let hold = HoldId::from_bytes([1; 16]);
    let held = Disposition::Held(hold, HoldReason::NotAllowed);
    assert!(ack(&[Disposition::Accepted, Disposition::Known, held]));
    assert!(!ack(&[Disposition::Accepted, Disposition::Rebase]));
    // Nothing of it was looked at.
    assert!(!ack(&[]));
    assert!(!RelayMessage::Pong.is_final());
}
