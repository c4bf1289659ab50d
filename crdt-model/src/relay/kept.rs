//! How much is kept of one person. What is held is told to every device of the office, and so is each document that
//! somebody begins: who may do little, or nothing any more, must not fill them.

use std::collections::BTreeSet;

use super::{AdmitError, Hold, Need, OrgState};
use crate::codec;
use crate::command::DocumentWrite;
use crate::document::{DocumentKey, Kind, Scalar};
use crate::fact::{Fact, HoldReason, Verdict};
use crate::ids::PersonId;
use crate::time::{Month, Timestamp};

/// What one verdict tells: twice the largest fact, and honest work states one or two.
const TOLD_BYTES_MAX: usize = 64 << 10;
/// What the open holds of a person weigh: some three thousand sales.
const HELD_WEIGHT_MAX: u64 = 4 << 20;
/// What they weigh when a revoked device is heard no more: whoever has the lost phone leaves its owner the other half.
const OF_REVOKED_MAX: u64 = HELD_WEIGHT_MAX / 2;
/// A document on every device of the office, in bytes.
const DOCUMENT_WEIGHT: usize = 512;
/// Tills and documents of clients that a person begins: the tills of ten sites are 4,800 in forty years.
const DOCUMENTS_MAX: u64 = 5_000;

/// A phone without signal brings what it sold in the last four weeks.
const LATELY_MILLIS: i64 = 28 * 24 * 60 * 60 * 1_000;

/// How much is kept of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// The weight of what is held and not decided.
    pub held: u64,
    /// Tills and documents of clients in which they wrote first.
    pub documents: u64,
}

/// Is a document of this kind one of those that a person may begin only so many of? Their keys can be made up.
pub const fn is_counted(document: &DocumentKey) -> bool {
    matches!(document.kind(), Kind::Till | Kind::Clients)
}

/// What it costs others to keep what is held: what is told of it goes to every device of the office; what is not lies
/// in the database and weighs a sixteenth. None: no honest work tells so much at once.
pub(super) fn weight(told: &Verdict, writes: &[DocumentWrite]) -> Option<u64> {
    let told = codec::encode(told).len();
    if told > TOLD_BYTES_MAX {
        return None;
    }
    let puts = || writes.iter().flat_map(|write| &write.puts);
    let written: usize = puts().map(|put| put.key.len() + put.value.size()).sum();
    // The verdict document of its till, and that of each block whose vouchers were handed out.
    let blocks: BTreeSet<_> = puts()
        .filter_map(|put| match &put.value {
            Scalar::Bytes(bytes) => Fact::decode(bytes).ok(),
            _ => None,
        })
        .flat_map(|fact| fact.vouchers())
        .map(|voucher| voucher.block)
        .collect();
    let documents = (1 + blocks.len()) * DOCUMENT_WEIGHT;
    Some((told + written / 16 + documents) as u64)
}

impl OrgState {
    fn kept(&mut self, person: PersonId) -> Result<&mut Kept, AdmitError> {
        let known = self.kept.get_mut(&person);
        known.ok_or(AdmitError::Missing(Need::Kept(person)))
    }

    /// Counts what will be held of a person. False: so much waits already that there is no room for it.
    pub(super) fn has_room(&mut self, hold: &Hold, weight: u64) -> Result<bool, AdmitError> {
        let most = match hold.reason {
            HoldReason::DeviceRevoked => OF_REVOKED_MAX,
            HoldReason::NotAllowed | HoldReason::Later => HELD_WEIGHT_MAX,
        };
        let kept = self.kept(hold.person)?;
        let held = kept.held.saturating_add(weight);
        let has_room = held <= most;
        if has_room {
            kept.held = held;
        }
        Ok(has_room)
    }

    /// Somebody decided about what was held of a person.
    pub(super) fn make_room(&mut self, person: PersonId, weight: u64) {
        if let Some(kept) = self.kept.get_mut(&person) {
            kept.held = kept.held.saturating_sub(weight);
        }
    }

    /// May a person begin those of these documents that are new? Not if they began so many already. One's till of today
    /// can always be begun: no more of them come than time allows.
    pub(super) fn may_begin(
        &mut self,
        person: PersonId,
        documents: impl Iterator<Item = DocumentKey>,
        now: Timestamp,
    ) -> Result<bool, AdmitError> {
        let lately = [now, now.plus_millis(-LATELY_MILLIS)].map(Month::of);
        let is_of_today = |document: &DocumentKey| matches!(document, DocumentKey::Till { person: of, month, .. } if *of == person && lately.contains(month));
        let mut begun = 0;
        for document in documents.filter(|key| is_counted(key) && !is_of_today(key)) {
            begun += u64::from(!self.get(&document)?.is_begun());
        }
        if begun == 0 {
            return Ok(true);
        }
        let kept = self.kept(person)?;
        Ok(kept.documents.saturating_add(begun) <= DOCUMENTS_MAX)
    }

    /// Would writing into this document begin one that is counted?
    pub(super) fn begins(&self, document: &DocumentKey) -> Result<bool, AdmitError> {
        Ok(is_counted(document) && !self.get(document)?.is_begun())
    }

    /// Somebody was the first to write into a document, themselves or because what was held of them was accepted, be it
    /// their till of today: the database counts all of these, and both must come to the same.
    pub(super) fn count_begun(&mut self, person: PersonId) {
        if let Some(kept) = self.kept.get_mut(&person) {
            kept.documents = kept.documents.saturating_add(1);
        }
    }

    /// How much is known to be kept of a person.
    pub fn kept_of(&self, person: PersonId) -> Option<Kept> {
        self.kept.get(&person).copied()
    }
}
