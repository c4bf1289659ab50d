//! All sheets a replica holds, by document: what rules, folds and screens read.

use std::collections::BTreeMap;

use crate::document::{DocumentKey, Sheet};
use crate::fact::Fact;
use crate::ids::SiteId;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheets(BTreeMap<DocumentKey, Sheet>);

static EMPTY: Sheet = Sheet {
    records: BTreeMap::new(),
    facts: BTreeMap::new(),
};

impl Sheets {
    /// The sheet of a document; an empty one if the document is not here.
    pub fn get(&self, key: &DocumentKey) -> &Sheet {
        self.0.get(key).unwrap_or(&EMPTY)
    }

    pub fn contains(&self, key: &DocumentKey) -> bool {
        self.0.contains_key(key)
    }

    pub fn entry(&mut self, key: DocumentKey) -> &mut Sheet {
        self.0.entry(key).or_default()
    }

    pub fn remove(&mut self, key: &DocumentKey) {
        self.0.remove(key);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&DocumentKey, &Sheet)> {
        self.0.iter()
    }

    /// Every fact this version understands, with its document and key.
    pub fn facts(&self) -> impl Iterator<Item = (&DocumentKey, &str, &Fact)> {
        self.0.iter().flat_map(|(document, sheet)| {
            sheet
                .known_facts()
                .map(move |(key, fact)| (document, key, fact))
        })
    }

    /// The sites whose public document is here.
    pub fn sites(&self) -> impl Iterator<Item = SiteId> {
        self.0.keys().filter_map(|key| match key {
            DocumentKey::SitePublic(site) => Some(*site),
            _ => None,
        })
    }
}
