//! Documents: Automerge inside, two flat maps outside.
//!
//! Every document of every kind begins with the same genesis change, which makes two maps and is written by
//! nobody at time zero, so two devices that begin the same document begin identical ones:
//!
//! - `records`: `noun/id/field` → scalar; the last writer of a field wins, concurrent values stay visible;
//! - `facts`: intent id → one CBOR value; appended, never overwritten or deleted.
//!
//! No change makes another container, so no map can be made twice and no edit can vanish inside a deleted one.
//! Start with [`Document`]; the keys of documents are in [`key`], what rules and folds read is a [`Sheet`], and
//! the form in which a change travels to the relay is in [`change`].

pub mod change;
pub mod key;
pub mod sheet;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{
    ActorId, Automerge, Change, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value,
};
use sha2::{Digest, Sha256};

pub use change::{Actor, Container, Hash, PlainChange, PlainOp, Put, Scalar, record};
pub use key::{DocumentId, DocumentKey, Kind};
pub use sheet::{Field, Sheet};

/// Bytes that are no document or change of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    #[error("not an Automerge document: {0}")]
    NotADocument(String),
    #[error("the document does not begin with our genesis change")]
    ForeignGenesis,
    #[error("the changes cannot be applied: {0}")]
    CannotApply(String),
    #[error("a change names dependencies that the document does not have")]
    MissingDependencies,
}

struct Genesis {
    document: Automerge,
    records: ObjId,
    facts: ObjId,
    hash: ChangeHash,
}

static GENESIS: LazyLock<Genesis> = LazyLock::new(|| {
    let mut document = Automerge::new().with_actor(ActorId::from([0; 16]));
    let mut transaction = document.transaction();
    let records = transaction
        .put_object(ROOT, "records", ObjType::Map)
        .expect("the root takes a map");
    let facts = transaction
        .put_object(ROOT, "facts", ObjType::Map)
        .expect("the root takes a map");
    transaction.commit_with(CommitOptions::default().with_time(0));
    let hash = document.get_heads()[0];
    Genesis {
        document,
        records,
        facts,
        hash,
    }
});

/// The hash of the change with which every document begins.
pub fn genesis_hash() -> Hash {
    GENESIS.hash.0
}

pub(crate) fn container_id(container: Container) -> &'static ObjId {
    match container {
        Container::Records => &GENESIS.records,
        Container::Facts => &GENESIS.facts,
    }
}

/// One replica of one document.
#[derive(Clone)]
pub struct Document {
    automerge: Automerge,
}

/// A change that was just written here: how it travels, and how Automerge stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub hash: Hash,
    pub plain: PlainChange,
    pub chunk: Vec<u8>,
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

impl Document {
    /// A document in which nothing was written yet.
    pub fn new() -> Self {
        Self {
            automerge: GENESIS.document.clone(),
        }
    }

    /// Reads what [`Self::save`] wrote. Only for bytes of our own store or of the relay: Automerge inflates
    /// without a limit.
    pub fn load(bytes: &[u8]) -> Result<Self, DocumentError> {
        let automerge = Automerge::load(bytes)
            .map_err(|error| DocumentError::NotADocument(error.to_string()))?;
        if automerge.get_change_by_hash(&GENESIS.hash).is_none() {
            return Err(DocumentError::ForeignGenesis);
        }
        Ok(Self { automerge })
    }

    pub fn save(&self) -> Vec<u8> {
        self.automerge.save()
    }

    /// Sorted.
    pub fn heads(&self) -> Vec<Hash> {
        let mut heads: Vec<Hash> = self
            .automerge
            .get_heads()
            .into_iter()
            .map(|head| head.0)
            .collect();
        heads.sort_unstable();
        heads
    }

    pub fn has(&self, hash: &Hash) -> bool {
        self.automerge
            .get_change_by_hash(&ChangeHash(*hash))
            .is_some()
    }

    /// The counter of the last operation of a change that is here.
    pub fn max_op(&self, hash: &Hash) -> Option<u64> {
        self.automerge
            .get_change_meta_by_hash(&ChangeHash(*hash))
            .map(|change| change.max_op)
    }

    /// Writes `puts` as one change of `actor`.
    ///
    /// A put of a field that already has exactly this value is left out; when nothing remains, so is the change.
    pub fn write(&mut self, actor: Actor, time_seconds: i64, puts: &[Put]) -> Option<Written> {
        self.automerge
            .set_actor(ActorId::from(actor.as_bytes().as_slice()));
        if puts.iter().any(|put| self.confirms_a_winner(put)) {
            return self.write_plainly(actor, time_seconds, puts);
        }
        let mut transaction = self.automerge.transaction();
        for put in puts {
            let object = container_id(put.container);
            let values = transaction.get_all(object, put.key.as_str());
            if !values.is_ok_and(|values| says_only(&values, &put.value)) {
                transaction
                    .put(
                        object,
                        put.key.as_str(),
                        ScalarValue::from(put.value.clone()),
                    )
                    .expect("a scalar can be put into a map of the genesis");
            }
        }
        let (hash, _) = transaction.commit_with(CommitOptions::default().with_time(time_seconds));
        Some(self.written(hash?))
    }

    /// Writes a change of `actor` that says nothing and builds on all heads: there is one of them afterwards.
    pub fn join_heads(&mut self, actor: Actor, time_seconds: i64) -> Written {
        self.automerge
            .set_actor(ActorId::from(actor.as_bytes().as_slice()));
        let options = CommitOptions::default().with_time(time_seconds);
        let hash = self.automerge.empty_commit(options);
        self.written(hash)
    }

    fn written(&self, hash: ChangeHash) -> Written {
        let change = self
            .automerge
            .get_change_by_hash(&hash)
            .expect("the change was just committed");
        Written {
            hash: hash.0,
            plain: PlainChange::of(&change).expect("our own change has the plain form"),
            chunk: change.raw_bytes().to_vec(),
        }
    }

    /// Does it assign the value that already won over concurrent ones? Automerge would delete the losers, and a
    /// deletion has no plain form; an assignment of the same value ends the conflict as well.
    fn confirms_a_winner(&self, put: &Put) -> bool {
        self.field(put.container, &put.key)
            .is_some_and(|field| !field.others.is_empty() && field.value == put.value)
    }

    /// The same as [`Self::write`], with a change made by ourselves.
    fn write_plainly(&mut self, actor: Actor, time: i64, puts: &[Put]) -> Option<Written> {
        let heads = self.heads();
        let last_op = heads.iter().filter_map(|head| self.max_op(head)).max()?;
        let last_change = self.automerge.get_last_local_change();
        let seq = last_change.map_or(0, |change| change.seq()) + 1;
        let mut ops: Vec<PlainOp> = Vec::new();
        for put in puts {
            ops.retain(|op| (op.container, &op.key) != (put.container, &put.key));
            let values = self
                .automerge
                .get_all(container_id(put.container), put.key.as_str())
                .ok()?;
            if says_only(&values, &put.value) {
                continue;
            }
            let replaces = values
                .iter()
                .filter_map(|(_, id)| match id {
                    ObjId::Id(counter, author, _) => Some((
                        *counter,
                        Actor::from_bytes(author.to_bytes().try_into().ok()?),
                    )),
                    ObjId::Root => None,
                })
                .collect();
            ops.push(PlainOp {
                container: put.container,
                key: put.key.clone(),
                value: put.value.clone(),
                replaces,
            });
        }
        let plain = PlainChange {
            seq,
            start_op: last_op + 1,
            time,
            deps: heads.iter().map(|head| head.to_vec().into()).collect(),
            ops,
        };
        let change = plain.rebuild(actor).ok()?;
        let (hash, chunk) = (change.hash().0, change.raw_bytes().to_vec());
        self.automerge.apply_changes([change]).ok()?;
        Some(Written { hash, plain, chunk })
    }

    /// Applies stored changes, each a whole Automerge change chunk. Only for bytes of our own store or of the
    /// relay. Returns the keys that were touched. Applying a change again is harmless.
    pub fn apply_chunks<'a>(
        &mut self,
        chunks: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Vec<(Container, String)>, DocumentError> {
        let changes = chunks
            .into_iter()
            .map(|chunk| Change::from_bytes(chunk.to_vec()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| DocumentError::CannotApply(error.to_string()))?;
        self.apply(changes)
    }

    /// Applies changes. Returns the keys that were touched.
    pub fn apply(
        &mut self,
        changes: Vec<Change>,
    ) -> Result<Vec<(Container, String)>, DocumentError> {
        let touched = changes
            .iter()
            .filter_map(|change| PlainChange::of(change).ok())
            .flat_map(|plain| plain.ops.into_iter().map(|op| (op.container, op.key)))
            .collect();
        // Automerge would queue what lacks dependencies, and write the queue into snapshots.
        let mut arriving = BTreeSet::new();
        for change in &changes {
            let is_known = |dep: &ChangeHash| {
                arriving.contains(dep) || self.automerge.get_change_meta_by_hash(dep).is_some()
            };
            if !change.deps().iter().all(is_known) {
                return Err(DocumentError::MissingDependencies);
            }
            arriving.insert(change.hash());
        }
        self.automerge
            .apply_changes(changes)
            .map_err(|error| DocumentError::CannotApply(error.to_string()))?;
        Ok(touched)
    }

    /// Every change but the genesis, dependencies first.
    pub fn changes(&self) -> Vec<Change> {
        self.automerge.get_changes(&[GENESIS.hash])
    }

    /// The current value of one key, with the concurrent ones.
    pub fn field(&self, container: Container, key: &str) -> Option<Field> {
        let values = self.automerge.get_all(container_id(container), key).ok()?;
        Field::from_values(values.iter().map(|(value, _)| value))
    }

    /// Everything the document holds, in one pass.
    pub fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::default();
        for container in [Container::Records, Container::Facts] {
            let keys: Vec<String> = self
                .automerge
                .map_range(container_id(container), ..)
                .map(|item| item.key.to_string())
                .collect();
            for key in keys {
                sheet.refresh(self, container, &key);
            }
        }
        sheet
    }
}

/// Is a field assigned, by one or by several at once, and to nothing but this?
fn says_only(values: &[(Value<'_>, ObjId)], wanted: &Scalar) -> bool {
    let says = |value: &Value<'_>| match value {
        Value::Scalar(scalar) => Scalar::from_automerge(scalar).as_ref() == Some(wanted),
        Value::Object(_) => false,
    };
    !values.is_empty() && values.iter().all(|(value, _)| says(value))
}

/// The first eight bytes of the hash over the sorted heads: enough to see that two replicas differ.
pub fn heads_digest(heads: &[Hash]) -> [u8; 8] {
    let mut sorted = heads.to_vec();
    sorted.sort_unstable();
    let mut hasher = Sha256::new();
    for head in &sorted {
        hasher.update(head);
    }
    let mut digest = [0; 8];
    digest.copy_from_slice(&hasher.finalize()[..8]);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, value: impl Into<Scalar>) -> Put {
        Put {
            container: Container::Records,
            key: key.into(),
            value: value.into(),
        }
    }

    #[test]
    fn two_devices_begin_identical_documents() {
        assert_eq!(Document::new().heads(), Document::new().heads());
        assert_eq!(
            GENESIS.hash.to_string(),
            "a19e81f2d3ad28ce6fc758fdf069c0459127231920af0fa15bfe5bd286b8ab6e",
            "the genesis is for ever"
        );
    }

    #[test]
    fn a_change_survives_the_plain_form_byte_for_byte() {
        let (one, two) = (Actor::from_bytes([1; 16]), Actor::from_bytes([2; 16]));
        let (mut here, mut there) = (Document::new(), Document::new());
        for n in 0..5_i64 {
            here.write(
                one,
                n,
                &[
                    put("client/a/name", format!("here {n}")),
                    put("client/a/price", n),
                ],
            )
            .unwrap();
            there
                .write(
                    two,
                    n,
                    &[
                        put("client/a/name", format!("there {n}")),
                        put("client/a/active", true),
                    ],
                )
                .unwrap();
        }
        here.apply(there.changes()).unwrap();
        here.write(one, 9, &[put("client/a/name", "merged")])
            .unwrap();
        for change in here.changes() {
            let plain = PlainChange::of(&change).unwrap();
            let rebuilt = plain.rebuild(Actor::of(&change).unwrap()).unwrap();
            assert_eq!(rebuilt.raw_bytes(), change.raw_bytes());
        }
    }

    #[test]
    fn writing_what_is_already_there_writes_nothing() {
        let mut document = Document::new();
        let actor = Actor::from_bytes([1; 16]);
        assert!(document.write(actor, 0, &[put("a/b/c", 1)]).is_some());
        assert!(document.write(actor, 0, &[put("a/b/c", 1)]).is_none());
    }

    #[test]
    fn concurrent_values_stay_visible() {
        let (mut here, mut there) = (Document::new(), Document::new());
        here.write(
            Actor::from_bytes([1; 16]),
            0,
            &[put("package/p/price", 100)],
        )
        .unwrap();
        there
            .write(
                Actor::from_bytes([2; 16]),
                0,
                &[put("package/p/price", 200)],
            )
            .unwrap();
        here.apply(there.changes()).unwrap();
        let field = here.field(Container::Records, "package/p/price").unwrap();
        assert_eq!(field.others.len(), 1);
        assert_ne!(field.value, field.others[0]);
    }

    #[test]
    fn confirming_the_winner_ends_the_conflict() {
        let (mut here, mut there) = (Document::new(), Document::new());
        let actor = Actor::from_bytes([1; 16]);
        here.write(actor, 0, &[put("package/p/price", 100)])
            .unwrap();
        there
            .write(
                Actor::from_bytes([2; 16]),
                0,
                &[put("package/p/price", 200)],
            )
            .unwrap();
        here.apply(there.changes()).unwrap();
        let won = here
            .field(Container::Records, "package/p/price")
            .unwrap()
            .value;
        let confirm = Put {
            container: Container::Records,
            key: "package/p/price".into(),
            value: won.clone(),
        };
        let written = here
            .write(actor, 1, &[confirm, put("package/p/name", "x")])
            .unwrap();
        assert_eq!(written.plain.seq, 2);
        let field = here.field(Container::Records, "package/p/price").unwrap();
        assert_eq!((field.value, field.others), (won, Vec::new()));
        let again = Document::load(&here.save()).unwrap();
        assert_eq!(again.heads(), here.heads());
        assert!(
            here.write(actor, 2, &[put("package/p/active", true)])
                .is_some()
        );
    }
}
