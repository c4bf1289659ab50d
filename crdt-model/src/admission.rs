//! What the relay lets in: caps, and the rule of every operation. The device runs the same rules before it writes,
//! so an honest one is stopped here only when its role is stale or it has a bug.
//!
//! Caps and the order of the checks stand here; the rules themselves in the modules below.

mod facts;
mod fields;
mod readers;
mod stock;

use serde::{Deserialize, Serialize};

use crate::capability::{Capability, Principal};
use crate::document::{Container, DocumentKey, PlainOp, Sheet};
use crate::ids::IntentId;
use crate::staff;

pub use fields::may_write_contacts;
pub use readers::{Reader, may_read};

/// Caps on what arrives. The first three are checked before anything is decoded or inflated.
pub mod caps {
    /// One message on the wire.
    pub const FRAME_BYTES_MAX: usize = 1 << 20;
    /// A batch after inflating.
    pub const INFLATED_BYTES_MAX: usize = 4 << 20;
    /// CBOR items in a batch: some fifteen to an operation of at least 35 bytes, and devices aim at 512 KiB.
    pub const ITEMS_MAX: usize = 1 << 18;
    pub const CHANGES_PER_BATCH_MAX: usize = 256;
    pub const OPS_PER_CHANGE_MAX: usize = 2_000;
    pub const CHANGE_BYTES_MAX: usize = 64 << 10;
    pub const VALUE_BYTES_MAX: usize = 32 << 10;
    pub const KEY_BYTES_MAX: usize = 160;
    pub const DEPENDENCIES_MAX: usize = 64;
    /// Assignments one operation may replace: more concurrent writers of one field than anybody has.
    pub const REPLACES_MAX: usize = 64;
    /// Documents one intent may write.
    pub const CHANGES_PER_INTENT_MAX: usize = 256;
}

/// Why an operation is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Objection {
    /// No honest device writes this: refused and logged.
    #[error("malformed: {0:?}")]
    Malformed(Malformed),
    /// Honest in form, but the author may not do it: held until somebody decides.
    #[error("not allowed: {0:?}")]
    NotAllowed(Capability),
}

/// What is wrong with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Malformed {
    TooLarge,
    UnknownField,
    WrongType,
    UnknownFact,
    FactNotOfItsIntent,
    FactOfAnotherPerson,
    FactOverwritten,
    WrongDocument,
    WrongMonth,
    RelayOnly,
    BadValue,
    UnknownVoucher,
    WrongPrice,
    UnknownAssignment,
    /// A decision is never held: whoever may decide does, anybody else is refused.
    NotYoursToDecide,
}

/// May `author` assign this in that document? `sheet` is what the document says before.
pub fn check(
    author: &Principal,
    document: &DocumentKey,
    sheet: &Sheet,
    intent: IntentId,
    op: &PlainOp,
) -> Result<(), Objection> {
    if op.key.len() > caps::KEY_BYTES_MAX
        || op.value.size() > caps::VALUE_BYTES_MAX
        || op.replaces.len() > caps::REPLACES_MAX
    {
        return Err(Objection::Malformed(Malformed::TooLarge));
    }
    match op.container {
        Container::Records => fields::check(author, document, sheet, op),
        Container::Facts => facts::check(author, document, sheet, intent, op),
    }
}

/// The rules that only a whole change can break: `ops` are all of one change.
pub fn check_whole(
    document: &DocumentKey,
    sheet: &Sheet,
    ops: &[PlainOp],
) -> Result<(), Objection> {
    let records = ops
        .iter()
        .filter(|op| op.container == Container::Records)
        .map(|op| (op.key.as_str(), &op.value));
    if *document == DocumentKey::Staff && staff::loses_last_owner(sheet, records) {
        return Err(Objection::NotAllowed(Capability::StaffManage));
    }
    Ok(())
}
