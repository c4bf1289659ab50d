//! The journal: the second, independent copy of everything the relay has not confirmed yet.
//!
//! This part is pure: how entries are framed in a file, what can be read back from a file that was cut or damaged at any
//! byte, and which entries are still pending. It must not know files ([`opfs`]) nor what the payloads mean.

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::{StoreError, envelope::Envelope};
use crate::keys::DataKey;

#[cfg(target_arch = "wasm32")]
pub mod opfs;

/// Starts every frame, so that reading can go on after a damaged one.
const MAGIC: [u8; 4] = *b"VNj\x01";
/// Magic (4), number (4), length (4), CRC-32C of number, length and payload (4); little endian.
const FRAME_HEADER_LEN: usize = 16;
/// No payload is larger: a sealed batch is at most 1 MiB.
const PAYLOAD_LEN_MAX: usize = 8 * 1024 * 1024;

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

/// What a pending entry is known by, chosen by the caller (an intent id, a change hash).
pub type EntryId = Vec<u8>;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// These bytes must reach the relay. A later entry with the same id replaces this one.
    Pending {
        #[serde(with = "serde_bytes")]
        id: EntryId,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// The relay has confirmed these (or a person has settled them); they need not be kept any longer.
    Settled { ids: Vec<serde_bytes::ByteBuf> },
}

impl Entry {
    pub fn pending(id: impl Into<EntryId>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Pending {
            id: id.into(),
            bytes: bytes.into(),
        }
    }

    pub fn settled<I: Into<EntryId>>(ids: impl IntoIterator<Item = I>) -> Self {
        Self::Settled {
            ids: ids
                .into_iter()
                .map(|id| serde_bytes::ByteBuf::from(id.into()))
                .collect(),
        }
    }
}

/// The name of a journal file: the writer's incarnation and a part number, ordered by both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName {
    pub incarnation: u64,
    pub part: u32,
}

impl FileName {
    pub fn parse(name: &str) -> Option<Self> {
        let (incarnation, part) = name.strip_suffix(".journal")?.split_once('-')?;
        Some(Self {
            incarnation: u64::from_str_radix(incarnation, 16).ok()?,
            part: u32::from_str_radix(part, 16).ok()?,
        })
    }
}

impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}-{:08x}.journal", self.incarnation, self.part)
    }
}

/// A frame as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub number: u32,
    pub payload: Vec<u8>,
}

/// What could be read from a file's bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    pub frames: Vec<Frame>,
    /// Bytes that belong to no intact frame: a torn tail after a kill, or damage.
    pub bytes_lost: usize,
}

/// Frames one payload for appending.
pub fn frame(number: u32, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u32;
    let mut bytes = Vec::with_capacity(FRAME_HEADER_LEN + payload.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(&checksum(number, payload).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

fn checksum(number: u32, payload: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&number.to_le_bytes());
    digest.update(&(payload.len() as u32).to_le_bytes());
    digest.update(payload);
    digest.finalize()
}

/// Reads every intact frame, skipping what is not one. Never fails: a damaged file gives what it still holds.
pub fn recover(bytes: &[u8]) -> Recovered {
    let mut recovered = Recovered::default();
    let mut at = 0;
    while at < bytes.len() {
        if let Some((frame, len)) = frame_at(&bytes[at..]) {
            recovered.frames.push(frame);
            at += len;
        } else {
            recovered.bytes_lost += 1;
            at += 1;
        }
    }
    recovered
}

fn frame_at(bytes: &[u8]) -> Option<(Frame, usize)> {
    let header: &[u8; FRAME_HEADER_LEN] = bytes.first_chunk()?;
    if header[..4] != MAGIC {
        return None;
    }
    let word = |at: usize| {
        u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let (number, len, sum) = (word(4), word(8) as usize, word(12));
    if len > PAYLOAD_LEN_MAX {
        return None;
    }
    let payload = bytes.get(FRAME_HEADER_LEN..FRAME_HEADER_LEN + len)?;
    (checksum(number, payload) == sum).then(|| {
        (
            Frame {
                number,
                payload: payload.to_vec(),
            },
            FRAME_HEADER_LEN + len,
        )
    })
}

/// Seals entries for one file and reads them back.
pub struct Sealer {
    envelope: Envelope,
}

impl Sealer {
    pub fn new(data_key: &DataKey) -> Self {
        Self {
            envelope: Envelope::new(data_key, "journal"),
        }
    }

    /// The bytes to append for `entry`, as frame `number` of `file`.
    pub fn seal(
        &self,
        file: FileName,
        number: u32,
        entry: &Entry,
        rng: &mut impl CryptoRng,
    ) -> Vec<u8> {
        let plain = minicbor_serde::to_vec(entry).expect("entries are plain data");
        frame(
            number,
            &self.envelope.seal(&place(file, number), &plain, rng),
        )
    }

    fn open(&self, file: FileName, frame: &Frame) -> Result<Entry, StoreError> {
        let plain = self
            .envelope
            .open(&place(file, frame.number), &frame.payload)?;
        minicbor_serde::from_slice(&plain)
            .map_err(|error| StoreError::Damaged(format!("a journal entry: {error}")))
    }

    /// Applies every readable entry of a file to `ledger`; returns how many frames and bytes were unreadable.
    pub fn read_into(&self, ledger: &mut Ledger, file: FileName, bytes: &[u8]) -> Losses {
        let recovered = recover(bytes);
        let mut losses = Losses {
            bytes: recovered.bytes_lost,
            frames: 0,
        };
        for frame in &recovered.frames {
            match self.open(file, frame) {
                Ok(entry) => ledger.apply(entry),
                Err(_) => losses.frames += 1,
            }
        }
        losses
    }
}

fn place(file: FileName, number: u32) -> String {
    format!("{file}#{number}")
}

/// What could not be read. A torn tail of less than a frame is normal after a kill: nobody was told it was kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Bytes outside intact frames.
    pub bytes: usize,
    /// Intact frames that did not open: another key, or tampering.
    pub frames: usize,
}

impl Losses {
    pub fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.frames += other.frames;
    }
}

/// Which entries are pending, in the order they were first written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    by_id: BTreeMap<EntryId, (u64, Vec<u8>)>,
    next: u64,
}

impl Ledger {
    pub fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Pending { id, bytes } => {
                let next = self.next;
                self.next += 1;
                let slot = self.by_id.entry(id).or_insert((next, Vec::new()));
                slot.1 = bytes;
            }
            Entry::Settled { ids } => {
                for id in ids {
                    self.by_id.remove(id.as_ref());
                }
            }
        }
    }

    /// Takes in what another writer left in a file of its own, under an id of its own where the same one is in use here
    /// for something else: two writers that did not know of each other count alike, and neither may hide the other's.
    pub fn take_in(&mut self, other: &Self) {
        for (mut id, bytes) in other.pending() {
            while self
                .by_id
                .get(&id)
                .is_some_and(|(_, known)| *known != bytes)
            {
                id.push(b'+');
            }
            self.apply(Entry::Pending { id, bytes });
        }
    }

    /// Pending entries, oldest first.
    pub fn pending(&self) -> Vec<(EntryId, Vec<u8>)> {
        let mut pending: Vec<_> = self.by_id.iter().collect();
        pending.sort_by_key(|(_, (order, _))| *order);
        pending
            .into_iter()
            .map(|(id, (_, bytes))| (id.clone(), bytes.clone()))
            .collect()
    }

    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub fn contains(&self, id: &[u8]) -> bool {
        self.by_id.contains_key(id)
    }

    pub fn bytes(&self) -> usize {
        self.by_id
            .values()
            .map(|(_, bytes)| bytes.len() + FRAME_HEADER_LEN)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::test_rng::TestRng;

    const FILE: FileName = FileName {
        incarnation: 3,
        part: 1,
    };

    #[test]
    fn what_another_writer_left_hides_nothing_and_settles_nothing() {
        let mut mine = Ledger::default();
        mine.apply(Entry::pending(*b"1", *b"mine"));
        mine.apply(Entry::pending(*b"2", *b"both"));
        let mut left = Ledger::default();
        left.apply(Entry::settled([*b"1"]));
        left.apply(Entry::pending(*b"1", *b"theirs"));
        left.apply(Entry::pending(*b"2", *b"both"));
        left.apply(Entry::pending(*b"3", *b"taken back"));
        left.apply(Entry::settled([*b"3"]));
        mine.take_in(&left);
        mine.take_in(&left);
        let bytes: Vec<Vec<u8>> = mine.pending().into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(
            bytes,
            [b"mine".to_vec(), b"both".to_vec(), b"theirs".to_vec()]
        );
    }

    fn sealer() -> Sealer {
        Sealer::new(&DataKey::from_bytes([5; 32]))
    }

    fn file_of(entries: &[Entry]) -> (Vec<u8>, Vec<usize>) {
        let (sealer, mut rng) = (sealer(), TestRng::seeded(1));
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            bytes.extend(sealer.seal(FILE, number as u32, entry, &mut rng));
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn ledger_of(entries: &[Entry]) -> Ledger {
        let mut ledger = Ledger::default();
        entries
            .iter()
            .cloned()
            .for_each(|entry| ledger.apply(entry));
        ledger
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let id = (0_u8..6).prop_map(|n| vec![n]);
        let pending = (id.clone(), proptest::collection::vec(any::<u8>(), 0..60))
            .prop_map(|(id, bytes)| Entry::pending(id, bytes));
        let settled = proptest::collection::vec(id, 0..4).prop_map(Entry::settled);
        proptest::collection::vec(prop_oneof![3 => pending, 1 => settled], 0..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn a_file_cut_at_any_byte_gives_every_entry_before_the_cut(entries in entries()) {
            let (bytes, ends) = file_of(&entries);
            for cut in 0..=bytes.len() {
                let whole = ends.iter().filter(|end| **end <= cut).count();
                let mut ledger = Ledger::default();
                let losses = sealer().read_into(&mut ledger, FILE, &bytes[..cut]);
                prop_assert_eq!(ledger, ledger_of(&entries[..whole]));
                prop_assert_eq!(losses.frames, 0);
                let kept = if whole == 0 { 0 } else { ends[whole - 1] };
                prop_assert_eq!(losses.bytes, cut - kept);
            }
        }

        #[test]
        fn one_damaged_byte_costs_at_most_its_own_entry(entries in entries(), at in any::<prop::sample::Index>(), flip in 1_u8..) {
            prop_assume!(!entries.is_empty());
            let (mut bytes, ends) = file_of(&entries);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let hit = ends.iter().filter(|end| **end <= at).count();
            let mut others = entries.clone();
            others.remove(hit);
            let mut ledger = Ledger::default();
            let losses = sealer().read_into(&mut ledger, FILE, &bytes);
            prop_assert_eq!(ledger.pending(), ledger_of(&others).pending());
            prop_assert!(losses.bytes > 0);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let recovered = recover(&bytes);
            prop_assert!(recovered.bytes_lost <= bytes.len());
        }
    }

    #[test]
    fn pending_keeps_its_order_and_its_latest_bytes() {
        let ledger = ledger_of(&[
            Entry::pending(*b"b", *b"1"),
            Entry::pending(*b"a", *b"2"),
            Entry::pending(*b"c", *b"3"),
            Entry::pending(*b"b", *b"4"),
            Entry::settled([*b"a"]),
        ]);
        let wanted = vec![
            (b"b".to_vec(), b"4".to_vec()),
            (b"c".to_vec(), b"3".to_vec()),
        ];
        assert_eq!(ledger.pending(), wanted);
    }

    #[test]
    fn a_frame_of_another_file_or_place_is_not_believed() {
        let (bytes, _) = file_of(&[Entry::pending(*b"a", *b"1")]);
        let mut ledger = Ledger::default();
        let other = FileName {
            incarnation: 3,
            part: 2,
        };
        assert_eq!(
            sealer().read_into(&mut ledger, other, &bytes),
            Losses {
                bytes: 0,
                frames: 1
            }
        );
        assert!(ledger.is_empty());
    }

    #[test]
    fn an_absurd_length_is_skipped() {
        let mut bytes = frame(0, b"x");
        bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        bytes.extend(frame(1, b"good"));
        let recovered = recover(&bytes);
        assert_eq!(
            recovered.frames,
            vec![Frame {
                number: 1,
                payload: b"good".to_vec()
            }]
        );
    }

    #[test]
    fn file_names_sort_by_age_and_are_read_back() {
        let (old, new) = (
            FileName {
                incarnation: 9,
                part: 255,
            },
            FileName {
                incarnation: 16,
                part: 0,
            },
        );
        assert!(old < new && old.to_string() < new.to_string());
        assert_eq!(FileName::parse(&old.to_string()), Some(old));
        for wrong in ["", "x", "1-2", "1.journal", "1-x.journal"] {
            assert_eq!(FileName::parse(wrong), None, "{wrong}");
        }
    }
}
