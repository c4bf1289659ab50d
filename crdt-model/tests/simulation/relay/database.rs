//! What is durable: the log, and what it adds up to.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crdt_model::admission::Reader;
use crdt_model::capability::Principal;
use crdt_model::document::{Document, DocumentKey, Hash, Sheet};
use crdt_model::fact::Fact;
use crdt_model::ids::{BatchId, DeviceId, HoldId, PersonId};
use crdt_model::relay::{Hold, Outcome, Row};
use crdt_model::{batch, staff, voucher};

use crate::bugs::Bug;

/// What is durable.
#[derive(Clone, Default)]
pub struct Database {
    pub rows: Vec<Row>,
    /// What the rows add up to, for speed; sheets are made when they are asked for.
    documents: BTreeMap<DocumentKey, Document>,
    sheets: RefCell<BTreeMap<DocumentKey, Rc<Sheet>>>,
    facts: Vec<(DocumentKey, String, Fact)>,
    pub holds: BTreeMap<HoldId, Hold>,
    /// Registered devices, most recently seen first.
    pub devices: Vec<(DeviceId, PersonId, bool)>,
    /// Which life of the log this is.
    pub history: u64,
}

impl Database {
    pub fn head(&self) -> u64 {
        self.rows.last().map_or(0, |row| row.seq)
    }

    pub fn keys(&self) -> BTreeSet<DocumentKey> {
        self.documents.keys().copied().collect()
    }

    pub fn document(&self, key: &DocumentKey) -> Document {
        self.documents.get(key).cloned().unwrap_or_default()
    }

    /// Is the batch of a block undone? Its codes are free, but for those that were sold all the same.
    pub fn is_undone(&self, document: &DocumentKey, batch: BatchId) -> bool {
        document.site().is_some_and(|site| {
            batch::undone(&self.sheet(&DocumentKey::Batches(site))).contains(&batch)
        })
    }

    pub(super) fn append(&mut self, row: Row) {
        self.documents
            .entry(row.document)
            .or_default()
            .apply_chunks([row.chunk.as_slice()])
            .expect("what the log holds builds on what it holds");
        self.sheets.get_mut().remove(&row.document);
        self.facts.extend(
            row.ops
                .iter()
                .filter_map(|op| Some((row.document, op.key.clone(), fact_of(op)?))),
        );
        self.rows.push(row);
    }

    pub fn heads(&self, key: &DocumentKey) -> Vec<Hash> {
        match self.documents.get(key) {
            Some(document) => document.heads(),
            None => Document::new().heads(),
        }
    }

    pub fn sheet(&self, key: &DocumentKey) -> Rc<Sheet> {
        let mut sheets = self.sheets.borrow_mut();
        let sheet = sheets
            .entry(*key)
            .or_insert_with(|| Rc::new(self.document(key).sheet()));
        Rc::clone(sheet)
    }

    /// Every fact in the order of acceptance.
    pub fn facts(&self) -> impl Iterator<Item = (DocumentKey, &str, &Fact)> {
        self.facts
            .iter()
            .map(|(document, key, fact)| (*document, key.as_str(), fact))
    }

    pub(super) fn commit(&mut self, outcome: &Outcome, bug: Option<Bug>) {
        for row in &outcome.rows {
            let forgotten = bug == Some(Bug::VerdictBlockForgotten)
                && matches!(row.document, DocumentKey::VerdictBlock { .. });
            if !forgotten {
                self.append(row.clone());
            }
        }
        if bug != Some(Bug::HoldsForgotten) {
            for hold in &outcome.holds {
                self.holds.insert(hold.id, hold.clone());
            }
        }
    }

    pub fn reader(&self, person: PersonId, device: DeviceId) -> Reader {
        let staff = self.sheet(&DocumentKey::Staff);
        let mut leases = BTreeSet::new();
        for key in self.keys() {
            if let DocumentKey::Batches(site) = key {
                leases.extend(
                    voucher::leases(&self.sheet(&key))
                        .into_values()
                        .filter(|lease| {
                            lease.person == Some(person) && lease.device == Some(device)
                        })
                        .map(|lease| (site, lease.block)),
                );
            }
        }
        Reader {
            principal: staff::principal(&staff, person),
            leases,
            history: self.history,
        }
    }

    pub fn principal(&self, person: PersonId) -> Principal {
        staff::principal(&self.sheet(&DocumentKey::Staff), person)
    }
}

pub fn fact_of(op: &crdt_model::document::PlainOp) -> Option<Fact> {
    match &op.value {
        crdt_model::document::Scalar::Bytes(bytes) => Fact::decode(bytes).ok(),
        _ => None,
    }
}
