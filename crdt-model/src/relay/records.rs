//! Where the record of a client, or of what belongs to a site, lies: in the document in which it was begun. Its id alone
//! names it, in tables and on screens, so a second one elsewhere would write over the first by other rights.

use std::collections::BTreeMap;

use super::{AdmitError, Need, OrgState};
use crate::admission::{Malformed, Objection};
use crate::document::{Container, DocumentKey, PlainOp, Sheet};
use crate::fixture::FixtureId;
use crate::ids::ClientId;

/// A record that one document has, of several that could.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Record {
    Client(ClientId),
    Fixture(FixtureId),
}

impl Record {
    /// The one that this field belongs to.
    pub(super) fn of(document: &DocumentKey, container: Container, key: &str) -> Option<Self> {
        if container != Container::Records {
            return None;
        }
        let (record, _) = key.rsplit_once('/')?;
        match document {
            DocumentKey::Clients { .. } => {
                let id = record.strip_prefix("client/")?.parse().ok()?;
                Some(Self::Client(id))
            }
            DocumentKey::Site(_) => FixtureId::from_prefix(record).map(Self::Fixture),
            _ => None,
        }
    }

    /// The field without which there is none.
    fn name(self) -> String {
        match self {
            Self::Client(id) => format!("client/{id}/name"),
            Self::Fixture(id) => format!("{id}/name"),
        }
    }

    pub(super) fn is_in(self, sheet: &Sheet) -> bool {
        sheet.records.contains_key(&self.name())
    }
}

impl OrgState {
    /// An operation on a record that lies elsewhere.
    pub(super) fn false_record(
        &self,
        document: &DocumentKey,
        op: &PlainOp,
    ) -> Result<Option<Objection>, AdmitError> {
        let Some(record) = Record::of(document, op.container, &op.key) else {
            return Ok(None);
        };
        if record.is_in(self.get(document)?.sheet()) {
            return Ok(None);
        }
        let is_elsewhere = self
            .begun
            .get(&record)
            .ok_or(AdmitError::Missing(Need::Record(record)))?;
        Ok(is_elsewhere.then_some(Objection::Malformed(Malformed::WrongDocument)))
    }

    /// Remembers the records that were just begun.
    pub(super) fn begin_records(&mut self, document: &DocumentKey, ops: &[PlainOp]) {
        for op in ops {
            if let Some(record) = Record::of(document, op.container, &op.key)
                && record.name() == op.key
            {
                self.begun.insert(record, true);
            }
        }
    }
}

/// Does what is written at once put each record into one document?
pub(super) fn agree<'a>(fields: impl Iterator<Item = (DocumentKey, Container, &'a str)>) -> bool {
    let mut places: BTreeMap<Record, DocumentKey> = BTreeMap::new();
    for (document, container, key) in fields {
        if let Some(record) = Record::of(&document, container, key)
            && *places.entry(record).or_insert(document) != document
        {
            return false;
        }
    }
    true
}
