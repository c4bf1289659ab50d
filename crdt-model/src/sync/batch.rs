//! Batches: what a device pushes. CBOR, deflated, signed by the device, sealed to the relay.
//!
//! Signing and sealing are the drivers'; this module says what is signed and in which order the layers lie.

use std::collections::BTreeMap;

use automerge::Change;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::admission::caps;
use crate::codec;
use crate::document::{Actor, Container, DocumentKey, Hash, PlainChange, PlainOp, Scalar};
use crate::fact::Fact;
use crate::ids::{DeviceId, IntentId, OrgId, PersonId};
use crate::time::Timestamp;

/// Changes of one incarnation of one device, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    #[serde(rename = "v")]
    pub version: u8,
    /// Whose it is stands beside it, under the same signature: see [`SignedBatch`].
    #[serde(skip, default = "nobodys")]
    pub org: OrgId,
    #[serde(rename = "p")]
    pub person: PersonId,
    /// As `org`.
    #[serde(skip, default = "no_device")]
    pub device: DeviceId,
    /// With the device id it makes the actor; see [`Actor::derive`].
    #[serde(rename = "s", with = "serde_bytes")]
    pub salt: [u8; 16],
    #[serde(
        rename = "k",
        deserialize_with = "codec::at_most::<_, _, { caps::CHANGES_PER_BATCH_MAX }>"
    )]
    pub documents: Vec<DocumentKey>,
    #[serde(
        rename = "i",
        deserialize_with = "codec::at_most::<_, _, { caps::CHANGES_PER_BATCH_MAX }>"
    )]
    pub intents: Vec<BatchIntent>,
}

/// One tap and the changes it made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchIntent {
    #[serde(rename = "i")]
    pub id: IntentId,
    #[serde(rename = "t")]
    pub at: Timestamp,
    #[serde(
        rename = "c",
        deserialize_with = "codec::at_most::<_, _, { caps::CHANGES_PER_BATCH_MAX }>"
    )]
    pub changes: Vec<BatchChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchChange {
    /// Index into [`Batch::documents`].
    #[serde(rename = "d")]
    pub document: u16,
    /// No dependencies: the change before it in this batch for the same document. An empty key: the intent's id.
    #[serde(rename = "c")]
    pub change: PlainChange,
}

pub const BATCH_VERSION: u8 = 1;

const fn nobodys() -> OrgId {
    OrgId::from_bytes([0; 16])
}

const fn no_device() -> DeviceId {
    DeviceId::from_bytes([0; 16])
}

/// A batch that is not well formed. The text is for logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    #[error(
        "the batch cannot be inflated within {} bytes",
        caps::INFLATED_BYTES_MAX
    )]
    Inflate,
    #[error(transparent)]
    Decode(#[from] codec::DecodeError),
    #[error("unknown batch version {0}")]
    Version(u8),
    #[error("more changes, documents or operations than a batch may have")]
    TooMany,
    #[error("a change names a document that the batch does not list")]
    UnknownDocument,
    #[error("a change has no dependencies, and none of its document comes before it")]
    NoDependencies,
}

/// A batch with everything that the short form leaves out, each change built once.
#[derive(Debug, Clone)]
pub struct FullBatch {
    pub org: OrgId,
    pub person: PersonId,
    pub device: DeviceId,
    pub actor: Actor,
    pub intents: Vec<FullIntent>,
}

#[derive(Debug, Clone)]
pub struct FullIntent {
    pub id: IntentId,
    pub changes: Vec<FullChange>,
}

#[derive(Debug, Clone)]
pub struct FullChange {
    pub document: DocumentKey,
    pub change: PlainChange,
    /// What each operation states, read once: nothing where it states no fact, one that this version does not know, or one
    /// that only the relay may state.
    pub facts: Vec<Option<Fact>>,
    /// Nothing where there is no such Automerge change. It is refused by name then.
    pub built: Option<Change>,
}

impl FullBatch {
    /// Bytes of memory that it takes, about: every change is here in its plain form, and built.
    pub fn size(&self) -> usize {
        let of_op = |op: &PlainOp| {
            size_of::<PlainOp>() + op.key.len() + op.value.size() + op.replaces.len() * 24
        };
        self.changes()
            .map(|full| {
                let plain: usize = full.change.ops.iter().map(of_op).sum();
                let built = full.built.as_ref();
                let facts = size_of_val(full.facts.as_slice());
                // A voucher's index takes four bytes where it took one.
                let stated = full.change.ops.iter().zip(&full.facts);
                let stated: usize = stated
                    .filter(|(_, fact)| fact.is_some())
                    .map(|(op, _)| op.value.size() * 4)
                    .sum();
                plain + facts + stated + built.map_or(0, |built| built.raw_bytes().len())
            })
            .sum()
    }

    pub fn changes(&self) -> impl Iterator<Item = &FullChange> {
        self.intents.iter().flat_map(|intent| &intent.changes)
    }

    /// What the changes that can be built are called, in their order.
    pub fn hashes(&self) -> impl Iterator<Item = Hash> {
        self.changes().filter_map(FullChange::hash)
    }
}

impl FullChange {
    /// The facts that it states and this version knows.
    pub fn known_facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().flatten()
    }

    pub fn hash(&self) -> Option<Hash> {
        self.built.as_ref().map(|built| built.hash().0)
    }
}

impl Batch {
    pub fn actor(&self) -> Actor {
        Actor::derive(self.device, &self.salt)
    }

    pub fn changes(&self) -> usize {
        self.intents.iter().map(|intent| intent.changes.len()).sum()
    }

    pub fn encode(&self) -> Vec<u8> {
        // Level 6 gains little over 9 here and costs a slow phone less.
        miniz_oxide::deflate::compress_to_vec(&codec::encode(self), 6)
    }

    /// Inflates with a cap, decodes, and holds the batch to its caps.
    pub fn decode(org: OrgId, device: DeviceId, bytes: &[u8]) -> Result<Self, BatchError> {
        let inflated =
            miniz_oxide::inflate::decompress_to_vec_with_limit(bytes, caps::INFLATED_BYTES_MAX)
                .map_err(|_| BatchError::Inflate)?;
        if codec::has_more_items_than(&inflated, caps::ITEMS_MAX) {
            return Err(BatchError::TooMany);
        }
        let batch = Self {
            org,
            device,
            ..codec::decode(&inflated)?
        };
        if batch.version != BATCH_VERSION {
            return Err(BatchError::Version(batch.version));
        }
        let too_many = batch.changes() > caps::CHANGES_PER_BATCH_MAX
            || batch.intents.len() > caps::CHANGES_PER_BATCH_MAX
            || batch.documents.len() > caps::CHANGES_PER_BATCH_MAX
            || batch
                .intents
                .iter()
                .flat_map(|intent| &intent.changes)
                .any(|change| {
                    change.change.ops.len() > caps::OPS_PER_CHANGE_MAX
                        || change.change.deps.len() > caps::DEPENDENCIES_MAX
                });
        if too_many {
            return Err(BatchError::TooMany);
        }
        Ok(batch)
    }

    /// Leaves out what the receiver can tell. `hashes` names the changes in order.
    pub fn shorten(&mut self, hashes: &[Hash]) {
        let mut last: BTreeMap<u16, Hash> = BTreeMap::new();
        let mut hashes = hashes.iter();
        for intent in &mut self.intents {
            let key = intent.id.to_string();
            for change in &mut intent.changes {
                if let (Some(last), [only]) =
                    (last.get(&change.document), change.change.deps.as_slice())
                    && only.as_slice() == last
                {
                    change.change.deps.clear();
                }
                for op in &mut change.change.ops {
                    if op.container == Container::Facts && op.key == key {
                        op.key.clear();
                    }
                }
                if let Some(hash) = hashes.next() {
                    last.insert(change.document, *hash);
                }
            }
        }
    }

    /// Puts back what [`Self::shorten`] left out, and builds each change: what depends on it is named by its hash.
    pub fn expand(&self) -> Result<FullBatch, BatchError> {
        let actor = self.actor();
        let mut last: BTreeMap<u16, Hash> = BTreeMap::new();
        let mut intents = Vec::with_capacity(self.intents.len());
        for intent in &self.intents {
            let mut changes = Vec::with_capacity(intent.changes.len());
            for short in &intent.changes {
                let document = *self
                    .documents
                    .get(usize::from(short.document))
                    .ok_or(BatchError::UnknownDocument)?;
                let mut change = short.change.clone();
                if change.deps.is_empty() {
                    let last = last
                        .get(&short.document)
                        .ok_or(BatchError::NoDependencies)?;
                    change.deps.push(ByteBuf::from(last.to_vec()));
                }
                for op in &mut change.ops {
                    if op.container == Container::Facts && op.key.is_empty() {
                        op.key = intent.id.to_string();
                    }
                }
                let built = change.rebuild(actor).ok();
                // What depends on a change that cannot be built cannot be told.
                match &built {
                    Some(built) => last.insert(short.document, built.hash().0),
                    None => last.remove(&short.document),
                };
                changes.push(FullChange {
                    document,
                    facts: change.ops.iter().map(stated).collect(),
                    change,
                    built,
                });
            }
            intents.push(FullIntent {
                id: intent.id,
                changes,
            });
        }
        Ok(FullBatch {
            org: self.org,
            person: self.person,
            device: self.device,
            actor,
            intents,
        })
    }
}

/// What an operation of a device states. It is kept while its batch waits, so nothing of the relay's own: of a verdict a byte
/// may take twenty-four of memory, and it will be refused.
fn stated(op: &PlainOp) -> Option<Fact> {
    fact_of(op).filter(|fact| !fact.body.is_of_the_relay())
}

/// What an operation states. What is longer than a value may be is refused, and not read for that.
pub(crate) fn fact_of(op: &PlainOp) -> Option<Fact> {
    match (op.container, &op.value) {
        (Container::Facts, Scalar::Bytes(bytes)) if bytes.len() <= caps::VALUE_BYTES_MAX => {
            Fact::decode(bytes).ok()
        }
        _ => None,
    }
}

/// A batch with its signature; this is what is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedBatch {
    #[serde(rename = "o")]
    pub org: OrgId,
    #[serde(rename = "d")]
    pub device: DeviceId,
    #[serde(rename = "b")]
    pub batch: ByteBuf,
    /// ECDSA P-256 over SHA-256 of [`signed_bytes`], as `r ‖ s`.
    #[serde(rename = "s")]
    pub signature: ByteBuf,
}

/// What the signature covers: the purpose, the organisation, the device and the encoded batch.
pub fn signed_bytes(org: OrgId, device: DeviceId, encoded_batch: &[u8]) -> Vec<u8> {
    let mut bytes = b"ViorNet batch 1\0".to_vec();
    bytes.extend_from_slice(org.as_bytes());
    bytes.extend_from_slice(device.as_bytes());
    bytes.extend_from_slice(encoded_batch);
    bytes
}
