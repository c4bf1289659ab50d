//! A change in our own words.
//!
//! Devices do not send Automerge's binary form to the relay: they send what a change says, and the relay builds the
//! identical Automerge change from it (byte for byte, so the hash is the same on both sides; a test holds it). Hence
//! no byte that a device chose is ever inflated or parsed by Automerge, and what cannot be expressed here (deletes,
//! counters, lists, nested objects, run-length bombs) cannot arrive.

use std::num::NonZeroU64;

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{ActorId, Change, ChangeHash, ExpandedChange, ScalarValue};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use crate::admission::caps;
use crate::codec;
use crate::ids::DeviceId;

/// The SHA-256 hash that names a change.
pub type Hash = [u8; 32];

/// An Automerge author: one incarnation of one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Actor(#[serde(with = "serde_bytes")] [u8; 16]);

impl Actor {
    /// The actor of an incarnation of a device. The salt travels with every batch, so that the relay can see that
    /// the actor is the device's own.
    pub fn derive(device: DeviceId, salt: &[u8; 16]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(device.as_bytes());
        hasher.update(salt);
        let mut actor = [0; 16];
        actor.copy_from_slice(&hasher.finalize()[..16]);
        Self(actor)
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub fn of(change: &Change) -> Option<Self> {
        change.actor_id().to_bytes().try_into().ok().map(Self)
    }

    /// Four base-32 characters: the beginning of this incarnation's receipt numbers.
    pub fn receipt_prefix(&self) -> String {
        crate::ids::to_text(&self.0)[1..5].to_string()
    }
}

/// Which of a document's two maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Container {
    #[serde(rename = "r")]
    Records,
    #[serde(rename = "f")]
    Facts,
}

/// The values a field can have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scalar {
    #[serde(rename = "n")]
    Null,
    #[serde(rename = "b")]
    Bool(bool),
    #[serde(rename = "i")]
    Int(i64),
    #[serde(rename = "s")]
    Text(String),
    #[serde(rename = "x")]
    Bytes(ByteBuf),
}

impl Scalar {
    pub fn from_automerge(value: &ScalarValue) -> Option<Self> {
        Some(match value {
            ScalarValue::Null => Self::Null,
            ScalarValue::Boolean(value) => Self::Bool(*value),
            ScalarValue::Int(value) => Self::Int(*value),
            ScalarValue::Str(value) => Self::Text(value.to_string()),
            ScalarValue::Bytes(value) => Self::Bytes(ByteBuf::from(value.clone())),
            _ => return None,
        })
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// Bytes that the value takes, for the cap.
    pub fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 1,
            Self::Int(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

impl From<Scalar> for ScalarValue {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Null => Self::Null,
            Scalar::Bool(value) => Self::Boolean(value),
            Scalar::Int(value) => Self::Int(value),
            Scalar::Text(value) => Self::Str(value.into()),
            Scalar::Bytes(value) => Self::Bytes(value.into_vec()),
        }
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Scalar {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Scalar {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Scalar {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a command wants written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Put {
    #[serde(rename = "c")]
    pub container: Container,
    #[serde(rename = "k")]
    pub key: String,
    #[serde(rename = "v")]
    pub value: Scalar,
}

/// The put of a record's field.
pub fn record(key: String, value: impl Into<Scalar>) -> Put {
    Put {
        container: Container::Records,
        key,
        value: value.into(),
    }
}

/// One assignment, with the earlier assignments of the same key that its author had seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainOp {
    #[serde(rename = "c")]
    pub container: Container,
    #[serde(rename = "k")]
    pub key: String,
    #[serde(rename = "v")]
    pub value: Scalar,
    #[serde(
        rename = "p",
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "codec::at_most::<_, _, { caps::REPLACES_MAX }>"
    )]
    pub replaces: Vec<(u64, Actor)>,
}

/// A change without its author, whom the batch names once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainChange {
    #[serde(rename = "q")]
    pub seq: u64,
    #[serde(rename = "o")]
    pub start_op: u64,
    /// Seconds; a claim, never used to decide anything.
    #[serde(rename = "t")]
    pub time: i64,
    #[serde(
        rename = "d",
        deserialize_with = "codec::at_most::<_, _, { caps::DEPENDENCIES_MAX }>"
    )]
    pub deps: Vec<ByteBuf>,
    #[serde(
        rename = "w",
        deserialize_with = "codec::at_most::<_, _, { caps::OPS_PER_CHANGE_MAX }>"
    )]
    pub ops: Vec<PlainOp>,
}

/// A change that our documents cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlainError {
    #[error("an operation is not the assignment of a scalar to a key of our two maps")]
    ForeignOperation,
    #[error("a counter, a sequence number or a dependency is out of range")]
    OutOfRange,
}

/// Automerge stores operation counters in 32 bits.
const COUNTER_MAX: u64 = u32::MAX as u64;

/// Seconds around 1970 that a change may claim: a hundred million years, far from any overflow.
const TIME_MAX: u64 = 1 << 52;

impl PlainChange {
    /// What an Automerge change says.
    pub fn of(change: &Change) -> Result<Self, PlainError> {
        let ops = change
            .decode()
            .operations
            .into_iter()
            .map(|op| {
                let (OpType::Put(value), ObjectId::Id(object), Key::Map(key), false) =
                    (&op.action, &op.obj, &op.key, op.insert)
                else {
                    return Err(PlainError::ForeignOperation);
                };
                let container = match (object.counter(), object.actor().to_bytes()) {
                    (1, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) => Container::Records,
                    (2, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) => Container::Facts,
                    _ => return Err(PlainError::ForeignOperation),
                };
                let replaces = op
                    .pred
                    .iter()
                    .map(|id| {
                        Ok((
                            id.counter(),
                            Actor(
                                id.actor()
                                    .to_bytes()
                                    .try_into()
                                    .map_err(|_| PlainError::OutOfRange)?,
                            ),
                        ))
                    })
                    .collect::<Result<_, _>>()?;
                let value = Scalar::from_automerge(value).ok_or(PlainError::ForeignOperation)?;
                Ok(PlainOp {
                    container,
                    key: key.to_string(),
                    value,
                    replaces,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            seq: change.seq(),
            start_op: change.start_op().get(),
            time: change.timestamp(),
            deps: change
                .deps()
                .iter()
                .map(|dep| ByteBuf::from(dep.0.to_vec()))
                .collect(),
            ops,
        })
    }

    /// The hashes this change builds on.
    pub fn dependencies(&self) -> Result<Vec<Hash>, PlainError> {
        self.deps
            .iter()
            .map(|dep| {
                dep.as_slice()
                    .try_into()
                    .map_err(|_| PlainError::OutOfRange)
            })
            .collect()
    }

    /// The counter of the last operation.
    pub fn max_op(&self) -> u64 {
        (self.start_op + self.ops.len() as u64).saturating_sub(1)
    }

    /// Builds the Automerge change of which this is the plain form.
    pub fn rebuild(&self, actor: Actor) -> Result<Change, PlainError> {
        let start_op = NonZeroU64::new(self.start_op).ok_or(PlainError::OutOfRange)?;
        let too_far = self.start_op > COUNTER_MAX - self.ops.len() as u64
            || self.seq == 0
            || self.seq > COUNTER_MAX;
        // Automerge derives the order of dependencies and replaced assignments when it loads a document, and stores
        // times as differences: any other form would make a document that cannot be opened again.
        let is_odd = self.time.abs_diff(0) > TIME_MAX
            || !self.deps.is_sorted_by(|one, two| one < two)
            || self
                .ops
                .iter()
                .any(|op| !op.replaces.is_sorted_by(|one, two| one < two));
        if too_far || is_odd || self.ops.is_empty() {
            return Err(PlainError::OutOfRange);
        }
        let genesis = ActorId::from([0; 16]);
        let operations = self
            .ops
            .iter()
            .map(|op| {
                let container = match op.container {
                    Container::Records => 1,
                    Container::Facts => 2,
                };
                if op
                    .replaces
                    .iter()
                    .any(|(counter, _)| *counter == 0 || *counter > COUNTER_MAX)
                {
                    return Err(PlainError::OutOfRange);
                }
                Ok(Op {
                    action: OpType::Put(op.value.clone().into()),
                    obj: ObjectId::Id(OpId::new(container, &genesis)),
                    key: Key::Map(op.key.as_str().into()),
                    pred: op
                        .replaces
                        .iter()
                        .map(|(counter, actor)| {
                            OpId::new(*counter, &ActorId::from(actor.0.as_slice()))
                        })
                        .collect(),
                    insert: false,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Change::from(ExpandedChange {
            operations,
            actor_id: ActorId::from(actor.0.as_slice()),
            hash: None,
            seq: self.seq,
            start_op,
            time: self.time,
            message: None,
            deps: self.dependencies()?.into_iter().map(ChangeHash).collect(),
            extra_bytes: Vec::new(),
            author: None,
        }))
    }
}
