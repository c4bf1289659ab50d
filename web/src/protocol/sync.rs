//! What is safe, what is not, and what needs a person.

use crdt_model::document::DocumentKey;
use crdt_model::fact::HoldReason;
use crdt_model::ids::{HoldId, IntentId};
use crdt_model::money::Money;
use crdt_model::time::{Reading, Timestamp};
use serde::{Deserialize, Serialize};

/// The pill in the header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncPill {
    pub online: bool,
    /// On this device only.
    pub pending: u32,
    pub oldest_pending_at: Option<Timestamp>,
    pub needs_you: u32,
    /// Last time the server said that all was safe.
    pub safe_at: Option<Timestamp>,
    /// One of the two stores of this device failed; selling goes on with the other.
    pub store_warning: Option<StoreWarning>,
    /// What this person may read has never been here as a whole.
    pub is_new: bool,
    /// What is here is being completed or compared.
    pub is_fetching: bool,
    pub shut_out: Option<ShutOut>,
    /// Work of before a password was forgotten is still locked on this device.
    pub has_sealed: bool,
    /// How this device's clock is read: by it a screen knows which day it is.
    pub clock: Reading,
}

/// Why the server will not talk to this device until somebody does something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShutOut {
    /// The session has ended: the password opens another.
    SignedOut,
    /// Nor does the server take the password that opened this device.
    PasswordRefused,
    /// The device was revoked.
    DeviceRefused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreWarning {
    /// IndexedDB failed; the journal works.
    DatabaseFailed,
    /// The journal failed; IndexedDB works.
    JournalFailed,
    /// The database was found empty and is being rebuilt from the journal and the server.
    Recovering,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncView {
    pub pill: SyncPill,
    pub pending: Vec<PendingView>,
    /// Mine to know: held, refused, declined.
    pub needs_you: Vec<NeedsYouView>,
    /// Mine to decide: what others' devices sent and the server holds.
    pub to_decide: Vec<HeldView>,
    pub last_contact: Option<Timestamp>,
    /// Measured at the last contact: positive when this device's clock is behind.
    pub clock_offset_millis: i64,
    pub storage_is_persistent: bool,
    pub sealed: Vec<SealedView>,
}

/// A store of before a password was forgotten, as far as it can be seen without that password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedView {
    pub store: String,
    /// More entries than these do not wait in it.
    pub entries_max: u32,
    pub bytes: u64,
}

/// What an item is, in the user's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Summary {
    Sale { receipt: String, total: Money },
    Replacement,
    Client { name: String },
    Package { name: String },
    Staff { name: String },
    Site { name: String },
    Batch { label: String, codes: u32 },
    ImportPart { codes: u32 },
    UndoBatch { label: String },
    Lease { name: String },
    Recall,
    HandOver { vouchers: u32 },
    HandOverWithdrawn,
    HandOverTaken { code: String },
    StockAsk { package: String, quantity: u32 },
    StockAskOver,
    Decision,
    Other,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingView {
    pub intent: IntentId,
    pub at: Timestamp,
    pub summary: Summary,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeedsYouView {
    pub intent: IntentId,
    pub at: Timestamp,
    pub summary: Summary,
    pub why: NeedsYou,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum NeedsYou {
    /// Waits for somebody with the right to decide.
    Held {
        reason: HoldReason,
    },
    Declined {
        by: String,
        reason: Option<String>,
    },
    /// The server could not take it; the text is for support.
    Refused {
        code: String,
    },
    /// So much waits for a decision that the server keeps no more.
    TooMuchHeld,
    /// So many months and lists were begun that the server takes no new one.
    TooManyDocuments,
    /// For a reason that only a newer version can tell.
    OfLater,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldView {
    pub till: DocumentKey,
    pub hold: HoldId,
    pub person_name: String,
    pub at: Timestamp,
    /// All that accepting would count, one for each fact.
    pub facts: Vec<Summary>,
    pub reason: HoldReason,
    pub edits: Vec<HeldEditView>,
    /// How many records beside these accepting would edit.
    pub more_edits: u32,
    /// How many verdicts told of it: with a later one it is not the same any more.
    pub told: u32,
    /// It would give a client a new code who has one by now: accepting it does nothing.
    pub is_given: bool,
}

/// A record that accepting would edit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldEditView {
    /// With an empty name where the record is new, or cannot be seen from here.
    pub what: Summary,
    pub fields: Vec<String>,
}

/// What became of the changes of a rescue file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RescueCarried {
    pub safe: u64,
    /// Kept aside until the office decides.
    pub held: u64,
    /// Only the device that made them can send these again.
    pub left: u64,
}
