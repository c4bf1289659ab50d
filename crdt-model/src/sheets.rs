//! All sheets a replica holds, by document: what rules, folds and screens read.

use std::collections::BTreeMap;

use crate::document::{DocumentKey, Sheet};
use crate::fact::Fact;
use crate::ids::SiteId;

#[derive(Debug, Clone, Default)]
pub struct Sheets {
    sheets: BTreeMap<DocumentKey, Sheet>,
    /// When each was last taken up for writing; counts from 1.
    revisions: BTreeMap<DocumentKey, u64>,
    revision: u64,
}

/// What they say counts, not how often it was written.
impl PartialEq for Sheets {
    fn eq(&self, other: &Self) -> bool {
        self.sheets == other.sheets
    }
}

impl Eq for Sheets {}

static EMPTY: Sheet = Sheet {
    records: BTreeMap::new(),
    facts: BTreeMap::new(),
};

impl Sheets {
    /// The sheet of a document; an empty one if the document is not here.
    pub fn get(&self, key: &DocumentKey) -> &Sheet {
        self.sheets.get(key).unwrap_or(&EMPTY)
    }

    pub fn contains(&self, key: &DocumentKey) -> bool {
        self.sheets.contains_key(key)
    }

    pub fn entry(&mut self, key: DocumentKey) -> &mut Sheet {
        self.touch(key);
        self.sheets.entry(key).or_default()
    }

    pub fn remove(&mut self, key: &DocumentKey) {
        self.touch(*key);
        self.sheets.remove(key);
    }

    fn touch(&mut self, key: DocumentKey) {
        self.revision += 1;
        self.revisions.insert(key, self.revision);
    }

    /// Grows with every write; for [`Self::changed_since`].
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The documents that may say something else than at that revision, those that are gone included: what an
    /// index has to read again.
    pub fn changed_since(&self, revision: u64) -> impl Iterator<Item = DocumentKey> {
        self.revisions
            .iter()
            .filter(move |(_, at)| **at > revision)
            .map(|(key, _)| *key)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&DocumentKey, &Sheet)> {
        self.sheets.iter()
    }

    /// Every fact this version understands, with its document and key.
    pub fn facts(&self) -> impl Iterator<Item = (&DocumentKey, &str, &Fact)> {
        self.sheets.iter().flat_map(|(document, sheet)| {
            sheet
                .known_facts()
                .map(move |(key, fact)| (document, key, fact))
        })
    }

    /// The sites whose public document is here.
    pub fn sites(&self) -> impl Iterator<Item = SiteId> {
        self.sheets.keys().filter_map(|key| match key {
            DocumentKey::SitePublic(site) => Some(*site),
            _ => None,
        })
    }
}
