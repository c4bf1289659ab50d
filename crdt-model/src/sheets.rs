//! All sheets a replica holds, by document: what rules, folds and screens read.

use std::collections::BTreeMap;

use crate::document::{Container, Document, DocumentKey, Sheet};
use crate::fact::Fact;
use crate::ids::SiteId;

#[derive(Debug, Clone, Default)]
pub struct Sheets {
    sheets: BTreeMap<DocumentKey, Sheet>,
    /// When each was last taken up for writing; counts from 1.
    revisions: BTreeMap<DocumentKey, u64>,
    revision: u64,
    /// When facts last changed in a way that `added` does not tell.
    facts_changed: u64,
    /// Facts that were added one by one after that, with their revisions.
    added: Vec<(u64, DocumentKey, String)>,
}

/// Facts remembered one by one. Who has not looked for longer reads everything again.
const ADDED_MAX: usize = 4096;

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
        self.forget_added();
        self.sheets.entry(key).or_default()
    }

    /// Reads some keys of a document again. A fact that was not there before is remembered as added.
    pub fn refresh<'a>(
        &mut self,
        key: DocumentKey,
        document: &Document,
        fields: impl IntoIterator<Item = (Container, &'a str)>,
    ) {
        self.touch(key);
        let mut is_changed = !self.sheets.contains_key(&key);
        let sheet = self.sheets.entry(key).or_default();
        for (container, field) in fields {
            let before = match container {
                Container::Records => None,
                Container::Facts => sheet.facts.get(field).cloned(),
            };
            sheet.refresh(document, container, field);
            match (container, before) {
                (Container::Records, _) => {}
                (Container::Facts, None) => self.added.push((self.revision, key, field.into())),
                (Container::Facts, Some(before)) => {
                    is_changed |= sheet.facts.get(field) != Some(&before);
                }
            }
        }
        if is_changed || self.added.len() > ADDED_MAX {
            self.forget_added();
        }
    }

    fn forget_added(&mut self) {
        self.facts_changed = self.revision;
        self.added.clear();
    }

    /// The facts added after a revision, if nothing else happened to facts or to the list of documents since.
    pub fn added_since(
        &self,
        revision: u64,
    ) -> Option<impl Iterator<Item = (&DocumentKey, &str, &Fact)>> {
        (self.facts_changed <= revision).then(|| {
            let start = self.added.partition_point(|(at, _, _)| *at <= revision);
            self.added[start..].iter().filter_map(|(_, document, key)| {
                let fact = self.get(document).facts.get(key)?.as_ref()?;
                Some((document, key.as_str(), fact))
            })
        })
    }

    pub fn remove(&mut self, key: &DocumentKey) {
        self.touch(*key);
        self.forget_added();
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

    /// The same of some documents: of those with thousands, most questions need none.
    pub fn facts_in(
        &self,
        is_wanted: impl Fn(&DocumentKey) -> bool,
    ) -> impl Iterator<Item = (&DocumentKey, &str, &Fact)> {
        let wanted = self
            .sheets
            .iter()
            .filter(move |(document, _)| is_wanted(document));
        wanted.flat_map(|(document, sheet)| {
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
